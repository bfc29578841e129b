/**
 * grid-read.ts: the counts of a plan's columns, and what is known of each, by one statement: hence of one moment.
 *
 * The engine shares one snapshot of a table among all parts of a statement (enable_shared_storage_snapshot_in_query), so a batch
 * that is stored meanwhile is in both or in neither, and never shows as watched and empty. Two ways lead to the same numbers:
 *
 *   rows   raw rows as they are stored, added up here: for columns of seconds that few rows fill, where the engine would
 *          make nearly as many sums as there are entries, at twenty times the cost;
 *   sums   everything added up in the engine: for all else, and where rows turn out to be too many.
 */
import { errorCode } from "../core/errors.ts";
import { KIND_COVERAGE } from "../core/window.ts";
import type { StoreClient } from "../store/client.ts";
import { digits } from "../store/ddl.ts";
import { engineColumns, type EngineColumns, type Numbers } from "../wire/engine-columns.ts";
import { entriesOf, gather, type Cells, type Entries } from "./cells.ts";
import type { ColumnCoverage } from "./columns.ts";
import { coverageSql, RAW_GAP } from "./coverage.ts";
import { exact } from "./exact.ts";
import type { Presence } from "./expected.ts";
import type { GridPlan } from "./planner.ts";
import {
  columnOf,
  columnSql,
  counting,
  coverageFilter,
  Params,
  reading,
  secondCountsSql,
  windowsFilter,
  type Range,
  type Segment,
} from "./sql.ts";
import { TicksSeen } from "./ticks-seen.ts";
import type { View } from "./view.ts";

/** The same counts once more by one key: these keys, and all others as one. */
export interface Hues {
  readonly by: string;
  readonly keys: readonly string[];
}

/** By column, from the plan's first. */
export interface GridRead {
  readonly cells: readonly Cells[];
  /** Of hue i + 1 the counts with the i-th key; of 0 all others. Empty where no hues were asked for. */
  readonly byHue: readonly (readonly Cells[])[];
  /** Undefined where no coverage row says anything. */
  readonly coverage: readonly (ColumnCoverage | undefined)[];
  /** Raw rows of each hour, of all readers, where they were to be counted; hours without any are left out. */
  readonly rawRows: ReadonlyMap<number, number>;
}

/** Rows that are fetched as they are: an hour of twenty series on twenty hosts. */
const MAX_ROWS = 150_000;
const MAX_ROW_BYTES = 32 << 20;
/** Wider columns hold more rows than they make sums. */
const MAX_ROWS_STEP_SEC = 30;

/** @param counted whole hours whose raw rows are to be counted in the same moment; null: none */
export async function readGrid(
  store: StoreClient,
  view: View,
  plan: GridPlan,
  presence: Presence,
  hues: Hues | undefined,
  counted: Range | null,
  signal?: AbortSignal,
): Promise<GridRead> {
  const [only, ...more] = plan.segments;
  if (only === undefined) return gridOf(plan, hues, NO_ENTRIES, [], new Map());
  const asked: Asked = { store, view, plan, presence, hues, counted, signal };
  if (only.table === "windows" && more.length === 0 && plan.stepSec <= MAX_ROWS_STEP_SEC) {
    const read = await readRows(asked, only);
    if (read !== null) return read;
  }
  return readSums(asked);
}

interface Asked {
  readonly store: StoreClient;
  readonly view: View;
  readonly plan: GridPlan;
  readonly presence: Presence;
  readonly hues: Hues | undefined;
  readonly counted: Range | null;
  readonly signal: AbortSignal | undefined;
}

function gridOf(
  plan: GridPlan,
  hues: Hues | undefined,
  entries: Entries,
  coverage: readonly (ColumnCoverage | undefined)[],
  rawRows: ReadonlyMap<number, number>,
): GridRead {
  const columns = countOf(plan);
  const parts = hues === undefined ? 0 : hues.keys.length + 1;
  return {
    cells: gather(entries, columns, null),
    byHue: Array.from({ length: parts }, (_, hue) => gather(entries, columns, hue)),
    coverage,
    rawRows,
  };
}

const NO_ENTRIES: Entries = {
  column: new Int32Array(0),
  part: new Uint16Array(0),
  offsets: null,
  bucket: new Int16Array(0),
  count: new Float64Array(0),
};

