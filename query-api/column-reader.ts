/**
 * column-reader.ts: the columns of a range, of which closed hours are read once and then kept.
 *
 *   range ──▶ pieces: hours, and what is left at the ends ──▶ kept and still so? ──no──▶ one statement for all that is missing
 *
 * A piece that is kept costs a look at how many raw rows its hours have. Where none is kept there is no look: the statement that
 * reads the rows counts them too, in the same snapshot. Beyond the days in which raw rows are sure to be there, the planner's look
 * at the hours (store/rollup-units.ts) says what is kept and which tables answer the rest.
 */
import { bucketsOf } from "../core/histogram/buckets.ts";
import type { StoreClient } from "../store/client.ts";
import { HOUR_SEC, readRawRows, type Unit } from "../store/rollup-units.ts";
import type { Tier } from "../store/tables.ts";
import { NO_CELLS } from "./cells.ts";
import { blockKey, blockSecOf, blocksOf, stateOf, type Block } from "./column-blocks.ts";
import { columnOf } from "./columns.ts";
import type { ExpectedHosts } from "./expected.ts";
import { readGrid, type GridRead, type Hues } from "./grid-read.ts";
import { lcm, planColumns, segmentsOf, surelyRawFrom, type GridPlan } from "./planner.ts";
import { resolve, widen } from "./resolution.ts";
import { counting, type Range } from "./sql.ts";
import type { View } from "./view.ts";

export interface ColumnsRequest {
  readonly range: Range;
  /** At most so many columns. */
  readonly columns: number;
  /** The same counts once more by one key, in the same read: these keys, and all others as one. */
  readonly hues?: Hues | undefined;
}

/** Who reads, what, and when. */
export interface Reader {
  readonly store: StoreClient;
  readonly view: View;
  readonly expected: ExpectedHosts;
  readonly nowSec: number;
  readonly signal: AbortSignal | undefined;
}

export interface ReadColumns extends Range {
  readonly stepSec: number;
  /** The coarsest tier that answered. */
  readonly tier: Tier;
  /** Side by side; the first may begin before the range, and the last end after it. */
  readonly blocks: readonly Block[];
}

/** An hour is closed so long after its end: what comes later is rare enough to be worth keeping what was read. */
const CLOSED_SEC = 60;
/** Reading less than this of closed hours costs no more than finding out whether what is kept of them still holds. */
const SMALL_SEC = 600;
/** Columns narrower than this are made of raw rows, whatever else there is. */
const RAW_STEP_SEC = 60;

export async function readColumns(reader: Reader, request: ColumnsRequest): Promise<ReadColumns> {
  const { store, view, nowSec, signal } = reader;
  const { range, columns, hues } = request;
  const grid = resolve(range, columns, view.spec.granularitySec);
  const hours = widen(grid, HOUR_SEC);
  const worth = closedBefore(nowSec) - grid.fromTs >= SMALL_SEC && blockSecOf(grid.stepSec) === HOUR_SEC;
  if (worth && hours.fromTs >= surelyRawFrom(nowSec)) {
    // As if all hours had raw rows only, which they all have.
    const plan = await planColumns(store, view, range, columns, nowSec, signal, new Map());
    const pieces = piecesOf(reader, plan, hues);
    if (pieces.some(({ key }) => key !== undefined && blocksOf(store).has(key))) {
      const rows = await readRawRows(store, { spec: view.instrumentation.spec, ...hours }, counting(signal));
      const kept = withBlocks(reader, pieces, rawUnits(view, rows));
      const lacksClosed = kept.some(({ key, block }) => key !== undefined && block === undefined);
      if (!lacksClosed || plan.stepSec < RAW_STEP_SEC) return readPieces(reader, plan, kept, hues, false);
    } else if (plan.stepSec < RAW_STEP_SEC) return readPieces(reader, plan, pieces, hues, true);
  }
  const plan = await planColumns(store, view, range, columns, nowSec, signal);
  const pieces = piecesOf(reader, plan, hues);
  return readPieces(reader, plan, plan.units === null ? pieces : withBlocks(reader, pieces, plan.units), hues, false);
}

function closedBefore(nowSec: number): number {
  return Math.floor((nowSec - CLOSED_SEC) / HOUR_SEC) * HOUR_SEC;
}

function rawUnits(view: View, rows: ReadonlyMap<number, number>): Map<number, Unit> {
  const { spec } = view.instrumentation;
  const unit = (hour: number, rawRows: number): Unit => ({ spec, hour, rawRows, minutes: null, hours: null });
  return new Map([...rows].map(([hour, rawRows]) => [hour, unit(hour, rawRows)]));
}

/** A part of a grid: kept, to be read, or (of what is older than its retention) neither. */
interface Piece extends Range {
  readonly isRead: boolean;
  /** Where it is kept; absent: nowhere, since it is no whole closed hour. */
  readonly key?: string;
  /** Of its hours, before it is read. */
  readonly state?: string;
  readonly block?: Block;
}

