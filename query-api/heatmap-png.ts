/**
 * heatmap-png.ts: a heatmap as a picture for chats and reports: axes, title, legend with numbers, missing data hatched.
 *
 *   title                                   what is counted, and where it was filtered
 *   when, how wide a column, how many events, what a crop leaves out
 *   value axis | plot
 *              | time axis (UTC)
 *   legend: the ramp with its numbers, or the keys' hues; the hatching
 */
import type { Heatmap } from "../core/api.ts";
import { colourScale, type ColourScale } from "../core/heatmap/colour-scale.ts";
import { columnEdges, isHatched, paintCells, type Inks, type Picture } from "../core/heatmap/paint.ts";
import { packRamp, packRgb, rampOf, type Theme } from "../core/heatmap/ramp.ts";
import type { Row } from "../core/heatmap/rows.ts";
import { timeTicks, valueTicks } from "../core/heatmap/ticks.ts";
import { placeOf, spanOf, type AxisKind, type ValueSpan } from "../core/heatmap/value-span.ts";
import { bucketsOf } from "../core/histogram/buckets.ts";
import { parseScheme } from "../core/histogram/scheme.ts";
import { formatCount, formatQuantity, formatShare, formatShort } from "../core/units.ts";
import { Canvas, fitText, textWidth } from "../wire/canvas.ts";
import { hueOf, inksOf, mixHues, type PictureInks } from "./heatmap-colors.ts";
import { cellValues, rowsOf } from "./heatmap-shape.ts";

export interface PngOptions {
  readonly title: string;
  /** Unit of the values, "ns": the heatmap's own is that of what is counted. */
  readonly valueUnit: string;
  readonly theme: Theme;
  readonly axis: AxisKind;
  readonly width: number;
  readonly height: number;
}

export const PNG_SIZE = { width: 1200, height: 600, min: 400, max: 2400 } as const;

/** Pixels above and below the plot. */
const HEAD = 68;
const FOOT = 104;

interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** @param heatmap in the shape to be shown; with a scale where it shall not be coloured by rank */
export function drawHeatmap(heatmap: Heatmap, options: PngOptions): Uint8Array {
  const inks = inksOf(options.theme);
  const canvas = new Canvas(options.width, options.height, inks.page);
  const frame = { left: 100, top: HEAD, width: options.width - 124, height: options.height - HEAD - FOOT };
  const scale = colourScale(heatmap.scale?.coloring ?? "rank", cellValues(heatmap.columns));
  const span = spanFor(heatmap, options.axis);
  drawHead(canvas, heatmap, options.title, inks);
  canvas.fill(frame.left, frame.top, frame.width, frame.height, inks.plot);
  canvas.blit(frame.left, frame.top, frame.width, plotPixels(heatmap, span, scale, frame, options.theme));
  drawValueAxis(canvas, frame, span, options.valueUnit, inks);
  drawTimeAxis(canvas, frame, heatmap, inks);
  drawLegend(canvas, frame, heatmap, scale, options, inks);
  return canvas.encode();
}

function drawHead(canvas: Canvas, heatmap: Heatmap, title: string, { ink, inkSoft }: PictureInks): void {
  const width = canvas.width - 32;
  const { fromTs, toTs, stepSec, tier, total, leftOut } = heatmap;
  const parts = [
    `${dateText(fromTs)} ${clockText(fromTs)} \u2013 ${dateText(toTs) === dateText(fromTs) ? "" : `${dateText(toTs)} `}${clockText(toTs)} UTC`,
    `${formatCount(total)} ${heatmap.unit}`,
    ...(leftOut === undefined || leftOut.share === 0
      ? []
      : [`${formatShare(leftOut.below + leftOut.above, total)} left out`]),
    `column ${stepSec} s (${tier})`,
  ];
  canvas.text(16, 14, fitText(title, width), { ink });
  canvas.text(16, 38, fitText(parts.join("   "), width), { ink: inkSoft });
}

/** The span of the rows; of nothing, where nothing was counted, one decade. */
function spanFor(heatmap: Heatmap, axis: AxisKind): ValueSpan {
  const rows = rowsOf(heatmap);
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) return { kind: axis, min: 1, max: 10 };
  const buckets = bucketsOf(parseScheme(heatmap.scheme));
  return spanOf(axis, buckets, [{ bucket: [first.first, last.last] }]) ?? { kind: axis, min: 1, max: 10 };
}

