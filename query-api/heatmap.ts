/**
 * heatmap.ts: counts by column and bucket, exact, for any range.
 *
 * Nothing is sampled and nothing is dropped for resolution, so the total of a heatmap is the total of its windows. Closed hours
 * that have been read are kept (query-api/column-blocks.ts); only the others are read (query-api/grid-read.ts).
 */
import type { Heatmap, HeatmapColumn, HeatmapGroup } from "../core/api.ts";
import { InputError } from "../core/errors.ts";
import { bucketsOf } from "../core/histogram/buckets.ts";
import { totalOf } from "../core/histogram/distribution.ts";
import { formatScheme } from "../core/histogram/scheme.ts";
import { metricName } from "../core/metric.ts";
import type { StoreClient } from "../store/client.ts";
import { NO_CELLS, type Cells } from "./cells.ts";
import { readColumns, type ColumnsRequest } from "./column-reader.ts";
import type { Block } from "./column-blocks.ts";
import { column } from "./columns.ts";
import { readCoverage } from "./coverage.ts";
import type { ExpectedHosts } from "./expected.ts";
import type { Hues } from "./grid-read.ts";
import type { GridPlan } from "./planner.ts";
import type { View } from "./view.ts";

/** Newer columns than this may still be on their way: they are left out rather than shown as missing. */
const SETTLE_SEC = 5;

export type HeatmapRequest = ColumnsRequest;

export async function readHeatmap(
  store: StoreClient,
  view: View,
  request: HeatmapRequest,
  expected: ExpectedHosts,
  nowSec: number,
  signal?: AbortSignal,
): Promise<Heatmap> {
  const { scheme } = view.spec;
  if (scheme === null) throw notADistribution(view);
  const { hues } = request;
  const read = await readColumns({ store, view, expected, nowSec, signal }, request);
  const { fromTs, stepSec, tier, blocks } = read;
  const all = blocks.flatMap((block) => block.columns);
  const newest = all.findLast(({ reporting }) => reporting > 0)?.ts ?? null;
  const toTs = Math.max(fromTs, settledEnd(read.toTs, stepSec, newest, nowSec));
  const isShown = (ts: number): boolean => ts >= fromTs && ts < toTs;
  const columns = all.filter(({ ts }) => isShown(ts));
  return {
    instrumentation: view.instrumentation.id,
    metric: metricName(view.metric),
    scheme: formatScheme(scheme),
    unit: view.metric.unit,
    fromTs,
    toTs,
    stepSec,
    tier,
    // Of all that was counted, in a column of which nothing else is known too.
    total: columns.reduce((sum, each) => sum + (each.total ?? totalOf(each)), 0),
    columns,
    ...(hues === undefined ? {} : { by: hues.by, groups: groupsOf(hues, byHueOf(hues, read.blocks, isShown)) }),
  };
}

/** Each hue's counts in the columns shown: of 0 all others, of i + 1 the i-th key. */
function byHueOf(hues: Hues, blocks: readonly Block[], isShown: (ts: number) => boolean): Cells[][] {
  return ["", ...hues.keys].map((_, hue) =>
    blocks.flatMap(({ columns, byHue }) =>
      columns.flatMap(({ ts }, i) => (isShown(ts) ? [byHue[hue]?.[i] ?? NO_CELLS] : [])),
    ),
  );
}

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
  const nothing = new Map<number, number>();
  const columns: HeatmapColumn[] = [];
  for (let ts = grid.fromTs; ts < toTs; ts += grid.stepSec) {
    const hostsHere = expected.count(ts * 1000, (ts + grid.stepSec) * 1000);
    columns.push(column(ts, buckets, nothing, coverage.columns.get(ts), grid.stepSec / granularitySec, hostsHere));
  }
  return columns;
}

/** The keys in the order asked for; then all others, where there are any. */
function groupsOf({ keys }: Hues, byHue: readonly (readonly Cells[])[]): HeatmapGroup[] {
  const group = (key: string, hue: number): HeatmapGroup => {
    const columns = byHue[hue] ?? [];
    return { key, isOther: hue === 0, total: columns.reduce((sum, each) => sum + totalOf(each), 0), columns };
  };
  const others = byHue[0]?.some(({ bucket }) => bucket.length > 0) === true ? [group("", 0)] : [];
  return [...keys.map((key, i) => group(key, i + 1)), ...others];
}

/** The end of what can be shown: the newest report, or what should have come in by now. */
export function settledEnd(toTs: number, stepSec: number, newestTs: number | null, nowSec: number): number {
  const settled = Math.floor((nowSec - SETTLE_SEC) / stepSec) * stepSec;
  const newest = newestTs === null ? 0 : newestTs + stepSec;
  return Math.min(toTs, Math.max(settled, newest));
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
