/**
 * paint.ts: the heatmap's pixels: colours of cells and pixel edges in, 32-bit pixels out.
 *
 * Cells lie column by column, as they arrive: so a picture that slides is painted by its new columns alone, and the rest of it is
 * moved. A few columns are painted side by side, line by line, because memory is written in lines. Column edges are rounded from
 * absolute time, and so is the hatching's phase: as the picture slides, a column keeps its width and its lines.
 */
import type { Row } from "./rows.ts";

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Pixel edges of the columns, ascending: column i covers edges[i] to edges[i+1]-1. */
  readonly edges: Int32Array;
  readonly rows: readonly Row[];
  /** 1 for each column without data. */
  readonly missing: Uint8Array;
}

/** Where a picture is painted: a part of some lines of pixels. */
export interface Surface {
  readonly pixels: Uint32Array;
  /** Pixels from a line's start to the next line's, and from there to the picture's left. */
  readonly stride: number;
  readonly left: number;
}

export interface Inks {
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
  const edges = new Int32Array(columns + 1);
  for (let i = 0; i <= columns; i++) {
    const pixel = Math.round((fromTs + i * stepSec) * scale) - origin;
    edges[i] = Math.min(width, Math.max(0, pixel));
  }
  return edges;
}

/** What cells look like: those of one bin alike, or each by itself. The cell of row r and column c is c * rows + r. */
export type CellColours = BinColours | ((first: number, into: Uint32Array) => void);

export interface BinColours {
  /** Of all cells. */
  readonly bins: Uint16Array;
  /** The packed pixel of each bin; that of 0 is the background. */
  readonly inks: Uint32Array;
}

/** Paints all of a picture. @param pixels width x height, all of which are written */
export function paintCells(
  pixels: Uint32Array,
  picture: Picture,
  inks: Inks,
  colourOf: (cell: number) => number,
): void {
  const surface = { pixels, stride: picture.width, left: 0 };
  paintMargins(surface, picture, inks);
  paintColumns(surface, picture, inks, 0, picture.missing.length, (first, into) => {
    for (let i = 0; i < into.length; i++) into[i] = colourOf(first + i);
  });
}

/** What lies left and right of all columns. */
export function paintMargins(surface: Surface, { edges, width, height }: Picture, inks: Inks): void {
  fillLines(surface, 0, height, 0, edges[0] ?? width, inks.background);
  fillLines(surface, 0, height, edges.at(-1) ?? width, width, inks.background);
}

/** So many columns side by side: of each the processor's cache has room for a few of the rows that are read next. */
const BLOCK = 256;
/** From here on a line is copied faster than it is painted. */
const COPIED_PX = 16;

/** Paints columns whole, from their top to their bottom. @param to exclusive */
export function paintColumns(
  surface: Surface,
  picture: Picture,
  inks: Inks,
  from: number,
  to: number,
  cells: CellColours,
): void {
  const { edges, rows, height } = picture;
  const [lowest, highest] = [rows[0], rows.at(-1)];
  const colours = new Uint32Array(typeof cells === "function" ? Math.min(BLOCK, to - from) * rows.length : 0);
  for (let first = from; first < to; first += BLOCK) {
    const last = Math.min(to, first + BLOCK);
    const [left, right] = [edges[first] as number, edges[last] as number];
    if (left === right) continue;
    fillLines(surface, 0, highest?.top ?? height, left, right, inks.background);
    fillLines(surface, lowest?.bottom ?? height, height, left, right, inks.background);
    const at = first * rows.length;
    if (typeof cells === "function") cells(at, colours.subarray(0, (last - first) * rows.length));
    const paintLine: PaintLine =
      typeof cells === "function"
        ? (line, r) => lineOfColours(surface.pixels, line, edges, first, last, colours, r, rows.length, inks.background)
        : (line, r) => lineOfBins(surface.pixels, line, edges, first, last, cells, at + r, rows.length);
    paintBlock(surface, rows, left, right, paintLine);
  }
  for (let c = from; c < to; c++) if (picture.missing[c] === 1) hatchColumn(surface, picture, c, inks);
}

/** Paints a row's cells into one line, which begins at pixel `line`. */
type PaintLine = (line: number, row: number) => void;

function paintBlock(
  { pixels, stride, left }: Surface,
  rows: readonly Row[],
  from: number,
  to: number,
  paintLine: PaintLine,
): void {
  const wide = to - from >= COPIED_PX;
  for (let r = 0; r < rows.length; r++) {
    const { top, bottom } = rows[r] as Row;
    for (let y = top; y < bottom; y++) {
      const line = y * stride + left;
      if (wide && y > top) pixels.copyWithin(line + from, line + from - stride, line + to - stride);
      else paintLine(line, r);
    }
  }
}

// Two small functions that are called often, rather than one loop over all: so they are soon compiled.

function lineOfBins(
  pixels: Uint32Array,
  line: number,
  edges: Int32Array,
  first: number,
  last: number,
  { bins, inks }: BinColours,
  at: number,
  rows: number,
): void {
  let x = line + (edges[first] as number);
  for (let c = first, cell = at; c < last; c++, cell += rows) {
    const ink = inks[bins[cell] as number] as number;
    const end = line + (edges[c + 1] as number);
    while (x < end) pixels[x++] = ink;
  }
}

function lineOfColours(
  pixels: Uint32Array,
  line: number,
  edges: Int32Array,
  first: number,
  last: number,
  colours: Uint32Array,
  at: number,
  rows: number,
  background: number,
): void {
  let x = line + (edges[first] as number);
  for (let c = first, cell = at; c < last; c++, cell += rows) {
    const colour = colours[cell] as number;
    const ink = colour === 0 ? background : colour;
    const end = line + (edges[c + 1] as number);
    while (x < end) pixels[x++] = ink;
  }
}

/**
 * Paints cells anew whose bin has another colour now, and leaves the others.
 *
 * @param changed 1 for each such bin
 */
export function repaintBins(
  { pixels, stride, left }: Surface,
  { edges, rows }: Picture,
  { bins, inks }: BinColours,
  changed: Uint8Array,
): void {
  for (let c = 0; c < edges.length - 1; c++) {
    const [from, to] = [edges[c] as number, edges[c + 1] as number];
    if (from === to) continue;
    const first = c * rows.length;
    for (let r = 0; r < rows.length; r++) {
      const bin = bins[first + r] as number;
      if (changed[bin] === 0) continue;
      const { top, bottom } = rows[r] as Row;
      const ink = inks[bin] as number;
      for (let y = top; y < bottom; y++) {
        const line = y * stride + left;
        for (let x = from; x < to; x++) pixels[line + x] = ink;
      }
    }
  }
}

function fillLines(
  { pixels, stride, left }: Surface,
  top: number,
  bottom: number,
  from: number,
  to: number,
  ink: number,
): void {
  if (from >= to) return;
  for (let y = top; y < bottom; y++) pixels.fill(ink, y * stride + left + from, y * stride + left + to);
}

function hatchColumn({ pixels, stride, left }: Surface, picture: Picture, column: number, inks: Inks): void {
  const { edges, height } = picture;
  for (let y = 0; y < height; y++) {
    for (let x = edges[column] ?? 0; x < (edges[column + 1] ?? 0); x++) {
      if (isHatched(x, y, inks)) pixels[y * stride + left + x] = inks.hatch;
    }
  }
}

/** Whether a hatching line crosses the pixel: lines rise to the right at 45 degrees. */
export function isHatched(
  x: number,
  y: number,
  { period, thickness, phase }: Pick<Inks, "period" | "thickness" | "phase">,
): boolean {
  return (x + y + phase) % period < thickness;
}
