/**
 * picture.ts: a heatmap laid out for a plot of so many device pixels: which count each row and column shows.
 */
import type { Heatmap } from "../../core/api.ts";
import type { Buckets } from "../../core/histogram/buckets.ts";
import { isMissing } from "./column-window.ts";
import { columnEdges, type Picture } from "../../core/heatmap/paint.ts";
import { layRows, rowOfBucket, type Row } from "../../core/heatmap/rows.ts";
import type { ValueSpan } from "../../core/heatmap/value-span.ts";

export interface Plot {
  /** Device pixels. */
  readonly width: number;
  readonly height: number;
  /** Epoch seconds at the left and right edge. */
  readonly fromTs: number;
  readonly toTs: number;
  readonly span: ValueSpan;
  readonly per: Per;
}

/**
 * bucket: a cell's colour stands for its count. decade: for its count divided by its height in decades of value, so that
 * wide and narrow buckets of a log-linear scheme can be compared: the shape of the distribution without the scheme's steps.
 */
export type Per = "bucket" | "decade";
export const PERS: readonly Per[] = ["bucket", "decade"];

export interface LaidPicture extends Picture {
  /** The row of each bucket, from the scheme's first on; -1: outside the plot. */
  readonly rowOf: Int16Array;
  /** Events outside the plot's rows: with those in its cells they are all that was counted. */
  readonly leftOut: Outside;
}

export interface Outside {
  readonly below: number;
  readonly above: number;
}

export function buildPicture(heatmap: Heatmap, buckets: Buckets, plot: Plot): LaidPicture {
  const { columns, fromTs, stepSec } = heatmap;
  const rows = layRows(buckets, plot.span, plot.height);
  const rowOf = rowOfBucket(buckets, rows);
  const counts = new Float64Array(rows.length * columns.length);
  const missing = new Uint8Array(columns.length);
  const lowest = rows[0]?.first ?? buckets.first;
  let [below, above] = [0, 0];
  columns.forEach((column, c) => {
    if (isMissing(column)) missing[c] = 1;
    for (let i = 0; i < column.bucket.length; i++) {
      const bucket = column.bucket[i] ?? 0;
      const count = column.count[i] ?? 0;
      const row = rowOf[bucket - buckets.first] ?? -1;
      if (row < 0) {
        if (bucket < lowest) below += count;
        else above += count;
        continue;
      }
      const cell = row * columns.length + c;
      counts[cell] = (counts[cell] ?? 0) + count;
    }
  });
  const weights = plot.per === "decade" ? perDecade(counts, rows, buckets, columns.length) : counts;
  const edges = columnEdges(fromTs, stepSec, columns.length, plot.fromTs, plot.toTs, plot.width);
  const { width, height } = plot;
  return { width, height, edges, rows, rowOf, counts, weights, missing, leftOut: { below, above } };
}

function perDecade(counts: Float64Array, rows: readonly Row[], buckets: Buckets, columns: number): Float64Array {
  const weights = new Float64Array(counts.length);
  rows.forEach((row, r) => {
    const low = buckets.lowOf(row.first);
    const high = buckets.highOf(row.last);
    // An open or a zero-based bucket has no height on a logarithmic axis: a tenth of a decade stands for it.
    const decades = low === null || high === null || low <= 0 ? 0.1 : Math.log10(high / low);
    for (let i = r * columns; i < (r + 1) * columns; i++) weights[i] = (counts[i] ?? 0) / decades;
  });
  return weights;
}
