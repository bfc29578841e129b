/**
 * watch-frame.ts: a heatmap as lines of a terminal: columns of time, two rows of values in each line of text.
 *
 *   title, totals
 *   percentiles
 *   axis │ cells: a half block has the colour of one row before that of the other      │ keys
 *   time axis
 *   help, trouble
 *
 * Buckets, rows, ramps and ticks are core/heatmap's, as on the page. Without colours a cell is one letter, the darker the more.
 * What nobody watched is hatched; what was watched and counted nothing is blank. Pure.
 */
import type { BreakdownPart, HeatmapColumn } from "../core/api.ts";
import { colourScale, type Colouring, type ColourScale } from "../core/heatmap/colour-scale.ts";
import { rampOf, type Theme } from "../core/heatmap/ramp.ts";
import { layRows, rowOfBucket } from "../core/heatmap/rows.ts";
import { timeTicks, valueTicks } from "../core/heatmap/ticks.ts";
import { placeOf, type ValueSpan } from "../core/heatmap/value-span.ts";
import type { Buckets } from "../core/histogram/buckets.ts";
import { formatQuantity, formatShare, formatShort } from "../core/units.ts";
import { plain } from "./table.ts";
import { background, foreground, type Depth } from "./terminal-colours.ts";
import type { ScreenSize } from "./terminal-screen.ts";
import { isMissing } from "./watch-columns.ts";

export interface WatchKeys {
  readonly by: string;
  readonly parts: readonly BreakdownPart[];
  readonly other: number;
  readonly total: number;
  /** Index of the part under the cursor; -1: none. */
  readonly chosen: number;
}

export interface WatchPicture {
  readonly title: string;
  readonly unit: string;
  readonly stepSec: number;
  readonly newestTs: number;
  /** As many as are wanted by `plotColumns`, the oldest first. */
  readonly columns: readonly (HeatmapColumn | undefined)[];
  readonly latest: HeatmapColumn | undefined;
  readonly buckets: Buckets;
  /** null: nothing has been counted yet. */
  readonly span: ValueSpan | null;
  readonly colouring: Colouring;
  readonly theme: Theme;
  readonly depth: Depth;
  readonly showPercentiles: boolean;
  readonly keys: WatchKeys | undefined;
  /** What the picture is narrowed to; "" for nothing. */
  readonly filter: string;
  /** "" while all is well. */
  readonly trouble: string;
  /** What the clock shows is ahead of UTC, seconds. */
  readonly zoneSec: number;
}

const AXIS = 9;
const KEYS = 32;
/** Below this width the keys would leave too little of the picture. */
const KEYS_FROM = 90;
const HEAD = 2;
const FOOT = 3;
/** Few to many. */
const LETTERS = ".:-=+*#%@";
const HATCH = "/";
const HELP = "q quit  k next key  up/down, enter: only this key  esc all  c colours  p percentiles";

/** How many columns of the picture a screen has room for. */
export function plotColumns({ columns }: ScreenSize, hasKeys: boolean): number {
  return Math.max(10, columns - AXIS - (hasKeys && columns >= KEYS_FROM ? KEYS : 0));
}

/** @returns exactly `rows` lines */
export function watchFrame(picture: WatchPicture, size: ScreenSize): string[] {
  const width = plotColumns(size, picture.keys !== undefined);
  const height = Math.max(1, size.rows - HEAD - FOOT);
  const { plot, scale } = plotLines(picture, width, height);
  const axis = axisLabels(picture, height);
  const side = picture.keys !== undefined && size.columns >= KEYS_FROM ? keyLines(picture, picture.keys, height) : [];
  const dim = picture.depth === "none" ? "" : "\u001b[2m";
  const reset = picture.depth === "none" ? "" : "\u001b[0m";
  const middle = plot.map((line, row) => {
    const label = `${dim}${(axis[row] ?? "").padStart(AXIS - 2)} |${reset}`;
    return `${label}${line}${reset}${side.length === 0 ? "" : (side[row] ?? "")}`;
  });
  const cut = (line: string): string => line.slice(0, size.columns);
  return [
    cut(titleLine(picture)),
    cut(percentileLine(picture)),
    ...middle,
    `${dim}${cut(timeLine(picture, width))}${reset}`,
    `${legend(picture, scale)}${dim}${cut(picture.filter === "" ? "" : `   only ${plain(picture.filter)}`)}${reset}`,
    picture.trouble === "" ? `${dim}${cut(HELP)}${reset}` : cut(`! ${plain(picture.trouble)}`),
  ];
}

