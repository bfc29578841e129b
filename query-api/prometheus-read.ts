/**
 * prometheus-read.ts: the vectors of one selector, added up in the engine and cut into the steps of the query.
 *
 * Sums are exact: whole windows, in whole cells, of whatever tier the planner takes. Where what is left of a range is coarser than its
 * steps, the read is refused. A step in which nobody watched has no sample. rate() divides by the seconds in which somebody did, so
 * that a gap does not look like a fall.
 */
import { OperationalError } from "../core/errors.ts";
import { bucketsOf } from "../core/histogram/buckets.ts";
import type { StoreClient } from "../store/client.ts";
import { readCoverage } from "./coverage.ts";
import type { ExpectedHosts } from "./expected.ts";
import { exact } from "./exact.ts";
import { planColumns, planTotal, type GridPlan } from "./planner.ts";
import { allEdges, INSTRUMENTATION, LE, leOf, NAME, usedEdges, type Family } from "./prometheus-names.ts";
import { matchersSql, rowColumn, withRegexErrors, type Tester } from "./prometheus-matchers.ts";
import { readHostCoverage } from "./prometheus-coverage.ts";
import { cellsOf, slicesOf, type Cells, type Of, type Slice, type Steps } from "./prometheus-windows.ts";
import { badQuery, type Matcher } from "./promql-syntax.ts";
import type { Labels, Series } from "./promql-vectors.ts";
import { columnSql, Params, reading, windowsFilter, type Segment } from "./sql.ts";
import type { View } from "./view.ts";

export interface Reading {
  readonly store: StoreClient;
  readonly view: View;
  readonly expected: ExpectedHosts;
  /** The hosts that a zone has been on. */
  readonly hostsOf: (zone: string) => readonly string[];
  readonly tester: Tester;
  readonly nowSec: number;
  readonly signal: AbortSignal | undefined;
}

export interface FamilyRequest {
  readonly family: Family;
  readonly matchers: readonly Matcher[];
  readonly of: Of;
  readonly rangeMs: number | null;
  readonly offsetMs: number;
  /** Labels of rows that the answer needs: the rest is added up in the engine. null: all. */
  readonly keep: readonly string[] | null;
  /** Every `le`, also of buckets without events: for a client that keeps what it gets. */
  readonly allEdges?: boolean;
}

/** The largest answer: numbers over all series and steps. */
const MAX_NUMBERS = 8_000_000;
/** A width that has all time in one column. */
const ALL_TIME_SEC = 2 ** 32 - 1;

export async function readFamily(from: Reading, request: FamilyRequest, steps: Steps): Promise<Series[]> {
  const { family, keep } = request;
  const { granularitySec } = family.spec;
  const slices = slicesOf(steps, request.of, request, granularitySec);
  if (slices.length === 0) return [];
  const labels = family.rowLabels.filter((label) => keep === null || keep.includes(label));
  const grid = await gridOf(from, slices, granularitySec);
  // Coverage first: what is stored between the two reads must not show as watched and empty.
  const watched = await watchedOf(from, labels, grid);
  const groups = await readGroups(from, request, labels, grid);
  const seen = new Set(groups.flatMap(({ buckets }) => [...buckets.keys()]));
  const isDense = request.allEdges === true || request.of === "counter";
  const edges = family.kind === "bucket" ? (isDense ? allEdges(family.spec, seen) : usedEdges(family.spec, seen)) : [0];
  if (groups.length * edges.length * (grid.sums.count + slices.length) > MAX_NUMBERS) {
    const size = `${groups.length} series of ${edges.length} buckets and ${slices.length} steps`;
    throw new OperationalError("QUERY_TOO_LARGE", `read ${family.name}: ${size}; add up with sum by (...), or filter`);
  }
  const tested = await leTest(from, request, edges);
  return groups.flatMap((group) => seriesOf(request, group, edges.filter(tested), grid, slices, watched(group.labels)));
}

