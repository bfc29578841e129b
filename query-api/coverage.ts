/**
 * coverage.ts: what is known of each column: without it a missing count cannot be told from zero.
 */
import type { StoreClient } from "../store/client.ts";
import type { ColumnCoverage } from "./columns.ts";
import type { Presence } from "./expected.ts";
import { coverageFilter, Params, reading, type Range } from "./sql.ts";
import type { View } from "./view.ts";

interface CoverageRow {
  x: number;
  ticks: number;
  seconds: number;
  dropped: number;
  reason: string;
}

export interface RangeCoverage {
  readonly columns: ReadonlyMap<number, ColumnCoverage>;
  /** Ticks in which at least one host reported, by column: what a sum is divided by to give a rate. */
  readonly covered: ReadonlyMap<number, number>;
  /** The newest column that any host reported in; null where none did. */
  readonly newestTs: number | null;
}

/** Reads the coverage of a range, by columns of `stepSec`. */
export async function readCoverage(
  store: StoreClient,
  view: View,
  range: Range,
  stepSec: number,
  presence: Presence,
  signal?: AbortSignal,
): Promise<RangeCoverage> {
  const params = new Params();
  const step = params.bind(stepSec, "UInt32");
  const rows = await store.query<CoverageRow>(
    `SELECT
       toUInt32(intDiv(toUnixTimestamp(ts), ${step}) * ${step}) AS x,
       toUInt32(countIf(status != 'gap')) AS ticks,
       toUInt32(uniqExactIf(ts, status != 'gap')) AS seconds,
       toFloat64(sum(dropped)) AS dropped,
       arrayElement(topKIf(1)(reason, reason != ''), 1) AS reason
     FROM windows
     WHERE ${coverageFilter(view, range, presence, params)}
     GROUP BY x`,
    params.values,
    reading(signal),
  );
  const watched = rows.filter((row) => row.ticks > 0);
  return {
    columns: new Map(rows.map((row) => [row.x, row])),
    covered: new Map(rows.map((row) => [row.x, row.seconds])),
    newestTs: watched.length === 0 ? null : Math.max(...watched.map((row) => row.x)),
  };
}
