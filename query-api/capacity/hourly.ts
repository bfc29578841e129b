/**
 * hourly.ts: hourly values by key, over months, from the hour tier wherever it has the hour.
 *
 * A counter's hour is its sum over the seconds that were watched on its host, a gauge's the mean of its readings; where keys are added
 * up (the zones of a tenant), so are these. An hour is null if a host on which the key was at that time was not watched, or for
 * less than a quarter of it: a sum that lacks a host would look like a fall. Watched and without a row is 0 for a counter, and
 * null for a gauge, since a gauge that is there has a value.
 */
import type { HourlySeries } from "../../core/forecast/forecast.ts";
import type { StoreClient } from "../../store/client.ts";
import { numericColumns } from "../../wire/answers.ts";
import type { ExpectedHosts } from "../expected.ts";
import { planColumns, type GridPlan } from "../planner.ts";
import { widen } from "../resolution.ts";
import { columnSql, coverageFilter, Params, presentSql, reading, windowsFilter, type Range } from "../sql.ts";
import type { View } from "../view.ts";

export const HOUR_SEC = 3600;
const MIN_WATCHED = 0.25;

/** What every capacity read is given. */
export interface Reads {
  readonly store: StoreClient;
  readonly expected: ExpectedHosts;
  readonly nowSec: number;
  readonly signal: AbortSignal | undefined;
  /** What this request has found out already: plans, and what was watched, by what they are of. */
  readonly kept: Map<string, Promise<unknown>>;
}

/** Asks once in a request: a report asks the same for several of its parts. */
export function once<T>({ kept }: Reads, key: string, read: () => Promise<T>): Promise<T> {
  let answer = kept.get(key) as Promise<T> | undefined;
  if (answer === undefined) kept.set(key, (answer = read()));
  return answer;
}

/** A view's hours, planned once for several statements. */
export interface HourPlan {
  readonly view: View;
  readonly plan: GridPlan;
  readonly fromTs: number;
  readonly toTs: number;
}

/** @param range is cut to whole hours that are over, as `wholeHours` has it */
export async function planHours(reads: Reads, view: View, range: Range): Promise<HourPlan> {
  const { store, nowSec, signal } = reads;
  const { fromTs, toTs } = wholeHours(range, nowSec);
  const hours = (toTs - fromTs) / HOUR_SEC;
  const { spec } = view.instrumentation;
  const plan = await once(reads, `plan ${spec} ${fromTs} ${toTs}`, async () => {
    // What is known of the hours of a longer range is known of these too.
    const around = await containing(reads, `plan ${spec}`, fromTs, toTs);
    const known = (around?.found as GridPlan | undefined)?.units ?? undefined;
    const found = await planColumns(store, view, { fromTs, toTs }, hours, nowSec, signal, known);
    // Imported hours share theirs by the hundred.
    const segments = found.segments.map((each) => ({ ...each, generations: [...new Set(each.generations)] }));
    return { ...found, segments };
  });
  return { view, plan, fromTs, toTs };
}

/**
 * The whole hours of a range that are over. One without any, within an hour or not over yet, is widened to the hours that it
 * touches, or to the last that is over: an answer has at least an hour.
 */
export function wholeHours(range: Range, nowSec: number): Range {
  const begun = (sec: number): number => Math.floor(sec / HOUR_SEC) * HOUR_SEC;
  const fromTs = Math.ceil(range.fromTs / HOUR_SEC) * HOUR_SEC;
  const toTs = begun(Math.min(range.toTs, nowSec));
  if (toTs > fromTs) return { fromTs, toTs };
  const touched = widen(range, HOUR_SEC);
  const endTs = Math.max(HOUR_SEC, Math.min(touched.toTs, begun(nowSec)));
  return { fromTs: Math.min(touched.fromTs, endTs - HOUR_SEC), toTs: endTs };
}

/** What has been asked of a longer range that contains this one; undefined: nothing has, in this request. */
async function containing(
  { kept }: Reads,
  what: string,
  fromTs: number,
  toTs: number,
): Promise<{ readonly found: unknown; readonly fromTs: number } | undefined> {
  for (const [key, answer] of kept) {
    const [from = NaN, to = NaN] = key.startsWith(`${what} `)
      ? key
          .slice(what.length + 1)
          .split(" ")
          .map(Number)
      : [];
    const isLonger = from <= fromTs && to >= toTs && to - from > toTs - fromTs;
    if (isLonger) return { found: await answer, fromTs: from };
  }
  return undefined;
}

