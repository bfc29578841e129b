/**
 * selection-difference.ts: one heatmap minus another, cell by cell, on one grid.
 *
 *   A's columns   |a0|a1|a2|  ...        a column is known where somebody watched it
 *   B's columns      |b0|b1|b2|  ...     B's grid is A's, moved by whole columns
 *   difference     a0-b0, null, a2-b2    null where either is not known: that is no difference of zero
 *
 * Counts are subtracted as they are, and as shares of each side's total, since totals differ. Both totals are those of the columns
 * that are known on both sides, so that the sum of all cells is the difference of the totals.
 */
import type { Against, DifferenceColumn, DifferenceSide, SelectionDifference } from "../core/api.ts";
import { formatScheme } from "../core/histogram/scheme.ts";
import type { StoreClient } from "../store/client.ts";
import { numericColumns } from "../wire/answers.ts";
import { reporting } from "./columns.ts";
import type { Pair } from "./compare.ts";
import { readCoverage } from "./coverage.ts";
import type { ExpectedHosts } from "./expected.ts";
import { exact } from "./exact.ts";
import { notADistribution, settledEnd } from "./heatmap.ts";
import { planColumns, type GridPlan } from "./planner.ts";
import { answered, refusal, type Selected } from "./selection.ts";
import { columnSql, Params, reading, windowsFilter } from "./sql.ts";
import type { View } from "./view.ts";

/** @throws InputError where there is no common grid */
export async function readDifference(
  store: StoreClient,
  pair: Pair,
  columns: number,
  expected: ExpectedHosts,
  nowSec: number,
  signal?: AbortSignal,
): Promise<SelectionDifference> {
  const { a, b } = pair;
  const { scheme } = a.view.spec;
  if (scheme === null) throw notADistribution(a.view);
  requireOneGrid(pair);
  const { gridA, gridB } = await planPair(store, a, b, columns, nowSec, signal);
  const [sideA, sideB] = await Promise.all([
    readSide(store, a, gridA, expected, nowSec, signal),
    readSide(store, b, gridB, expected, nowSec, signal),
  ]);
  const pairs = sideA.columns.map((column, i): [Column, Column] => [column, sideB.columns[i] ?? UNKNOWN]);
  const both = pairs.filter(([one, other]) => one.total !== null && other.total !== null);
  const totalA = both.length === 0 ? null : both.reduce((sum, [one]) => sum + (one.total ?? 0), 0);
  const totalB = both.length === 0 ? null : both.reduce((sum, [, other]) => sum + (other.total ?? 0), 0);
  return {
    against: pair.against as Exclude<Against, "rest">,
    a: sideA.selection,
    b: sideB.selection,
    exact: true,
    scheme: formatScheme(scheme),
    unit: a.view.metric.unit,
    stepSec: gridA.stepSec,
    totalA: totalA === null ? null : exact(totalA),
    totalB: totalB === null ? null : exact(totalB),
    columns: pairs.map(([one, other]) => subtract(one, other, totalA ?? 0, totalB ?? 0)),
  };
}

interface Column extends DifferenceSide {
  readonly tally: ReadonlyMap<number, number>;
}

const NOTHING: ReadonlyMap<number, number> = new Map();
const UNKNOWN: Column = { ts: 0, reporting: 0, expected: 0, total: null, tally: NOTHING };

function requireOneGrid({ against, a, b }: Pair): void {
  if (against === "rest") {
    throw refusal("against", "BAD_PAIR", "expected selection, hour, day or week: the rest has no cells of its own");
  }
  const [one, other] = [a.view.spec.scheme, b.view.spec.scheme];
  if (one === null || other === null || formatScheme(one) !== formatScheme(other)) {
    throw refusal("b.instrumentation", "OTHER_SCHEME", "expected an instrumentation with the same buckets");
  }
  if (typeOf(a.view) !== typeOf(b.view)) {
    throw refusal("b.instrumentation", "OTHER_UNIT", "expected an instrumentation of values in the same unit");
  }
  if (a.range.toTs - a.range.fromTs !== b.range.toTs - b.range.fromTs) {
    throw refusal("b.to", "OTHER_LENGTH", "expected a range as long as the other");
  }
}

function typeOf({ metric, spec }: View): string | undefined {
  return metric.fields.find((each) => each.name === spec.numeric)?.type;
}

