/**
 * kstat-distribution.ts: distributions that kstats already hold: how many operations passed each threshold, or what share of
 * the time something took.
 *
 * Thresholds are read one after the other while the kernel goes on counting, so a threshold may for a moment be ahead of the
 * one below it, and a bucket, which is their difference, would grow by less than nothing. A count cannot be negative, so the
 * bucket then shows 0 and its deficit is carried into the next windows: over time each bucket's sum stays exactly its
 * counters' growth, and no window is negative. (To clamp and forget would count those operations twice.)
 */
import { MAX_COUNT } from "../core/window.ts";
import { approximately, minus, plus, type Exact } from "./kstat-number.ts";

/**
 * The operations in each bucket of one window.
 *
 * @param total growth of what the thresholds count among
 * @param passed growth of each threshold, lowest first
 * @param carried this kstat's deficits, one a bucket, all <= 0 or absent; updated
 * @returns one count a bucket: one more than thresholds; undefined where a count is beyond belief, and `carried` then stands
 */
export function thresholdCounts(total: Exact, passed: readonly Exact[], carried: number[]): number[] | undefined {
  const counts: number[] = [];
  const deficits: number[] = [];
  for (let i = 0; i <= passed.length; i++) {
    const above = passed[i] ?? 0;
    const growth = approximately(minus(i === 0 ? total : (passed[i - 1] ?? 0), above));
    const count = growth + (carried[i] ?? 0);
    if (Math.abs(count) > MAX_COUNT) return undefined;
    counts.push(Math.max(0, count));
    deficits.push(Math.min(0, count));
  }
  deficits.forEach((deficit, i) => (carried[i] = deficit));
  return counts;
}

/** Whole percent of the time, rounded down; undefined where no time passed. */
export function sharePercent(ns: Exact, elapsedNs: bigint): number | undefined {
  if (elapsedNs <= 0n) return undefined;
  return typeof ns === "number" && ns < MAX_PERCENT_NS
    ? Math.floor((100 * ns) / Number(elapsedNs))
    : Number((100n * BigInt(ns)) / elapsedNs);
}

/**
 * Below this, 100 * ns and the quotient are exact enough that floor is right: a quotient of safe integers rounds to a whole
 * number only where it differs from it by less than 2^-53 of itself, hence not by 1 / elapsedNs.
 */
const MAX_PERCENT_NS = 2 ** 45;

export function sum(values: readonly (Exact | undefined)[], places: readonly number[]): Exact | undefined {
  let total: Exact = 0;
  for (const place of places) {
    const value = values[place];
    if (value === undefined) return undefined;
    total = plus(total, value);
  }
  return total;
}
