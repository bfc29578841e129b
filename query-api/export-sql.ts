/**
 * export-sql.ts: values as relations that the engine writes out by itself, in any format, row by row.
 *
 * What is known by column (coverage, percentiles) is small and comes with the statement, as arrays of numbers; what is counted
 * stays in the engine until it leaves. So an export costs this process a buffer, however long it is.
 */
import { bucketsOf } from "../core/histogram/buckets.ts";
import type { Scheme } from "../core/histogram/scheme.ts";
import type { HeatmapColumn, Quantiles } from "../core/api.ts";
import { digits } from "../store/ddl.ts";
import type { GridPlan, Plan } from "./planner.ts";
import { amountOfSql, perGranuleSql, type Longer, type Watched } from "./series.ts";
import { columnOf, columnSql, Params, windowsFilter } from "./sql.ts";
import type { View } from "./view.ts";
import { rowsSql } from "./windows.ts";

/** A statement without its format. */
export interface Relation {
  readonly sql: string;
  readonly params: Params;
}

/** How names that other people chose are written. */
export type Text = (expression: string) => string;

/** As they are. */
export const plainText: Text = (expression) => `toString(${expression})`;

/** Spreadsheets run cells that begin like a formula: those get a quote before them (OWASP, CSV Injection). */
export const inertText: Text = (expression) => {
  const text = `toString(${expression})`;
  return `if(substring(${text}, 1, 1) IN ('=', '+', '-', '@', '\\t', '\\r', '\\n'), concat('\\'', ${text}), ${text})`;
};

const TIME = "toDateTime64(toDateTime(ts, 'UTC'), 0, 'UTC') AS time";

/** One row a bucket with a count, or a scalar, of each stored window. */
export function windowsRelation(view: View, plan: GridPlan, text: Text): Relation {
  const params = new Params();
  const { spec, tenant } = view;
  const rows = rowsSql(view, plan, params) ?? emptyRows(view);
  const names = [
    ...(tenant === null ? ["host", "tenant"] : []),
    ...(spec.zoned ? ["zone AS zonename"] : []),
    ...spec.keys.map((key, i) => `k${i + 1} AS ${key}`),
  ].map((each) => {
    const [column = "", name = column] = each.split(" AS ");
    return `${text(`r.${column}`)} AS \`${name}\``;
  });
  const values = spec.scheme === null ? ["toInt64(r.value) AS value"] : bucketSql(spec.scheme, "b", "toUInt64(c)");
  const join = spec.scheme === null ? "" : "ARRAY JOIN r.bucket AS b, r.count AS c";
  return {
    params,
    sql: `SELECT toUInt32(r.ts) AS ts, ${TIME}, r.sec AS duration_sec, ${[...names, ...values].join(", ")}
      FROM (${rows}) AS r ${join}`,
  };
}

/** One row a bucket with a count of each column; one without a bucket for a column that has none, with 0, or null if not watched. */
export function heatmapRelation(
  view: View,
  scheme: Scheme,
  plan: GridPlan,
  columns: readonly HeatmapColumn[],
  text: Text,
): Relation {
  const params = new Params();
  const sums = plan.segments.map(
    (segment) =>
      `SELECT ${columnSql(plan.stepSec)} AS x, b, sum(c) AS n FROM ${segment.table} ARRAY JOIN bucket AS b, count AS c
       WHERE ${windowsFilter(view, segment, params)} GROUP BY x, b`,
  );
  const cells =
    sums.length === 0
      ? "SELECT toUInt32(0) AS x, [(toInt16(0), toUInt64(0))] AS cells WHERE 0"
      : `SELECT x, groupArray((toInt16(b), toUInt64(s))) AS cells
         FROM (SELECT x, b, sum(n) AS s FROM (${sums.join(" UNION ALL ")}) GROUP BY x, b ORDER BY x, b) GROUP BY x`;
  return {
    params,
    sql: `WITH ${coverageArrays(columns, params, text)}
      SELECT ts, ${TIME}, reporting, expected, dropped, reason,
        if(isNone, NULL, cell.1) AS bucket, ${edgesSql(scheme, "if(isNone, NULL, cell.1)").join(", ")},
        if(isNone, if(reporting = 0, NULL, toUInt64(0)), cell.2) AS count
      FROM (
        SELECT toUInt32(${digits(columns[0]?.ts ?? 0)} + number * ${digits(plan.stepSec)}) AS ts, ${COVERAGE_AT_NUMBER},
          empty(cells) AS isNone, arrayJoin(if(empty(cells), [(toInt16(0), toUInt64(0))], cells)) AS cell
        FROM numbers(${digits(columns.length)}) AS n LEFT JOIN (${cells}) AS counted
          ON toUInt32(${digits(columns[0]?.ts ?? 0)} + n.number * ${digits(plan.stepSec)}) = counted.x
        ORDER BY ts
      )`,
  };
}

