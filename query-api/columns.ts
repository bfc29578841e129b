/**
 * columns.ts: from counts and coverage to the columns of a heatmap.
 *
 * A column with any coverage has a total, perhaps zero; a column without has null. Percentiles come from the column's own
 * exact distribution, never from the picture.
 */
import type { HeatmapColumn } from "../core/api.ts";
import type { Buckets } from "../core/histogram/buckets.ts";
import { fromTally, quantilesOf, totalOf, type Distribution } from "../core/histogram/distribution.ts";

/** What coverage rows say of one column. */
export interface ColumnCoverage {
  /** Ticks watched, over all hosts. */
  readonly ticks: number;
  readonly dropped: number;
  readonly reason: string;
}

/** @param tally counts by bucket; see `columnOf` */
export function column(
  ts: number,
  buckets: Buckets,
  tally: ReadonlyMap<number, number>,
  coverage: ColumnCoverage | undefined,
  ticksPerHost: number,
  expected: number,
): HeatmapColumn {
  return columnOf(ts, buckets, fromTally(tally), coverage, ticksPerHost, expected);
}

/**
 * @param distribution ascending by bucket
 * @param coverage undefined where no coverage row says anything
 * @param ticksPerHost ticks in a whole column of one host
 */
export function columnOf(
  ts: number,
  buckets: Buckets,
  distribution: Distribution,
  coverage: ColumnCoverage | undefined,
  ticksPerHost: number,
  expected: number,
): HeatmapColumn {
  const watched = coverage !== undefined && coverage.ticks > 0;
  const total = watched ? totalOf(distribution) : null;
  const [p50 = null, p90 = null, p99 = null, p999 = null] = quantilesOf(buckets, distribution, FRACTIONS, total ?? 0);
  return {
    ts,
    reporting: reporting(coverage?.ticks ?? 0, ticksPerHost, expected),
    expected,
    dropped: coverage?.dropped ?? 0,
    reason: coverage?.reason ?? "",
    total,
    p50,
    p90,
    p99,
    p999,
    bucket: distribution.bucket,
    count: distribution.count,
  };
}

const FRACTIONS = [0.5, 0.9, 0.99, 0.999];

/** Hosts' worth of ticks, rounded down, but 1 where anything was reported: 0 means that nothing is known. */
export function reporting(ticks: number, ticksPerHost: number, expected: number): number {
  if (ticks === 0) return 0;
  return Math.max(1, Math.min(expected, Math.floor(ticks / ticksPerHost)));
}
