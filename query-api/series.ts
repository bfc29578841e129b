/**
 * series.ts: scalars over time by one key, as rates.
 *
 * A scalar row is an exact integer (ns of CPU, operations). What is answered is its sum over the seconds that were watched,
 * in the unit a person reads: percent of one CPU for time that is a share of time, per second otherwise. A gauge is the mean of
 * its readings. A column in which nothing was watched is null, for every key.
 *
 * Where samples of a counter were lost, the next one's growth is of all the seconds since: its rate is that of those seconds, told
 * in the column that it ended in, and the seconds before stay null.
 */
import type { Series } from "../core/api.ts";
import { InputError } from "../core/errors.ts";
import { metricName, type Metric } from "../core/metric.ts";
import { LATE_GRANULES } from "../core/window.ts";
import type { StoreClient } from "../store/client.ts";
import { reporting } from "./columns.ts";
import { readCoverage } from "./coverage.ts";
import type { ExpectedHosts } from "./expected.ts";
import { settledEnd } from "./heatmap.ts";
import { planColumns, type GridPlan } from "./planner.ts";
import {
  columnOf,
  columnSql,
  coverageFilter,
  Params,
  reading,
  windowsFilter,
  type Range,
  type SegmentTable,
} from "./sql.ts";
import { keysOf, type View } from "./view.ts";

export interface SeriesRequest {
  /** A key; undefined: one series of everything. */
  readonly by: string | undefined;
  readonly range: Range;
  readonly columns: number;
  readonly limit: number;
}

export async function readSeries(
  store: StoreClient,
  view: View,
  request: SeriesRequest,
  expected: ExpectedHosts,
  nowSec: number,
  signal?: AbortSignal,
): Promise<Series> {
  const { by } = request;
  if (by !== undefined && !keysOf(view.spec).includes(by)) {
    const message = `expected one of its keys: ${keysOf(view.spec).join(", ")}`;
    throw new InputError("read a series", [{ field: "by", code: "UNKNOWN_FIELD", message }]);
  }
  const grid = await planColumns(store, view, request.range, request.columns, nowSec, signal);
  const [watched, longer] = await Promise.all([
    readWatched(store, view, grid, expected, nowSec, signal),
    readLonger(store, view, grid, signal),
  ]);
  const sums = await readSums(store, view, grid, request, longer, signal);
  const { times, toTs, divisors, factor, unit } = watched;
  const rate = (byColumn: ReadonlyMap<number, number>): (number | null)[] =>
    times.map((ts, i) => {
      const divisor = divisors[i] ?? 0;
      return divisor === 0 ? null : ((byColumn.get(ts) ?? 0) / divisor) * factor;
    });
  return {
    instrumentation: view.instrumentation.id,
    metric: metricName(view.metric),
    unit,
    fromTs: grid.fromTs,
    toTs,
    stepSec: grid.stepSec,
    tier: grid.tier,
    times,
    reporting: watched.reporting,
    expected: watched.expected,
    dropped: watched.dropped,
    reasons: watched.reasons,
    series: sums.map(({ key, isOther, byColumn }) => ({ key, isOther, values: rate(byColumn) })),
  };
}

/** The columns of a series, and what their sums are divided by. */
export interface Watched {
  readonly times: readonly number[];
  readonly toTs: number;
  readonly reporting: readonly number[];
  readonly expected: readonly number[];
  /** Events lost, at least. */
  readonly dropped: readonly number[];
  /** Why a column is missing or partial; "" where nothing says so. */
  readonly reasons: readonly string[];
  /** Of each column's sums: seconds watched, or a gauge's readings; 0 where nothing was watched. */
  readonly divisors: readonly number[];
  /** From base units to `unit`. */
  readonly factor: number;
  readonly unit: string;
}

/** Coverage comes first: a batch that is stored between this read and that of the sums must not show as watched and empty. */
export async function readWatched(
  store: StoreClient,
  view: View,
  grid: GridPlan,
  expected: ExpectedHosts,
  nowSec: number,
  signal?: AbortSignal,
): Promise<Watched> {
  const { granularitySec } = view.spec;
  const presence = expected.presence(grid.fromTs * 1000, grid.toTs * 1000);
  const coverage = await readCoverage(store, view, grid, presence, signal);
  const hostsAt = (ts: number): number => expected.count(ts * 1000, (ts + grid.stepSec) * 1000);
  const reportingAt = (ts: number): number =>
    reporting(coverage.columns.get(ts)?.ticks ?? 0, grid.stepSec / granularitySec, hostsAt(ts));
  const times: number[] = [];
  const settled = settledEnd(grid.toTs, grid.stepSec, coverage.newestTs, nowSec);
  for (let ts = grid.fromTs; ts < settled; ts += grid.stepSec) times.push(ts);
  // A sum that still lacks a host would look like a fall: such columns wait until they are whole, or old enough to be partial.
  const waitingTs = settledEnd(grid.toTs, grid.stepSec, null, nowSec);
  const isWhole = (ts: number): boolean => reportingAt(ts) >= hostsAt(ts);
  while (times.length > 0 && (times.at(-1) ?? 0) >= waitingTs && !isWhole(times.at(-1) ?? 0)) times.pop();
  const { factor, unit, perSec } = display(view.metric);
  return {
    times,
    toTs: (times.at(-1) ?? grid.fromTs - grid.stepSec) + grid.stepSec,
    reporting: times.map(reportingAt),
    expected: times.map(hostsAt),
    dropped: times.map((ts) => coverage.columns.get(ts)?.dropped ?? 0),
    reasons: times.map((ts) => coverage.columns.get(ts)?.reason ?? ""),
    divisors: times.map((ts) => (coverage.covered.get(ts) ?? 0) * (perSec ? granularitySec : 1)),
    factor,
    unit,
  };
}