export interface KeyRank {
  readonly key: string;
  /** Of the sums of its days: their mean, and their slope a day, in base units; only to choose by. */
  readonly size: number;
  readonly slope: number;
}

/** The keys that are largest, or grow fastest, and how many there are. */
export function rankKeys(
  reads: Reads,
  at: HourPlan,
  key: string,
  rank: "size" | "growth",
  limit: number,
): Promise<{ keys: KeyRank[]; count: number }> {
  return once(reads, `rank ${nameOf(at)} ${key} ${rank} ${limit}`, () => readRank(reads, at, key, rank, limit));
}

/** What tells plans apart in one request, whose reader is always the same. */
export function nameOf({ view, fromTs, toTs }: HourPlan): string {
  return `${view.instrumentation.spec} ${JSON.stringify(view.where)} ${fromTs} ${toTs}`;
}

async function readRank(
  { store, signal }: Reads,
  { view, plan }: HourPlan,
  key: string,
  rank: "size" | "growth",
  limit: number,
): Promise<{ keys: KeyRank[]; count: number }> {
  if (plan.segments.length === 0) return { keys: [], count: 0 };
  const params = new Params();
  const order = rank === "size" ? "size" : "slope";
  const rows = await store.query<KeyRank & { n: number }>(
    `SELECT k AS key, size, slope, toUInt32(count() OVER ()) AS n FROM (
       SELECT k, avg(v) AS size, ifNotFinite(simpleLinearRegression(toFloat64(d), v).1, 0) AS slope
       FROM (SELECT k, d, toFloat64(sum(v)) AS v FROM (
         ${plan.segments
           .map(
             (segment) =>
               `SELECT ${key} AS k, intDiv(toUnixTimestamp(ts), 86400) AS d, sum(value) AS v
                FROM ${segment.table} WHERE ${windowsFilter(view, segment, params)} GROUP BY k, d`,
           )
           .join(" UNION ALL ")}) GROUP BY k, d)
       GROUP BY k
     ) ORDER BY ${order} DESC, k LIMIT ${params.bind(limit, "UInt32")}`,
    params.values,
    reading(signal),
  );
  return { keys: rows.map(({ key: name, size, slope }) => ({ key: name, size, slope })), count: rows[0]?.n ?? 0 };
}

/** Hours of some keys. */
export interface Hourly {
  readonly fromTs: number;
  readonly hours: number;
  /** In the unit of the resource; NaN is not known. */
  readonly series: ReadonlyMap<string, Float64Array>;
  readonly hostsOf: ReadonlyMap<string, readonly string[]>;
}

/** Hours of some keys; asked again in another order, the answer is in the first. */
export function readHourly(reads: Reads, at: HourPlan, key: string, keys: readonly string[]): Promise<Hourly> {
  const sorted = [...keys].sort();
  return once(reads, `hourly ${nameOf(at)} ${key} ${JSON.stringify(sorted)}`, () => readKeys(reads, at, key, keys));
}

async function readKeys(reads: Reads, at: HourPlan, key: string, keys: readonly string[]): Promise<Hourly> {
  const { view, plan, fromTs, toTs } = at;
  const hours = (toTs - fromTs) / HOUR_SEC;
  const none = { fromTs, hours, series: new Map<string, Float64Array>(), hostsOf: new Map<string, string[]>() };
  if (keys.length === 0 || plan.segments.length === 0) return none;
  const watched = await readWatchedHours(reads, at);
  const places = await readPlaces(reads, at, key, keys);
  const sums = await readSums(reads, at, key, keys);
  const isPoint = view.metric.scope === "point";
  const series = new Map(keys.map((each) => [each, new Float64Array(hours).fill(NaN)]));
  for (const [name, values] of series) {
    const own = places.get(name) ?? [];
    for (let i = 0; i < hours; i++) {
      const here = own.filter((place) => i >= place.from && i <= place.to);
      const isKnown = here.length > 0 && here.every(({ host }) => (watched.get(host)?.[i] ?? 0) >= MIN_WATCHED);
      if (isKnown) values[i] = isPoint ? NaN : 0;
    }
  }
  const { k = [], x = [], v = [] } = sums;
  for (let row = 0; row < k.length; row++) {
    const values = series.get(keys[(k[row] ?? 0) - 1] ?? "");
    const i = ((x[row] ?? 0) - fromTs) / HOUR_SEC;
    if (values === undefined) continue;
    // What is not known stays so, whatever was counted.
    const own = places.get(keys[(k[row] ?? 0) - 1] ?? "") ?? [];
    const here = own.filter((place) => i >= place.from && i <= place.to);
    if (here.every(({ host }) => (watched.get(host)?.[i] ?? 0) >= MIN_WATCHED)) values[i] = v[row] ?? NaN;
  }
  const hostsOf = new Map([...places].map(([name, all]) => [name, all.map(({ host }) => host)]));
  return { fromTs, hours, series, hostsOf };
}

