/**
 * cell.ts: what lies under the crosshair: one cell with its exact count, its ranges and its column.
 */
import type { Heatmap, HeatmapColumn } from "../../core/api.ts";
import type { Buckets } from "../../core/histogram/buckets.ts";
import type { Region, Values } from "../view/region.ts";
import type { LaidPicture } from "./picture.ts";

export interface Cell {
  readonly column: HeatmapColumn;
  readonly columnIndex: number;
  readonly rowIndex: number;
  readonly stepSec: number;
  /** The values that it covers, low <= v < high; null for an open end. */
  readonly low: number | null;
  readonly high: number | null;
  readonly count: number;
  /** Its pixels, in device pixels from the plot's corner. */
  readonly box: { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
}

type Laid = Pick<LaidPicture, "edges" | "rows" | "counts">;

/** @param x device pixels from the plot's left; @param y from its top */
export function cellAt(heatmap: Heatmap, buckets: Buckets, picture: Laid, x: number, y: number): Cell | null {
  const columnIndex = lastNotAbove(picture.edges, x);
  const rowIndex = picture.rows.findIndex((row) => y >= row.top && y < row.bottom);
  return cellOf(heatmap, buckets, picture, columnIndex, rowIndex);
}

export function cellOf(
  heatmap: Heatmap,
  buckets: Buckets,
  picture: Laid,
  columnIndex: number,
  rowIndex: number,
): Cell | null {
  const column = heatmap.columns[columnIndex];
  const row = picture.rows[rowIndex];
  if (column === undefined || row === undefined) return null;
  const left = picture.edges[columnIndex] ?? 0;
  return {
    column,
    columnIndex,
    rowIndex,
    stepSec: heatmap.stepSec,
    low: buckets.lowOf(row.first),
    high: buckets.highOf(row.last),
    count: picture.counts[columnIndex * picture.rows.length + rowIndex] ?? 0,
    box: { left, top: row.top, width: (picture.edges[columnIndex + 1] ?? left) - left, height: row.bottom - row.top },
  };
}

/** The rectangle that two cells span, both included. */
export function regionOf(a: Cell, b: Cell): Region {
  const [lower, upper] = a.rowIndex <= b.rowIndex ? [a, b] : [b, a];
  return {
    from: Math.min(a.column.ts, b.column.ts),
    to: Math.max(a.column.ts, b.column.ts) + a.stepSec,
    low: lower.low,
    high: upper.high,
  };
}

/** A region widened to whole columns and whole buckets, which is what a server counts. */
export function wholeCells(region: Region, stepSec: number, buckets: Buckets): Region {
  const { low, high } = wholeBuckets(region, buckets);
  return {
    from: Math.floor(region.from / stepSec) * stepSec,
    to: Math.ceil(region.to / stepSec) * stepSec,
    low,
    high,
  };
}

export function wholeBuckets({ low, high }: Values, buckets: Buckets): Values {
  return {
    low: low === null ? null : buckets.lowOf(buckets.indexOf(Math.floor(low))),
    high: high === null ? null : buckets.highOf(buckets.indexOf(Math.max(0, Math.ceil(high) - 1))),
  };
}

/** The last column whose left edge is at or before x; -1 for x outside all of them. */
function lastNotAbove(edges: Int32Array, x: number): number {
  const at = Math.floor(x);
  if (at < (edges[0] ?? 0) || at >= (edges.at(-1) ?? 0)) return -1;
  let low = 0;
  let high = edges.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((edges[middle] ?? 0) <= at) low = middle;
    else high = middle;
  }
  return low;
}
