/**
 * selection-sums.ts: the sums of one or two selections by every key at once, in one read of the rows.
 *
 * Each row is read once and added to the sums of all keys (GROUPING SETS), so that the totals by different keys are the same number
 * however much is stored meanwhile; and so is a selection against the rest, whose rows are parted as they are read.
 */
import type { StoreClient } from "../store/client.ts";
import { DAY_SEC } from "../store/rollup-units.ts";
import { coverageSql } from "./coverage.ts";
import { exact } from "./exact.ts";
import type { Plan } from "./planner.ts";
import type { Selected } from "./selection.ts";
import { columnOf, Params, reading, windowsFilter, type Segment } from "./sql.ts";
import { UNWATCHED, type WatchedRange, type Watching } from "./watching.ts";

/** What is added to which side. */
export interface Source {
  readonly selected: Selected;
  readonly plan: Plan;
  /** split: rows of `selected`, of which those of `part` go to a and all others to b. */
  readonly to: "a" | "b" | "split";
  readonly part?: Selected;
}

/** The sums by one key. */
export interface KeySums {
  readonly by: string;
  readonly values: number;
  readonly totalA: number;
  readonly totalB: number;
  /** In the order asked for. */
  readonly parts: readonly { readonly key: string; readonly a: number; readonly b: number }[];
}

/** total: the largest first; difference: the largest difference of shares first. */
export type Ranking = "total" | "difference";

/**
 * @param fields keys that every source has; none: totals alone
 * @param limit at most so many parts of each key
 * @param watching one statement reads rows and coverage, hence one snapshot: what is stored meanwhile is in both or in neither
 */
export async function readSums(
  store: StoreClient,
  sources: readonly Source[],
  fields: readonly string[],
  ranking: Ranking,
  limit: number,
  signal?: AbortSignal,
  watching: readonly Watching[] = [],
): Promise<{ totalA: number; totalB: number; byKey: KeySums[]; watched: WatchedRange[] }> {
  const params = new Params();
  const rows = sources.flatMap((source) =>
    source.plan.segments.map((segment) => partOf(source, segment, fields, params)),
  );
  const none = fields.map((by) => ({ by, values: 0, totalA: 0, totalB: 0, parts: [] }));
  const unwatched = watching.map(() => UNWATCHED);
  // Where there are no rows to read, there are none of coverage either.
  if (rows.length === 0) return { totalA: 0, totalB: 0, byKey: none, watched: unwatched };
  const sums = `SELECT toUInt16(${fieldSql(fields)}) AS field, ${keySql(fields)} AS key,
       toFloat64(sum(x) AS a) AS sa, toFloat64(sum(y) AS b) AS sb,
       toFloat64(sum(a) OVER whole) AS ta, toFloat64(sum(b) OVER whole) AS tb, toUInt32(count() OVER whole) AS n
     FROM (${rows.join(" UNION ALL ")})
     GROUP BY ${groupSql(fields)}
     HAVING a != 0 OR b != 0
     WINDOW whole AS (PARTITION BY field)
     ORDER BY field, ${RANKS[ranking]} DESC, key LIMIT ${params.bind(limit, "UInt32")} BY field`;
  const statement = [`SELECT * FROM (${sums})`, ...watching.flatMap((each, i) => watchedSql(each, i, params))];
  const found = await store.query<SumRow>(statement.join(" UNION ALL "), params.values, reading(signal));
  const watched = unwatched.map((none, i): WatchedRange => {
    const row = found.find(({ field }) => field === WATCHED + i);
    return row === undefined ? none : { ticks: row.sa, dropped: exact(row.sb) };
  });
  // The parts of a union come in any order; each is in its own.
  return { ...toSums(found, fields, none), watched };
}

/** Past the last field. */
const WATCHED = 1000;

function watchedSql({ view, plan, presence }: Watching, at: number, params: Params): string[] {
  // Days, which every tier's rows fit into: only the sums over all of them are of interest.
  return coverageSql(view, { ...plan, stepSec: DAY_SEC }, presence, params, ["seconds", "lost"]).map(
    (sql) =>
      `SELECT toUInt16(${WATCHED + at}) AS field, '' AS key, toFloat64(sum(seconds)) AS sa, toFloat64(sum(lost)) AS sb,
         toFloat64(0) AS ta, toFloat64(0) AS tb, toUInt32(0) AS n FROM (${sql})`,
  );
}

