/**
 * heatmap-shape.ts: a heatmap as somebody wants to look at it: gathered into rows, cropped, weighed, with its colours' scale.
 *
 * Percentiles and totals of the columns stay those of all that was counted; what a crop leaves out is in the answer.
 */
import type { Coloring, Heatmap, HeatmapColumn, HeatmapRow, HeatmapScale } from "../core/api.ts";
import { colourScale } from "../core/heatmap/colour-scale.ts";
import { chooseRows, occupied, rebin, weigh, type BucketRange, type Outside } from "../core/heatmap/rebin.ts";
import type { AxisKind } from "../core/heatmap/value-span.ts";
import { bucketsOf, type Buckets } from "../core/histogram/buckets.ts";
import type { Distribution } from "../core/histogram/distribution.ts";
import { parseScheme } from "../core/histogram/scheme.ts";
import { bucketsWithin } from "./breakdown.ts";

export interface Shape {
  /** At most so many rows of about equal height on the axis; undefined: a row a bucket. */
  readonly rows?: number | undefined;
  readonly axis?: AxisKind | undefined;
  /** Only buckets that lie in [low, high) as a whole; undefined: open. */
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  readonly weights?: "count" | "weight" | undefined;
  readonly coloring?: Coloring | undefined;
}

/** The same heatmap in another shape; itself where none is asked for. */
export function shapeHeatmap(heatmap: Heatmap, shape: Shape): Heatmap {
  const buckets = bucketsOf(parseScheme(heatmap.scheme));
  const { low, high, coloring } = shape;
  const weighed = shape.weights === "weight";
  const gathered = shape.rows !== undefined || low !== undefined || high !== undefined;
  const rows = gathered
    ? chooseRows(buckets, rangeOf(buckets, heatmap.columns, low, high), shape.axis ?? "log", shape.rows)
    : null;
  const outside: Outside = { below: 0, above: 0 };
  const isSame = rows === null && !weighed;
  const reshape = <T extends Distribution>(each: T, count: Outside): T => ({
    ...each,
    ...(rows === null ? {} : rebin(rows, each, count)),
    ...(weighed ? { weight: weigh(buckets, rows, each) } : {}),
  });
  const columns = isSame ? heatmap.columns : heatmap.columns.map((column) => reshape(column, outside));
  const groups = heatmap.groups?.map((group) => ({
    ...group,
    columns: isSame ? group.columns : group.columns.map((column) => reshape(column, { below: 0, above: 0 })),
  }));
  const left = outside.below + outside.above;
  return {
    ...heatmap,
    columns,
    ...(groups === undefined ? {} : { groups }),
    ...(rows === null ? {} : { rows, leftOut: { ...outside, share: left === 0 ? 0 : left / heatmap.total } }),
    ...(coloring === undefined ? {} : { scale: scaleOf(columns, coloring, weighed ? "weight" : "count") }),
  };
}

/** The buckets shown: those in [low, high); an open side ends with what was counted. */
function rangeOf(
  buckets: Buckets,
  columns: readonly HeatmapColumn[],
  low: number | undefined,
  high: number | undefined,
): BucketRange {
  const counted = occupied(columns) ?? { first: buckets.first, last: buckets.last };
  const [first, last] = bucketsWithin(buckets.scheme, low ?? -Infinity, high ?? Infinity);
  return {
    first: low === undefined ? Math.max(first, Math.min(counted.first, last)) : first,
    last: high === undefined ? Math.min(last, Math.max(counted.last, first)) : last,
  };
}

/** The rows of a heatmap, whether it was gathered or not: then every bucket with a count between the lowest and the highest. */
export function rowsOf(heatmap: Heatmap): readonly HeatmapRow[] {
  if (heatmap.rows !== undefined) return heatmap.rows;
  const buckets = bucketsOf(parseScheme(heatmap.scheme));
  return chooseRows(buckets, occupied(heatmap.columns) ?? { first: 1, last: 0 }, "log", undefined);
}

/** All cells' values, in no order. */
export function cellValues(columns: readonly HeatmapColumn[]): Float64Array {
  const values = new Float64Array(columns.reduce((sum, column) => sum + column.bucket.length, 0));
  let at = 0;
  for (const { count, weight = count } of columns) {
    values.set(weight, at);
    at += count.length;
  }
  return values;
}

function scaleOf(columns: readonly HeatmapColumn[], coloring: Coloring, of: "count" | "weight"): HeatmapScale {
  const scale = colourScale(coloring, cellValues(columns));
  const stops = Array.from({ length: STOPS + 1 }, (_, i) => ({ place: i / STOPS, value: scale.countAt(i / STOPS) }));
  return {
    coloring,
    of,
    max: scale.max,
    stops: stops.flatMap(({ place, value }) => (value === null ? [] : [{ place, value }])),
  };
}

const STOPS = 16;
