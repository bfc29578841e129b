/**
 * payload.ts: what a hook is sent: Alertmanager's webhook payload (version 4), with what only we know of each alert beside it in `isotherm`:
 * the selection, what it is mostly made of, and links to the page and to the picture.
 *
 * Bodies stay below 64 kB: alerts beyond that are counted in `truncatedAlerts`, as Alertmanager does.
 */
import { createHash } from "node:crypto";
import { badValuesOf } from "../../core/alerts/bad-values.ts";
import { mostlyOf, sentence } from "../../core/alerts/explain.ts";
import type { Member } from "../../core/alerts/group.ts";
import { isOfCoverage, thresholdOf, windowsOf } from "../../core/alerts/rule.ts";
import { fill, type Facts } from "../../core/alerts/template.ts";
import type { PredicateJson } from "../../core/predicate.ts";
import { selectionQuery, type Selection } from "../../core/selection.ts";
import { formatQuantity, formatRange, formatShare } from "../../core/units.ts";
import { OPERATOR } from "../../core/window.ts";
import type { KeyState } from "./active-rule.ts";
import type { Combinations } from "./combinations.ts";
import { unitOf } from "./factor.ts";
import type { Hook } from "./hooks.ts";
import { MAX_BYTES } from "./send.ts";

export interface AlertFacts {
  readonly state: KeyState;
  /** Null: it could not be read in time, or there is nothing to be taken apart. */
  readonly combinations: Combinations | null;
}

export interface Linking {
  /** Where people reach the page; without a slash at its end. */
  readonly baseUrl: string;
  /** A zone's alias; the zone itself where it has none. */
  readonly aliasOf: (zone: string) => string;
}

/** Labels of an alert: the rule's name and labels, whose it is, and its key. */
export function labelsOf({ row, rule, key }: Pick<KeyState, "row" | "rule" | "key">): Record<string, string> {
  const tenant = rule.tenant ?? (row.owner === OPERATOR ? null : row.owner);
  return {
    ...rule.labels,
    ...(tenant === null ? {} : { tenant }),
    ...(rule.per === null ? {} : { [rule.per]: key }),
    alertname: rule.name,
  };
}

/** The same for the same rule and key, for as long as the rule is there. */
export function fingerprintOf({ row, key }: Pick<KeyState, "row" | "key">): string {
  return createHash("sha256").update(`${row.id}\0${key}`).digest("hex").slice(0, 16);
}

export function memberOf(state: KeyState): Member | null {
  const { status, startsMs, sinceMs } = state.state;
  if (status !== "firing" && status !== "resolved") return null;
  return { fingerprint: fingerprintOf(state), status, startsMs, sinceMs };
}

/** What the alert is about: the window that made it fire, and the values that are bad in it. */
export function selectionOf({ rule, state, key }: KeyState): Selection {
  const windowSec = windowsOf(rule.condition).at(-1) ?? 60;
  const to = Math.floor((state.status === "resolved" ? state.endsMs : state.atMs) / 1000);
  const own: PredicateJson[] = rule.per === null || rule.per === "hostname" ? [] : [{ eq: [rule.per, key] }];
  const parts = [...(Object.keys(rule.where).length === 0 ? [] : [rule.where]), ...own];
  const where = parts.length > 1 ? { and: parts } : (parts[0] ?? {});
  return { instrumentation: rule.instrumentation, from: to - windowSec, to, ...badValuesOf(rule.condition), where };
}

/** Whether there are events to be taken apart. */
export function canBreakDown({ rule, view }: KeyState): boolean {
  return !isOfCoverage(rule.condition.kind) && view.metric.scope === "interval";
}

/** "87 % of the 1,204 operations ≥ 10 ms are postgres in zone web-0"; "" where nothing holds more than half. */
export function breakdownText({ state, combinations }: AlertFacts, { aliasOf }: Linking): string {
  if (combinations?.isAll !== true) return "";
  const { view } = state;
  const { low, high } = selectionOf(state);
  const field = view.metric.fields.find(({ name }) => name === view.spec.numeric);
  const range = low === null && high === null ? "" : ` ${formatRange(low, high, field?.type ?? view.metric.unit)}`;
  const mostly = mostlyOf(combinations.fields, combinations.parts);
  return sentence(mostly, combinations.total, `${view.metric.unit}${range}`, (part) =>
    part.field === "zonename" ? aliasOf(part.key) : part.key,
  );
}

export function annotationsOf(facts: AlertFacts, linking: Linking): Record<string, string> {
  const { state } = facts;
  const { rule, view, key } = state;
  const unit = unitOf(rule, view);
  const show = (value: number | null): string => {
    if (value === null) return "no data";
    return unit === "share" ? formatShare(value, 1) : formatQuantity(value, unit).trim();
  };
  const places: Facts = {
    labels: labelsOf(state),
    value: show(state.state.value),
    rawValue: state.state.value === null ? "" : String(state.state.value),
    threshold: show(thresholdOf(rule.condition).value),
    name: rule.name,
    key: rule.per === "zonename" ? linking.aliasOf(key) : key,
    window: `${windowsOf(rule.condition).at(-1) ?? 0} s`,
    breakdown: breakdownText(facts, linking),
    coverage: state.state.isPartial ? "partial: hosts were missing, or events lost" : "whole",
  };
  const filled = Object.entries(rule.annotations).map(([name, template]): [string, string] => [
    name,
    fill(template, places),
  ]);
  return {
    ...Object.fromEntries(withinBytes(filled)),
    // Said whether the rule's author has thought of it or not.
    ...(state.state.isPartial ? { partial: places.coverage } : {}),
    ...(state.isLate ? { late: "found when late data came; it began at the time given" } : {}),
    ...(state.state.why === "" ? {} : { why: state.state.why }),
    ...(places.breakdown === "" || rule.annotations["breakdown"] !== undefined ? {} : { breakdown: places.breakdown }),
  };
}

