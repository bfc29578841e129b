/**
 * paint.ts: the heatmap's pixels: counts and pixel edges in, one block of 32-bit pixels out.
 *
 * One scan line is filled for each row of the picture and then copied down to the row's last line, so the work is
 * rows x width, not height x width. Hatching, which differs from line to line, is laid over afterwards. Column edges are
 * rounded from absolute time, and so is the hatching's phase: as the picture slides, a column keeps its width and its lines.
 */
import type { ColourScale } from "./colour-scale.ts";
import type { Row } from "./rows.ts";

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Pixel edges of the columns, ascending: column i covers edges[i] to edges[i+1]-1. */
  readonly edges: Int32Array;
  readonly rows: readonly Row[];
  /** Row by row: the count of row r and column c is at r * columns + c. */
  readonly counts: Float64Array;
  /** What the colours stand for, laid out as `counts`: the counts themselves, or counts made comparable between rows. */
  readonly weights: Float64Array;
  /** 1 for each column without data. */
  readonly missing: Uint8Array;
}

export interface Inks {
  /** 256 packed pixels. */
  readonly ramp: Uint32Array;
  readonly background: number;
  readonly hatch: number;
  /** Pixels between hatching lines, and their thickness. */
  readonly period: number;
  readonly thickness: number;
  /** Pixel distance of the plot's left edge from the hatching's origin in absolute time. */
  readonly phase: number;
}

/** Pixel edges of `columns` columns of `stepSec` from `fromTs`, when [min, max) is `width` pixels wide. */
export function columnEdges(
  fromTs: number,
  stepSec: number,
  columns: number,
  min: number,
  max: number,
  width: number,
): Int32Array {
  const scale = width / (max - min);
  const origin = Math.round(min * scale);
  return Int32Array.from({ length: columns + 1 }, (_, i) => {
    const pixel = Math.round((fromTs + i * stepSec) * scale) - origin;
    return Math.min(width, Math.max(0, pixel));
  });
}

/** The colours of one row's cells, from `first` on, as packed pixels; 0: background. */
export type RowColours = (first: number, into: Uint32Array) => void;

/** @param pixels width x height, all of which are written */
export function paint(pixels: Uint32Array, picture: Picture, scale: ColourScale, inks: Inks): void {
  const { weights } = picture;
  const { ramp } = inks;
  paintCells(pixels, picture, inks, (cell) => {
    const weight = weights[cell] as number;
    return weight <= 0 ? 0 : (ramp[scale.indexOf(weight)] as number);
  });
}

/** The same with a colour of its own for each cell. @param colourOf the packed pixel of a cell; 0: background */
export function paintCells(
  pixels: Uint32Array,
  picture: Picture,
  inks: Omit<Inks, "ramp">,
  colourOf: (cell: number) => number,
): void {
  paintRows(pixels, picture, inks, (first, into) => {
    for (let i = 0; i < into.length; i++) into[i] = colourOf(first + i);
  });
}

/** The same with the colours of a row at a time, which is what a large picture has time for. */
export function paintRows(
  pixels: Uint32Array,
  picture: Picture,
  inks: Omit<Inks, "ramp">,
  coloursOf: RowColours,
): void {
  pixels.fill(inks.background);
  const columns = picture.edges.length - 1;
  const colours = new Uint32Array(columns);
  picture.rows.forEach((row, r) => {
    coloursOf(r * columns, colours);
    paintRow(pixels, picture, row, colours);
  });
  for (let c = 0; c < columns; c++) if (picture.missing[c] === 1) hatchColumn(pixels, picture, c, inks);
}

function paintRow(pixels: Uint32Array, { edges, width }: Picture, row: Row, colours: Uint32Array): void {
  const start = row.top * width;
  let any = false;
  let from = edges[0] as number;
  for (let c = 0; c < colours.length; c++) {
    const to = edges[c + 1] as number;
    const colour = colours[c] as number;
    if (colour !== 0) {
      any = true;
      for (let x = start + from; x < start + to; x++) pixels[x] = colour;
    }
    from = to;
  }
  if (!any) return;
  for (let y = row.top + 1; y < row.bottom; y++) pixels.copyWithin(y * width, start, start + width);
}

function hatchColumn(pixels: Uint32Array, picture: Picture, column: number, inks: Omit<Inks, "ramp">): void {
  const { edges, width, height } = picture;
  for (let y = 0; y < height; y++) {
    for (let x = edges[column] ?? 0; x < (edges[column + 1] ?? 0); x++) {
      if (isHatched(x, y, inks)) pixels[y * width + x] = inks.hatch;
    }
  }
}

/** Whether a hatching line crosses the pixel: lines rise to the right at 45 degrees. */
export function isHatched(
  x: number,
  y: number,
  { period, thickness, phase }: Omit<Inks, "ramp" | "background" | "hatch">,
): boolean {
  return (x + y + phase) % period < thickness;
}
