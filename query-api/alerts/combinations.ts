/**
 * combinations.ts: what an alert's selection is made of: every combination of its keys with what was counted of it, to the unit.
 */
import { regionOf } from "../../core/alerts/read-rule.ts";
import type { Combination } from "../../core/alerts/explain.ts";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import type { StoreClient } from "../../store/client.ts";
import { exact } from "../exact.ts";
import { planTotal } from "../planner.ts";
import { columnOf, Params, reading, windowsFilter, type Range } from "../sql.ts";
import { keysOf, type View } from "../view.ts";

export interface Combinations {
  readonly fields: readonly string[];
  readonly total: number;
  /** The largest first. */
  readonly parts: readonly Combination[];
  /** Whether these are all: only then do they add up to the total, and what they are mostly of is known. */
  readonly isAll: boolean;
}

const MAX_COMBINATIONS = 10_000;

export async function readCombinations(
  store: StoreClient,
  view: View,
  range: Range,
  values: { readonly low: number | null; readonly high: number | null },
  nowSec: number,
  signal: AbortSignal,
): Promise<Combinations> {
  const fields = keysOf(view.spec);
  const plan = await planTotal(store, view, range, nowSec, signal);
  if (plan.segments.length === 0) return { fields, total: 0, parts: [], isAll: true };
  const params = new Params();
  const keys = `[${fields.map((field) => `toString(${columnOf(view, field)})`).join(", ")}]`;
  const amount = amountOf(view, values, params);
  const sums = plan.segments.map(
    (segment) =>
      `SELECT CAST(${keys} AS Array(String)) AS k, sum(${amount}) AS part
       FROM ${segment.table} WHERE ${windowsFilter(view, segment, params)} GROUP BY k`,
  );
  const rows = await store.query<{ k: string[]; n: number; total: number; all: number }>(
    `SELECT k, toFloat64(s) AS n, toFloat64(sum(s) OVER ()) AS total, toUInt32(count() OVER ()) AS all
     FROM (SELECT k, sum(part) AS s FROM (${sums.join(" UNION ALL ")}) GROUP BY k HAVING s != 0)
     ORDER BY s DESC, k LIMIT ${params.bind(MAX_COMBINATIONS, "UInt32")}`,
    params.values,
    reading(signal),
  );
  const [first] = rows;
  return {
    fields,
    total: exact(first?.total ?? 0),
    parts: rows.map(({ k, n }) => ({ keys: k, count: exact(n) })),
    isAll: (first?.all ?? 0) <= rows.length,
  };
}

function amountOf(view: View, { low, high }: { low: number | null; high: number | null }, params: Params): string {
  const { scheme } = view.spec;
  if (scheme === null) return "value";
  const region = low === null && high === null ? null : regionOf(bucketsOf(scheme), low, high);
  if (region === null) return "toInt64(arraySum(count))";
  const [from, to] = region.map((index) => params.bind(index, "Int16"));
  return `toInt64(arraySum((i, c) -> if(i >= ${from ?? ""} AND i <= ${to ?? ""}, c, 0), bucket, count))`;
}