/** Which edges the matchers on `le` let through. */
async function leTest(from: Reading, { family, matchers }: FamilyRequest, edges: readonly number[]) {
  const { scheme } = family.spec;
  if (family.kind !== "bucket" || scheme === null) return () => true;
  const buckets = bucketsOf(scheme);
  const passing = await from.tester(
    matchers.filter(({ label }) => label === LE),
    edges.map((edge) => leOf(buckets, edge)),
  );
  return (edge: number): boolean => passing.has(leOf(buckets, edge));
}

/** What is read: the plan, and where in a prefix sum a moment lies. */
interface Grid {
  readonly plan: GridPlan;
  readonly sums: Cells;
  /** Where the store's column begins -> its cell. */
  readonly cellOf: (columnTs: number) => number;
  /** Of one instant, what is watched may be another range than what is added up: a grid of its own. */
  readonly watched: GridPlan;
  readonly total: boolean;
}

async function gridOf(from: Reading, slices: readonly Slice[], granularitySec: number): Promise<Grid> {
  const { store, view, nowSec, signal } = from;
  const [only, ...more] = slices;
  if (only !== undefined && more.length === 0) {
    const totalOf = async (range: Slice["sum"]): Promise<GridPlan> => {
      const plan = await planTotal(store, view, range, nowSec, signal);
      if (plan.segments.length > 0 && (plan.fromTs < range.fromTs || plan.toTs > range.toTs))
        throw tooCoarse(plan.tier);
      return { ...plan, stepSec: ALL_TIME_SEC };
    };
    const plan = await totalOf(only.sum);
    const isSame = only.sum.fromTs === only.watched.fromTs;
    const watched = isSame ? plan : await totalOf(only.watched);
    const { fromTs, toTs } = only.sum;
    const sums = { fromTs, toTs, widthSec: toTs - fromTs, count: 1 };
    return { plan, sums, cellOf: () => 0, watched, total: true };
  }
  const sums = cellsOf(slices, granularitySec);
  if (sums.count === 0) throw badQuery("query", "expected a range of at least one granule");
  const plan = await planColumns(store, view, sums, sums.count, nowSec, signal);
  if (plan.stepSec !== sums.widthSec) throw tooCoarse(plan.tier);
  const cellOf = (ts: number): number => (ts - sums.fromTs) / sums.widthSec;
  return { plan, sums, cellOf, watched: plan, total: false };
}

function tooCoarse(tier: string): Error {
  const whole = tier === "1h" ? "hours" : "minutes";
  return badQuery("step", `what is left of that time are ${whole}: let start, step and range be whole ${whole}`);
}

interface Group {
  /** Of rows only. */
  readonly labels: Labels;
  /** Sums by cell, by bucket; one bucket, 0, where there are none. A gauge: 0 its sum, 1 its readings. */
  readonly buckets: ReadonlyMap<number, Float64Array>;
}

async function readGroups(
  { store, view, signal }: Reading,
  { family, matchers }: FamilyRequest,
  labels: readonly string[],
  grid: Grid,
): Promise<Group[]> {
  if (grid.plan.segments.length === 0) return [];
  const params = new Params();
  const names = labels.map((_, i) => `l${i}`);
  const columns = labels.map((label, i) => `toString(${rowColumn(view, label)}) AS l${i}`);
  const filter = matchersSql(view, family, matchers, params);
  const x = columnSql(grid.plan.stepSec);
  const by = ["e", "x", "b", ...names].join(", ");
  const parts = grid.plan.segments.flatMap((segment) =>
    amounts(family, segment).map(
      ({ b, n, join }) =>
        `SELECT ${["'' AS e", ...columns].join(", ")}, ${x} AS x, ${b} AS b, ${n} AS n FROM ${segment.table} ${join}
         WHERE ${windowsFilter(view, segment, params)} AND ${filter} GROUP BY ${by}`,
    ),
  );
  const read = store.query<{ xs: number[]; bs: number[]; ns: number[] } & Record<string, unknown>>(
    `SELECT ${["e", ...names].join(", ")}, groupArray(x) AS xs, groupArray(b) AS bs, groupArray(toFloat64(n)) AS ns
     FROM (SELECT ${["e", ...names].join(", ")}, x, b, sum(n) AS n FROM (${parts.join(" UNION ALL ")}) GROUP BY ${by})
     GROUP BY ${["e", ...names].join(", ")}`,
    params.values,
    reading(signal),
  );
  return (await withRegexErrors(read)).map((row) => {
    const buckets = new Map<number, Float64Array>();
    row.xs.forEach((at, i) => {
      const bucket = row.bs[i] ?? 0;
      let cells = buckets.get(bucket);
      if (cells === undefined) buckets.set(bucket, (cells = new Float64Array(grid.sums.count)));
      const cell = grid.cellOf(at);
      cells[cell] = exact((cells[cell] ?? 0) + (row.ns[i] ?? 0));
    });
    return { labels: Object.fromEntries(labels.map((label, i) => [label, String(row[`l${i}`])])), buckets };
  });
}