interface SumRow {
  readonly field: number;
  readonly key: string;
  readonly sa: number;
  readonly sb: number;
  readonly ta: number;
  readonly tb: number;
  readonly n: number;
}

const RANKS: Readonly<Record<Ranking, string>> = {
  total: "a",
  // Where a side has nothing, there are no shares: then whatever there is most of.
  difference: "if(ta = 0 OR tb = 0, toFloat64(a + b), abs(toFloat64(a) / ta - toFloat64(b) / tb))",
};

/** All fields, and nothing, which gives the totals; one field alone is its own total, and costs less so. */
function groupSql(fields: readonly string[]): string {
  if (fields.length === 1) return "f0";
  return `GROUPING SETS (${[...fields.map((_, i) => `(f${i})`), "()"].join(", ")})`;
}

/** Which field a row of sums is by: GROUPING is 0 of the one that it was grouped by; past the last: of none. */
function fieldSql(fields: readonly string[]): string {
  if (fields.length <= 1) return "0";
  return `multiIf(${fields.map((_, i) => `grouping(f${i}) = 0, ${i}`).join(", ")}, ${fields.length})`;
}

function keySql(fields: readonly string[]): string {
  if (fields.length <= 1) return fields.length === 0 ? "''" : "toString(f0)";
  return `multiIf(${fields.map((_, i) => `grouping(f${i}) = 0, toString(f${i})`).join(", ")}, '')`;
}

function partOf(source: Source, segment: Segment, fields: readonly string[], params: Params): string {
  const { view } = source.selected;
  const keys = fields.map((by, i) => `${columnOf(view, by)} AS f${i}`);
  const [x, y] = amounts(source, segment, params);
  return `SELECT ${[...keys, `${x} AS x`, `${y} AS y`].join(", ")}
    FROM ${segment.table} WHERE ${windowsFilter(view, segment, params)}`;
}

function amounts({ to, part, selected }: Source, segment: Segment, params: Params): [string, string] {
  const all = amount(selected, params);
  if (to === "a") return [all, "toInt64(0)"];
  if (to === "b") return ["toInt64(0)", all];
  if (part === undefined) throw new Error("a split needs its part");
  const inside = `if(${windowsFilter(part.view, segment, params)}, ${amount(part, params)}, toInt64(0))`;
  // x is the alias of the first.
  return [inside, `${all} - x`];
}

/** What one row adds: its scalar, its events, or its events in the buckets asked for. */
function amount({ view, buckets }: Selected, params: Params): string {
  if (view.spec.scheme === null) return "value";
  if (buckets === null) return "toInt64(arraySum(count))";
  const from = params.bind(buckets[0], "Int16");
  const to = params.bind(buckets[1], "Int16");
  return `toInt64(arraySum((i, c) -> if(i >= ${from} AND i <= ${to}, c, 0), bucket, count))`;
}

function toSums(
  rows: readonly SumRow[],
  fields: readonly string[],
  none: readonly KeySums[],
): { totalA: number; totalB: number; byKey: KeySums[] } {
  const all =
    fields.length === 1
      ? totalsOf(rows.filter(({ field }) => field === 0))
      : rows.find(({ field }) => field === fields.length);
  const totalA = exact(all?.sa ?? 0);
  const totalB = exact(all?.sb ?? 0);
  const byKey = none.map((empty, i) => {
    const own = rows.filter(({ field }) => field === i);
    const [first] = own;
    if (first === undefined) return empty;
    if (first.ta !== totalA || first.tb !== totalB) {
      // One read gave both: where they differ the statement is wrong, and there is no answer.
      throw new Error(`the parts by ${empty.by} do not make the total`);
    }
    const parts = own.map(({ key, sa, sb }) => ({ key, a: exact(sa), b: exact(sb) }));
    return { by: empty.by, values: first.n, totalA, totalB, parts };
  });
  return { totalA, totalB, byKey };
}

/** The totals of one field, as a row of them. */
function totalsOf([first]: readonly SumRow[]): Pick<SumRow, "sa" | "sb"> {
  return { sa: first?.ta ?? 0, sb: first?.tb ?? 0 };
}
