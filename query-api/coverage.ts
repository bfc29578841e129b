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
import {
  columnSql,
  coverageFilter,
  MINUTE,
  Params,
  presentSql,
  reading,
  secondCountsSql,
  type Segment,
} from "./sql.ts";
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
  const [sql] = coverageSql(view, plan, presence, params, ["ticks", "seconds", "lost", "why"]);
  if (sql === undefined) return rangeCoverage([]);
  const rows = await store.query<CoverageRow>(
    `SELECT x, toUInt32(ticks) AS ticks, toUInt32(seconds) AS seconds, toFloat64(lost) AS dropped, why AS reasons FROM (${sql})`,
    params.values,
    reading(signal),
  );
  return rangeCoverage(rows);
}

/**
 * What is asked of a column: ticks watched over all hosts; seconds in which any host was; events lost; and why there are gaps, as
 * a pair of reasons and how often each was given.
 */
export type Known = "ticks" | "seconds" | "lost" | "why";

/**
 * The statement that gives what is known by a plan's columns, x and what is asked for; none where there is nothing to read. What is
 * not asked for is not computed: most of a small read's cost is the engine's planning of its statement.
 */
export function coverageSql(
  view: View,
  plan: GridPlan,
  presence: Presence,
  params: Params,
  asked: readonly Known[],
): string[] {
  const parts = partsOf({ view, stepSec: plan.stepSec, presence, params, asked }, plan);
  if (parts.length <= 1) return parts;
  return [`SELECT x, ${only(asked, ADDED_UP)} FROM (${parts.join(" UNION ALL ")}) GROUP BY x`];
}

interface Asked {
  readonly view: View;
  readonly stepSec: number;
  readonly presence: Presence;
  readonly params: Params;
  readonly asked: readonly Known[];
}

/** An expression for each, of which those asked for are selected. */
function only(asked: readonly Known[], exprs: Readonly<Record<Known, string>>): string {
  return asked.map((name) => `${exprs[name]} AS ${name}`).join(", ");
}

const ADDED_UP = { ticks: "sum(ticks)", seconds: "sum(seconds)", lost: "sum(lost)", why: "sumMap(why.1, why.2)" };

function partsOf(read: Asked, { segments, late }: GridPlan): string[] {
  const hours = segments.filter(({ table }) => table === "windows_1h");
  const finer = segments.filter(({ table }) => table !== "windows_1h");
  const ofHour = hours.map((segment) => ofHours(read, segment));
  if (late && finer.length > 1) return [ofBoth(read, finer), ...ofHour];
  return [...finer.map((segment) => (segment.table === "windows" ? ofSeconds : ofMinutes)(read, segment)), ...ofHour];
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
const RAW_WHY = "if(reason = '', ([], []), ([toString(reason)], [toUInt64(1)]))";
const ROLLED_WHY = "(arrayMap(r -> toString(r), reasons), reason_counts)";

function ofSeconds({ view, stepSec, presence, params, asked }: Asked, segment: Segment): string {
  const known = {
    ticks: `uniqExactIf((host, ts), NOT ${RAW_GAP})`,
    seconds: `uniqExactIf(ts, NOT ${RAW_GAP})`,
    lost: "sum(dropped)",
    why: `sumMap(${RAW_WHY}.1, ${RAW_WHY}.2)`,
  };
  return `SELECT ${columnSql(stepSec)} AS x, ${only(asked, known)} FROM windows
    WHERE ${coverageFilter(view, segment, params)} AND ${secondCountsSql(view, presence, params)} GROUP BY x`;
}

function ofMinutes({ view, stepSec, presence, params, asked }: Asked, segment: Segment): string {
  const { partly } = presence;
  const present = presentSql(presence, view.spec.granularitySec, MINUTE, params);
  const seen = partly.length === 0 ? "mask" : `bitAnd(mask, ${present})`;
  const known = {
    ticks: `sum(bitCount(${seen}))`,
    seconds: `bitCount(groupBitOr(${seen}))`,
    lost: "sum(dropped)",
    why: `sumMap(${ROLLED_WHY}.1, ${ROLLED_WHY}.2)`,
  };
  return `SELECT x, ${only(asked, ADDED_UP)}
    FROM (
      SELECT ${columnSql(stepSec)} AS x, ts, ${only(asked, known)} FROM windows_1m
      WHERE ${coverageFilter(view, segment, params)} AND ${present} != 0 GROUP BY x, ts
    ) GROUP BY x`;
}

/** Raw rows and minutes together: a late second of one may be a second of the other. */
function ofBoth({ view, stepSec, presence, params, asked }: Asked, segments: readonly Segment[]): string {
  const rows = segments.map((segment) => {
    const raw = segment.table === "windows";
    const bits = raw ? `if(${RAW_GAP}, toUInt64(0), bitShiftLeft(toUInt64(1), toSecond(ts)))` : "mask";
    // A raw row counts if its second does; a minute if any of its seconds does.
    const counts = raw ? "bitTest(present, toSecond(ts))" : "present != 0";
    return `SELECT ${columnSql(stepSec)} AS x, ${MINUTE} AS minute, toString(host) AS host, dropped,
        ${presentSql(presence, view.spec.granularitySec, MINUTE, params)} AS present,
        bitAnd(${bits}, present) AS bits, ${raw ? RAW_WHY : ROLLED_WHY} AS because
      FROM ${segment.table} WHERE ${coverageFilter(view, segment, params)} AND ${counts}`;
  });
  const ofMinute = {
    ticks: "sum(bitCount(covered))",
    seconds: "bitCount(groupBitOr(covered))",
    lost: "sum(host_lost)",
    why: "sumMap(host_why.1, host_why.2)",
  };
  return `SELECT x, ${only(asked, ADDED_UP)}
    FROM (
      SELECT x, minute, ${only(asked, ofMinute)}
      FROM (
        SELECT x, minute, host, groupBitOr(bits) AS covered, sum(dropped) AS host_lost,
          sumMap(because.1, because.2) AS host_why
        FROM (${rows.join(" UNION ALL ")}) GROUP BY x, minute, host
      ) GROUP BY x, minute
    ) GROUP BY x`;
}

/** Hours, each minute of which counts for itself. */
function ofHours({ view, stepSec, presence, params, asked }: Asked, segment: Segment): string {
  const { granularitySec } = view.spec;
  const minutes = "range(60)";
  const { partly } = presence;
  const present = presentSql(
    presence,
    granularitySec,
    partly.length === 0 ? "0" : "(toUnixTimestamp(ts) + 60 * i)",
    params,
  );
  const [shown, counts] =
    partly.length === 0
      ? ["masks", `${present} != 0 AND notEmpty(masks)`]
      : [
          `arrayMap((m, i) -> bitAnd(m, ${present}), masks, ${minutes})`,
          `arrayExists(i -> ${present} != 0, ${minutes})`,
        ];
  const ofHour = {
    ticks: `sum(arraySum(arrayMap(m -> bitCount(m), shown)))`,
    seconds: `arraySum(arrayMap(m -> bitCount(m), groupBitOrForEach(shown)))`,
    lost: "sum(dropped)",
    why: "sumMap(because.1, because.2)",
  };
  return `SELECT x, ${only(asked, ADDED_UP)}
    FROM (
      SELECT x, hour, ${only(asked, ofHour)}
      FROM (
        SELECT ${columnSql(stepSec)} AS x, ts AS hour, dropped, ${shown} AS shown, ${ROLLED_WHY} AS because
        FROM ${segment.table} WHERE ${coverageFilter(view, segment, params)} AND ${counts}
      ) GROUP BY x, hour
    ) GROUP BY x`;
}