/** What one row adds, and to which bucket. */
function amounts({ kind }: Family, { table }: Segment): { b: string; n: string; join: string }[] {
  const none = "toInt16(0)";
  switch (kind) {
    case "bucket":
      return [{ b: "b", n: "sum(c)", join: "ARRAY JOIN bucket AS b, count AS c" }];
    case "count":
      return [{ b: none, n: "toInt64(sum(arraySum(count)))", join: "" }];
    case "total":
      return [{ b: none, n: "sum(value)", join: "" }];
    case "gauge":
      return [
        { b: none, n: "sum(value)", join: "" },
        { b: "toInt16(1)", n: table === "windows" ? "toInt64(count())" : "toInt64(sum(rows))", join: "" },
      ];
  }
}

/** Seconds watched, by cell, for the hosts that a series may be on. */
type Watched = (labels: Labels) => Float64Array;

async function watchedOf(from: Reading, labels: readonly string[], grid: Grid): Promise<Watched> {
  const { store, view, expected, signal } = from;
  const { fromTs, toTs } = grid.watched;
  const presence = expected.presence(fromTs * 1000, toTs * 1000);
  const coverage = await readCoverage(store, view, grid.watched, presence, signal);
  const toCells = (ticks: Iterable<readonly [number, number]>): Float64Array => {
    const cells = new Float64Array(grid.sums.count);
    for (const [ts, each] of ticks) cells[grid.cellOf(ts)] = each * view.spec.granularitySec;
    return cells;
  };
  const ofAny = toCells(coverage.covered);
  // Where every host reported whenever one did, all series were watched alike: the usual case needs no second look.
  const hosts = presence.always.length;
  const alike =
    presence.partly.length === 0 &&
    [...coverage.columns].every(([ts, { ticks }]) => ticks === hosts * (coverage.covered.get(ts) ?? 0));
  if (alike || !(labels.includes("zonename") || labels.includes("host"))) return () => ofAny;
  const byHost = await readHostCoverage(store, view, grid.watched, presence, signal);
  const none = toCells([]);
  const cells = new Map([...byHost].map(([host, ticks]) => [host, toCells(ticks)]));
  return (series) => {
    const { host, zonename } = series;
    const on = host !== undefined ? [host] : zonename === undefined ? [] : from.hostsOf(zonename);
    // Where a zone was is not known of one that nobody has reported.
    if (on.length === 0) return ofAny;
    return on.map((each) => cells.get(each) ?? none).reduce((a, b) => a.map((value, i) => Math.max(value, b[i] ?? 0)));
  };
}

/** Sums over slices, from sums over cells. */
class Prefix {
  readonly #sums: Float64Array;
  readonly #cells: Cells;

  constructor(values: Float64Array, cells: Cells) {
    this.#cells = cells;
    this.#sums = new Float64Array(values.length + 1);
    for (let i = 0; i < values.length; i++) this.#sums[i + 1] = (this.#sums[i] ?? 0) + (values[i] ?? 0);
  }

  of({ fromTs, toTs }: Slice["sum"]): number {
    return exact(this.#at(toTs) - this.#at(fromTs));
  }

  #at(ts: number): number {
    return this.#sums[Math.round((ts - this.#cells.fromTs) / this.#cells.widthSec)] ?? 0;
  }
}

