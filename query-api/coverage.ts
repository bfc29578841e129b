/**
 * coverage.ts: what is known of each column: without it a missing count cannot be told from zero.
 *
 * What counts is (host, second), once: a host that reported a second twice (two enablings, a late batch) reported it. Raw rows
 * have the second itself, roll-ups a mask of each minute's; every tier gives the same numbers. Losses and gap reasons of a
 * roll-up's row count whole even if the reader had the host for a part of it.
 */
import type { StoreClient } from "../store/client.ts";
import type { ColumnCoverage } from "./columns.ts";
import type { Presence } from "./expected.ts";
import type { GridPlan } from "./planner.ts";
import { columnSql, coverageFilter, Params, presentSql, reading, type Segment } from "./sql.ts";
import type { View } from "./view.ts";

export interface RangeCoverage {
  readonly columns: ReadonlyMap<number, ColumnCoverage>;
  /** Ticks in which at least one host reported, by column: what a sum is divided by to give a rate. */
  readonly covered: ReadonlyMap<number, number>;
  /** The newest column that any host reported in; null where none did. */
  readonly newestTs: number | null;
}

/** Reads the coverage of a plan, by its columns. */
export async function readCoverage(
  store: StoreClient,
  view: View,
  plan: GridPlan,
  presence: Presence,
  signal?: AbortSignal,
): Promise<RangeCoverage> {
  const params = new Params();
  const [sql] = coverageSql(view, plan, presence, params);
  if (sql === undefined) return rangeCoverage([]);
  const rows = await store.query<CoverageRow>(sql, params.values, reading(signal));
  return rangeCoverage(rows);
}

/** The statement that gives a plan's coverage by its columns: CoverageRow each; none where there is nothing to read. */
export function coverageSql(view: View, plan: GridPlan, presence: Presence, params: Params): string[] {
  const parts = partsOf(view, plan, presence, params);
  if (parts.length === 0) return [];
  const sum = (column: string): string => (parts.length === 1 ? column : `sum(${column})`);
  return [
    `SELECT x, toUInt32(${sum("ticks")}) AS ticks, toUInt32(${sum("seconds")}) AS seconds,
       toFloat64(${sum("lost")}) AS dropped, ${parts.length === 1 ? "why" : "sumMap(why.1, why.2)"} AS reasons
     FROM (${parts.join(" UNION ALL ")}) ${parts.length === 1 ? "" : "GROUP BY x"}`,
  ];
}

function partsOf(view: View, plan: GridPlan, presence: Presence, params: Params): string[] {
  const { segments, stepSec } = plan;
  const hours = segments.filter(({ table }) => table === "windows_1h");
  const finer = segments.filter(({ table }) => table !== "windows_1h");
  const ofHour = hours.map((segment) => ofHours(view, segment, stepSec, presence, params));
  if (plan.late && finer.length > 1) return [ofBoth(view, finer, stepSec, presence, params), ...ofHour];
  const ofFiner = finer.map((segment) => {
    const of = segment.table === "windows" ? ofSeconds : ofMinutes;
    return of(view, segment, stepSec, presence, params);
  });
  return [...ofFiner, ...ofHour];
}

interface CoverageRow {
  readonly x: number;
  readonly ticks: number;
  readonly seconds: number;
  readonly dropped: number;
  readonly reasons: readonly [reasons: readonly string[], counts: readonly (number | string)[]];
}

function rangeCoverage(rows: readonly CoverageRow[]): RangeCoverage {
  const watched = rows.filter((row) => row.ticks > 0).map((row) => row.x);
  return {
    columns: new Map(
      rows.map(({ x, ticks, dropped, reasons }): [number, ColumnCoverage] => [
        x,
        { ticks, dropped, reason: mostFrequent(...reasons) },
      ]),
    ),
    covered: new Map(rows.map((row) => [row.x, row.seconds])),
    newestTs: watched.length === 0 ? null : Math.max(...watched),
  };
}

function mostFrequent(reasons: readonly string[], counts: readonly (number | string)[]): string {
  let most = "";
  let times = 0;
  reasons.forEach((reason, i) => {
    if (Number(counts[i]) <= times) return;
    most = reason;
    times = Number(counts[i]);
  });
  return most;
}

/** Whether a raw row of coverage says that nobody watched. */
export const RAW_GAP = "status = 'gap'";
const MINUTE = "(intDiv(toUnixTimestamp(ts), 60) * 60)";
const RAW_WHY = "if(reason = '', ([], []), ([toString(reason)], [toUInt64(1)]))";
const ROLLED_WHY = "(arrayMap(r -> toString(r), reasons), reason_counts)";

