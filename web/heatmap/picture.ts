/**
 * picture.ts: a heatmap laid out for a plot of so many device pixels: which count each row and column shows.
 *
 * While it is live, all columns but one are those of a second ago: the cells are moved by a column, and only what is new is laid
 * out. So a tick costs what a column costs, whatever the size of the picture.
 */
import type { Heatmap, HeatmapColumn } from "../../core/api.ts";
import { binOf } from "../../core/heatmap/colour-scale.ts";
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
  /** The bin of each cell's weight (colour-scale.ts), laid out as `counts`. */
  readonly bins: Uint16Array;
  /** Events outside the plot's rows: with those in its cells they are all that was counted. */
  readonly leftOut: Outside;
  /** Of what it is the picture. */
  readonly of: Subject;
}

interface Subject {
  readonly columns: readonly HeatmapColumn[];
  readonly stepSec: number;
  readonly fromTs: number;
  readonly buckets: Buckets;
  readonly plot: Plot;
  /** What each column has outside the rows. */
  readonly below: Float64Array;
  readonly above: Float64Array;
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
  const grid = before === null || moved === null ? emptyGrid(buckets, plot, columns.length) : before;
  const { below, above } = before === null || moved === null ? emptySides(columns.length) : before.of;
  const known = moved === null ? [] : (before?.of.columns ?? []).slice(moved);
  if (moved !== null && moved > 0) {
    for (const cells of new Set([grid.counts, grid.weights, grid.bins, below, above])) cells.copyWithin(0, moved);
  }
  const missing = new Uint8Array(columns.length);
  const layer = new Layer(grid, buckets, columns.length, plot.per, below, above);
  columns.forEach((column, c) => {
    if (isMissing(column)) missing[c] = 1;
    if (known[c] !== column) layer.lay(column, c, moved !== null);
  });
  const edges = columnEdges(fromTs, stepSec, columns.length, plot.fromTs, plot.toTs, width);
  const leftOut = { below: sum(below), above: sum(above) };
  const { rows, rowOf, counts, weights, bins } = grid;
  const of = { columns, stepSec, fromTs, buckets, plot, below, above };
  return { width, height, edges, rows, rowOf, counts, weights, bins, missing, leftOut, of };
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

type Grid = Pick<LaidPicture, "rows" | "rowOf" | "counts" | "weights" | "bins">;

function emptyGrid(buckets: Buckets, { span, height, per }: Plot, columns: number): Grid {
  const rows = layRows(buckets, span, height);
  const counts = new Float64Array(rows.length * columns);
  const weights = per === "decade" ? new Float64Array(counts.length) : counts;
  return { rows, rowOf: rowOfBucket(buckets, rows), counts, weights, bins: new Uint16Array(counts.length) };
}

function emptySides(columns: number): Pick<Subject, "below" | "above"> {
  return { below: new Float64Array(columns), above: new Float64Array(columns) };
}

/** Lays columns into a grid. */
class Layer {
  readonly #grid: Grid;
  readonly #first: number;
  readonly #lowest: number;
  readonly #columns: number;
  readonly #decades: Float64Array;
  readonly #below: Float64Array;
  readonly #above: Float64Array;

  constructor(grid: Grid, buckets: Buckets, columns: number, per: Per, below: Float64Array, above: Float64Array) {
    this.#grid = grid;
    this.#first = buckets.first;
    this.#lowest = grid.rows[0]?.first ?? buckets.first;
    this.#columns = columns;
    this.#decades = Float64Array.from(grid.rows, (row) => (per === "decade" ? decadesOf(row, buckets) : 1));
    this.#below = below;
    this.#above = above;
  }

  /** @param used whether another column's cells may stand there */
  lay({ bucket, count }: HeatmapColumn, c: number, used: boolean): void {
    const { rowOf, counts, weights, bins } = this.#grid;
    const columns = this.#columns;
    if (used) for (let cell = c; cell < counts.length; cell += columns) counts[cell] = weights[cell] = bins[cell] = 0;
    let [below, above] = [0, 0];
    for (let i = 0; i < bucket.length; i++) {
      const index = bucket[i] as number;
      const row = rowOf[index - this.#first] ?? -1;
      const events = count[i] as number;
      if (row < 0) {
        if (index < this.#lowest) below += events;
        else above += events;
        continue;
      }
      const cell = row * columns + c;
      const all = (counts[cell] as number) + events;
      counts[cell] = all;
      const weight = all / (this.#decades[row] as number);
      weights[cell] = weight;
      bins[cell] = binOf(weight);
    }
    this.#below[c] = below;
    this.#above[c] = above;
  }
}

/** An open or a zero-based bucket has no height on a logarithmic axis: a tenth of a decade stands for it. */
function decadesOf({ first, last }: Row, buckets: Buckets): number {
  const low = buckets.lowOf(first);
  const high = buckets.highOf(last);
  return low === null || high === null || low <= 0 ? 0.1 : Math.log10(high / low);
}

function sum(values: Float64Array): number {
  return values.reduce((all, each) => all + each, 0);
}