function countOf({ fromTs, toTs, stepSec }: GridPlan): number {
  return Math.max(0, Math.round((toTs - fromTs) / stepSec));
}

/** The column of each time. By a loop: `from` with a function goes through an iterator, at twenty times the cost. */
function columnsOf({ fromTs, stepSec }: GridPlan, times: Numbers): Int32Array {
  const column = new Int32Array(times.length);
  for (let i = 0; i < column.length; i++) column[i] = Math.floor(((times[i] ?? 0) - fromTs) / stepSec);
  return column;
}

function hueSql(view: View, hues: Hues | undefined, params: Params): string {
  if (hues === undefined) return "toUInt16(0)";
  return `toUInt16(indexOf(${params.bind(hues.keys, "Array(String)")}, toString(${columnOf(view, hues.by)})))`;
}

/** The hours' raw rows, from the projection that counts them, with columns x and n. */
function countSql(view: View, { fromTs, toTs }: Range, params: Params): string {
  const hour = "toStartOfHour(ts)";
  return `SELECT toUInt32(toUnixTimestamp(${hour})) AS x, toFloat64(count()) AS n FROM windows
    WHERE spec = ${params.bind(view.instrumentation.spec, "String")}
      AND ${hour} >= toDateTime(${digits(fromTs)}, 'UTC') AND ${hour} < toDateTime(${digits(toTs)}, 'UTC') GROUP BY ${hour}`;
}

/** Kinds of rows beside coverage (0) and windows (1). */
const COUNTED = 2;

/** @returns null where there are too many rows */
async function readRows(
  { store, view, plan, presence, hues, counted, signal }: Asked,
  segment: Segment,
): Promise<GridRead | null> {
  const params = new Params();
  const hosts = [...new Set([...presence.always, ...presence.partly.map(({ host }) => host)])];
  // Of coverage, p is the host; of windows, the hue; of counts, d is the count.
  const rows = `SELECT toUInt32(ts) AS t, kind AS k, toUInt16(indexOf(${params.bind(hosts, "Array(String)")}, toString(host))) AS p,
      toUInt8(${RAW_GAP}) AS g, toFloat64(dropped) AS d, toString(reason) AS r, bucket AS b, count AS c
    FROM windows WHERE ${coverageFilter(view, segment, params)} AND ${secondCountsSql(view, presence, params)}
    UNION ALL
    SELECT toUInt32(ts) AS t, kind AS k, ${hueSql(view, hues, params)} AS p,
      toUInt8(0) AS g, toFloat64(0) AS d, '' AS r, bucket AS b, count AS c
    FROM windows WHERE ${windowsFilter(view, segment, params)}`;
  const counts =
    counted === null
      ? ""
      : `UNION ALL SELECT x AS t, toUInt8(${COUNTED}) AS k, toUInt16(0) AS p, toUInt8(0) AS g, n AS d, '' AS r,
           CAST([] AS Array(Int16)) AS b, CAST([] AS Array(UInt32)) AS c FROM (${countSql(view, counted, params)})`;
  const options = counted === null ? reading(signal) : counting(signal);
  const settings = { ...options.settings, max_result_rows: MAX_ROWS, max_result_bytes: MAX_ROW_BYTES };
  const bytes = await store
    .queryArrow(`${rows} ${counts}`, params.values, { ...options, settings })
    .catch((error: unknown) => {
      if (errorCode(error) === "QUERY_TOO_LARGE") return null;
      throw error;
    });
  return bytes === null ? null : fromRows(plan, hues, engineColumns(bytes), hosts.length);
}

function fromRows(plan: GridPlan, hues: Hues | undefined, answer: EngineColumns, hosts: number): GridRead {
  const { fromTs, toTs } = plan;
  const [t, kind, part] = [answer.numbers("t"), answer.numbers("k"), answer.numbers("p")];
  const column = columnsOf(plan, t);
  const known = new CoverageTally(countOf(plan), new TicksSeen(fromTs, toTs - fromTs, hosts));
  const [gap, dropped] = [answer.numbers("g"), answer.numbers("d")];
  const rawRows = new Map<number, number>();
  for (let row = 0; row < answer.rows; row++) {
    if (kind[row] === COUNTED) rawRows.set(t[row] ?? 0, dropped[row] ?? 0);
    if (kind[row] !== KIND_COVERAGE) continue;
    known.add(column[row] ?? 0, t[row] ?? 0, part[row] ?? 0, gap[row] === 1, dropped[row] ?? 0);
  }
  for (const [row, reason] of answer.texts("r")) known.because(column[row] ?? 0, reason);
  const entries = entriesOf(column, part, answer.lists("b"), answer.lists("c"));
  return gridOf(plan, hues, entries, known.columns, rawRows);
}