function ofSeconds(view: View, segment: Segment, stepSec: number, presence: Presence, params: Params): string {
  const present = presentSql(presence, view.spec.granularitySec, MINUTE, params);
  return `SELECT ${columnSql(stepSec)} AS x, uniqExactIf((host, ts), status != 'gap') AS ticks,
      uniqExactIf(ts, status != 'gap') AS seconds, sum(dropped) AS lost, sumMap(${RAW_WHY}.1, ${RAW_WHY}.2) AS why
    FROM windows WHERE ${coverageFilter(view, segment, params)} AND bitTest(${present}, toSecond(ts)) GROUP BY x`;
}

function ofMinutes(view: View, segment: Segment, stepSec: number, presence: Presence, params: Params): string {
  const present = presentSql(presence, view.spec.granularitySec, MINUTE, params);
  return `SELECT x, sum(ticks) AS ticks, sum(seconds) AS seconds, sum(lost) AS lost, sumMap(why.1, why.2) AS why
    FROM (
      SELECT ${columnSql(stepSec)} AS x, ts, sum(bitCount(bitAnd(mask, ${present}))) AS ticks,
        bitCount(groupBitOr(bitAnd(mask, ${present}))) AS seconds, sum(dropped) AS lost,
        sumMap(${ROLLED_WHY}.1, ${ROLLED_WHY}.2) AS why
      FROM windows_1m WHERE ${coverageFilter(view, segment, params)} AND ${present} != 0 GROUP BY x, ts
    ) GROUP BY x`;
}

/** Raw rows and minutes together: a late second of one may be a second of the other. */
function ofBoth(view: View, segments: readonly Segment[], stepSec: number, presence: Presence, params: Params): string {
  const rows = segments.map((segment) => {
    const raw = segment.table === "windows";
    const bits = raw ? "if(status = 'gap', toUInt64(0), bitShiftLeft(toUInt64(1), toSecond(ts)))" : "mask";
    // A raw row counts if its second does; a minute if any of its seconds does.
    const counts = raw ? "bitTest(present, toSecond(ts))" : "present != 0";
    return `SELECT ${columnSql(stepSec)} AS x, ${MINUTE} AS minute, toString(host) AS host, dropped,
        ${presentSql(presence, view.spec.granularitySec, MINUTE, params)} AS present,
        bitAnd(${bits}, present) AS bits, ${raw ? RAW_WHY : ROLLED_WHY} AS because
      FROM ${segment.table} WHERE ${coverageFilter(view, segment, params)} AND ${counts}`;
  });
  return `SELECT x, sum(ticks) AS ticks, sum(seconds) AS seconds, sum(lost) AS lost, sumMap(why.1, why.2) AS why
    FROM (
      SELECT x, minute, sum(bitCount(covered)) AS ticks, bitCount(groupBitOr(covered)) AS seconds, sum(host_lost) AS lost,
        sumMap(host_why.1, host_why.2) AS why
      FROM (
        SELECT x, minute, host, groupBitOr(bits) AS covered, sum(dropped) AS host_lost,
          sumMap(because.1, because.2) AS host_why
        FROM (${rows.join(" UNION ALL ")}) GROUP BY x, minute, host
      ) GROUP BY x, minute
    ) GROUP BY x`;
}

/** Hours, each minute of which counts for itself. */
function ofHours(view: View, segment: Segment, stepSec: number, presence: Presence, params: Params): string {
  const begin = "(toUnixTimestamp(ts) + 60 * i)";
  const minutes = "range(60)";
  const { partly } = presence;
  const present = presentSql(presence, view.spec.granularitySec, begin, params);
  const shown =
    partly.length === 0
      ? `if(${presentSql(presence, view.spec.granularitySec, "0", params)} = 0, [], masks)`
      : `arrayMap((m, i) -> bitAnd(m, ${present}), masks, ${minutes})`;
  const counts = partly.length === 0 ? "notEmpty(shown)" : `arrayExists(i -> ${present} != 0, ${minutes})`;
  return `SELECT x, sum(ticks) AS ticks, sum(seconds) AS seconds, sum(lost) AS lost, sumMap(why.1, why.2) AS why
    FROM (
      SELECT x, hour, sum(arraySum(arrayMap(m -> bitCount(m), shown))) AS ticks,
        arraySum(arrayMap(m -> bitCount(m), groupBitOrForEach(shown))) AS seconds,
        sum(dropped) AS lost, sumMap(because.1, because.2) AS why
      FROM (
        SELECT ${columnSql(stepSec)} AS x, ts AS hour, dropped, ${shown} AS shown,
          ${ROLLED_WHY} AS because
        FROM ${segment.table} WHERE ${coverageFilter(view, segment, params)} AND ${counts}
      ) GROUP BY x, hour
    ) GROUP BY x`;
}
