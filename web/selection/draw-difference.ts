/**
 * draw-difference.ts: a difference of two heatmaps on a canvas: cells, value labels at the left, the times of both ends below.
 *
 * Two hues that every common colour blindness keeps apart, blue for less and orange for more; the further from the plot's colour,
 * the larger the difference. The root of the share decides, since most differences are small and the few large are not to hide them.
 */
import type { SelectionDifference } from "../../core/api.ts";
import { columnEdges, paintCells } from "../../core/heatmap/paint.ts";
import { packRgb } from "../../core/heatmap/ramp.ts";
import { layRows, rowOfBucket } from "../../core/heatmap/rows.ts";
import { valueTicks } from "../../core/heatmap/ticks.ts";
import { occupied } from "../../core/heatmap/rebin.ts";
import { placeOf, type ValueSpan } from "../../core/heatmap/value-span.ts";
import { bucketsOf, type Buckets } from "../../core/histogram/buckets.ts";
import { parseScheme } from "../../core/histogram/scheme.ts";
import { clockText, type Zone } from "../clock.ts";
import { AXIS_FONT } from "../heatmap/axes.ts";
import type { Colours } from "../theme.ts";

export interface DrawnDifference {
  /** The greatest difference of a cell: a share of a side's total. */
  readonly most: number;
  /** @param x CSS pixels from the canvas' corner; @returns the column and the buckets of the cell there */
  cellAt(x: number, y: number): { readonly column: number; readonly first: number; readonly last: number } | null;
}

const LEFT_PX = 62;
const BELOW_PX = 20;
const FAINTEST = 0.22;

export function drawDifference(
  canvas: HTMLCanvasElement,
  answer: SelectionDifference,
  unit: string,
  zone: Zone,
  colours: Colours,
): DrawnDifference {
  const ratio = devicePixelRatio;
  const [cssWidth, cssHeight] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = Math.round(cssWidth * ratio);
  canvas.height = Math.round(cssHeight * ratio);
  const width = Math.max(1, Math.round((cssWidth - LEFT_PX) * ratio));
  const height = Math.max(1, Math.round((cssHeight - BELOW_PX) * ratio));
  const buckets = bucketsOf(parseScheme(answer.scheme));
  const span = spanOfAnswer(answer, buckets);
  const rows = layRows(buckets, span, height);
  const rowOf = rowOfBucket(buckets, rows);
  const columns = answer.columns.length;
  const shares = new Float64Array(rows.length * columns);
  const missing = new Uint8Array(columns);
  answer.columns.forEach(({ bucket, share }, c) => {
    if (bucket === null) missing[c] = 1;
    bucket?.forEach((index, i) => {
      const row = rowOf[index - buckets.first] ?? -1;
      const cell = c * rows.length + row;
      if (row >= 0) shares[cell] = (shares[cell] ?? 0) + (share?.[i] ?? 0);
    });
  });
  const most = shares.reduce((max, share) => Math.max(max, Math.abs(share)), 0);
  const edges = columnEdges(0, 1, columns, 0, columns, width);
  const context = canvas.getContext("2d");
  if (context !== null) {
    const image = context.createImageData(width, height);
    const picture = { width, height, edges, rows, missing };
    const inks = {
      background: packRgb(colours.plot),
      hatch: packRgb(colours.hatch),
      period: 7,
      thickness: 1,
      phase: 0,
    };
    paintCells(new Uint32Array(image.data.buffer), picture, inks, (cell) => colourOf(shares[cell] ?? 0, most, colours));
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.putImageData(image, Math.round(LEFT_PX * ratio), 0);
    context.scale(ratio, ratio);
    drawLabels(context, answer, span, unit, zone, colours, cssWidth, cssHeight);
  }
  return {
    most,
    cellAt: (x, y) => {
      const [left, top] = [(x - LEFT_PX) * ratio, y * ratio];
      const column = edges.findIndex((edge, i) => left >= edge && left < (edges[i + 1] ?? 0));
      const row = rows.find((each) => top >= each.top && top < each.bottom);
      return column < 0 || row === undefined ? null : { column, first: row.first, last: row.last };
    },
  };
}

/** From the lowest to the highest bucket in it, to their very edges: a selection is small as it is. */
function spanOfAnswer({ columns }: SelectionDifference, buckets: Buckets): ValueSpan {
  const all = occupied(columns.map(({ bucket }) => ({ bucket: bucket ?? [] })));
  const high = all === null ? null : buckets.highOf(all.last);
  const low = all === null ? null : buckets.lowOf(all.first);
  const max = high ?? 2 * (all === null ? 5e8 : (buckets.lowOf(all.last) ?? 1));
  return { kind: "log", min: low !== null && low > 0 ? low : max / 1e3, max };
}

/** The packed pixel of a share; 0, the background, for none. */
function colourOf(share: number, most: number, { more, less, plot }: Colours): number {
  if (share === 0 || most === 0) return 0;
  const strength = FAINTEST + (1 - FAINTEST) * Math.sqrt(Math.abs(share) / most);
  const hue = share < 0 ? less : more;
  const channel = (at: 0 | 1 | 2): number => Math.round(plot[at] + (hue[at] - plot[at]) * strength);
  return packRgb([channel(0), channel(1), channel(2)]);
}

/** `+0.42 %` */
export function signedShare(share: number): string {
  const percent = Math.abs(share * 100);
  const text = percent === 0 ? "0" : percent >= 10 ? percent.toFixed(0) : percent.toPrecision(2);
  return `${share < 0 ? "−" : share > 0 ? "+" : ""}${text} %`;
}

function drawLabels(
  context: CanvasRenderingContext2D,
  { columns, stepSec }: SelectionDifference,
  span: ValueSpan,
  unit: string,
  zone: Zone,
  colours: Colours,
  width: number,
  height: number,
): void {
  const plotHeight = height - BELOW_PX;
  context.font = AXIS_FONT;
  context.fillStyle = colours.inkSoft;
  context.textAlign = "right";
  context.textBaseline = "middle";
  // Within a decade or two the 2 and the 5 are all that there is to label.
  for (const { value, label } of valueTicks(span, unit, Math.max(6, Math.floor(plotHeight / 24)))) {
    const y = (1 - placeOf(span, value)) * plotHeight;
    context.fillText(label, LEFT_PX - 8, Math.min(plotHeight - 7, Math.max(7, y)));
  }
  context.textBaseline = "bottom";
  context.fillText(clockText((columns.at(-1)?.a.ts ?? 0) + stepSec, zone), width, height);
  context.textAlign = "left";
  context.fillText(clockText(columns[0]?.a.ts ?? 0, zone), LEFT_PX, height);
}
