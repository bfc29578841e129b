/**
 * picture.ts: a heatmap laid out for a plot of so many device pixels: which count each row and column shows.
 *
 * While it is live, all columns but one are those of a second ago, and only what is new is laid out. Cells lie column by column in
 * memory that has room for some columns more (Strips), so a slide moves nothing, and the tally that ranks are taken from is kept:
 * a tick costs what a column costs, whatever the size of the picture.
 */
import type { Heatmap, HeatmapColumn } from "../../core/api.ts";
import { BINS, BINS_OF_FEW, binOf, FEW } from "../../core/heatmap/colour-scale.ts";
import type { Buckets } from "../../core/histogram/buckets.ts";
import { isMissing } from "./column-window.ts";
import { columnEdges, type Picture } from "../../core/heatmap/paint.ts";
import { layRows, rowOfBucket, type Row } from "../../core/heatmap/rows.ts";
import type { ValueSpan } from "../../core/heatmap/value-span.ts";

export interface Plot {
  /** Device pixels. */
  readonly width: number;
  readonly height: number;
  /** Epoch seconds at the left and right edge. */
  readonly fromTs: number;
  readonly toTs: number;
  readonly span: ValueSpan;
  readonly per: Per;
}

/**
 * bucket: a cell's colour stands for its count. decade: for its count divided by its height in decades of value, so that
 * wide and narrow buckets of a log-linear scheme can be compared: the shape of the distribution without the scheme's steps.
 */
export type Per = "bucket" | "decade";
export const PERS: readonly Per[] = ["bucket", "decade"];

export interface LaidPicture extends Picture {
  /** The row of each bucket, from the scheme's first on; -1: outside the plot. */
  readonly rowOf: Int16Array;
  /** Column by column: the count of row r and column c is at c * rows + r. */
  readonly counts: Float64Array;
  /** What the colours stand for, laid out as `counts`: the counts themselves, or counts made comparable between rows. */
  readonly weights: Float64Array;
  /** The bin of each cell's weight (colour-scale.ts), laid out as `counts`. */
  readonly bins: Uint16Array;
  /** Cells by bin, those without a count left aside; and the greatest weight. */
  readonly tally: Uint32Array;
  readonly greatest: number;
  /** Events outside the plot's rows: with those in its cells they are all that was counted. */
  readonly leftOut: Outside;
  /** What became of the picture before; null: it has nothing to do with this one. */
  readonly since: Since | null;
  /** Of what it is the picture. */
  readonly of: Subject;
}

interface Since {
  /** Columns that have been laid out anew. */
  readonly laid: readonly number[];
}

interface Subject {
  readonly columns: readonly HeatmapColumn[];
  readonly stepSec: number;
  readonly fromTs: number;
  readonly buckets: Buckets;
  readonly plot: Plot;
  readonly grid: Grid;
}

export interface Outside {
  readonly below: number;
  readonly above: number;
}

/** @param before the last picture; its cells are taken over where they are the same, so it is of no use afterwards */
export function buildPicture(
  heatmap: Heatmap,
  buckets: Buckets,
  plot: Plot,
  before: LaidPicture | null = null,
): LaidPicture {
  const { columns, fromTs, stepSec } = heatmap;
  const { width, height } = plot;
  const moved = before === null ? null : movedBy(before.of, heatmap, buckets, plot);
  const grid = before === null || moved === null ? new Grid(buckets, plot, columns.length) : before.of.grid;
  const known = before === null || moved === null ? null : before.of.columns;
  if (moved !== null) grid.slide(moved);
  const missing = new Uint8Array(columns.length);
  const laid: number[] = [];
  for (let c = 0; c < columns.length; c++) {
    const column = columns[c] as HeatmapColumn;
    if (isMissing(column)) missing[c] = 1;
    if (known !== null && known[c + (moved ?? 0)] === column) continue;
    grid.lay(column, c, known !== null);
    laid.push(c);
  }
  const edges = columnEdges(fromTs, stepSec, columns.length, plot.fromTs, plot.toTs, width);
  const { rows, rowOf, tally } = grid;
  return {
    ...{ width, height, edges, rows, rowOf, missing, tally, ...grid.cells(), ...grid.sums() },
    since: moved === null ? null : { laid },
    of: { columns, stepSec, fromTs, buckets, plot, grid },
  };
}

/** By how many columns a picture has moved to the left since; null: another one, which has nothing in common with it. */
function movedBy(before: Subject, heatmap: Heatmap, buckets: Buckets, plot: Plot): number | null {
  const { columns, stepSec, fromTs } = heatmap;
  const { span, height, per } = before.plot;
  const isAlike =
    before.columns.length === columns.length &&
    before.stepSec === stepSec &&
    before.buckets === buckets &&
    height === plot.height &&
    per === plot.per &&
    span.kind === plot.span.kind &&
    span.min === plot.span.min &&
    span.max === plot.span.max;
  const moved = (fromTs - before.fromTs) / stepSec;
  return isAlike && Number.isInteger(moved) && moved >= 0 && moved < columns.length ? moved : null;
}

/** Room for so many columns more than there are: a slide takes of it, and only when it is used up are the cells moved. */
const SPARE = 1 / 8;

