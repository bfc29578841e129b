/**
 * values.ts: what was measured: heatmaps, percentiles, cells, windows, breakdowns, series, live columns.
 */
/** One column of a heatmap: everything counted in [ts, ts + stepSec). */
export interface HeatmapColumn {
  readonly ts: number;
  /** Hosts that reported the whole column, and hosts that should have. reporting = 0: no data, not zero. */
  readonly reporting: number;
  readonly expected: number;
  /** Events known to be lost. */
  readonly dropped: number;
  /** Why data are missing, the most frequent reason first; "" where none is. */
  readonly reason: string;
  /** Events in the column; null where nothing was watched. */
  readonly total: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  /** Bucket indexes with a count, ascending, and their counts; in a heatmap that has `rows`, indexes into those. */
  readonly bucket: ArrayLike<number>;
  readonly count: ArrayLike<number>;
  /** Asked for with weights=weight: each count times the middle of its values; entry by entry as `count`. */
  readonly weight?: ArrayLike<number>;
}

/** GET /v1/instrumentations/:id/heatmap; the same fields as schema metadata and rows in the Arrow form. */
export interface Heatmap {
  readonly instrumentation: string;
  readonly metric: string;
  /** Text of the bucket scheme that `bucket` indexes. */
  readonly scheme: string;
  readonly unit: string;
  readonly fromTs: number;
  readonly toTs: number;
  readonly stepSec: number;
  /** The coarsest of the store's tiers that answered: "1s", "1m" or "1h"; the sums are the same in all. */
  readonly tier: string;
  /** Events over all columns. */
  readonly total: number;
  /** One for each step of [fromTs, toTs), ascending, also where nothing is known. */
  readonly columns: readonly HeatmapColumn[];
  /** Asked for with `rows`, `low` or `high`: what each row covers, the lowest first. */
  readonly rows?: readonly HeatmapRow[];
  /** With `rows`: what lies outside them. The counts of the columns and these add up to `total`. */
  readonly leftOut?: LeftOut;
  /** Asked for with `coloring`: which value of a cell gets which place on a ramp. */
  readonly scale?: HeatmapScale;
  /** Asked for with `by`: the same counts by key; cell by cell they add up to the columns'. */
  readonly by?: string;
  readonly groups?: readonly HeatmapGroup[];
}

/** Whole buckets, so that every count lies in exactly one row; values low <= v < high, null for an open end. */
export interface HeatmapRow {
  /** Bucket indexes of the scheme, both inclusive. */
  readonly first: number;
  readonly last: number;
  readonly low: number | null;
  readonly high: number | null;
}

export interface LeftOut {
  readonly below: number;
  readonly above: number;
  /** Of the total; 0 where that is 0. */
  readonly share: number;
}

/** linear: the share of the greatest. log: the logarithm's. rank: the share of cells with less, which makes outliers plain. */
export type Coloring = "rank" | "linear" | "log";

export interface HeatmapScale {
  readonly coloring: Coloring;
  /** What a cell's colour stands for. */
  readonly of: "count" | "weight";
  /** The greatest of all cells; 0 where there are none. */
  readonly max: number;
  /** The smallest value whose place on the ramp, 0 to 1, is at least `place`; ascending. */
  readonly stops: readonly { readonly place: number; readonly value: number }[];
}

export interface HeatmapGroup {
  /** "" in the group of all other keys. */
  readonly key: string;
  readonly isOther: boolean;
  /** Events in all rows and outside them. */
  readonly total: number;
  /** In the order of the heatmap's columns. */
  readonly columns: readonly Pick<HeatmapColumn, "bucket" | "count" | "weight">[];
}

/** GET /v1/instrumentations/:id/quantiles: of the whole range and of each column, from all that was counted. */
export interface Quantiles {
  readonly instrumentation: string;
  readonly metric: string;
  readonly scheme: string;
  readonly unit: string;
  readonly fromTs: number;
  readonly toTs: number;
  readonly stepSec: number;
  readonly tier: string;
  /** As asked for: fractions of the events. */
  readonly q: readonly number[];
  readonly total: number;
  /** Each event taken for the middle of its bucket; null where nothing was counted. */
  readonly mean: number | null;
  /** One for each of `q`, interpolated within one bucket. */
  readonly values: readonly (number | null)[];
  readonly columns: readonly QuantilesColumn[];
}

