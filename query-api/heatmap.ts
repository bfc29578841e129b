/**
 * heatmap.ts: counts by column and bucket, exact, for any range.
 *
 * The engine adds; it never samples and nothing is dropped for resolution, so the total of a heatmap is the total of its
 * windows. Sums come as doubles, which is exact to 2^53; above that the answer is refused rather than rounded.
 */
import type { Heatmap } from "../core/api.ts";
import { InputError, OperationalError } from "../core/errors.ts";
import { bucketsOf } from "../core/histogram/buckets.ts";
import { formatScheme } from "../core/histogram/scheme.ts";
import { metricName } from "../core/metric.ts";
import type { StoreClient } from "../store/client.ts";
import { numericColumns } from "../wire/answers.ts";
import { column } from "./columns.ts";
import { readCoverage } from "./coverage.ts";
import type { ExpectedHosts } from "./expected.ts";
import { planColumns, type GridPlan } from "./planner.ts";
import { columnSql, Params, reading, windowsFilter, type Range, type Segment } from "./sql.ts";
import type { View } from "./view.ts";

/** Newer columns than this may still be on their way: they are left out rather than shown as missing. */
const SETTLE_SEC = 5;

export interface HeatmapRequest {
  readonly range: Range;
  /** At most so many columns. */
  readonly columns: number;
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
  const tallies = await readTallies(store, view, grid, signal);
  const toTs = Math.max(grid.fromTs, settledEnd(grid.toTs, grid.stepSec, coverage.newestTs, nowSec));
  const buckets = bucketsOf(scheme);
  const columns = [];
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
    total: columns.reduce((sum, each) => sum + (each.total ?? 0), 0),
    columns,
  };
}

const NOTHING: ReadonlyMap<number, number> = new Map();

/** The end of what can be shown: the newest report, or what should have come in by now. */
export function settledEnd(toTs: number, stepSec: number, newestTs: number | null, nowSec: number): number {
  const settled = Math.floor((nowSec - SETTLE_SEC) / stepSec) * stepSec;
  const newest = newestTs === null ? 0 : newestTs + stepSec;
  return Math.min(toTs, Math.max(settled, newest));
}

async function readTallies(
  store: StoreClient,
  view: View,
  plan: GridPlan,
  signal?: AbortSignal,
): Promise<Map<number, Map<number, number>>> {
  if (plan.segments.length === 0) return new Map();
  const params = new Params();
  const part = (segment: Segment, sum: string): string =>
    `SELECT ${columnSql(plan.stepSec)} AS x, b, ${sum} AS n
     FROM ${segment.table} ARRAY JOIN bucket AS b, count AS c
     WHERE ${windowsFilter(view, segment, params)}
     GROUP BY x, b`;
  const [only, ...more] = plan.segments;
  // Most reads need one table, and that table alone can say it.
  const sql =
    only !== undefined && more.length === 0
      ? part(only, "toFloat64(sum(c))")
      : `SELECT x, b, toFloat64(sum(n)) AS n
         FROM (${plan.segments.map((segment) => part(segment, "sum(c)")).join(" UNION ALL ")})
         GROUP BY x, b`;
  const bytes = await store.queryArrow(sql, params.values, reading(signal));
  return toTallies(bytes);
}

function toTallies(bytes: Uint8Array): Map<number, Map<number, number>> {
  const { x = [], b = [], n = [] } = numericColumns(bytes);
  const tallies = new Map<number, Map<number, number>>();
  for (let i = 0; i < x.length; i++) {
    const at = x[i] ?? 0;
    let tally = tallies.get(at);
    if (tally === undefined) tallies.set(at, (tally = new Map<number, number>()));
    tally.set(b[i] ?? 0, exact(n[i] ?? 0));
  }
  return tallies;
}

/** @throws OperationalError COUNT_TOO_LARGE rather than give a sum that a double has rounded */
export function exact(sum: number): number {
  if (sum <= Number.MAX_SAFE_INTEGER) return sum;
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
