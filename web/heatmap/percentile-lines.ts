/**
 * percentile-lines.ts: the lines over the cells, from the columns' exact percentiles.
 *
 * Each percentile is drawn twice: a halo in the background's colour and the line on it, so that it can be followed over
 * empty plot and over the brightest cells. They share one ink and differ by dashes and by a name at their right end: colour
 * belongs to the cells.
 *
 * A line of thousands of points is stroked piece by piece, each through a window of its own on the whole line: what a browser does for
 * one path grows with the square of its points, and through the windows the pixels are those of one stroke.
 */
import type { HeatmapColumn } from "../../core/api.ts";
import type { Colours } from "../theme.ts";
import type uPlot from "../uplot.ts";
import { PERCENTILE_LABELS, PERCENTILES, type Percentile } from "../view/view.ts";

const DASHES: Record<Percentile, number[]> = { p50: [1, 3], p90: [4, 3], p99: [], p999: [7, 3] };
const FONT_PX = 11;
const HALO_PX = 3.5;
const LINE_PX = 1.5;
const PIECE_POINTS = 64;

/** A line in device pixels; y is NaN where there is nothing to draw. */
interface Line {
  readonly name: Percentile;
  readonly x: Float64Array;
  readonly y: Float64Array;
}

export function drawPercentileLines(
  u: uPlot,
  columns: readonly HeatmapColumn[],
  stepSec: number,
  shown: readonly Percentile[],
  colours: Colours,
): void {
  const x = Float64Array.from(columns, (column) => u.valToPos(column.ts + stepSec / 2, "x", true));
  const lines = PERCENTILES.filter((name) => shown.includes(name)).map((name): Line => {
    const y = Float64Array.from(columns, (column) => {
      const value = column[name];
      return value === null ? Number.NaN : u.valToPos(value, "y", true);
    });
    return { name, x, y };
  });
  u.ctx.save();
  [u.ctx.lineCap, u.ctx.lineJoin] = ["round", "round"];
  for (const [width, ink] of [
    [HALO_PX, colours.halo],
    [LINE_PX, colours.ink],
  ] as const) {
    u.ctx.lineWidth = width * devicePixelRatio;
    u.ctx.strokeStyle = ink;
    for (const line of lines) strokeInPieces(u, line);
  }
  u.ctx.restore();
}

function strokeInPieces({ ctx, bbox }: uPlot, { name, x, y }: Line): void {
  const reach = ctx.lineWidth / 2;
  const [start, end] = [Math.floor(bbox.left - reach), Math.ceil(bbox.left + bbox.width + reach)];
  const dash = DASHES[name];
  const lengths = dash.length === 0 ? null : lengthsOf(x, y);
  ctx.setLineDash(dash);
  let left = start;
  for (let from = 0; from < x.length && left < end; from += PIECE_POINTS) {
    const to = from + PIECE_POINTS;
    const right = to >= x.length ? end : Math.min(end, Math.round(x[to] as number));
    if (right <= left) continue;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, Math.floor(bbox.top - reach), right - left, Math.ceil(bbox.height + 2 * reach));
    ctx.clip();
    // What lies just beside the window reaches into it.
    let first = from;
    while (first > 0 && (x[first] as number) > left - 2 * ctx.lineWidth) first -= 1;
    let last = Math.min(to, x.length - 1);
    while (last < x.length - 1 && (x[last] as number) < right + 2 * ctx.lineWidth) last += 1;
    strokeRuns(ctx, { name, x, y }, lengths, first, last);
    ctx.restore();
    left = right;
  }
}

/** Where a value is missing the line is broken; dashes go on behind it as if it were not. @param last inclusive */
function strokeRuns(
  ctx: CanvasRenderingContext2D,
  { x, y }: Line,
  lengths: Float64Array | null,
  first: number,
  last: number,
): void {
  let points = 0;
  for (let i = first; i <= last + 1; i++) {
    const top = i > last ? Number.NaN : (y[i] as number);
    if (Number.isNaN(top)) {
      if (points > 1) ctx.stroke();
      points = 0;
    } else if (points++ === 0) {
      ctx.lineDashOffset = lengths?.[i] ?? 0;
      ctx.beginPath();
      ctx.moveTo(x[i] as number, top);
    } else ctx.lineTo(x[i] as number, top);
  }
}

/** How long the line is up to each of its points. */
function lengthsOf(x: Float64Array, y: Float64Array): Float64Array {
  const lengths = new Float64Array(x.length);
  let length = 0;
  let before = -1;
  for (let i = 0; i < x.length; i++) {
    if (Number.isNaN(y[i])) continue;
    if (before >= 0)
      length += Math.hypot((x[i] as number) - (x[before] as number), (y[i] as number) - (y[before] as number));
    before = i;
    lengths[i] = length;
  }
  return lengths;
}

/** Names each line beside its last point, pushed apart where they would overlap. */
export function drawLineNames(
  u: uPlot,
  columns: readonly HeatmapColumn[],
  shown: readonly Percentile[],
  colours: Colours,
): void {
  const ratio = devicePixelRatio;
  const { left, top, width, height } = u.bbox;
  const last = columns.findLast((column) => column.total !== null);
  if (last === undefined) return;
  const places = shown
    .flatMap((name) => {
      const value = last[name];
      return value === null ? [] : [{ name, y: u.valToPos(value, "y", true) }];
    })
    .filter(({ y }) => y >= top && y <= top + height)
    .sort((a, b) => a.y - b.y);
  const gap = (FONT_PX + 2) * ratio;
  u.ctx.save();
  u.ctx.font = `${FONT_PX * ratio}px system-ui, sans-serif`;
  u.ctx.fillStyle = colours.ink;
  u.ctx.textAlign = "left";
  u.ctx.textBaseline = "middle";
  let floor = -Infinity;
  for (const { name, y } of places) {
    const at = Math.max(y, floor);
    u.ctx.fillText(PERCENTILE_LABELS[name], left + width + 5 * ratio, at);
    floor = at + gap;
  }
  u.ctx.restore();
}