/** As the forecast wants it. */
export function seriesOf({ fromTs }: Pick<Hourly, "fromTs">, values: Float64Array): HourlySeries {
  return { fromTs, values: Array.from(values, (each) => (Number.isNaN(each) ? null : each)) };
}

/** The share of each hour that each host was watched. */
export function readWatchedHours(reads: Reads, at: HourPlan): Promise<Map<string, Float64Array>> {
  const { view, fromTs, toTs } = at;
  const { spec } = view.instrumentation;
  return once(reads, `watched ${spec} ${fromTs} ${toTs}`, async () => {
    const around = await containing(reads, `watched ${spec}`, fromTs, toTs);
    if (around === undefined) return readWatched(reads, at);
    const [begin, end] = [fromTs - around.fromTs, toTs - around.fromTs].map((sec) => sec / HOUR_SEC);
    const whole = around.found as Map<string, Float64Array>;
    return new Map([...whole].map(([host, shares]) => [host, shares.subarray(begin, end)]));
  });
}

async function readWatched(reads: Reads, at: HourPlan): Promise<Map<string, Float64Array>> {
  const { view, plan, fromTs, toTs } = at;
  const params = new Params();
  const hours = (toTs - fromTs) / HOUR_SEC;
  const ticks = HOUR_SEC / view.spec.granularitySec;
  const rows = await reads.store.query<{ host: string; xs: number[]; ts: number[] }>(
    `SELECT host, groupArray(x) AS xs, groupArray(ticks) AS ts FROM (${watchedSql(reads, at, params)}) GROUP BY host`,
    params.values,
    reading(reads.signal),
  );
  if (plan.segments.length === 0) return new Map();
  return new Map(
    rows.map(({ host, xs, ts }) => {
      const shares = new Float64Array(hours);
      xs.forEach((x, i) => (shares[(x - fromTs) / HOUR_SEC] = (ts[i] ?? 0) / ticks));
      return [host, shares];
    }),
  );
}

/** (host, x, ticks): how many ticks of an hour were watched on a host, for the reader. */
function watchedSql({ expected }: Reads, { view, plan, fromTs, toTs }: HourPlan, params: Params): string {
  const presence = expected.presence(fromTs * 1000, toTs * 1000);
  const { granularitySec } = view.spec;
  const minute = "(intDiv(toUnixTimestamp(ts), 60) * 60)";
  const parts = plan.segments.map((segment) => {
    const about = `FROM ${segment.table} WHERE ${coverageFilter(view, segment, params)}`;
    const select = `SELECT toString(host) AS host, ${columnSql(HOUR_SEC)} AS x`;
    if (segment.table === "windows_1h") {
      const present = presentSql(presence, granularitySec, "(toUnixTimestamp(ts) + 60 * i)", params);
      const bits =
        presence.partly.length === 0
          ? `if(${presentSql(presence, granularitySec, "0", params)} = 0, 0, arraySum(m -> bitCount(m), masks))`
          : `arraySum((m, i) -> bitCount(bitAnd(m, ${present})), masks, range(60))`;
      return `${select}, toUInt32(sum(${bits})) AS t ${about} GROUP BY host, x`;
    }
    const present = presentSql(presence, granularitySec, minute, params);
    if (segment.table === "windows_1m") {
      return `${select}, toUInt32(sum(bitCount(bitAnd(mask, ${present})))) AS t ${about} GROUP BY host, x`;
    }
    return `${select}, toUInt32(uniqExactIf(ts, status != 'gap' AND bitTest(${present}, toSecond(ts)))) AS t ${about} GROUP BY host, x`;
  });
  // A late second may be in raw rows and in the roll-up.
  const most = Math.floor(HOUR_SEC / granularitySec);
  if (parts.length === 0) return "SELECT '' AS host, toUInt32(0) AS x, toUInt32(0) AS ticks WHERE 0";
  return `SELECT host, x, toUInt32(least(sum(t), ${most})) AS ticks FROM (${parts.join(" UNION ALL ")}) GROUP BY host, x HAVING ticks > 0`;
}

