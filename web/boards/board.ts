/**
 * board.ts: panels as an address carries them, and which instrumentation answers one.
 *
 * A panel names what it shows and not who measures it, since instrumentations end: whichever there is with the metric, the fields
 * and no condition of its own will do, the one with the fewest further fields first.
 */
import type { BoardPanel, InstrumentationSummary, MetricInfo } from "../../core/api.ts";
import { readAddress, writeAddress } from "../view/address.ts";
import { without, type Term } from "../view/terms.ts";
import { DEFAULT_VIEW } from "../view/view.ts";

/** `metric=syscall.ops&by=execname&where=...&of=execname,latency` */
export function panelText({ metric, by, where, decomposition }: BoardPanel): string {
  return `${writeAddress({ ...DEFAULT_VIEW, metric, by, where })}&of=${decomposition.map(encodeURIComponent).join(",")}`;
}

/** @returns null where no metric is named */
export function readPanel(text: string): BoardPanel | null {
  const { metric, by, where } = readAddress(text);
  if (metric === null) return null;
  const of = new URLSearchParams(text).get("of") ?? "";
  return { metric, by, where, decomposition: of === "" ? [] : of.split(",") };
}

/** Whether it shows a distribution: a heatmap. */
export function isHeatmap(panel: BoardPanel, metric: MetricInfo | undefined): boolean {
  return numericOf(panel, metric) !== null;
}

export function numericOf({ decomposition }: BoardPanel, metric: MetricInfo | undefined): string | null {
  return metric?.fields.find(({ name, arity }) => arity === "numeric" && decomposition.includes(name))?.name ?? null;
}

/** @returns null where nothing that is measured answers it */
export function answererOf(
  panel: BoardPanel,
  metric: MetricInfo | undefined,
  all: readonly InstrumentationSummary[],
): InstrumentationSummary | null {
  const numeric = numericOf(panel, metric);
  const needed = [
    ...panel.decomposition,
    ...panel.where.map(({ field }) => field),
    ...(panel.by === null ? [] : [panel.by]),
  ];
  const able = all.filter(
    (each) =>
      each.metric === panel.metric &&
      each.numeric === numeric &&
      Object.keys(each.predicate).length === 0 &&
      needed.every((field) => field === each.numeric || each.keys.includes(field)),
  );
  const rank = (each: InstrumentationSummary): number => each.keys.length - (each.standing ? 0.5 : 0);
  return [...able].sort((a, b) => rank(a) - rank(b))[0] ?? null;
}

/** What an instrumentation for it would be asked for with. */
export function requestFor(panel: BoardPanel): { metric: string; decomposition: readonly string[]; label: string } {
  const fields = [
    ...panel.decomposition,
    ...panel.where.map(({ field }) => field),
    ...(panel.by === null ? [] : [panel.by]),
  ];
  const decomposition = [...new Set(fields)].filter((field) => field !== "zonename");
  return { metric: panel.metric, decomposition, label: "for a board" };
}

/** The same panel, of some zones only. @returns null where the metric has no zones: it would show all of them */
export function ofZones(
  panel: BoardPanel,
  metric: MetricInfo | undefined,
  zones: readonly string[],
): BoardPanel | null {
  if (metric?.fields.some(({ name }) => name === "zonename") !== true) return null;
  const term: Term = { field: "zonename", not: false, values: zones };
  return { ...panel, where: [...without(panel.where, "zonename"), term] };
}

export function sameBoard(a: readonly BoardPanel[], b: readonly BoardPanel[]): boolean {
  return (
    a.length === b.length && a.every((panel, i) => panelText(panel) === panelText(b[i] ?? panel) && b[i] !== undefined)
  );
}
