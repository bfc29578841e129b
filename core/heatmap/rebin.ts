/**
 * rebin.ts: buckets gathered into the rows of a picture, exactly: a row's edges are edges of buckets, so each count lies in one row.
 *
 * The law: what the rows show and what is left out below and above them add up to the total.
 */
import type { HeatmapRow } from "../api.ts";
import type { Buckets } from "../histogram/buckets.ts";
import type { Distribution } from "../histogram/distribution.ts";
import { layRows } from "./rows.ts";
import { spanOf, type AxisKind } from "./value-span.ts";

/** Bucket indexes, both inclusive; `first` above `last`: none. */
export interface BucketRange {
  readonly first: number;
  readonly last: number;
}

/** The buckets from the lowest to the highest with a count; null where nothing was counted. */
export function occupied(columns: readonly Pick<Distribution, "bucket">[]): BucketRange | null {
  let first = Infinity;
  let last = -Infinity;
  for (const { bucket } of columns) {
    if (bucket.length === 0) continue;
    first = Math.min(first, bucket[0] ?? first);
    last = Math.max(last, bucket[bucket.length - 1] ?? last);
  }
  return first > last ? null : { first, last };
}

/**
 * Rows of about equal height on the axis, the lowest first; every bucket of the range is in exactly one.
 *
 * @param atMost undefined: each bucket is a row
 */
export function chooseRows(
  buckets: Buckets,
  { first, last }: BucketRange,
  axis: AxisKind,
  atMost: number | undefined,
): HeatmapRow[] {
  if (first > last) return [];
  const row = (from: number, to: number): HeatmapRow => ({
    first: from,
    last: to,
    low: buckets.lowOf(from),
    high: buckets.highOf(to),
  });
  const all = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  if (atMost === undefined || all.length <= atMost) return all.map((index) => row(index, index));
  const span = spanOf(axis, buckets, [{ bucket: [first, last] }]);
  const laid = span === null ? [] : layRows(buckets, span, atMost);
  const inside = laid.filter((each) => each.last >= first && each.first <= last);
  // What the axis has no place for, such as values below zero on a logarithmic one, joins the row at that end.
  return inside.length === 0
    ? [row(first, last)]
    : inside.map((each, i) =>
        row(i === 0 ? first : each.first, i === inside.length - 1 ? last : Math.min(each.last, last)),
      );
}

/** What was counted below and above the rows. */
export interface Outside {
  below: number;
  above: number;
}

/** Counts by row, ascending and without zeros; what lies outside the rows is added to `outside`. */
export function rebin(
  rows: readonly HeatmapRow[],
  { bucket, count }: Distribution,
  outside: Outside,
): { bucket: number[]; count: number[] } {
  const rebinned = { bucket: [] as number[], count: [] as number[] };
  let row = 0;
  for (let i = 0; i < bucket.length; i++) {
    const index = bucket[i] ?? 0;
    const events = count[i] ?? 0;
    while (row < rows.length && (rows[row]?.last ?? 0) < index) row += 1;
    if (index < (rows[0]?.first ?? Infinity)) outside.below += events;
    else if (row >= rows.length) outside.above += events;
    else if (rebinned.bucket.at(-1) === row) addToLast(rebinned.count, events);
    else {
      rebinned.bucket.push(row);
      rebinned.count.push(events);
    }
  }
  return rebinned;
}

/** The middle of the integers in a bucket; of an open one, its one known edge. */
export function midpointOf(buckets: Buckets, index: number): number {
  const low = buckets.lowOf(index);
  const high = buckets.highOf(index);
  if (low === null) return high ?? 0;
  return high === null ? low : (low + high - 1) / 2;
}

/** The mean of a distribution, each event taken for the middle of its bucket: off by at most half a bucket. */
export function meanOf(buckets: Buckets, { bucket, count }: Distribution): number | null {
  let total = 0;
  let sum = 0;
  for (let i = 0; i < bucket.length; i++) {
    total += count[i] ?? 0;
    sum += (count[i] ?? 0) * midpointOf(buckets, bucket[i] ?? 0);
  }
  return total === 0 ? null : sum / total;
}

/** What rows weigh: each event by the middle of its bucket; in the order of `rebin`'s answer. */
export function weigh(buckets: Buckets, rows: readonly HeatmapRow[] | null, { bucket, count }: Distribution): number[] {
  const weights: number[] = [];
  let row = 0;
  let at = -1;
  for (let i = 0; i < bucket.length; i++) {
    const index = bucket[i] ?? 0;
    const weight = (count[i] ?? 0) * midpointOf(buckets, index);
    if (rows === null) {
      weights.push(weight);
      continue;
    }
    while (row < rows.length && (rows[row]?.last ?? 0) < index) row += 1;
    if (row >= rows.length || index < (rows[0]?.first ?? Infinity)) continue;
    if (at === row) addToLast(weights, weight);
    else weights.push(weight);
    at = row;
  }
  return weights;
}

function addToLast(list: number[], amount: number): void {
  list.push((list.pop() ?? 0) + amount);
}
