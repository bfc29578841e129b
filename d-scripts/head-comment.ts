/**
 * head-comment.ts: the comment that opens a program: who wants what, for people, and the same for machines (head.ts).
 *
 * It is the one place where a name from outside (who asked) meets D text. Nothing survives of it but letters, digits and a
 * few signs, so that it can neither end the comment nor open another, which the D lexer refuses.
 */
import { metricName } from "../core/metric.ts";
import { formatHead, type ProgramHead } from "./head.ts";
import type { Order } from "./order.ts";

export function headComment(order: Order, head: ProgramHead): string {
  const { metric } = order.entry;
  const by = head.keys.length === 0 ? "" : ` by ${head.keys.join(", ")}`;
  const measure = head.numeric === null ? "" : `, distribution of ${head.numeric} as ${head.scheme ?? ""}`;
  const predicate = JSON.stringify(head.predicate);
  const lines = [
    `${metricName(metric)}: ${metric.label}${by}${measure}; a frame every ${head.granularitySec} s.`,
    `Events:    ${predicate === "{}" ? "all" : predicate}`,
    `Zones:     ${zonesText(order)}`,
    `Asked by:  ${harmless(order.requestedBy)}`,
    `Platform:  ${order.platform}; probes of ${order.recipe.providers.join(", ")}`,
  ];
  return ["/*", formatHead(head), " *", ...lines.map((line) => ` * ${line}`), " */"].join("\n");
}

function zonesText({ spec, zones }: Order): string {
  if (!spec.zoned) return "the metric has none; it is the operators'";
  if (zones === null) return "all";
  return zones.length === 1 ? (zones[0] ?? "") : `${zones.length}, which every clause below tests first`;
}

/** @returns at most 64 characters of a name, those outside the whitelist as `?` */
function harmless(name: string): string {
  const text = name
    .slice(0, 64)
    .replace(/[^A-Za-z0-9 ._@:+-]/g, "?")
    .trim();
  return text === "" ? "nobody named" : text;
}
