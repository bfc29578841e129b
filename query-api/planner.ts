/**
 * planner.ts: which tables answer a read, hour by hour, so that the answer is exact and as cheap as it can be.
 *
 *   range ──▶ step ──▶ hours that it touches ──▶ sources of each (store/rollup-units.ts) ──▶ a segment of each table
 *
 * Each hour is read from the coarsest table whose rows fit into the columns: hours where columns are whole hours, minutes
 * where they are whole minutes, raw otherwise. What is not rolled up yet, or has changed since, is read from raw, and so are
 * the seconds at the ends of a range that is not of whole minutes. Where raw rows have gone, the columns become as wide as what
 * is left, and the range as whole: nothing is left out. So the sum over all segments is the sum of all windows, at any time.
 */
import type { Tier } from "../store/tables.ts";
import { DAY_SEC, HOUR_SEC, sourcesOf, type Sources, type Unit } from "../store/rollup-units.ts";
import type { StoreClient } from "../store/client.ts";
import { knownUnits } from "./known-units.ts";
import { resolve, widen } from "./resolution.ts";
import { counting, type Range, type Segment, type SegmentTable } from "./sql.ts";
import type { View } from "./view.ts";

export interface Plan extends Range {
  /** Width of a column; null: the range is one. */
  readonly stepSec: number | null;
  readonly segments: readonly Segment[];
  /** The coarsest tier that has answered, "1s" when raw rows alone did. */
  readonly tier: Tier;
  /** Whether raw rows and roll-ups are of the same hours somewhere. */
  readonly late: boolean;
  /** What is known of the hours; null: it was not looked up, since raw rows answer. */
  readonly units: ReadonlyMap<number, Unit> | null;
  /** Of which hours that is. */
  readonly unitsRange: Range;
  /** From where on it is read: what is older than its retention is there and not shown. */
  readonly readFromTs: number;
}

/** A plan with columns. */
export type GridPlan = Plan & { readonly stepSec: number };

/** Raw rows are kept a day at least: a read of later ones in columns narrower than a minute needs no look. */
const SURELY_RAW_SEC = DAY_SEC;

/** From where on raw rows have never been dropped: they go by whole days, and each is kept one at least (store/retention.ts). */
export function surelyRawFrom(nowSec: number): number {
  return (Math.floor(nowSec / DAY_SEC) - 1) * DAY_SEC;
}

/** And so does a total of so short a range: reading its raw rows costs less than the look. */
const SMALL_SEC = 1800;

/**
 * Plans a read in at most `columns` columns.
 *
 * @param nowSec what is older than the instrumentation's retention is not read
 * @param known what is known of its hours, where that has been looked up
 */
export async function planColumns(
  store: StoreClient,
  view: View,
  range: Range,
  columns: number,
  nowSec: number,
  signal?: AbortSignal,
  known?: ReadonlyMap<number, Unit>,
): Promise<GridPlan> {
  const { granularitySec } = view.spec;
  const grid = resolve(range, columns, granularitySec);
  const floorTs = nowSec - view.instrumentation.retentionSec;
  const simple = known === undefined && grid.stepSec < 60 && grid.fromTs >= nowSec - SURELY_RAW_SEC;
  // Columns wider than an hour are kept by days (query-api/column-blocks.ts): whole ones, of which all is known.
  const widest = widen(grid, lcm(granularitySec, grid.stepSec > HOUR_SEC ? DAY_SEC : HOUR_SEC));
  const units = known ?? (simple ? new Map<number, Unit>() : await unitsIn(store, view, widest, nowSec, signal));
  // Wider until nothing in the range is finer than what is left of it.
  let { stepSec } = grid;
  for (const coarser of [60, HOUR_SEC]) {
    const at = widen(grid, stepSec);
    if (stepSec % coarser !== 0 && !fits(at, units, stepSec)) {
      stepSec = resolve(range, columns, lcm(granularitySec, coarser)).stepSec;
    }
  }
  const at = widen(grid, stepSec);
  // A column that is partly too old would be a part that looks like a whole.
  const fromTs = Math.min(at.toTs, Math.max(at.fromTs, Math.ceil(floorTs / stepSec) * stepSec));
  const { segments, tier, late } = segmentsOf([{ fromTs, toTs: at.toTs }], stepSec, units);
  return { ...at, stepSec, segments, tier, late, units: simple ? null : units, unitsRange: widest, readFromTs: fromTs };
}

/**
 * Plans a read of a range as a whole, which comes back wider where its ends lie within a window, or within a minute or an hour
 * whose raw rows have gone: what is only partly in it cannot be counted. What is partly too old is left out.
 */
