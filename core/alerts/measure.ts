/**
 * measure.ts: what a condition comes to over a window, from exact sums.
 *
 * Three answers, and they are never mixed up: a *value*; *empty*: it was watched, and there was nothing to take a percentile of, which is
 * good news; *unknown*: nobody watched, which is no news at all. A count of what nobody watched is not zero.
 */
import type { Buckets } from "../histogram/buckets.ts";
import { quantile, totalOf, type Distribution } from "../histogram/distribution.ts";
import { distance } from "./distance.ts";
import { firstOver, regionOf } from "./read-rule.ts";
import type { Condition } from "./rule.ts";

/** What was counted and watched in one window, of one key. */
export interface WindowSums {
  readonly windowSec: number;
  /** Ticks, over the hosts that count: watched, and how many there should have been. */
  readonly watched: number;
  readonly expected: number;
  /** Seconds in which any of those hosts was watched. */
  readonly seconds: number;
  /** Events known to be lost on those hosts. */
  readonly dropped: number;
  /** Ascending by bucket, zeros allowed; empty for scalars. */
  readonly counts: Distribution;
  /** Of scalars: the sum of each tick that was watched. */
  readonly scalars: readonly number[];
}

/** The distribution of the same hour of past days, and how many of them were watched. */
export interface Baseline {
  readonly counts: Distribution;
  readonly days: number;
}

export type Reading =
  | { readonly kind: "value"; readonly value: number; readonly isPartial: boolean }
  | { readonly kind: "empty"; readonly isPartial: boolean }
  | { readonly kind: "unknown"; readonly why: string };

export interface MeasureGround {
  /** Null: scalars. */
  readonly buckets: Buckets | null;
  /** Sums by length of the window. */
  readonly over: (windowSec: number) => WindowSums;
  /** For a change of shape. */
  readonly baseline?: Baseline | undefined;
}

export function measure(condition: Condition, ground: MeasureGround): Reading {
  if (condition.kind === "absent") {
    const sums = ground.over(condition.windowSec);
    // Nowhere to watch is nothing to miss.
    return { kind: "value", value: sums.expected > 0 && sums.watched === 0 ? 1 : 0, isPartial: false };
  }
  if (condition.kind === "coverage") {
    const { watched, expected } = ground.over(condition.windowSec);
    if (expected === 0) return unknown("no host is expected");
    return { kind: "value", value: Math.max(0, 1 - watched / expected), isPartial: false };
  }
  if (condition.kind === "burn") return burn(condition, ground);
  const sums = ground.over(condition.windowSec);
  if (sums.watched === 0) return unknown("nobody watched");
  const isPartial = sums.watched < sums.expected || sums.dropped > 0;
  const value = (number: number | null): Reading =>
    number === null ? { kind: "empty", isPartial } : { kind: "value", value: number, isPartial };
  const { buckets } = ground;
  switch (condition.kind) {
    case "drops":
      return { kind: "value", value: sums.dropped / sums.windowSec, isPartial: false };
    case "rate":
      return value((buckets === null ? sum(sums.scalars) : totalOf(sums.counts)) / sums.seconds);
    case "scalar":
      return value(statistic(condition.of, sums.scalars));
    case "quantile":
      return value(buckets === null ? null : quantile(buckets, sums.counts, condition.q));
    case "share":
      return value(shareOver(buckets, sums.counts, condition.over));
    case "mass": {
      const region = buckets === null ? null : regionOf(buckets, condition.low, condition.high);
      const inside = region === null ? 0 : within(sums.counts, region[0], region[1]);
      if (condition.as === "count") return value(inside);
      const total = totalOf(sums.counts);
      return value(total === 0 ? null : inside / total);
    }
    case "shape": {
      const { baseline } = ground;
      if (baseline === undefined || baseline.days < condition.minDays) return unknown("too few past days");
      if (totalOf(baseline.counts) < condition.minEvents) return unknown("too few events in past days");
      // Of few events the distance is chance.
      if (buckets === null || totalOf(sums.counts) < condition.minEvents) return value(null);
      return value(distance(buckets, sums.counts, baseline.counts));
    }
  }
}

/**
 * How many times over the factor of its windows the budget burns: above 1 where any pair of windows is above its factor in both. The long
 * window says that it matters, the short one that it still goes on.
 */
function burn(condition: Condition & { kind: "burn" }, { buckets, over }: MeasureGround): Reading {
  let most: number | null = null;
  let isPartial = false;
  let known = false;
  for (const { longSec, shortSec, factor } of condition.windows) {
    const pair = [over(longSec), over(shortSec)];
    if (pair.some(({ watched }) => watched === 0)) continue;
    known = true;
    isPartial ||= pair.some(({ watched, expected, dropped }) => watched < expected || dropped > 0);
    const rates = pair.map(
      ({ counts }) => (shareOver(buckets, counts, condition.over) ?? 0) / (1 - condition.objective),
    );
    most = Math.max(most ?? 0, Math.min(...rates) / factor);
  }
  if (!known) return unknown("nobody watched");
  return { kind: "value", value: most ?? 0, isPartial };
}

function shareOver(buckets: Buckets | null, counts: Distribution, value: number): number | null {
  const total = totalOf(counts);
  const first = buckets === null ? null : firstOver(buckets, value);
  if (total === 0) return null;
  return first === null ? 0 : within(counts, first, Infinity) / total;
}

function within({ bucket, count }: Distribution, first: number, last: number): number {
  let inside = 0;
  for (let i = 0; i < bucket.length; i++) {
    const index = bucket[i] ?? 0;
    if (index >= first && index <= last) inside += count[i] ?? 0;
  }
  return inside;
}

function statistic(of: "mean" | "max" | "min", values: readonly number[]): number | null {
  if (values.length === 0) return null;
  if (of === "mean") return sum(values) / values.length;
  return values.reduce((a, b) => (of === "max" ? Math.max(a, b) : Math.min(a, b)));
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function unknown(why: string): Reading {
  return { kind: "unknown", why };
}