/** On which hosts a key was, and from which hour to which, both inclusive. */
interface PlaceOf {
  readonly host: string;
  readonly from: number;
  readonly to: number;
}

async function readPlaces(
  { store, signal }: Reads,
  { view, plan, fromTs }: HourPlan,
  key: string,
  keys: readonly string[],
): Promise<Map<string, PlaceOf[]>> {
  const params = new Params();
  const among = params.bind(keys, "Array(String)");
  const rows = await store.query<{ k: string; h: string; a: number; b: number }>(
    `SELECT k, h, toUInt32(min(a)) AS a, toUInt32(max(b)) AS b FROM (
       ${plan.segments
         .map(
           (segment) =>
             `SELECT ${key} AS k, toString(host) AS h, toUnixTimestamp(min(ts)) AS a, toUnixTimestamp(max(ts)) AS b
              FROM ${segment.table} WHERE ${windowsFilter(view, segment, params)} AND k IN ${among} GROUP BY k, h`,
         )
         .join(" UNION ALL ")}) GROUP BY k, h`,
    params.values,
    reading(signal),
  );
  const places = new Map<string, PlaceOf[]>();
  for (const { k, h, a, b } of rows) {
    const hourOf = (ts: number): number => Math.floor((ts - fromTs) / HOUR_SEC);
    places.set(k, [...(places.get(k) ?? []), { host: h, from: hourOf(a), to: hourOf(b) }]);
  }
  return places;
}

/** Columns k (1 is the first key), x, v. */
async function readSums(
  reads: Reads,
  at: HourPlan,
  key: string,
  keys: readonly string[],
): Promise<Readonly<Record<string, ArrayLike<number>>>> {
  const { view, plan } = at;
  const params = new Params();
  const among = params.bind(keys, "Array(String)");
  const isPoint = view.metric.scope === "point";
  // A gauge's mean is of one thing at a time: of what the row's keys tell apart.
  const apart = isPoint ? ["zone", ...view.spec.keys.map((_, i) => `k${i + 1}`)] : [];
  const by = ["k", "host", "x", ...apart].join(", ");
  const rows = plan.segments
    .map(
      (segment) =>
        `SELECT ${key} AS k, ${columnSql(HOUR_SEC)} AS x, ${["toString(host) AS host", ...apart].join(", ")},
           sum(value) AS v, sum(${segment.table === "windows" ? "1" : "rows"}) AS n
         FROM ${segment.table} WHERE ${windowsFilter(view, segment, params)} AND k IN ${among} GROUP BY ${by}`,
    )
    .join(" UNION ALL ");
  const place = `toUInt32(indexOf(${among}, k)) AS k`;
  const sql = isPoint
    ? `SELECT ${place}, x, sum(mean) AS v FROM (
         SELECT ${by}, toFloat64(sum(v)) / sum(n) AS mean FROM (${rows}) GROUP BY ${by}
       ) GROUP BY k, x`
    : `SELECT toUInt32(indexOf(${among}, s.k)) AS k, s.x AS x,
         sum(toFloat64(s.v) / (w.ticks * ${view.spec.granularitySec})) * ${factorOf(view)} AS v
       FROM (${rows}) AS s INNER JOIN (${watchedSql(reads, at, params)}) AS w ON s.host = w.host AND s.x = w.x
       GROUP BY k, x`;
  return numericColumns(await reads.store.queryArrow(sql, params.values, reading(reads.signal)));
}

/** From base units a second to what a person reads: ns of time as percent of the time. */
function factorOf({ metric }: View): string {
  return metric.type === "percent" ? "1e-7" : "1";
}