function plotPixels(
  heatmap: Heatmap,
  span: ValueSpan,
  scale: ColourScale,
  { width, height }: Frame,
  theme: Theme,
): Uint32Array {
  const inks = inksOf(theme);
  const { columns, fromTs, toTs, stepSec } = heatmap;
  const shown = rowsOf(heatmap);
  const rows = pixelRows(shown, span, height);
  // Without rows of its own a heatmap's entries are buckets, and every bucket between the lowest and the highest is a row.
  const base = heatmap.rows === undefined ? (shown[0]?.first ?? 0) : 0;
  const counts = new Float64Array(rows.length * columns.length);
  const missing = new Uint8Array(columns.length);
  columns.forEach(({ reporting, bucket, count, weight = count }, c) => {
    if (reporting === 0 && bucket.length === 0) missing[c] = 1;
    for (let i = 0; i < bucket.length; i++) counts[c * rows.length + (bucket[i] ?? 0) - base] = weight[i] ?? 0;
  });
  const edges = columnEdges(fromTs, stepSec, columns.length, fromTs, Math.max(toTs, fromTs + 1), width);
  const picture: Picture = { width, height, edges, rows, missing };
  const ramp = packRamp(rampOf(theme));
  const pixels = new Uint32Array(width * height);
  const paper = { ...HATCHING, background: packRgb(inks.plot), hatch: packRgb(inks.hatch) };
  paintCells(pixels, picture, paper, (cell) => {
    const count = counts[cell] ?? 0;
    return count <= 0 ? 0 : (ramp[scale.indexOf(count)] ?? 0);
  });
  if (heatmap.groups !== undefined) paintHues(pixels, heatmap, picture, scale, base, inks);
  return pixels;
}

const HATCHING = { period: 10, thickness: 2, phase: 0 };

/** Rows as pixels from the plot's top, each at least one high where there is room, without holes. */
function pixelRows(rows: ReturnType<typeof rowsOf>, span: ValueSpan, height: number): Row[] {
  let bottom = height;
  return rows.map(({ first, last, high }, i) => {
    const place = high === null ? 1 : placeOf(span, high);
    const edge = Math.round((1 - Math.min(1, Math.max(0, place))) * height);
    const top = Math.max(0, Math.min(edge, bottom - 1));
    const row = { top: i === rows.length - 1 && high === null ? 0 : top, bottom, first, last };
    bottom = row.top;
    return row;
  });
}

function paintHues(
  pixels: Uint32Array,
  heatmap: Heatmap,
  picture: Picture,
  scale: ColourScale,
  base: number,
  inks: PictureInks,
): void {
  const { groups = [] } = heatmap;
  const { edges, rows, width } = picture;
  heatmap.columns.forEach(({ bucket, count, weight = count }, c) => {
    for (let i = 0; i < bucket.length; i++) {
      const parts = groups.flatMap((group, g) => {
        const own = group.columns[c];
        const at = own === undefined ? -1 : Array.prototype.indexOf.call(own.bucket, bucket[i]);
        const ink = hueOf(inks, g, group.isOther);
        return at < 0 ? [] : [{ ink, weight: (own?.weight ?? own?.count)?.[at] ?? 0 }];
      });
      const row = rows[(bucket[i] ?? 0) - base];
      if (row === undefined || parts.every((part) => part.weight === 0)) continue;
      const colour = packRgb(mixHues(parts, scale.indexOf(weight[i] ?? 0) / 255, inks.plot));
      for (let y = row.top; y < row.bottom; y++) {
        pixels.fill(colour, y * width + (edges[c] ?? 0), y * width + (edges[c + 1] ?? 0));
      }
    }
  });
}

function drawValueAxis(
  canvas: Canvas,
  { left, top, height }: Frame,
  span: ValueSpan,
  unit: string,
  { inkSoft }: PictureInks,
): void {
  canvas.fill(left - 1, top, 1, height, inkSoft);
  for (const { value, label } of valueTicks(span, unit, Math.floor(height / 40))) {
    const y = top + Math.round((1 - placeOf(span, value)) * height);
    canvas.fill(left - (label === "" ? 5 : 8), Math.min(y, top + height - 1), label === "" ? 4 : 7, 1, inkSoft);
    if (label !== "") canvas.text(left - 12, y - 7, label, { ink: inkSoft, align: "right" });
  }
}