/** Two grids of as many columns, as wide as the coarser of what is left of the two. */
async function planPair(
  store: StoreClient,
  a: Selected,
  b: Selected,
  columns: number,
  nowSec: number,
  signal: AbortSignal | undefined,
): Promise<{ gridA: GridPlan; gridB: GridPlan }> {
  let atLeastSec = lcm(a.view.spec.granularitySec, b.view.spec.granularitySec);
  for (;;) {
    const gridA = await planColumns(store, atLeast(a.view, atLeastSec), a.range, columns, nowSec, signal);
    const { stepSec } = gridA;
    const shift = Math.round((b.range.fromTs - a.range.fromTs) / stepSec) * stepSec;
    const moved = { fromTs: gridA.fromTs + shift, toTs: gridA.toTs + shift };
    if (moved.fromTs < 0) throw refusal("b.from", "BAD_RANGE", "expected a range that begins later");
    const count = (moved.toTs - moved.fromTs) / stepSec;
    const gridB = await planColumns(store, atLeast(b.view, stepSec), moved, count, nowSec, signal);
    // Steps only grow, and there are few.
    if (gridB.stepSec === stepSec) return { gridA, gridB };
    atLeastSec = gridB.stepSec;
  }
}

/** The view with columns of whole multiples of a width. */
function atLeast(view: View, granularitySec: number): View {
  return { ...view, spec: { ...view.spec, granularitySec } };
}

async function readSide(
  store: StoreClient,
  selected: Selected,
  grid: GridPlan,
  expected: ExpectedHosts,
  nowSec: number,
  signal: AbortSignal | undefined,
): Promise<{ selection: SelectionDifference["a"]; columns: Column[] }> {
  const { view } = selected;
  const { fromTs, toTs, stepSec } = grid;
  const presence = expected.presence(fromTs * 1000, toTs * 1000);
  // Coverage first: a batch that is stored between the two reads must not show as watched and empty.
  const coverage = await readCoverage(store, view, grid, presence, signal);
  const tallies = await readTallies(store, selected, grid, signal);
  const settledTs = settledEnd(toTs, stepSec, coverage.newestTs, nowSec);
  const columns: Column[] = [];
  for (let ts = fromTs; ts < toTs; ts += stepSec) {
    const hosts = expected.count(ts * 1000, (ts + stepSec) * 1000);
    const ticks = coverage.columns.get(ts)?.ticks ?? 0;
    const tally = tallies.get(ts) ?? NOTHING;
    let sum = 0;
    for (const count of tally.values()) sum += count;
    columns.push({
      ts,
      reporting: reporting(ticks, stepSec / view.spec.granularitySec, hosts),
      expected: hosts,
      total: ticks > 0 && ts < settledTs ? sum : null,
      tally,
    });
  }
  return { selection: answered(selected, grid, coverage), columns };
}

async function readTallies(
  store: StoreClient,
  { view, buckets }: Selected,
  grid: GridPlan,
  signal: AbortSignal | undefined,
): Promise<Map<number, Map<number, number>>> {
  const tallies = new Map<number, Map<number, number>>();
  if (grid.segments.length === 0) return tallies;
  const params = new Params();
  const within =
    buckets === null ? "1" : `b >= ${params.bind(buckets[0], "Int16")} AND b <= ${params.bind(buckets[1], "Int16")}`;
  const parts = grid.segments.map(
    (segment) =>
      `SELECT ${columnSql(grid.stepSec)} AS x, b, sum(c) AS n
       FROM ${segment.table} ARRAY JOIN bucket AS b, count AS c
       WHERE ${windowsFilter(view, segment, params)} AND ${within} GROUP BY x, b`,
  );
  const sql = `SELECT x, b, toFloat64(sum(n)) AS n FROM (${parts.join(" UNION ALL ")}) GROUP BY x, b`;
  const { x = [], b = [], n = [] } = numericColumns(await store.queryArrow(sql, params.values, reading(signal)));
  for (let i = 0; i < x.length; i++) {
    const ts = x[i] ?? 0;
    let tally = tallies.get(ts);
    if (tally === undefined) tallies.set(ts, (tally = new Map<number, number>()));
    tally.set(b[i] ?? 0, exact(n[i] ?? 0));
  }
  return tallies;
}

function subtract(a: Column, b: Column, totalA: number, totalB: number): DifferenceColumn {
  const sides = { a: sideOf(a), b: sideOf(b) };
  if (a.total === null || b.total === null) return { ...sides, bucket: null, count: null, share: null };
  const bucket = [...new Set([...a.tally.keys(), ...b.tally.keys()])].sort((one, other) => one - other);
  const of = (column: Column, index: number): number => column.tally.get(index) ?? 0;
  return {
    ...sides,
    bucket,
    count: bucket.map((index) => of(a, index) - of(b, index)),
    share: totalA === 0 || totalB === 0 ? null : bucket.map((index) => of(a, index) / totalA - of(b, index) / totalB),
  };
}

function sideOf({ ts, reporting: hosts, expected, total }: Column): DifferenceSide {
  return { ts, reporting: hosts, expected, total };
}

function lcm(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return (a / x) * b;
}