export async function planTotal(
  store: StoreClient,
  view: View,
  range: Range,
  nowSec: number,
  signal?: AbortSignal,
): Promise<Plan> {
  const floorTs = nowSec - view.instrumentation.retentionSec;
  const isCut = range.fromTs < floorTs;
  const atFrom = isCut ? Math.ceil : Math.floor;
  const granules = widen(range, view.spec.granularitySec);
  const begin = atFrom(Math.max(range.fromTs, floorTs) / view.spec.granularitySec) * view.spec.granularitySec;
  const asked = { fromTs: Math.min(granules.toTs, begin), toTs: granules.toTs };
  const simple = asked.toTs - asked.fromTs <= SMALL_SEC && asked.fromTs >= nowSec - SURELY_RAW_SEC;
  const unitsRange = widen(asked, HOUR_SEC);
  const units = simple ? new Map<number, Unit>() : await unitsIn(store, view, unitsRange, nowSec, signal);
  const first = finest({ fromTs: asked.fromTs, toTs: asked.fromTs + 1 }, units);
  const last = finest({ fromTs: asked.toTs - 1, toTs: asked.toTs }, units);
  const toTs = Math.ceil(asked.toTs / last) * last;
  const whole = { fromTs: Math.min(toTs, atFrom(asked.fromTs / first) * first), toTs };
  const { segments, tier, late } = segmentsOf([whole], null, units);
  const known = { units: simple ? null : units, unitsRange };
  return { ...whole, stepSec: null, segments, tier, late, ...known, readFromTs: whole.fromTs };
}

async function unitsIn(
  store: StoreClient,
  view: View,
  range: Range,
  nowSec: number,
  signal: AbortSignal | undefined,
): Promise<Map<number, Unit>> {
  return knownUnits(store, view.instrumentation.spec, range, surelyRawFrom(nowSec), counting(signal));
}

function hoursOf({ fromTs, toTs }: Range): number[] {
  const hours: number[] = [];
  for (let hour = Math.floor(fromTs / HOUR_SEC) * HOUR_SEC; hour < toTs; hour += HOUR_SEC) hours.push(hour);
  return hours;
}

/** Whether columns of this width can be made of what is there. */
function fits(range: Range, units: ReadonlyMap<number, Unit>, stepSec: number): boolean {
  return stepSec % finest(range, units) === 0;
}

/** The width in seconds of the finest rows that every hour of a range has. */
function finest(range: Range, units: ReadonlyMap<number, Unit>): 1 | 60 | 3600 {
  let width: 1 | 60 | 3600 = 1;
  for (const hour of hoursOf(range)) {
    const { raw, minutes, hours } = sourcesOf(units.get(hour));
    if (raw) continue;
    if (minutes === null && hours !== null) return 3600;
    width = 60;
  }
  return width;
}

/** The parts of a plan, by table. @param ranges ascending and disjoint @param stepSec null: the range is one column */
export function segmentsOf(
  ranges: readonly Range[],
  stepSec: number | null,
  units: ReadonlyMap<number, Unit>,
): { segments: Segment[]; tier: Tier; late: boolean } {
  const parts = { windows: new Part(), windows_1m: new Part(), windows_1h: new Part() };
  let late = false;
  for (const range of ranges) {
    for (const hour of range.fromTs < range.toTs ? hoursOf(range) : []) {
      const sources = sourcesOf(units.get(hour));
      late ||= sources.late;
      const within = { fromTs: Math.max(range.fromTs, hour), toTs: Math.min(range.toTs, hour + HOUR_SEC) };
      addHour(parts, hour, within, stepSec, sources);
    }
  }
  const segments = (Object.entries(parts) as [SegmentTable, Part][]).flatMap(([table, part]) => part.segment(table));
  const used = (table: SegmentTable): boolean => segments.some((segment) => segment.table === table);
  return { segments, tier: used("windows_1h") ? "1h" : used("windows_1m") ? "1m" : "1s", late };
}

function addHour(
  parts: Readonly<Record<SegmentTable, Part>>,
  hour: number,
  within: Range,
  stepSec: number | null,
  sources: Sources,
): void {
  const { raw, late, minutes, hours } = sources;
  const whole = within.fromTs === hour && within.toTs === hour + HOUR_SEC;
  const fitsIn = (sec: number): boolean => stepSec === null || stepSec % sec === 0;
  // Late rows are added second by second, so that a second covered by both is counted once.
  if (late) parts.windows.add(within);
  if (hours !== null && whole && fitsIn(HOUR_SEC) && !(late && minutes !== null)) {
    parts.windows_1h.add(within, hours);
  } else if (minutes !== null && (fitsIn(60) || !raw)) {
    // Inwards to whole minutes; the seconds outside are raw's, where it is there.
    const fromTs = Math.ceil(within.fromTs / 60) * 60;
    const toTs = Math.floor(within.toTs / 60) * 60;
    if (fromTs >= toTs) parts.windows.add(within);
    else {
      parts.windows.add({ fromTs: within.fromTs, toTs: fromTs });
      parts.windows_1m.add({ fromTs, toTs }, minutes);
      parts.windows.add({ fromTs: toTs, toTs: within.toTs });
    }
  } else if (!late) parts.windows.add(within);
}

/** Collects ranges in ascending order and joins those that meet. */
class Part {
  readonly #ranges: Range[] = [];
  readonly #generations: number[] = [];

  add(range: Range, generation?: number): void {
    if (range.fromTs >= range.toTs) return;
    const last = this.#ranges.at(-1);
    if (last?.toTs === range.fromTs) {
      this.#ranges[this.#ranges.length - 1] = { fromTs: last.fromTs, toTs: range.toTs };
    } else this.#ranges.push(range);
    if (generation !== undefined) this.#generations.push(generation);
  }

  segment(table: SegmentTable): Segment[] {
    if (this.#ranges.length === 0) return [];
    return [{ table, ranges: this.#ranges, generations: this.#generations }];
  }
}

export function lcm(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return (a / x) * b;
}
