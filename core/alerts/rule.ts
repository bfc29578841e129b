/**
 * rule.ts: an alert rule: what is measured, when that is bad, for how long, and what is said about it. Read by read-rule.ts and by
 * nothing else, so that whatever holds a rule holds one that has been checked.
 *
 * Values are in the metric's base unit (ns, bytes), shares are fractions of 1, times are seconds. A rule is evaluated every
 * `everySec` over the `windowSec` before it, for each value of the key `per` by itself.
 */
import type { PredicateJson } from "../predicate.ts";

/** above: bad when the value is greater; below: when it is less. */
export type Direction = "above" | "below";

/**
 * Bad from `value` on; while it fires it ends only once the value has come back past `resolve` (hysteresis): not above it for
 * "above", not below it for "below".
 */
export interface Threshold {
  readonly direction: Direction;
  readonly value: number;
  readonly resolve: number;
}

/** One pair of an SLO's burn rates: both must be above `factor` (Google, The Site Reliability Workbook, 2018, chapter 5). */
export interface BurnWindow {
  readonly longSec: number;
  readonly shortSec: number;
  /** How many times as fast as the objective allows the budget is spent. */
  readonly factor: number;
}

export type Condition =
  /** The value below which a fraction `q` of the events lie. */
  | { readonly kind: "quantile"; readonly q: number; readonly windowSec: number; readonly threshold: Threshold }
  /** The share of events at or above `over`: whole buckets only, from the first that begins at or above it. */
  | { readonly kind: "share"; readonly over: number; readonly windowSec: number; readonly threshold: Threshold }
  /** The same share as an SLO: `objective` is the share of events that must stay below `over`. */
  | {
      readonly kind: "burn";
      readonly over: number;
      readonly objective: number;
      readonly windows: readonly BurnWindow[];
    }
  /** Events (or the sum of a scalar that is counted) a second. */
  | { readonly kind: "rate"; readonly windowSec: number; readonly threshold: Threshold }
  /** Readings of a scalar, added over what the rule takes together: their mean, largest or smallest over the window. */
  | {
      readonly kind: "scalar";
      readonly of: "mean" | "max" | "min";
      readonly windowSec: number;
      readonly threshold: Threshold;
    }
  /** Events in a region of values, [low, high): their number, or their share of all. */
  | {
      readonly kind: "mass";
      readonly low: number | null;
      readonly high: number | null;
      readonly as: "count" | "share";
      readonly windowSec: number;
      readonly threshold: Threshold;
    }
  /** How far the distribution is from that of the same hour of the past `days` (core/alerts/distance.ts). */
  | {
      readonly kind: "shape";
      readonly days: number;
      readonly minDays: number;
      readonly minEvents: number;
      readonly windowSec: number;
      readonly threshold: Threshold;
    }
  /** Nobody has watched for the whole window. */
  | { readonly kind: "absent"; readonly windowSec: number }
  /** The share of what should have been watched that was not. */
  | { readonly kind: "coverage"; readonly windowSec: number; readonly threshold: Threshold }
  /** Events known to be lost, a second. */
  | { readonly kind: "drops"; readonly windowSec: number; readonly threshold: Threshold };

export type Kind = Condition["kind"];

export interface Rule {
  /** Unique among its owner's; the label `alertname`. */
  readonly name: string;
  /** Id of an instrumentation. */
  readonly instrumentation: string;
  /** Only this tenant's rows: operators' rules alone. Null: all that the owner may see. */
  readonly tenant: string | null;
  /** Over the instrumentation's keys. */
  readonly where: PredicateJson;
  /** A state for each value of this key (`hostname` for absent, coverage and drops); null: one for all. */
  readonly per: string | null;
  readonly condition: Condition;
  readonly everySec: number;
  /** How long it must be bad without a break before it fires. */
  readonly forSec: number;
  /** How long it must be good without a break before a firing one is resolved. */
  readonly keepSec: number;
  /** What no data does to a state: stay as it is (for an hour at most), count as bad, or count as good. */
  readonly onNoData: "hold" | "fire" | "resolve";
  readonly labels: Readonly<Record<string, string>>;
  /** Templates (core/alerts/template.ts). */
  readonly annotations: Readonly<Record<string, string>>;
  /** Names of the owner's hooks; empty: all of them. */
  readonly hooks: readonly string[];
  readonly paused: boolean;
}

/** A rule holds what it last knew through so much time without data. */
export const HOLD_SEC = 3600;
/** Windows up to this long are kept in memory; longer ones are read from the store, again every sixtieth of them. */
export const MEMORY_SEC = 600;
export const MAX_WINDOW_SEC = 7 * 86_400;
/** States of one rule: a key of many values must not fill memory. */
export const MAX_KEYS_PER_RULE = 2000;

/** The windows that a condition looks at, in seconds; the longest first. */
export function windowsOf(condition: Condition): number[] {
  const all =
    condition.kind === "burn"
      ? condition.windows.flatMap(({ longSec, shortSec }) => [longSec, shortSec])
      : [condition.windowSec];
  return [...new Set(all)].sort((a, b) => b - a);
}

/** The threshold of what the condition comes to; of a burn rate: how many times the factor is reached. */
export function thresholdOf(condition: Condition): Threshold {
  if (condition.kind === "burn") return { direction: "above", value: 1, resolve: 1 };
  if (condition.kind === "absent") return { direction: "above", value: 0.5, resolve: 0.5 };
  return condition.threshold;
}

/** Whether a value is bad; while firing the bar is the one to come back past. */
export function isBad({ direction, value, resolve }: Threshold, at: number, isFiring: boolean): boolean {
  const bar = isFiring ? resolve : value;
  return direction === "above" ? at > bar : at < bar;
}

/** Conditions on what was watched rather than on what was counted. */
export function isOfCoverage(kind: Kind): kind is "absent" | "coverage" | "drops" {
  return kind === "absent" || kind === "coverage" || kind === "drops";
}

/** Conditions that need buckets. */
export function needsBuckets(kind: Kind): boolean {
  return kind === "quantile" || kind === "share" || kind === "burn" || kind === "mass" || kind === "shape";
}