function titleLine({ title, latest, stepSec }: WatchPicture): string {
  if (latest === undefined) return `${title}   waiting for the first column`;
  const rate = latest.total === null ? "not known" : `${formatShort(latest.total / stepSec)}/s`;
  const hosts = `${latest.reporting} of ${latest.expected} hosts`;
  const lost = latest.dropped > 0 ? `   at least ${formatShort(latest.dropped)} lost` : "";
  return `${title}   ${rate}   ${hosts}${lost}`;
}

function percentileLine({ latest, unit }: WatchPicture): string {
  const shown = [
    ["p50", latest?.p50],
    ["p90", latest?.p90],
    ["p99", latest?.p99],
    ["p99.9", latest?.p999],
  ] as const;
  return shown
    .map(([name, value]) =>
      `${name} ${value === null || value === undefined ? "-" : formatQuantity(value, unit)}`.padEnd(16),
    )
    .join("")
    .trimEnd();
}

/** One pixel is half a line of text, or a whole one without colours. */
function plotLines(picture: WatchPicture, width: number, height: number): { plot: string[]; scale: ColourScale } {
  const { columns, buckets, span, colouring, depth } = picture;
  const pixels = depth === "none" ? height : height * 2;
  const rows = span === null ? [] : layRows(buckets, span, pixels);
  const rowOf = rowOfBucket(buckets, rows);
  const counts = new Float64Array(rows.length * width);
  columns.forEach((column, c) => {
    for (let i = 0; column !== undefined && i < column.bucket.length; i++) {
      const row = rowOf[(column.bucket[i] ?? 0) - buckets.first] ?? -1;
      const cell = row * width + c;
      if (row >= 0) counts[cell] = (counts[cell] ?? 0) + (column.count[i] ?? 0);
    }
  });
  const scale = colourScale(colouring, counts);
  const rowAt = new Int16Array(pixels).fill(-1);
  rows.forEach(({ top, bottom }, i) => rowAt.fill(i, top, bottom));
  const marks = picture.showPercentiles ? percentileMarks(picture, pixels) : new Map<number, number>();
  /** 0 to 255; -1: nothing there; 256 and above: a mark. */
  const colourAt = (y: number, c: number): number => {
    const mark = marks.get(y * width + c);
    if (mark !== undefined) return mark;
    const row = rowAt[y] ?? -1;
    const count = row < 0 ? 0 : (counts[row * width + c] ?? 0);
    return count > 0 ? scale.indexOf(count) : -1;
  };
  const isUnknown = columns.map((column) => column === undefined || isMissing(column));
  const plot = Array.from({ length: height }, (_, line) => {
    const pen = new Pen(picture);
    for (let c = 0; c < width; c++) {
      if (isUnknown[c] !== false) pen.hatch();
      else if (depth === "none") pen.letter(colourAt(line, c));
      else pen.halves(colourAt(line * 2, c), colourAt(line * 2 + 1, c));
    }
    return pen.text;
  });
  return { plot, scale };
}

const MARK_MEDIAN = 256;
const MARK_P99 = 257;

function percentileMarks({ columns, span }: WatchPicture, pixels: number): Map<number, number> {
  const marks = new Map<number, number>();
  if (span === null) return marks;
  columns.forEach((column, c) => {
    for (const [value, mark] of [
      [column?.p50, MARK_MEDIAN],
      [column?.p99, MARK_P99],
    ] as const) {
      if (value === null || value === undefined) continue;
      const y = Math.floor((1 - placeOf(span, value)) * pixels);
      if (y >= 0 && y < pixels) marks.set(y * columns.length + c, mark);
    }
  });
  return marks;
}

/** Writes cells, and an escape sequence only where a colour changes. */
class Pen {
  text = "";
  readonly #picture: WatchPicture;
  #style = "";

  constructor(picture: WatchPicture) {
    this.#picture = picture;
  }

