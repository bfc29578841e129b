/**
 * heatmap.ts: counts by column and bucket, exact, for any range.
 *
 * The engine adds; it never samples and nothing is dropped for resolution, so the total of a heatmap is the total of its
 * windows. Sums come as doubles, which is exact to 2^53; above that the answer is refused rather than rounded.
 */
import type { Heatmap, HeatmapColumn, HeatmapGroup } from "../core/api.ts";
import { InputError, OperationalError } from "../core/errors.ts";
import { bucketsOf } from "../core/histogram/buckets.ts";
import { fromTally, totalOf } from "../core/histogram/distribution.ts";
import { formatScheme } from "../core/histogram/scheme.ts";
import { metricName } from "../core/metric.ts";
import type { StoreClient } from "../store/client.ts";
import { numericColumns } from "../wire/answers.ts";
import { column } from "./columns.ts";
import { readCoverage } from "./coverage.ts";
import type { ExpectedHosts } from "./expected.ts";
import { planColumns, type GridPlan } from "./planner.ts";
import { columnOf, columnSql, Params, reading, windowsFilter, type Range, type Segment } from "./sql.ts";
import type { View } from "./view.ts";

/** Newer columns than this may still be on their way: they are left out rather than shown as missing. */
const SETTLE_SEC = 5;

export interface HeatmapRequest {
  readonly range: Range;
  /** At most so many columns. */
  readonly columns: number;
  /** The same counts once more by one key, in the same read: these keys, and all others as one. */
  readonly hues?: Hues | undefined;
}

export interface Hues {
  readonly by: string;
  readonly keys: readonly string[];
}

export async function readHeatmap(
  store: StoreClient,
  view: View,
  request: HeatmapRequest,
  expected: ExpectedHosts,
  nowSec: number,
  signal?: AbortSignal,
): Promise<Heatmap> {
  const { scheme, granularitySec } = view.spec;
  if (scheme === null) throw notADistribution(view);
  const grid = await planColumns(store, view, request.range, request.columns, nowSec, signal);
  const presence = expected.presence(grid.fromTs * 1000, grid.toTs * 1000);
  // Coverage first: a batch that is stored between the two reads must not show as watched and empty.
  const coverage = await readCoverage(store, view, grid, presence, signal);
  const byHue = await readTallies(store, view, grid, request.hues, signal);
  const tallies = request.hues === undefined ? (byHue.get(0) ?? new Map<number, Tally>()) : addUp([...byHue.values()]);
  const toTs = Math.max(grid.fromTs, settledEnd(grid.toTs, grid.stepSec, coverage.newestTs, nowSec));
  const buckets = bucketsOf(scheme);
  const columns: HeatmapColumn[] = [];
  for (let ts = grid.fromTs; ts < toTs; ts += grid.stepSec) {
    const hostsHere = expected.count(ts * 1000, (ts + grid.stepSec) * 1000);
    const tally = tallies.get(ts) ?? NOTHING;
    columns.push(column(ts, buckets, tally, coverage.columns.get(ts), grid.stepSec / granularitySec, hostsHere));
  }
  return {
    instrumentation: view.instrumentation.id,
    metric: metricName(view.metric),
    scheme: formatScheme(scheme),
    unit: view.metric.unit,
    fromTs: grid.fromTs,
    toTs,
    stepSec: grid.stepSec,
    tier: grid.tier,
    // Of all that was counted, in a column of which nothing else is known too.
    total: columns.reduce((sum, each) => sum + totalOf(each), 0),
    columns,
    ...(request.hues === undefined ? {} : { by: request.hues.by, groups: groupsOf(request.hues, byHue, columns) }),
  };
}

/** Counts by bucket; a range's are by column before that. */
type Tally = Map<number, number>;
type Tallies = Map<number, Tally>;

const NOTHING: ReadonlyMap<number, number> = new Map();

/** The columns of a plan with what is known of them, and without what was counted. */
export async function readCovered(
  store: StoreClient,
  view: View,
  grid: GridPlan,
  expected: ExpectedHosts,
  nowSec: number,
  signal?: AbortSignal,
): Promise<HeatmapColumn[]> {
  const { scheme, granularitySec } = view.spec;
  if (scheme === null) throw notADistribution(view);
  const presence = expected.presence(grid.fromTs * 1000, grid.toTs * 1000);
  const coverage = await readCoverage(store, view, grid, presence, signal);
  const buckets = bucketsOf(scheme);
  const toTs = settledEnd(grid.toTs, grid.stepSec, coverage.newestTs, nowSec);
  const columns: HeatmapColumn[] = [];
  for (let ts = grid.fromTs; ts < toTs; ts += grid.stepSec) {
    const hostsHere = expected.count(ts * 1000, (ts + grid.stepSec) * 1000);
    columns.push(column(ts, buckets, NOTHING, coverage.columns.get(ts), grid.stepSec / granularitySec, hostsHere));
  }
  return columns;
}

