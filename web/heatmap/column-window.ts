/**
 * column-window.ts: a heatmap that slides: history from one query, then columns from the live stream.
 *
 * Everything here is pure: a column put in gives a new heatmap of the same span. A column replaces the one with its time, so
 * hearing it twice counts nothing twice. Where the stream is finer than the picture, the seconds of a coarse column are kept
 * until it leaves the edge and are summed again each time one of them changes.
 */
import type { Heatmap, HeatmapColumn } from "../../core/api.ts";
import { bucketsOf, type Buckets } from "../../core/histogram/buckets.ts";
import { merge, quantile, totalOf } from "../../core/histogram/distribution.ts";
import { parseScheme } from "../../core/histogram/scheme.ts";

/** Whether nothing is known of the column: hatched, never drawn as zero. Counts that did arrive are always shown. */
export function isMissing(column: HeatmapColumn): boolean {
  return column.reporting === 0 && column.bucket.length === 0;
}

/** Whether the column has counts, but not everyone's. */
export function isPartial(column: HeatmapColumn): boolean {
  return !isMissing(column) && (column.reporting < column.expected || column.dropped > 0);
}

/**
 * A history as the start of a live window: of at most `spanSec`, and without the newest columns that nobody has reported yet
 * and nobody excuses, which at the live edge are not a gap but the future.
 */
export function atLiveEdge(heatmap: Heatmap, spanSec: number): Heatmap {
  const { columns, stepSec, fromTs } = heatmap;
  let end = columns.length;
  while (end > 1 && pending(columns[end - 1])) end -= 1;
  // All unknown, or unknown for long: that is an outage to show.
  if (end <= 1 || (columns.length - end) * stepSec > Math.max(MAX_FUTURE_SEC, stepSec)) end = columns.length;
  const start = Math.max(0, end - Math.ceil(spanSec / stepSec));
  return withColumns(heatmap, fromTs + start * stepSec, columns.slice(start, end));
}

/** So much more history is asked for than is shown, as the newest of it may be left out. */
export const MAX_FUTURE_SEC = 15;

function withColumns(heatmap: Heatmap, fromTs: number, columns: readonly HeatmapColumn[]): Heatmap {
  let total = 0;
  for (const each of columns) total += each.total ?? 0;
  return { ...heatmap, columns, fromTs, toTs: fromTs + columns.length * heatmap.stepSec, total };
}

function pending(column: HeatmapColumn | undefined): boolean {
  return column !== undefined && isMissing(column) && column.reason === "";
}

/** The heatmap with this column in its place; a newer one than all slides the window, an older one than all is ignored. */
export function withColumn(heatmap: Heatmap, column: HeatmapColumn, spanSec: number): Heatmap {
  const { stepSec, fromTs } = heatmap;
  const index = Math.floor((column.ts - fromTs) / stepSec);
  if (index < 0) return heatmap;
  const columns = heatmap.columns.slice();
  while (columns.length < index) columns.push(unknownColumn(fromTs + columns.length * stepSec));
  columns[index] = column;
  const surplus = Math.max(0, columns.length - Math.ceil(spanSec / stepSec));
  return withColumns(heatmap, fromTs + surplus * stepSec, columns.slice(surplus));
}

/** Sums live seconds into the picture's steps. */
export class StepMerger {
  readonly #stepSec: number;
  readonly #buckets: Buckets;
  readonly #fine = new Map<number, HeatmapColumn>();

  constructor(stepSec: number, scheme: string) {
    this.#stepSec = stepSec;
    this.#buckets = bucketsOf(parseScheme(scheme));
  }

  /** Takes a fine column. @returns the coarse column that it belongs to, with all that is known of it */
  add(column: HeatmapColumn): HeatmapColumn {
    const start = Math.floor(column.ts / this.#stepSec) * this.#stepSec;
    this.#fine.set(column.ts, column);
    for (const ts of this.#fine.keys()) if (ts < start - 2 * this.#stepSec) this.#fine.delete(ts);
    const parts = [...this.#fine.values()].filter((each) => each.ts >= start && each.ts < start + this.#stepSec);
    return sumColumns(start, parts, this.#buckets);
  }
}

/** One column for several: counts added, percentiles from the added counts, coverage that of the worst part. */
export function sumColumns(ts: number, parts: readonly HeatmapColumn[], buckets: Buckets): HeatmapColumn {
  const known = parts.filter((part) => part.total !== null);
  const sum = merge(known);
  const worst = Math.min(...parts.map((part) => part.reporting));
  return {
    ts,
    reporting: worst === Infinity ? 0 : worst,
    expected: Math.max(0, ...parts.map((part) => part.expected)),
    dropped: parts.reduce((all, part) => all + part.dropped, 0),
    reason: parts.find((part) => part.reason !== "")?.reason ?? "",
    total: known.length === 0 ? null : totalOf(sum),
    p50: quantile(buckets, sum, 0.5),
    p90: quantile(buckets, sum, 0.9),
    p99: quantile(buckets, sum, 0.99),
    p999: quantile(buckets, sum, 0.999),
    bucket: sum.bucket,
    count: sum.count,
  };
}

function unknownColumn(ts: number): HeatmapColumn {
  const none = { p50: null, p90: null, p99: null, p999: null };
  return { ts, reporting: 0, expected: 0, dropped: 0, reason: "", total: null, ...none, bucket: [], count: [] };
}