function seriesOf(
  request: FamilyRequest,
  group: Group,
  edges: readonly number[],
  grid: Grid,
  slices: readonly Slice[],
  watchedCells: Float64Array,
): Series[] {
  const { family, of } = request;
  const watched = new Prefix(watchedCells, grid.sums);
  // Of one instant there is one cell, whatever its slice.
  const watchedSec = slices.map((slice) => (grid.total ? (watchedCells[0] ?? 0) : watched.of(slice.watched)));
  const sums = new Map([...group.buckets].map(([bucket, cells]) => [bucket, new Prefix(cells, grid.sums)]));
  const sumsOf = (bucket: number): number[] => slices.map((slice) => sums.get(bucket)?.of(slice.sum) ?? 0);
  const isNamed = of === "counter" || of === "gauge";
  const labels: Labels = {
    ...(isNamed ? { [NAME]: family.name } : {}),
    [INSTRUMENTATION]: family.instrumentation.id,
    ...group.labels,
  };
  if (family.kind === "gauge") {
    const readings = sumsOf(1);
    const values = sumsOf(0).map((sum, i) => (readings[i] === 0 ? null : sum / (readings[i] ?? 1)));
    return kept(labels, values);
  }
  const sample = (sum: number, i: number): number | null => {
    // A part that looks like a whole: of a counter it would fall from one look to the next.
    if ((slices[i]?.sum.fromTs ?? 0) < grid.plan.readFromTs) return null;
    const sec = watchedSec[i] ?? 0;
    return sec === 0 ? null : of === "rate" ? sum / sec : sum;
  };
  if (family.kind !== "bucket" || family.spec.scheme === null) return kept(labels, sumsOf(0).map(sample));
  const buckets = bucketsOf(family.spec.scheme);
  const filled = [...sums.keys()].sort((a, b) => a - b);
  const below = new Array<number>(slices.length).fill(0);
  let next = 0;
  return edges.flatMap((edge) => {
    for (; next < filled.length && (filled[next] ?? 0) <= edge; next++) {
      sumsOf(filled[next] ?? 0).forEach((sum, i) => (below[i] = (below[i] ?? 0) + sum));
    }
    return kept({ ...labels, [LE]: leOf(buckets, edge) }, below.map(sample));
  });
}

function kept(labels: Labels, values: (number | null)[]): Series[] {
  return values.some((value) => value !== null) ? [{ labels, values }] : [];
}

/** How many sets of labels one look gives. */
const MAX_LABEL_SETS = 10_000;

/** The sets of row labels that have windows in a range, sorted. @throws OperationalError QUERY_TOO_LARGE above 10,000 */
export async function readLabelSets(
  { store, view, nowSec, signal }: Reading,
  family: Family,
  matchers: readonly Matcher[],
  labels: readonly string[],
  range: Slice["sum"],
): Promise<Labels[]> {
  const { segments } = await planTotal(store, view, range, nowSec, signal);
  if (segments.length === 0) return [];
  const params = new Params();
  const filter = matchersSql(view, family, matchers, params);
  const columns = ["'' AS e", ...labels.map((label, i) => `toString(${rowColumn(view, label)}) AS l${i}`)].join(", ");
  const parts = segments.map(
    (segment) =>
      `SELECT DISTINCT ${columns} FROM ${segment.table} WHERE ${windowsFilter(view, segment, params)} AND ${filter}`,
  );
  const names = labels.map((_, i) => `l${i}`);
  const order = ["e", ...names].join(", ");
  const read = store.query<Record<string, string>>(
    `SELECT DISTINCT ${order} FROM (${parts.join(" UNION ALL ")}) ORDER BY ${order} LIMIT ${MAX_LABEL_SETS + 1}`,
    params.values,
    reading(signal),
  );
  const rows = await withRegexErrors(read);
  if (rows.length > MAX_LABEL_SETS) {
    throw new OperationalError("QUERY_TOO_LARGE", `list series of ${family.name}: more than ${MAX_LABEL_SETS}; filter`);
  }
  return rows.map((row) => Object.fromEntries(labels.map((label, i) => [label, row[`l${i}`] ?? ""])));
}
