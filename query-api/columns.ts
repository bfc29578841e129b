/**
 * columns.ts: from counts and coverage to the columns of a heatmap.
 *
 * A column with any coverage has a total, perhaps zero; a column without has null. Percentiles come from the column's own
 * exact distribution, never from the picture.
 */
import type { HeatmapColumn } from "../core/api.ts";
import type { Buckets } from "../core/histogram/buckets.ts";
import { fromTally, quantile, totalOf } from "../core/histogram/distribution.ts";

/** What coverage rows say of one column. */
export interface ColumnCoverage {
  /** Ticks watched, over all hosts. */
  readonly ticks: number;
  readonly dropped: number;
  readonly reason: string;
}

/**
 * @param tally counts by bucket
 * @param coverage undefined where no coverage row says anything
 * @param ticksPerHost ticks in a whole column of one host
 */
export function column(
  ts: number,
  buckets: Buckets,
  tally: ReadonlyMap<number, number>,
  coverage: ColumnCoverage | undefined,
  ticksPerHost: number,
  expected: number,
): HeatmapColumn {
  const distribution = fromTally(tally);
  const watched = coverage !== undefined && coverage.ticks > 0;
  const at = (q: number): number | null => (watched ? quantile(buckets, distribution, q) : null);
  return {
    ts,
    reporting: reporting(coverage?.ticks ?? 0, ticksPerHost, expected),
    expected,
    dropped: coverage?.dropped ?? 0,
    reason: coverage?.reason ?? "",
    total: watched ? totalOf(distribution) : null,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    p999: at(0.999),
    ...distribution,
  };
}

/** Hosts' worth of ticks, rounded down, but 1 where anything was reported: 0 means that nothing is known. */
export function reporting(ticks: number, ticksPerHost: number, expected: number): number {
  if (ticks === 0) return 0;
  return Math.max(1, Math.min(expected, Math.floor(ticks / ticksPerHost)));
}
