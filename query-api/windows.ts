/**
 * windows.ts: rows as they are stored, by time, in pages.
 *
 * The finest rows that are left answer: raw ones, or those of a roll-up where raw rows have gone; each says how long its time is.
 * A page goes on where the last one ended, at a second and so many rows of it. Only a row that is stored late into that very
 * second, between the two pages, can move its rows: whoever needs all of them at one moment exports them.
 */
import type { StoredWindow, WindowsPage } from "../core/api.ts";
import { InputError } from "../core/errors.ts";
import { formatScheme } from "../core/histogram/scheme.ts";
import { metricName } from "../core/metric.ts";
import type { StoreClient } from "../store/client.ts";
import { exact } from "./exact.ts";
import { planColumns, type GridPlan } from "./planner.ts";
import { columnOf, Params, reading, windowsFilter, type Range, type SegmentTable } from "./sql.ts";
import { keysOf, type View } from "./view.ts";

export interface WindowsRequest {
  readonly range: Range;
  /** Rows of a page. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string | undefined;
}

export const MAX_WINDOWS = 10_000;

export async function readWindows(
  store: StoreClient,
  view: View,
  request: WindowsRequest,
  nowSec: number,
  signal?: AbortSignal,
): Promise<WindowsPage> {
  const { range, limit } = request;
  const cursor = parseCursor(request.after);
  const plan = await planRows(store, view, range, nowSec, signal);
  const params = new Params();
  const order = [
    "ts",
    "tenant",
    "zone",
    ...view.spec.keys.map((_, i) => `k${i + 1}`),
    "host",
    "bucket",
    "count",
    "value",
  ];
  const rows = rowsSql(view, plan, params, cursor.ts);
  const found =
    rows === null
      ? []
      : await store.query<WindowRow>(
          `SELECT toUInt32(ts) AS at, sec, tenant, zone, keys, host, bucket, arrayMap(c -> toFloat64(c), count) AS counts,
             toFloat64(value) AS scalar
           FROM (${rows})
           ORDER BY ${order.join(", ")}
           LIMIT ${params.bind(limit + 1, "UInt32")} OFFSET ${params.bind(cursor.skip, "UInt32")}`,
          params.values,
          reading(signal),
        );
  return {
    instrumentation: view.instrumentation.id,
    metric: metricName(view.metric),
    scheme: view.spec.scheme === null ? null : formatScheme(view.spec.scheme),
    fromTs: plan.fromTs,
    toTs: plan.toTs,
    tier: plan.tier,
    windows: found.slice(0, limit).map((row) => windowOf(view, row)),
    next: found.length > limit ? nextOf(found.slice(0, limit), cursor) : null,
  };
}

/** The plan whose rows are the finest that are left. */
export async function planRows(
  store: StoreClient,
  view: View,
  range: Range,
  nowSec: number,
  signal?: AbortSignal,
): Promise<GridPlan> {
  return planColumns(store, view, range, Number.MAX_SAFE_INTEGER, nowSec, signal);
}

/**
 * All windows of a plan that the view's reader may see, as one relation; null where there is nothing to read.
 *
 * @param fromTs only those of a row's `ts` from here on
 */
export function rowsSql(view: View, plan: GridPlan, params: Params, fromTs = 0): string | null {
  if (plan.segments.length === 0) return null;
  const from = params.bind(fromTs, "UInt32");
  const keys = view.spec.keys.map((key) => columnOf(view, key));
  return plan.segments
    .map(
      (segment) =>
        `SELECT ts, toUInt32(${durationOf(segment.table, view)}) AS sec, toString(tenant) AS tenant, toString(zone) AS zone,
           ${keys.map((key) => `toString(${key}) AS ${key}, `).join("")}
           CAST([${keys.map((key) => `toString(${key})`).join(", ")}] AS Array(String)) AS keys,
           toString(host) AS host, bucket, CAST(count AS Array(UInt64)) AS count, value
         FROM ${segment.table} WHERE ${windowsFilter(view, segment, params)} AND ts >= toDateTime(${from}, 'UTC')`,
    )
    .join(" UNION ALL ");
}

function durationOf(table: SegmentTable, view: View): number {
  if (table === "windows_1h") return 3600;
  return table === "windows_1m" ? 60 : view.spec.granularitySec;
}

interface WindowRow {
  readonly at: number;
  readonly sec: number;
  readonly tenant: string;
  readonly zone: string;
  readonly keys: readonly string[];
  readonly host: string;
  readonly bucket: readonly number[];
  readonly counts: readonly number[];
  readonly scalar: number;
}

function windowOf({ spec, tenant }: View, row: WindowRow): StoredWindow {
  const keys = [...(spec.zoned ? [row.zone] : []), ...row.keys];
  return {
    ts: row.at,
    durationSec: row.sec,
    keys: Object.fromEntries(keysOf(spec).map((name, i) => [name, keys[i] ?? ""])),
    bucket: row.bucket,
    count: row.counts.map(exact),
    value: spec.scheme === null ? exact(row.scalar) : null,
    // Where a tenant's zones run is the operator's business, also when an operator looks through a tenant's eyes.
    ...(tenant === null ? { host: row.host, tenant: row.tenant } : {}),
  };
}

interface Cursor {
  readonly ts: number;
  /** Rows of that second that earlier pages had. */
  readonly skip: number;
}

function nextOf(page: readonly WindowRow[], before: Cursor): string {
  const ts = page.at(-1)?.at ?? 0;
  const ofIt = page.filter(({ at }) => at === ts).length;
  return `${ts}-${ofIt + (before.ts === ts ? before.skip : 0)}`;
}

function parseCursor(text: string | undefined): Cursor {
  if (text === undefined) return { ts: 0, skip: 0 };
  const match = /^(\d{1,10})-(\d{1,9})$/.exec(text);
  if (match !== null) return { ts: Number(match[1]), skip: Number(match[2]) };
  const message = "expected the next of an earlier page";
  throw new InputError("read windows", [{ field: "after", code: "BAD_CURSOR", message }]);
}