/** The parts of a grid, ascending and side by side. Those at its ends may reach beyond it: closed hours are kept whole. */
function piecesOf(
  { view, expected, nowSec }: Reader,
  { fromTs, toTs, stepSec, units, unitsRange, readFromTs }: GridPlan,
  hues: Hues | undefined,
): Piece[] {
  const pieces: Piece[] = [];
  if (fromTs < readFromTs) pieces.push({ fromTs, toTs: readFromTs, isRead: false });
  const sec = units === null ? null : blockSecOf(stepSec);
  if (sec === null) {
    if (readFromTs < toTs) pieces.push({ fromTs: readFromTs, toTs, isRead: true });
    return pieces;
  }
  // What is known ends with the hours (days, of wide columns) that the grid touches.
  const firstTs = fromTs < readFromTs ? readFromTs : unitsRange.fromTs;
  const lastTs = Math.min(unitsRange.toTs, closedBefore(nowSec));
  // Of a day that is under way the columns that are closed make a block too, which grows by a column now and then.
  const closedTs = Math.floor(lastTs / lcm(stepSec, HOUR_SEC)) * lcm(stepSec, HOUR_SEC);
  for (let ts = readFromTs; ts < toTs;) {
    const begin = Math.floor(ts / sec) * sec;
    const end = begin + sec;
    const range = { fromTs: begin, toTs: end <= lastTs ? end : closedTs };
    if (begin >= firstTs && ts < range.toTs) {
      pieces.push({ ...range, isRead: true, key: blockKey(view, stepSec, range, hues, expected) });
      ts = range.toTs;
    } else {
      pieces.push({ fromTs: ts, toTs: Math.min(end, toTs), isRead: true });
      ts = end;
    }
  }
  return pieces;
}

/** The same, with the state of each and what is kept of it. */
function withBlocks(
  { store, nowSec }: Reader,
  pieces: readonly Piece[],
  units: ReadonlyMap<number, Unit>,
): readonly Piece[] {
  return pieces.map((piece) => {
    if (piece.key === undefined) return piece;
    const state = stateOf(units, piece, surelyRawFrom(nowSec));
    const block = blocksOf(store).get(piece.key, state);
    return { ...piece, state, ...(block !== undefined && { block }) };
  });
}

/**
 * Reads what is not there, and keeps what can be kept.
 *
 * @param counting pieces have no state yet: the rows are counted as they are read
 */
async function readPieces(
  reader: Reader,
  grid: GridPlan,
  pieces: readonly Piece[],
  hues: Hues | undefined,
  counting: boolean,
): Promise<ReadColumns> {
  const { store, view, expected, nowSec, signal } = reader;
  const missing = pieces.filter(({ block, isRead }) => isRead && block === undefined);
  const hull = { fromTs: missing[0]?.fromTs ?? grid.toTs, toTs: missing.at(-1)?.toTs ?? grid.toTs };
  const segments = segmentsOf(missing, grid.stepSec, grid.units ?? new Map<number, Unit>());
  const plan = { ...grid, ...hull, ...segments };
  const presence = expected.presence(hull.fromTs * 1000, hull.toTs * 1000);
  const read = await readGrid(store, view, plan, presence, hues, counting ? widen(hull, HOUR_SEC) : null, signal);
  const blocks = pieces.map((piece) => {
    if (piece.block !== undefined) return piece.block;
    const first = Math.round((piece.fromTs - hull.fromTs) / grid.stepSec);
    const tier = segmentsOf([piece], grid.stepSec, grid.units ?? new Map<number, Unit>()).tier;
    const block = blockOf(view, grid.stepSec, piece, read, first, expected, piece.isRead ? tier : "1s");
    const { key } = piece;
    const state = counting ? stateOf(rawUnits(view, read.rawRows), piece, surelyRawFrom(nowSec)) : piece.state;
    if (key !== undefined && state !== undefined) blocksOf(store).put(key, state, block);
    return block;
  });
  const tier = TIERS.findLast((each) => blocks.some((block) => block.tier === each)) ?? "1s";
  return { fromTs: grid.fromTs, toTs: grid.toTs, stepSec: grid.stepSec, tier, blocks };
}

/** From the finest. */
const TIERS: readonly Tier[] = ["1s", "1m", "1h"];

/** @param first the column of the read that is the range's first */
function blockOf(
  view: View,
  stepSec: number,
  { fromTs, toTs }: Range,
  read: GridRead,
  first: number,
  expected: ExpectedHosts,
  tier: Tier,
): Block {
  const { scheme, granularitySec } = view.spec;
  if (scheme === null) throw new Error(`${view.instrumentation.id} keeps scalars`);
  const buckets = bucketsOf(scheme);
  const count = Math.round((toTs - fromTs) / stepSec);
  const hosts = expected.counts(fromTs, stepSec, count);
  const columns = Array.from({ length: count }, (_, i) => {
    const cells = read.cells[first + i] ?? NO_CELLS;
    const coverage = read.coverage[first + i];
    return columnOf(fromTs + i * stepSec, buckets, cells, coverage, stepSec / granularitySec, hosts[i] ?? 0);
  });
  const byHue = read.byHue.map((cells) => Array.from({ length: count }, (_, i) => cells[first + i] ?? NO_CELLS));
  return { tier, columns, byHue };
}
