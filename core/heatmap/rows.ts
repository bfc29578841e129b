/**
 * rows.ts: which buckets a row of the picture shows, and between which pixels.
 *
 * Each bucket covers the pixels between its two edges. Where buckets are thinner than a pixel several share a row, and
 * their counts are summed: no bucket inside the span is ever left out.
 */
import type { Buckets } from "../histogram/buckets.ts";
import { placeOf, type ValueSpan } from "./value-span.ts";

export interface Row {
  /** Device pixels from the plot's top; top < bottom. */
  readonly top: number;
  readonly bottom: number;
  /** Buckets that it shows, both inclusive. */
  readonly first: number;
  readonly last: number;
}

/** Rows from the lowest value to the highest, without overlap and without holes between them. */
export function layRows(buckets: Buckets, span: ValueSpan, height: number): Row[] {
  const pixelOf = (edge: number | null, open: number): number => {
    const place = edge === null ? open : placeOf(span, edge);
    return Math.round((1 - Math.min(1, Math.max(0, place))) * height);
  };
  const rows: Row[] = [];
  let bottom = height;
  let first: number | null = null;
  let lastShown = buckets.first;
  for (let index = buckets.first; index <= buckets.last; index++) {
    const low = buckets.lowOf(index);
    const high = buckets.highOf(index);
    if (high !== null && placeOf(span, high) <= 0) continue;
    if (low !== null && placeOf(span, low) >= 1) break;
    first ??= index;
    lastShown = index;
    const top = pixelOf(high, 1);
    if (top >= bottom) continue;
    rows.push({ top, bottom, first, last: index });
    bottom = top;
    first = null;
  }
  // What is thinner than a pixel at the very top joins the row below it.
  const top = rows.at(-1);
  if (first !== null && top !== undefined) rows[rows.length - 1] = { ...top, last: lastShown };
  return rows;
}

/** The row that each bucket is shown in, from `buckets.first` on; -1 for buckets outside the span. */
export function rowOfBucket(buckets: Buckets, rows: readonly Row[]): Int16Array {
  const table = new Int16Array(buckets.last - buckets.first + 1).fill(-1);
  rows.forEach((row, i) => table.fill(i, row.first - buckets.first, row.last - buckets.first + 1));
  return table;
}