export interface QuantilesColumn extends Pick<
  HeatmapColumn,
  "ts" | "reporting" | "expected" | "dropped" | "reason" | "total"
> {
  readonly mean: number | null;
  readonly values: readonly (number | null)[];
}

/** GET /v1/instrumentations/:id/cell: what lies in a range of time and of values, by every key. */
export interface CellDetail {
  readonly instrumentation: string;
  readonly metric: string;
  readonly unit: string;
  readonly fromTs: number;
  readonly toTs: number;
  readonly tier: string;
  /** The values that whole buckets cover, low <= v < high; null for an open end, and both where no bucket lies within. */
  readonly low: number | null;
  readonly high: number | null;
  readonly total: number;
  /** One for each key of the instrumentation; in each the parts and other add up to the total. */
  readonly keys: readonly Pick<Breakdown, "by" | "parts" | "other">[];
}

/** GET /v1/instrumentations/:id/windows: rows as they are stored, by time. */
export interface WindowsPage {
  readonly instrumentation: string;
  readonly metric: string;
  readonly scheme: string | null;
  readonly fromTs: number;
  readonly toTs: number;
  readonly tier: string;
  readonly windows: readonly StoredWindow[];
  /** `after` of the next page; null: there is none. */
  readonly next: string | null;
}

export interface StoredWindow {
  readonly ts: number;
  /** How long the row's time is: that of one tick, or of the tier that has it. */
  readonly durationSec: number;
  /** By field, "zonename" first where the metric has zones. */
  readonly keys: Readonly<Record<string, string>>;
  /** A distribution's bucket indexes and counts; empty for a scalar. */
  readonly bucket: readonly number[];
  readonly count: readonly number[];
  /** A scalar in the metric's base unit; null for a distribution. */
  readonly value: number | null;
  /** Operators only. */
  readonly host?: string;
  readonly tenant?: string;
}

/** GET /v1/instrumentations/:id/breakdown?by=FIELD: totals by one key; parts plus other equal the total. */
export interface Breakdown {
  readonly by: string;
  /** What was added up: the range asked for, or wider by less than a minute (an hour) where only the tier's whole ones are left. */
  readonly fromTs: number;
  readonly toTs: number;
  /** As in a heatmap. */
  readonly tier: string;
  readonly total: number;
  readonly other: number;
  readonly parts: readonly BreakdownPart[];
}

export interface BreakdownPart {
  readonly key: string;
  readonly total: number;
}

/** GET /v1/instrumentations/:id/series: scalars by key. */
export interface Series {
  readonly instrumentation: string;
  readonly metric: string;
  readonly unit: string;
  readonly fromTs: number;
  readonly toTs: number;
  readonly stepSec: number;
  readonly tier: string;
  readonly times: readonly number[];
  readonly reporting: readonly number[];
  readonly expected: readonly number[];
  /** Events that were lost, at least. */
  readonly dropped: readonly number[];
  /** Why the column is missing or partial; "" if it is neither. */
  readonly reasons: readonly string[];
  /** The largest first; at most the number asked for, then one of all others, whose key is "", if there are more. */
  readonly series: readonly {
    readonly key: string;
    readonly isOther: boolean;
    readonly values: readonly (number | null)[];
  }[];
}

/**
 * Events of GET /v1/instrumentations/:id/live (server-sent events).
 *
 * event `column`: data LiveColumn, id its `ts`. A column may come again with more in it (a host reported later): the client
 * replaces what it has, so that a reconnect that repeats columns counts nothing twice.
 * event `late`: data {fromTs, toTs}: columns in there have changed or were not sent (rows came for columns older than memory); the
 * client reads that range again, from the heatmap.
 * event `notice`: data {code, message}; `SKIPPED` when a slow viewer was moved to the newest column (a `late` follows).
 *
 * The stream ends when it cannot catch up, with its token, and with its instrumentation: the client asks again, and is told why.
 */
export interface LiveColumn extends HeatmapColumn {
  /** Server's clock when the column was sent, epoch ms: what the page's freshness is measured from. */
  readonly sentMs: number;
  /** When the last window in it ended, by its host's clock, epoch ms; null in columns read from the store. */
  readonly endedMs: number | null;
}
