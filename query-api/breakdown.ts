/**
 * breakdown.ts: how a total falls apart by one key, to the unit: parts and other add up to the total.
 */
import type { Breakdown } from "../core/api.ts";
import { InputError } from "../core/errors.ts";
import { bucketsOf } from "../core/histogram/buckets.ts";
import type { Scheme } from "../core/histogram/scheme.ts";
import type { StoreClient } from "../store/client.ts";
import { exact } from "./exact.ts";
import { planTotal } from "./planner.ts";
import { columnOf, Params, reading, windowsFilter, type Range } from "./sql.ts";
import { keysOf, type View } from "./view.ts";

export interface BreakdownRequest {
  readonly by: string;
  readonly range: Range;
  /** Only buckets that lie in [low, high), in the metric's base unit; undefined: open. */
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  /** At most so many parts; the rest is `other`. */
  readonly limit: number;
}

export async function readBreakdown(
  store: StoreClient,
  view: View,
  request: BreakdownRequest,
  nowSec: number,
  signal?: AbortSignal,
): Promise<Breakdown> {
  if (!keysOf(view.spec).includes(request.by)) {
    const message = `expected one of its keys: ${keysOf(view.spec).join(", ")}`;
    throw new InputError("break down", [{ field: "by", code: "UNKNOWN_FIELD", message }]);
  }
  const plan = await planTotal(store, view, request.range, nowSec, signal);
  const { fromTs, toTs, tier } = plan;
  if (plan.segments.length === 0) return { by: request.by, fromTs, toTs, tier, total: 0, other: 0, parts: [] };
  const params = new Params();
  const each = amountSql(view.spec.scheme, request, params);
  const sums = plan.segments.map(
    (segment) =>
      `SELECT ${columnOf(view, request.by)} AS k, sum(${each}) AS part
       FROM ${segment.table} WHERE ${windowsFilter(view, segment, params)} GROUP BY k`,
  );
  // The total is of all keys, those beyond the limit too, of which there may be more than fit in memory here.
  const rows = await store.query<{ k: string; n: number; total: number }>(
    `SELECT k, toFloat64(s) AS n, toFloat64(sum(s) OVER ()) AS total
     FROM (SELECT k, sum(part) AS s FROM (${sums.join(" UNION ALL ")}) GROUP BY k HAVING s != 0)
     ORDER BY s DESC, k LIMIT ${params.bind(request.limit, "UInt32")}`,
    params.values,
    reading(signal),
  );
  const parts = rows.map(({ k, n }) => ({ key: k, total: exact(n) }));
  const total = exact(rows[0]?.total ?? 0);
  const other = total - parts.reduce((sum, part) => sum + part.total, 0);
  return { by: request.by, fromTs, toTs, tier, total, other, parts };
}

/** What one row adds: its scalar, its events, or its events in the buckets asked for. */
export function amountSql(
  scheme: Scheme | null,
  request: Pick<BreakdownRequest, "low" | "high">,
  params: Params,
): string {
  if (scheme === null) return "value";
  if (request.low === undefined && request.high === undefined) return "arraySum(count)";
  const [first, last] = bucketsWithin(scheme, request.low ?? -Infinity, request.high ?? Infinity);
  const from = params.bind(first, "Int16");
  const to = params.bind(last, "Int16");
  return `arraySum((b, c) -> if(b >= ${from} AND b <= ${to}, c, 0), bucket, count)`;
}

/** The first and last bucket that lie in [low, high) as a whole; an empty pair (1, 0) where none does. */
export function bucketsWithin(scheme: Scheme, low: number, high: number): [number, number] {
  const buckets = bucketsOf(scheme);
  let first: number | undefined;
  let last = 0;
  for (let index = buckets.first; index <= buckets.last; index++) {
    const from = buckets.lowOf(index) ?? -Infinity;
    const to = buckets.highOf(index) ?? Infinity;
    if (from < low || to > high) continue;
    first ??= index;
    last = index;
  }
  return first === undefined ? [1, 0] : [first, last];
}