/** Coverage by column, from its rows. */
class CoverageTally {
  readonly columns: ({ ticks: number; dropped: number; reason: string } | undefined)[];
  readonly #seen: TicksSeen;
  readonly #reasons = new Map<number, Map<string, number>>();

  constructor(count: number, seen: TicksSeen) {
    this.columns = new Array<undefined>(count).fill(undefined);
    this.#seen = seen;
  }

  /** @param host 1 for the first */
  add(column: number, ts: number, host: number, isGap: boolean, dropped: number): void {
    let known = this.columns[column];
    if (known === undefined) this.columns[column] = known = { ticks: 0, dropped: 0, reason: "" };
    // A host that reported a second twice has reported it.
    if (!isGap && this.#seen.add(ts, host)) known.ticks += 1;
    known.dropped = exact(known.dropped + dropped);
  }

  /** The most frequent reason stays; of several, the first by name. */
  because(column: number, reason: string): void {
    const known = this.columns[column];
    if (known === undefined) return;
    let counts = this.#reasons.get(column);
    if (counts === undefined) this.#reasons.set(column, (counts = new Map<string, number>()));
    const count = (counts.get(reason) ?? 0) + 1;
    counts.set(reason, count);
    const most = counts.get(known.reason) ?? 0;
    if (known.reason === "" || count > most || (count === most && reason < known.reason)) known.reason = reason;
  }
}

/** Parts of the sums' statement beside hues: what is known of a column. */
const COVERAGE_PART = 65_535;
const COUNTED_PART = 65_534;

async function readSums({ store, view, plan, presence, hues, counted, signal }: Asked): Promise<GridRead> {
  const params = new Params();
  const sums = plan.segments.map(
    (segment) =>
      `SELECT ${hueSql(view, hues, params)} AS p, ${columnSql(plan.stepSec)} AS x, toInt16(b) AS b, toFloat64(sum(c)) AS n,
         toFloat64(0) AS d, '' AS r
       FROM ${segment.table} ARRAY JOIN bucket AS b, count AS c
       WHERE ${windowsFilter(view, segment, params)} GROUP BY p, x, b`,
  );
  const most = "arrayElement(why.1, indexOf(why.2, arrayMax(why.2)))";
  const coverage = coverageSql(view, plan, presence, params, ["ticks", "lost", "why"]).map(
    (sql) =>
      `SELECT toUInt16(${COVERAGE_PART}) AS p, x, toInt16(0) AS b, toFloat64(ticks) AS n, toFloat64(lost) AS d,
         toString(${most}) AS r FROM (${sql})`,
  );
  const counts =
    counted === null
      ? []
      : [
          `SELECT toUInt16(${COUNTED_PART}) AS p, x, toInt16(0) AS b, n, toFloat64(0) AS d, '' AS r
           FROM (${countSql(view, counted, params)})`,
        ];
  const bytes = await store.queryArrow(
    [...coverage, ...sums, ...counts].join(" UNION ALL "),
    params.values,
    counted === null ? reading(signal) : counting(signal),
  );
  const answer = engineColumns(bytes);
  const [part, x, count, dropped] = [
    answer.numbers("p"),
    answer.numbers("x"),
    answer.numbers("n"),
    answer.numbers("d"),
  ];
  const column = columnsOf(plan, x);
  const reasons = new Map(answer.texts("r"));
  const known = new Array<ColumnCoverage | undefined>(countOf(plan)).fill(undefined);
  const rawRows = new Map<number, number>();
  part.forEach((each, row) => {
    const at = column[row] ?? 0;
    const n = exact(count[row] ?? 0);
    if (each !== COVERAGE_PART && each !== COUNTED_PART) return;
    column[row] = -1;
    if (each === COUNTED_PART) rawRows.set(x[row] ?? 0, n);
    else known[at] = { ticks: n, dropped: exact(dropped[row] ?? 0), reason: reasons.get(row) ?? "" };
  });
  const entries = { column, part, offsets: null, bucket: answer.numbers("b"), count };
  return gridOf(plan, hues, entries, known, rawRows);
}