function drawTimeAxis(
  canvas: Canvas,
  { left, top, width, height }: Frame,
  { fromTs, toTs }: Heatmap,
  { inkSoft }: PictureInks,
): void {
  const bottom = top + height;
  canvas.fill(left - 1, bottom, width + 1, 1, inkSoft);
  let shown = "";
  for (const ts of timeTicks(fromTs, Math.max(toTs, fromTs + 1), Math.floor(width / 130), 0)) {
    const x = left + Math.round(((ts - fromTs) / Math.max(1, toTs - fromTs)) * width);
    canvas.fill(Math.min(x, left + width - 1), bottom + 1, 1, 6, inkSoft);
    // At the right end a label would leave the picture.
    if (x + textWidth("00:00:00") / 2 > canvas.width) continue;
    canvas.text(x, bottom + 11, clockText(ts), { ink: inkSoft, align: "middle" });
    if (dateText(ts) !== shown) canvas.text(x, bottom + 31, dateText(ts), { ink: inkSoft, align: "middle" });
    shown = dateText(ts);
  }
}

function drawLegend(
  canvas: Canvas,
  frame: Frame,
  heatmap: Heatmap,
  scale: ColourScale,
  { theme, valueUnit }: PngOptions,
  inks: PictureInks,
): void {
  const top = canvas.height - 42;
  const style = { ink: inks.inkSoft };
  let x = frame.left;
  if (heatmap.groups === undefined) {
    const ramp = rampOf(theme);
    const width = Math.min(260, Math.floor(frame.width / 3));
    for (let i = 0; i < width; i++) canvas.fill(x + i, top, 1, 12, ramp[Math.floor((i / width) * 256)] ?? inks.ink);
    // How many there are of a cell, at both ends and in the middle of the ramp.
    const numbers = [0, 0.5, 1].map((place) => ({ place, value: place === 1 ? scale.max : scale.countAt(place) }));
    for (const { place, value } of numbers) {
      const align = place === 0 ? "left" : place === 1 ? "right" : "middle";
      const text = value === null || value === 0 ? "" : amountText(heatmap, value, valueUnit);
      canvas.text(x + place * width, top + 18, text, { ...style, align });
    }
    x += width + 20;
    const { coloring = "rank", of = "count" } = heatmap.scale ?? {};
    const words = of === "count" ? `${heatmap.unit} a cell, by ${coloring}` : `weight of a cell, by ${coloring}`;
    canvas.text(x, top, fitText(words, canvas.width - 24 - HATCH_KEY_WIDTH - 20 - x), style);
  } else {
    const room = frame.width - 170;
    const each = Math.floor(room / Math.max(1, heatmap.groups.length));
    heatmap.groups.forEach((group, g) => {
      canvas.fill(x, top, 14, 14, hueOf(inks, g, group.isOther));
      canvas.text(x + 20, top, fitText(group.isOther ? "all other" : group.key || "(none)", each - 30), style);
      canvas.text(x + 20, top + 18, formatShare(group.total, heatmap.total), style);
      x += each;
    });
  }
  drawHatchKey(canvas, canvas.width - 24, top, inks);
}

function amountText(heatmap: Heatmap, value: number, valueUnit: string): string {
  return heatmap.scale?.of === "weight" ? formatQuantity(value, valueUnit) : formatShort(value);
}

function drawHatchKey(canvas: Canvas, right: number, top: number, inks: PictureInks): void {
  const left = right - HATCH_KEY_WIDTH;
  const key: Inks = { ...HATCHING, background: 0, hatch: 0 };
  for (let y = 0; y < 14; y++) {
    for (let x = 0; x < 20; x++) canvas.fill(left + x, top + y, 1, 1, isHatched(x, y, key) ? inks.hatch : inks.plot);
  }
  canvas.text(left + 28, top, NO_DATA, { ink: inks.inkSoft });
}

const NO_DATA = "no data";
const HATCH_KEY_WIDTH = textWidth(NO_DATA) + 28;

function dateText(ts: number): string {
  return new Date(ts * 1000).toISOString().slice(0, 10);
}

function clockText(ts: number): string {
  return new Date(ts * 1000).toISOString().slice(11, 19);
}