/** One row a key, the largest first: all of them, so that they add up to the total. */
export function breakdownRelation(
  view: View,
  plan: Plan,
  by: string,
  eachOf: (params: Params) => string,
  text: Text,
): Relation {
  const params = new Params();
  const each = eachOf(params);
  const sums = plan.segments.map(
    (segment) =>
      `SELECT toString(${columnOf(view, by)}) AS k, sum(${each}) AS part
       FROM ${segment.table} WHERE ${windowsFilter(view, segment, params)} GROUP BY k`,
  );
  const rows = sums.length === 0 ? "SELECT '' AS k, toInt64(0) AS part WHERE 0" : sums.join(" UNION ALL ");
  return {
    params,
    sql: `SELECT ${text("k")} AS \`${by}\`, total FROM (
        SELECT k, sum(part) AS total FROM (${rows}) GROUP BY k HAVING total != 0 ORDER BY total DESC, k
      )`,
  };
}

/** One row a column and key: every key, without an "other". */
export function seriesRelation(
  view: View,
  plan: GridPlan,
  { watched, longer }: { readonly watched: Watched; readonly longer: Longer },
  by: string | undefined,
  text: Text,
): Relation {
  const params = new Params();
  const { times, divisors, factor } = watched;
  const amount = amountOfSql(view);
  const key = by === undefined ? "'all'" : `toString(${columnOf(view, by)})`;
  const from = digits(plan.fromTs);
  const step = digits(plan.stepSec);
  // A key's columns as one array without holes; none is none of a key too.
  const size = digits(Math.max(1, times.length));
  const end = digits(plan.fromTs + times.length * plan.stepSec);
  const sums = plan.segments.map(
    (segment) =>
      `SELECT ${key} AS k, ${columnSql(plan.stepSec)} AS x, toInt64(sum(${amount})) AS part,
         toFloat64(sum(${perGranuleSql(view, segment.table, longer, params)})) AS share
       FROM ${segment.table} WHERE ${windowsFilter(view, segment, params)} GROUP BY k, x`,
  );
  const none = "SELECT '' AS k, toUInt32(0) AS x, toInt64(0) AS part, toFloat64(0) AS share WHERE 0";
  const rows = sums.length === 0 ? none : sums.join(" UNION ALL ");
  const inColumns = (zero: string, each: string): string =>
    `groupArrayInsertAt(${zero}, ${size})(${each}, toUInt32(intDiv(x - ${from}, ${step})))`;
  return {
    params,
    sql: `WITH ${numbers(watched.reporting)} AS reportings, ${numbers(watched.expected)} AS expecteds, ${numbers(divisors)} AS divisors
      SELECT toUInt32(${from} + i * ${step}) AS ts, ${TIME}, ${text("k")} AS \`${by ?? "series"}\`,
        toUInt32(reportings[i + 1]) AS reporting, toUInt32(expecteds[i + 1]) AS expected, total,
        if(divisors[i + 1] = 0, NULL, share / divisors[i + 1] * ${number(factor)}) AS value
      FROM (
        SELECT k, ${inColumns("0", "s")} AS totals, ${inColumns("0.", "r")} AS shares
        FROM (SELECT k, x, sum(part) AS s, sum(share) AS r FROM (${rows}) WHERE x < ${end} GROUP BY k, x) GROUP BY k ORDER BY k
      ) ARRAY JOIN range(${size}) AS i, totals AS total, shares AS share`,
  };
}