/** From base units to what a person reads: of what was counted a rate, of a gauge the mean of its readings. */
function display(metric: Metric): { factor: number; unit: string; perSec: boolean } {
  const isPercent = metric.type === "percent";
  if (metric.scope === "point") return { factor: 1, unit: isPercent ? "%" : metric.unit, perSec: false };
  if (isPercent) return { factor: 100 / 1e9, unit: "%", perSec: true };
  return { factor: 1, unit: metric.type === "size" ? "bytes/s" : `${metric.unit}/s`, perSec: true };
}

/** Windows that span more than one granule, and how many each. */
export interface Longer {
  readonly windows: readonly string[];
  readonly granules: readonly number[];
}

const MAX_LONGER = 10_000;
const WINDOW_ID = "concat(toString(enabling), ' ', toString(tick))";

/** Of raw rows: in a roll-up's column such a window lies nearly always whole. */
export async function readLonger(
  store: StoreClient,
  view: View,
  plan: GridPlan,
  signal?: AbortSignal,
): Promise<Longer> {
  const params = new Params();
  const { granularitySec } = view.spec;
  const parts = plan.segments
    .filter(({ table }) => table === "windows" && view.metric.scope !== "point")
    .map(
      (segment) =>
        `SELECT ${WINDOW_ID} AS id, toFloat64(elapsed_ns) / ${granularitySec * 1e9} AS granules
         FROM windows WHERE ${coverageFilter(view, segment, params)} AND status != 'gap'
           AND elapsed_ns > ${LATE_GRANULES * granularitySec * 1e9}`,
    );
  if (parts.length === 0) return { windows: [], granules: [] };
  const rows = await store.query<{ id: string; granules: number }>(
    `SELECT id, granules FROM (${parts.join(" UNION ALL ")}) LIMIT 1 BY id LIMIT ${MAX_LONGER}`,
    params.values,
    reading(signal),
  );
  return { windows: rows.map(({ id }) => id), granules: rows.map(({ granules }) => granules) };
}

/** What one row of counts adds. */
export function amountOfSql(view: View): string {
  return view.spec.scheme === null ? "value" : "arraySum(count)";
}

/** What one row of counts adds to a rate: of a window that spans several granules one granule's share. */
export function perGranuleSql(view: View, table: SegmentTable, longer: Longer, params: Params): string {
  const amount = amountOfSql(view);
  if (longer.windows.length === 0) return amount;
  if (table !== "windows") return `toFloat64(${amount})`;
  const [windows, granules] = [
    params.bind(longer.windows, "Array(String)"),
    params.bind(longer.granules, "Array(Float64)"),
  ];
  return `toFloat64(${amount}) / transform(${WINDOW_ID}, ${windows}, ${granules}, 1.)`;
}

interface KeySums {
  readonly key: string;
  /** All keys beyond the limit; "" may be a key too. */
  readonly isOther: boolean;
  readonly total: number;
  readonly byColumn: ReadonlyMap<number, number>;
}

/** The largest keys first; then all others, added up in the engine. */
async function readSums(
  store: StoreClient,
  view: View,
  plan: GridPlan,
  { by, limit }: SeriesRequest,
  longer: Longer,
  signal?: AbortSignal,
): Promise<KeySums[]> {
  if (plan.segments.length === 0) return [];
  const params = new Params();
  const amountIn = ({ table }: GridPlan["segments"][number]): string => perGranuleSql(view, table, longer, params);
  const column = by === undefined ? "'all'" : `toString(${columnOf(view, by)})`;
  const parts = (x: string): string =>
    plan.segments
      .map(
        (segment) =>
          `SELECT ${column} AS k, ${x} AS x, sum(${amountIn(segment)}) AS part
           FROM ${segment.table} WHERE ${windowsFilter(view, segment, params)} GROUP BY k, x`,
      )
      .join(" UNION ALL ");
  const largest =
    by === undefined
      ? "'all'"
      : `SELECT k FROM (${parts("0")}) GROUP BY k ORDER BY sum(part) DESC, k LIMIT ${params.bind(limit, "UInt32")}`;
  const rows = await store.query<{ named: number; key: string; x: number; n: number }>(
    `SELECT toUInt8(k IN (${largest})) AS named, if(named = 1, k, '') AS key, x, toFloat64(sum(part)) AS n
     FROM (${parts(columnSql(plan.stepSec))})
     GROUP BY named, key, x`,
    params.values,
    reading(signal),
  );
  const byKey = new Map<string, Map<number, number>>();
  const other = new Map<number, number>();
  for (const { named: isNamed, key, x, n } of rows) {
    let sums = isNamed === 1 ? byKey.get(key) : other;
    if (sums === undefined) byKey.set(key, (sums = new Map<number, number>()));
    sums.set(x, n);
  }
  const ranked = [...byKey]
    .map(([key, byColumn]) => ({ key, isOther: false, byColumn, total: sum(byColumn.values()) }))
    .sort((a, b) => b.total - a.total || (a.key < b.key ? -1 : 1));
  return other.size === 0
    ? ranked
    : [...ranked, { key: "", isOther: true, byColumn: other, total: sum(other.values()) }];
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
