/**
 * series.ts: scalars over time by one key, as rates.
 *
 * A scalar row is an exact integer (ns of CPU, operations). What is answered is its sum over the seconds that were watched,
 * in the unit a person reads: percent of one CPU for time that is a share of time, per second otherwise. A column in which
 * nothing was watched is null, for every key.
 */
import type { Series } from "../core/api.ts";
import { InputError } from "../core/errors.ts";
import { metricName, type Metric } from "../core/metric.ts";
import type { StoreClient } from "../store/client.ts";
import { reporting } from "./columns.ts";
import { readCoverage } from "./coverage.ts";
import type { ExpectedHosts } from "./expected.ts";
import { settledEnd } from "./heatmap.ts";
import { resolve } from "./resolution.ts";
import { columnOf, Params, windowsFilter, type Range } from "./sql.ts";
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
  const { granularitySec } = view.spec;
  const grid = resolve(request.range, request.columns, granularitySec);
  const hosts = expected.within(grid.fromTs * 1000, grid.toTs * 1000);
  const [sums, coverage] = await Promise.all([
    readSums(store, view, grid, grid.stepSec, by, signal),
    readCoverage(store, view, grid, grid.stepSec, hosts, signal),
  ]);
  const whole = (ts: number): boolean => {
    const hostsHere = expected.count(ts * 1000, (ts + grid.stepSec) * 1000);
    return reporting(coverage.columns.get(ts)?.ticks ?? 0, grid.stepSec / granularitySec, hostsHere) >= hostsHere;
  };
  const times: number[] = [];
  const settled = settledEnd(grid.toTs, grid.stepSec, coverage.newestTs, nowSec);
  for (let ts = grid.fromTs; ts < settled; ts += grid.stepSec) times.push(ts);
  // A sum that still lacks a host would look like a fall: such columns wait until they are whole, or old enough to be partial.
  const waitingTs = settledEnd(grid.toTs, grid.stepSec, null, nowSec);
  while (times.length > 0 && (times.at(-1) ?? 0) >= waitingTs && !whole(times.at(-1) ?? 0)) times.pop();
  const toTs = (times.at(-1) ?? grid.fromTs - grid.stepSec) + grid.stepSec;
  const seconds = times.map((ts) => (coverage.covered.get(ts) ?? 0) * granularitySec);
  const rate = (byColumn: ReadonlyMap<number, number>): (number | null)[] =>
    times.map((ts, i) => {
      const watched = seconds[i] ?? 0;
      return watched === 0 ? null : ((byColumn.get(ts) ?? 0) / watched) * display(view.metric).factor;
    });
  return {
    instrumentation: view.instrumentation.id,
    metric: metricName(view.metric),
    unit: display(view.metric).unit,
    fromTs: grid.fromTs,
    toTs,
    stepSec: grid.stepSec,
    tier: "1s",
    times,
    reporting: times.map((ts) => {
      const hostsHere = expected.count(ts * 1000, (ts + grid.stepSec) * 1000);
      return reporting(coverage.columns.get(ts)?.ticks ?? 0, grid.stepSec / granularitySec, hostsHere);
    }),
    expected: times.map((ts) => expected.count(ts * 1000, (ts + grid.stepSec) * 1000)),
    series: largest(sums, request.limit).map(({ key, byColumn }) => ({ key, values: rate(byColumn) })),
  };
}

/** From base units a second to what a person reads. */
function display(metric: Metric): { factor: number; unit: string } {
  if (metric.type === "percent") return { factor: 100 / 1e9, unit: "%" };
  return { factor: 1, unit: metric.type === "size" ? "bytes/s" : `${metric.unit}/s` };
}

interface KeySums {
  readonly key: string;
  readonly total: number;
  readonly byColumn: ReadonlyMap<number, number>;
}

async function readSums(
  store: StoreClient,
  view: View,
  range: Range,
  stepSec: number,
  by: string | undefined,
  signal?: AbortSignal,
): Promise<KeySums[]> {
  const params = new Params();
  const step = params.bind(stepSec, "UInt32");
  const amount = view.spec.scheme === null ? "value" : "arraySum(count)";
  const rows = await store.query<{ k: string; x: number; n: number }>(
    `SELECT
       ${by === undefined ? "'all'" : columnOf(view, by)} AS k,
       toUInt32(intDiv(toUnixTimestamp(ts), ${step}) * ${step}) AS x,
       toFloat64(sum(${amount})) AS n
     FROM windows
     WHERE ${windowsFilter(view, range, params)}
     GROUP BY k, x`,
    params.values,
    signal === undefined ? {} : { signal },
  );
  const byKey = new Map<string, Map<number, number>>();
  for (const { k, x, n } of rows) {
    let sums = byKey.get(k);
    if (sums === undefined) byKey.set(k, (sums = new Map<number, number>()));
    sums.set(x, n);
  }
  return [...byKey].map(([key, byColumn]) => ({ key, byColumn, total: sum(byColumn.values()) }));
}

/** The largest first; all beyond `limit` added up under the key "". */
function largest(sums: readonly KeySums[], limit: number): KeySums[] {
  const ranked = [...sums].sort((a, b) => b.total - a.total || (a.key < b.key ? -1 : 1));
  const rest = ranked.slice(limit);
  if (rest.length === 0) return ranked;
  const other = new Map<number, number>();
  for (const { byColumn } of rest) for (const [x, n] of byColumn) other.set(x, (other.get(x) ?? 0) + n);
  return [...ranked.slice(0, limit), { key: "", byColumn: other, total: sum(other.values()) }];
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
