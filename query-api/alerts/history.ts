/**
 * history.ts: the same ticks from the store: what memory does not have (any more), windows too long for it, past days, and a rule that is
 * tried against what was. Sums are the engine's, from whichever tables the planner picks.
 */
import type { StoreClient } from "../../store/client.ts";
import { planColumns, planTotal, type Plan } from "../planner.ts";
import {
  columnOf,
  columnSql,
  coverageFilter,
  Params,
  reading,
  windowsFilter,
  type Range,
  type Segment,
} from "../sql.ts";
import type { View } from "../view.ts";
import { exact } from "../exact.ts";
import type { Cell, CountTicks, CoverageTicks, HostTick, SourceTerms } from "./ticks.ts";

/** Ticks of a range; a column may be of several of the spec's. */
export interface PastTicks extends Range {
  readonly stepSec: number;
  readonly counts: CountTicks;
  readonly coverage: CoverageTicks;
}

export interface HistoryDeps {
  readonly store: StoreClient;
  readonly nowSec: () => number;
}

/**
 * Ticks of a range, in columns of `stepSec` or, where only minutes or hours are left, of those.
 *
 * @throws OperationalError of the store, QUERY_TOO_LARGE for more than one read may take
 */
export async function readTicks(
  { store, nowSec }: HistoryDeps,
  source: SourceTerms,
  range: Range,
  stepSec: number,
  signal?: AbortSignal,
): Promise<PastTicks> {
  const columns = Math.max(1, Math.ceil((range.toTs - range.fromTs) / stepSec));
  const plan = await planColumns(store, source.view, range, columns, nowSec(), signal);
  const past = await read(store, source, plan, plan.stepSec, signal);
  return { fromTs: plan.fromTs, toTs: plan.toTs, stepSec: plan.stepSec, ...past };
}

/** A range as one tick that begins at its begin. */
export async function readTotal(
  { store, nowSec }: HistoryDeps,
  source: SourceTerms,
  range: Range,
  signal?: AbortSignal,
): Promise<PastTicks> {
  const plan = await planTotal(store, source.view, range, nowSec(), signal);
  const stepSec = plan.toTs - plan.fromTs;
  const past = await read(store, source, plan, null, signal);
  return { fromTs: plan.fromTs, toTs: plan.toTs, stepSec, ...past };
}

/** Ticks of the spec in a column: what a host that was watched throughout has. */
export function ticksPerColumn(view: View, stepSec: number): number {
  return Math.max(1, Math.round(stepSec / view.spec.granularitySec));
}

async function read(
  store: StoreClient,
  source: SourceTerms,
  plan: Plan,
  stepSec: number | null,
  signal: AbortSignal | undefined,
): Promise<Pick<PastTicks, "counts" | "coverage">> {
  const width = stepSec ?? plan.toTs - plan.fromTs;
  const at = (ts: number): number => (stepSec === null ? plan.fromTs : ts);
  // Coverage first: a batch that is stored between the two reads must not show as watched and empty.
  const hosts = await readHosts(store, source.view, plan, stepSec, signal);
  const cells = await readCells(store, source, plan, stepSec, signal);
  const most = ticksPerColumn(source.view, width);
  const coverage = new Map<number, Map<string, HostTick>>();
  for (const { x, host, ticks, lost } of hosts) {
    const tick = within(coverage, at(x));
    const own = tick.get(host) ?? { watched: 0, dropped: 0 };
    // Late raw rows beside a roll-up may be of seconds that it has too.
    tick.set(host, { watched: Math.min(most, own.watched + ticks), dropped: own.dropped + lost });
  }
  const counts = new Map<number, Map<string, Cell>>();
  for (const { x, k, b, n } of cells) {
    const tick = within(counts, at(x));
    let cell = tick.get(k);
    if (cell === undefined) tick.set(k, (cell = { counts: new Map<number, number>(), sum: 0 }));
    if (source.view.spec.scheme === null) cell.sum += exact(n);
    else cell.counts.set(b, exact((cell.counts.get(b) ?? 0) + n));
  }
  return {
    counts: { stepSec: width, at: (ts) => counts.get(ts) },
    coverage: { stepSec: width, at: (ts) => coverage.get(ts) },
  };
}

function within<T>(ticks: Map<number, Map<string, T>>, ts: number): Map<string, T> {
  let tick = ticks.get(ts);
  if (tick === undefined) ticks.set(ts, (tick = new Map<string, T>()));
  return tick;
}

interface HostRow {
  readonly x: number;
  readonly host: string;
  readonly ticks: number;
  readonly lost: number;
}

const TICKS: Readonly<Record<Segment["table"], string>> = {
  windows: "uniqExactIf(ts, status != 'gap')",
  windows_1m: "sum(bitCount(mask))",
  windows_1h: "sum(arraySum(m -> bitCount(m), masks))",
};

async function readHosts(
  store: StoreClient,
  view: View,
  plan: Plan,
  stepSec: number | null,
  signal: AbortSignal | undefined,
): Promise<HostRow[]> {
  if (plan.segments.length === 0) return [];
  const params = new Params();
  const parts = plan.segments.map(
    (segment) =>
      `SELECT ${stepSec === null ? "toUInt32(0)" : columnSql(stepSec)} AS x, toString(host) AS host, toUInt32(${TICKS[segment.table]}) AS ticks,
         toFloat64(sum(dropped)) AS lost
       FROM ${segment.table} WHERE ${coverageFilter(view, segment, params)} GROUP BY x, host`,
  );
  return store.query<HostRow>(parts.join(" UNION ALL "), params.values, reading(signal));
}

interface CellRow {
  readonly x: number;
  readonly k: string;
  readonly b: number;
  readonly n: number;
}

async function readCells(
  store: StoreClient,
  { view, per }: SourceTerms,
  plan: Plan,
  stepSec: number | null,
  signal: AbortSignal | undefined,
): Promise<CellRow[]> {
  if (plan.segments.length === 0) return [];
  const params = new Params();
  const key = per === null ? "''" : `toString(${columnOf(view, per)})`;
  const x = stepSec === null ? "toUInt32(0)" : columnSql(stepSec);
  const isScalar = view.spec.scheme === null;
  const parts = plan.segments.map((segment) => {
    const [from, b, n] = isScalar
      ? [segment.table, "toInt16(0)", "sum(value)"]
      : [`${segment.table} ARRAY JOIN bucket AS b, count AS c`, "b", "sum(c)"];
    return `SELECT ${x} AS x, ${key} AS k, ${b} AS b, toFloat64(${n}) AS n
      FROM ${from} WHERE ${windowsFilter(view, segment, params)} GROUP BY x, k${isScalar ? "" : ", b"}`;
  });
  return store.query<CellRow>(parts.join(" UNION ALL "), params.values, reading(signal));
}