/** One row a column, with a name for each fraction: p50, p99_9. */
export function quantilesRelation({ q, columns }: Quantiles, text: Text): Relation {
  const params = new Params();
  const named = q.map((fraction, at) => ({
    name: `p${String(Number((fraction * 100).toPrecision(12))).replace(".", "_")}`,
    at,
  }));
  const distinct = named.filter(({ name }, i) => named.findIndex((each) => each.name === name) === i);
  const arrays = [
    `${numbers(columns.map(({ total }) => total))} AS totals`,
    `${numbers(columns.map(({ mean }) => mean))} AS means`,
    ...distinct.map(({ at }) => `${numbers(columns.map(({ values }) => values[at] ?? null))} AS q${at}`),
  ];
  return {
    params,
    sql: `WITH ${coverageArrays(columns, params, text)}, ${numbers(columns.map(({ ts }) => ts))} AS times, ${arrays.join(", ")}
      SELECT toUInt32(times[number + 1]) AS ts, ${TIME}, ${COVERAGE_AT_NUMBER}, toUInt64OrNull(toString(totals[number + 1])) AS total,
        ${["means[number + 1] AS mean", ...distinct.map(({ name, at }) => `q${at}[number + 1] AS \`${name}\``)].join(", ")}
      FROM numbers(${digits(columns.length)})`,
  };
}

type Covered = Pick<HeatmapColumn, "reporting" | "expected" | "dropped" | "reason">;

/** Coverage by column, as arrays; reasons are few, and bound. */
function coverageArrays(columns: readonly Covered[], params: Params, text: Text): string {
  const reasons = [...new Set(columns.map(({ reason }) => reason))];
  return [
    `${numbers(columns.map(({ reporting }) => reporting))} AS reportings`,
    `${numbers(columns.map(({ expected }) => expected))} AS expecteds`,
    `${numbers(columns.map(({ dropped }) => dropped))} AS losses`,
    `${numbers(columns.map(({ reason }) => reasons.indexOf(reason) + 1))} AS causes`,
    `arrayMap(r -> ${text("r")}, ${params.bind(reasons, "Array(String)")}) AS reasons`,
  ].join(", ");
}

const COVERAGE_AT_NUMBER = `toUInt32(reportings[number + 1]) AS reporting, toUInt32(expecteds[number + 1]) AS expected,
  toUInt64(losses[number + 1]) AS dropped, reasons[toUInt32(causes[number + 1])] AS reason`;

function bucketSql(scheme: Scheme, index: string, count: string): string[] {
  return [`${index} AS bucket`, ...edgesSql(scheme, index), `${count} AS count`];
}

/** The values that a bucket covers, low <= v < high; null for an open end. */
function edgesSql(scheme: Scheme, index: string): [string, string] {
  const buckets = bucketsOf(scheme);
  const all = Array.from({ length: buckets.last - buckets.first + 1 }, (_, i) => buckets.first + i);
  const at = (edges: (number | null)[]): string => `${numbers(edges)}[ifNull(${index}, 0) + ${1 - buckets.first}]`;
  const known = (edge: string): string => `if(${index} IS NULL, NULL, ${edge})`;
  return [
    `${known(at(all.map((each) => buckets.lowOf(each))))} AS low`,
    `${known(at(all.map((each) => buckets.highOf(each))))} AS high`,
  ];
}

/** Numbers of our own as an array; null stays null. Doubles, which a statement can name exactly. */
function numbers(values: readonly (number | null)[]): string {
  const nullable = values.some((value) => value === null);
  const list = values.map((value) => (value === null ? "NULL" : number(value))).join(",");
  return `CAST([${list}] AS Array(${nullable ? "Nullable(Float64)" : "Float64"}))`;
}

function number(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} cannot be written into a statement`);
  return String(value);
}

/** The columns of no rows, of the types that `rowsSql` gives. */
function emptyRows(view: View): string {
  const keys = view.spec.keys.map((_, i) => `'' AS k${i + 1}`);
  const fixed = ["toDateTime(0, 'UTC') AS ts", "toUInt32(0) AS sec", "'' AS tenant", "'' AS zone", "'' AS host"];
  const values = ["CAST([] AS Array(Int16)) AS bucket", "CAST([] AS Array(UInt64)) AS count", "toInt64(0) AS value"];
  return `SELECT ${[...fixed, ...keys, ...values].join(", ")} WHERE 0`;
}