/** The cells of a plot, and what they sum to. */
class Grid {
  readonly rows: readonly Row[];
  readonly rowOf: Int16Array;
  readonly tally = new Uint32Array(BINS);
  readonly #columns: number;
  readonly #room: number;
  readonly #firstBucket: number;
  readonly #lowestShown: number;
  /** null: weights are the counts. */
  readonly #decades: Float64Array | null;
  readonly #counts: Float64Array;
  readonly #weights: Float64Array;
  readonly #bins: Uint16Array;
  readonly #cells: readonly (Float64Array | Uint16Array)[];
  /** By column: what it has outside the rows, and its greatest weight. */
  readonly #below: Float64Array;
  readonly #above: Float64Array;
  readonly #greatest: Float64Array;
  /** The first column's place in the room. */
  #start = 0;

  constructor(buckets: Buckets, { span, height, per }: Plot, columns: number) {
    this.rows = layRows(buckets, span, height);
    this.rowOf = rowOfBucket(buckets, this.rows);
    this.#columns = columns;
    this.#room = columns + Math.ceil(columns * SPARE);
    this.#firstBucket = buckets.first;
    this.#lowestShown = this.rows[0]?.first ?? buckets.first;
    this.#decades = per === "decade" ? Float64Array.from(this.rows, (row) => decadesOf(row, buckets)) : null;
    const cells = this.rows.length * this.#room;
    this.#counts = new Float64Array(cells);
    this.#weights = this.#decades === null ? this.#counts : new Float64Array(cells);
    this.#bins = new Uint16Array(cells);
    this.#cells = [...new Set([this.#counts, this.#weights]), this.#bins];
    this.#below = new Float64Array(columns);
    this.#above = new Float64Array(columns);
    this.#greatest = new Float64Array(columns);
  }

  /** Lets the oldest columns go; as many at the end are then empty. */
  slide(by: number): void {
    if (by === 0) return;
    const rows = this.rows.length;
    const columns = this.#columns;
    for (let c = 0; c < by; c++) this.#clear(c);
    for (const sides of [this.#below, this.#above, this.#greatest]) sides.copyWithin(0, by).fill(0, columns - by);
    const kept = this.#start + by;
    if (kept + columns <= this.#room) this.#start = kept;
    else {
      for (const cells of this.#cells) cells.copyWithin(0, kept * rows, (this.#start + columns) * rows);
      this.#start = 0;
    }
    // What the room was used for before.
    const [from, to] = [this.#start + columns - by, this.#start + columns];
    for (const cells of this.#cells) cells.fill(0, from * rows, to * rows);
  }

  /** Lays a column out in place `c`. @param used whether another one was there */
  lay({ bucket, count }: HeatmapColumn, c: number, used: boolean): void {
    if (used) this.#clear(c);
    const { tally, rowOf } = this;
    const [counts, weights, bins] = [this.#counts, this.#weights, this.#bins];
    const decades = this.#decades;
    const first = (this.#start + c) * this.rows.length;
    const [firstBucket, lowestShown] = [this.#firstBucket, this.#lowestShown];
    let below = 0;
    let above = 0;
    let greatest = 0;
    let all = 0;
    const entries = bucket.length;
    let next = entries === 0 ? -1 : (rowOf[(bucket[0] as number) - firstBucket] ?? -1);
    for (let i = 0; i < entries; i++) {
      const row = next;
      const index = bucket[i] as number;
      next = i + 1 < entries ? (rowOf[(bucket[i + 1] as number) - firstBucket] ?? -1) : -1;
      if (row < 0) {
        if (index < lowestShown) below += count[i] as number;
        else above += count[i] as number;
        continue;
      }
      all += count[i] as number;
      // Buckets ascend, so those that share a row follow one another.
      if (next === row) continue;
      const cell = first + row;
      const weight = decades === null ? all : all / (decades[row] as number);
      counts[cell] = all;
      if (decades !== null) weights[cell] = weight;
      if (weight > greatest) greatest = weight;
      const bin = decades === null && all < FEW ? (BINS_OF_FEW[all] as number) : binOf(weight);
      bins[cell] = bin;
      tally[bin] = (tally[bin] as number) + 1;
      all = 0;
    }
    tally[0] = 0;
    this.#below[c] = below;
    this.#above[c] = above;
    this.#greatest[c] = greatest;
  }

  cells(): Pick<LaidPicture, "counts" | "weights" | "bins"> {
    const [from, to] = [this.#start * this.rows.length, (this.#start + this.#columns) * this.rows.length];
    return {
      counts: this.#counts.subarray(from, to),
      weights: this.#weights.subarray(from, to),
      bins: this.#bins.subarray(from, to),
    };
  }

  sums(): Pick<LaidPicture, "greatest" | "leftOut"> {
    let [greatest, below, above] = [0, 0, 0];
    for (let c = 0; c < this.#columns; c++) {
      greatest = Math.max(greatest, this.#greatest[c] as number);
      below += this.#below[c] as number;
      above += this.#above[c] as number;
    }
    return { greatest, leftOut: { below, above } };
  }

  /** Takes what a column counts out of the tally, and its cells to zero. */
  #clear(c: number): void {
    const { tally } = this;
    const bins = this.#bins;
    const from = (this.#start + c) * this.rows.length;
    const to = from + this.rows.length;
    for (let cell = from; cell < to; cell++) {
      const bin = bins[cell] as number;
      if (bin !== 0) tally[bin] = (tally[bin] as number) - 1;
    }
    for (const cells of this.#cells) cells.fill(0, from, to);
  }
}

/** An open or a zero-based bucket has no height on a logarithmic axis: a tenth of a decade stands for it. */
function decadesOf({ first, last }: Row, buckets: Buckets): number {
  const low = buckets.lowOf(first);
  const high = buckets.highOf(last);
  return low === null || high === null || low <= 0 ? 0.1 : Math.log10(high / low);
}
