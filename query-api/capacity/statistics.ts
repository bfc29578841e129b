/**
 * statistics.ts: what hours come to: means, percentiles, and whether two series go together. Hours that are not known have no part.
 */
import { quantileOf } from "../../core/forecast/order.ts";

export interface Summary {
  readonly hours: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly peak: number;
}

/** @returns null where nothing is known */
export function summaryOf(values: Float64Array, wanted: (i: number) => boolean = () => true): Summary | null {
  const known = values.filter((each, i) => !Number.isNaN(each) && wanted(i)).sort();
  if (known.length === 0) return null;
  const mean = known.reduce((sum, each) => sum + each, 0) / known.length;
  const peak = known.at(-1) ?? 0;
  return { hours: known.length, mean, p50: quantileOf(known, 0.5), p95: quantileOf(known, 0.95), peak };
}

/** Adds hour by hour; not known where any part is not. */
export function added(parts: readonly Float64Array[], hours: number): Float64Array {
  const sum = new Float64Array(hours);
  for (const part of parts) for (let i = 0; i < hours; i++) sum[i] = (sum[i] ?? 0) + (part[i] ?? NaN);
  return sum;
}

/**
 * Spearman's rank correlation of the hours that both know, with the mean rank for equal values (C. Spearman, "The proof and
 * measurement of association between two things", 1904): one burst of a thousand times the usual counts as the highest rank.
 *
 * @returns null of fewer than ten hours, and where either never changes
 */
export function rankCorrelation(a: Float64Array, b: Float64Array): number | null {
  const both = [...a.keys()].filter((i) => !Number.isNaN(a[i] ?? NaN) && !Number.isNaN(b[i] ?? NaN));
  if (both.length < 10) return null;
  const x = ranksOf(both.map((i) => a[i] ?? 0));
  const y = ranksOf(both.map((i) => b[i] ?? 0));
  const middle = (both.length - 1) / 2;
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < both.length; i++) {
    const [dx, dy] = [(x[i] ?? 0) - middle, (y[i] ?? 0) - middle];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx === 0 || yy === 0 ? null : xy / Math.sqrt(xx * yy);
}

function ranksOf(values: readonly number[]): Float64Array {
  const order = values.map((_, i) => i).sort((i, j) => (values[i] ?? 0) - (values[j] ?? 0));
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to] ?? 0] === values[order[from] ?? 0]) to += 1;
    for (let i = from; i < to; i++) ranks[order[i] ?? 0] = (from + to - 1) / 2;
    from = to;
  }
  return ranks;
}