  hatch(): void {
    if (this.#picture.depth === "none") this.text += HATCH;
    else this.#put("2", HATCH);
  }

  letter(colour: number): void {
    if (colour < 0) this.text += " ";
    else if (colour >= MARK_MEDIAN) this.text += colour === MARK_MEDIAN ? "5" : "9";
    else this.text += LETTERS[Math.min(LETTERS.length - 1, Math.floor((colour / 256) * LETTERS.length))] ?? " ";
  }

  halves(upper: number, lower: number): void {
    if (upper < 0 && lower < 0) this.#put("", " ");
    else if (upper === lower) this.#put(this.#sgr(foreground, upper), "█");
    else if (lower < 0) this.#put(this.#sgr(foreground, upper), "▀");
    else if (upper < 0) this.#put(this.#sgr(foreground, lower), "▄");
    else this.#put(`${this.#sgr(foreground, upper)};${this.#sgr(background, lower)}`, "▀");
  }

  #sgr(of: typeof foreground, colour: number): string {
    const { depth, theme } = this.#picture;
    if (colour >= MARK_MEDIAN) return of(depth, colour === MARK_MEDIAN ? [0, 200, 230] : [120, 230, 120]);
    return of(depth, rampOf(theme)[colour] ?? [255, 255, 255]);
  }

  #put(style: string, letter: string): void {
    if (style !== this.#style) this.text += `\u001b[0${style === "" ? "" : `;${style}`}m`;
    this.#style = style;
    this.text += letter;
  }
}

/** A label for each line that a tick lies in. */
function axisLabels({ span, unit }: WatchPicture, height: number): string[] {
  const labels = Array.from({ length: height }, () => "");
  if (span === null) return labels;
  for (const { value, label } of valueTicks(span, unit, Math.max(2, Math.floor(height / 3)))) {
    const line = Math.min(height - 1, Math.max(0, Math.floor((1 - placeOf(span, value)) * height)));
    if (label !== "") labels[line] = label.slice(0, AXIS - 2);
  }
  return labels;
}

function timeLine({ newestTs, stepSec, zoneSec }: WatchPicture, width: number): string {
  if (newestTs === 0) return "";
  const fromTs = newestTs - (width - 1) * stepSec;
  const line = Array.from({ length: AXIS + width }, () => " ");
  for (const ts of timeTicks(fromTs, newestTs, Math.max(1, Math.floor(width / 16)), zoneSec)) {
    const at = AXIS + Math.round((ts - fromTs) / stepSec);
    const text = `^${new Date((ts + zoneSec) * 1000).toISOString().slice(11, 19)}`;
    if (at + text.length <= line.length) line.splice(at, text.length, ...Array.from(text));
  }
  return line.join("");
}

/** What the colours stand for: the smallest count of a few places on the ramp. */
function legend({ depth, theme, colouring }: WatchPicture, scale: ColourScale): string {
  if (scale.max === 0) return "";
  const places = [0, 0.25, 0.5, 0.75, 1];
  const steps = places.map((place) => {
    const colour = Math.round(place * 255);
    const at = scale.countAt(place);
    const swatch =
      depth === "none"
        ? (LETTERS[Math.min(LETTERS.length - 1, Math.floor((colour / 256) * LETTERS.length))] ?? "")
        : `\u001b[0;${foreground(depth, rampOf(theme)[colour] ?? [255, 255, 255])}m██\u001b[0m`;
    return `${swatch} ${at === null ? "-" : formatShort(at)}`;
  });
  return `${" ".repeat(AXIS)}${steps.join("  ")}  events a cell, by ${colouring}`;
}

function keyLines({ depth }: WatchPicture, { by, parts, other, total, chosen }: WatchKeys, height: number): string[] {
  const room = KEYS - 2;
  const head = ` by ${by}`.padEnd(room);
  const shown = parts.slice(0, Math.max(0, height - 2));
  const rest = other + parts.slice(shown.length).reduce((sum, part) => sum + part.total, 0);
  const line = (name: string, count: number, isChosen: boolean): string => {
    const share = formatShare(count, total).padStart(8);
    const text = ` ${plain(name)
      .slice(0, room - 10)
      .padEnd(room - 10)} ${share}`;
    if (!isChosen) return text;
    return depth === "none" ? `>${text.slice(1)}` : `\u001b[7m${text}\u001b[0m`;
  };
  return [
    head,
    ...shown.map(({ key, total: count }, i) => line(key === "" ? "(none)" : key, count, i === chosen)),
    ...(rest > 0 ? [line("(all others)", rest, false)] : []),
  ];
}
