/**
 * ledger.ts: what the simulated hosts say they emitted, as columns and buckets: the expectation of every exactness test.
 *
 * Written apart from the product's own arithmetic: a window belongs to the second that holds its middle.
 */
import type { Heatmap } from "../../core/api.ts";
import type { Fleet } from "../../collectors/simulator/fleet.ts";

/** Counts by column, then by bucket. */
export type Counts = Map<number, Map<number, number>>;

export interface LedgerQuery {
  readonly spec: string;
  readonly fromTs: number;
  readonly toTs: number;
  /** Of the row's keys, "zonename" first. */
  readonly accept?: (keys: readonly string[]) => boolean;
}

export function ledgerCounts(fleet: Fleet, { spec, fromTs, toTs, accept = () => true }: LedgerQuery): Counts {
  const counts: Counts = new Map();
  for (const frame of fleet.ledger.frames({ spec })) {
    const column = Math.floor((Number(frame.walltimestampNs / 1_000_000n) - 500) / 1000);
    if (column < fromTs || column >= toTs || !frame.sound) continue;
    for (const row of frame.rows.filter((each) => accept(each.keys.map(String)))) {
      row.bucket.forEach((bucket, i) => add(counts, column, bucket, row.count[i] ?? 0));
    }
  }
  return counts;
}

/** The heatmap's counts in the same form. */
export function heatmapCounts(heatmap: Heatmap, fromTs: number, toTs: number): Counts {
  const counts: Counts = new Map();
  for (const column of heatmap.columns.filter((each) => each.ts >= fromTs && each.ts < toTs)) {
    Array.from(column.bucket).forEach((bucket, i) => add(counts, column.ts, bucket, column.count[i] ?? 0));
  }
  return counts;
}

export function totalOf(counts: Counts): number {
  let total = 0;
  for (const column of counts.values()) for (const count of column.values()) total += count;
  return total;
}

/** Ascending by column and bucket, so that two can be compared and a difference read. */
export function lines(counts: Counts): string[] {
  return [...counts]
    .sort((a, b) => a[0] - b[0])
    .flatMap(([column, buckets]) =>
      [...buckets].sort((a, b) => a[0] - b[0]).map(([bucket, count]) => `${column} ${bucket} ${count}`),
    );
}

function add(counts: Counts, column: number, bucket: number, count: number): void {
  if (count === 0) return;
  const buckets = counts.get(column) ?? new Map<number, number>();
  counts.set(column, buckets.set(bucket, (buckets.get(bucket) ?? 0) + count));
}