/** One alert fits into a message, whatever its labels fill its annotations with: those that do not are there, and say nothing. */
function withinBytes(filled: readonly (readonly [string, string])[]): (readonly [string, string])[] {
  let left = MAX_BYTES / 4;
  return filled.map(([name, text]) => {
    const bytes = Buffer.byteLength(text);
    if (bytes > left) return [name, "…"];
    left -= bytes;
    return [name, text];
  });
}

export function permalink(state: KeyState, { baseUrl }: Linking): string {
  const { from, to, low, high } = selectionOf(state);
  const { rule, view, key } = state;
  const parts: [string, string][] = [
    ["i", view.instrumentation.id],
    ["from", String(from - 300)],
    ["to", String(to ?? from)],
  ];
  if (rule.per !== null && rule.per !== "hostname") parts.push(["where", `${rule.per}:${encodeURIComponent(key)}`]);
  if (view.tenant !== null && rule.tenant !== null) parts.push(["tenant", rule.tenant]);
  if (low !== null) parts.push(["low", String(low)]);
  if (high !== null) parts.push(["high", String(high)]);
  return `${baseUrl}/#${parts.map(([name, value]) => `${name}=${encodeURIComponent(value).replace(/%3A/g, ":")}`).join("&")}`;
}

/** The picture of the quarter of an hour that led to it; null where the instrumentation keeps scalars. */
export function heatmapUrl(state: KeyState, { baseUrl }: Linking): string | null {
  const { view } = state;
  if (view.spec.scheme === null) return null;
  const { to, where } = selectionOf(state);
  const query = new URLSearchParams({ format: "png", from: String((to ?? 0) - 900), to: String(to ?? 0) });
  if (Object.keys(where).length > 0) query.set("where", JSON.stringify(where));
  return `${baseUrl}/v1/instrumentations/${view.instrumentation.id}/heatmap?${query.toString()}`;
}

function alertJson(facts: AlertFacts, linking: Linking): Record<string, unknown> {
  const { state, combinations } = facts;
  const { status, startsMs, endsMs, value, isPartial } = state.state;
  const { rule, view } = state;
  const selection = selectionOf(state);
  const fingerprint = fingerprintOf(state);
  return {
    status: status === "firing" ? "firing" : "resolved",
    labels: labelsOf(state),
    annotations: annotationsOf(facts, linking),
    startsAt: new Date(startsMs).toISOString(),
    // As Alertmanager writes "not yet".
    endsAt: status === "firing" ? "0001-01-01T00:00:00Z" : new Date(endsMs).toISOString(),
    generatorURL: permalink(state, linking),
    fingerprint,
    isotherm: {
      // The same for the same change, whichever message it comes in.
      transition: `${fingerprint}-${status}-${startsMs}`,
      rule: state.row.id,
      condition: rule.condition.kind,
      ...{
        value,
        unit: unitOf(rule, view),
        threshold: thresholdOf(rule.condition).value,
        isPartial,
        isLate: state.isLate,
      },
      selection,
      selectionQuery: selectionQuery(selection),
      breakdown:
        combinations === null
          ? null
          : {
              ...{ text: breakdownText(facts, linking), total: combinations.total, by: combinations.fields },
              parts: combinations.parts.slice(0, 10).map(({ keys, count }) => ({ keys, count })),
              other: combinations.total - combinations.parts.slice(0, 10).reduce((sum, { count }) => sum + count, 0),
            },
      permalink: permalink(state, linking),
      heatmap: heatmapUrl(state, linking),
    },
  };
}

/** The body for a webhook. */
export function webhookBody(hook: Hook, groupKey: string, all: readonly AlertFacts[], linking: Linking): string {
  const groupLabels = Object.fromEntries(JSON.parse(groupKey) as [string, string][]);
  for (let count = all.length; ; count = Math.floor(count / 2)) {
    const alerts = all.slice(0, count).map((facts) => alertJson(facts, linking));
    const body = JSON.stringify({
      version: "4",
      groupKey: `{}:${groupKey}`,
      truncatedAlerts: all.length - count,
      status: all.some(({ state }) => state.state.status === "firing") ? "firing" : "resolved",
      receiver: hook.row.name,
      groupLabels,
      commonLabels: common(alerts.map((each) => each["labels"] as Record<string, string>)),
      commonAnnotations: common(alerts.map((each) => each["annotations"] as Record<string, string>)),
      externalURL: linking.baseUrl,
      alerts,
    });
    if (count <= 1 || Buffer.byteLength(body) <= MAX_BYTES) return body;
  }
}

/**
 * The body for an Alertmanager's POST /api/v2/alerts. What fires is given an end a few repeats ahead: if we are no more, it ends there.
 */
export function alertmanagerBody(hook: Hook, all: readonly AlertFacts[], linking: Linking, nowMs: number): string {
  const alerts = all.map((facts) => {
    const { labels, annotations, startsAt, endsAt, generatorURL } = alertJson(facts, linking);
    const isFiring = facts.state.state.status === "firing";
    const until = new Date(nowMs + 4 * hook.repeatSec * 1000).toISOString();
    return {
      labels: nonEmpty(labels as Record<string, string>),
      annotations,
      startsAt,
      endsAt: isFiring ? until : endsAt,
      generatorURL,
    };
  });
  return JSON.stringify(alerts);
}

/** An Alertmanager takes an empty label for none. */
function nonEmpty(labels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ""));
}

function common(all: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const [first = {}, ...others] = all;
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => others.every((each) => each[name] === value)),
  );
}