/** The keys' counts as one: the columns are made of the same numbers as the groups. */
function addUp(parts: readonly Tallies[]): Tallies {
  const sum: Tallies = new Map();
  for (const part of parts) {
    for (const [ts, tally] of part) {
      let whole = sum.get(ts);
      if (whole === undefined) sum.set(ts, (whole = new Map<number, number>()));
      for (const [bucket, count] of tally) whole.set(bucket, exact((whole.get(bucket) ?? 0) + count));
    }
  }
  return sum;
}

/** The keys in the order asked for; then all others, where there are any. */
function groupsOf(
  { keys }: Hues,
  byHue: ReadonlyMap<number, Tallies>,
  columns: readonly HeatmapColumn[],
): HeatmapGroup[] {
  const group = (key: string, hue: number): HeatmapGroup => {
    const own = columns.map(({ ts }) => fromTally(byHue.get(hue)?.get(ts) ?? NOTHING));
    return { key, isOther: hue === 0, total: own.reduce((sum, each) => sum + totalOf(each), 0), columns: own };
  };
  const others = byHue.has(0) ? [group("", 0)] : [];
  return [...keys.map((key, i) => group(key, i + 1)), ...others];
}

/** The end of what can be shown: the newest report, or what should have come in by now. */
export function settledEnd(toTs: number, stepSec: number, newestTs: number | null, nowSec: number): number {
  const settled = Math.floor((nowSec - SETTLE_SEC) / stepSec) * stepSec;
  const newest = newestTs === null ? 0 : newestTs + stepSec;
  return Math.min(toTs, Math.max(settled, newest));
}

/** Counts by hue, column and bucket. Hue i + 1 is the i-th key; 0 is all else, and everything where no keys were asked for. */
async function readTallies(
  store: StoreClient,
  view: View,
  plan: GridPlan,
  hues: Hues | undefined,
  signal?: AbortSignal,
): Promise<Map<number, Tallies>> {
  if (plan.segments.length === 0) return new Map();
  const params = new Params();
  const hue =
    hues === undefined
      ? ""
      : `toUInt16(indexOf(${params.bind(hues.keys, "Array(String)")}, toString(${columnOf(view, hues.by)}))) AS h, `;
  const by = hues === undefined ? "x, b" : "h, x, b";
  const part = (segment: Segment, sum: string): string =>
    `SELECT ${hue}${columnSql(plan.stepSec)} AS x, b, ${sum} AS n
     FROM ${segment.table} ARRAY JOIN bucket AS b, count AS c
     WHERE ${windowsFilter(view, segment, params)}
     GROUP BY ${by}`;
  const [only, ...more] = plan.segments;
  // Most reads need one table, and that table alone can say it.
  const sql =
    only !== undefined && more.length === 0
      ? part(only, "toFloat64(sum(c))")
      : `SELECT ${by}, toFloat64(sum(n)) AS n
         FROM (${plan.segments.map((segment) => part(segment, "sum(c)")).join(" UNION ALL ")})
         GROUP BY ${by}`;
  const bytes = await store.queryArrow(sql, params.values, reading(signal));
  return toTallies(bytes);
}

function toTallies(bytes: Uint8Array): Map<number, Tallies> {
  const { h, x = [], b = [], n = [] } = numericColumns(bytes);
  const byHue = new Map<number, Tallies>();
  for (let i = 0; i < x.length; i++) {
    const hue = h?.[i] ?? 0;
    const at = x[i] ?? 0;
    let tallies = byHue.get(hue);
    if (tallies === undefined) byHue.set(hue, (tallies = new Map<number, Tally>()));
    let tally = tallies.get(at);
    if (tally === undefined) tallies.set(at, (tally = new Map<number, number>()));
    tally.set(b[i] ?? 0, exact(n[i] ?? 0));
  }
  return byHue;
}

/** @throws OperationalError COUNT_TOO_LARGE rather than give a sum that a double has rounded */
export function exact(sum: number): number {
  if (Math.abs(sum) <= Number.MAX_SAFE_INTEGER) return sum;
  throw new OperationalError("COUNT_TOO_LARGE", "add counts: a sum is above 2^53; ask for a shorter range");
}

export function notADistribution(view: View): InputError {
  return new InputError("read a heatmap", [
    {
      field: "id",
      code: "NOT_A_DISTRIBUTION",
      message: `expected an instrumentation with a numeric field; ${view.instrumentation.id} keeps scalars: read its series`,
    },
  ]);
}
