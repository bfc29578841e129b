/**
 * missing.ts: what is not known of a line's columns: hatched where nobody watched, marked where not everybody did, as on a heatmap.
 */
import { columnEdges, isHatched } from "../../core/heatmap/paint.ts";
import type { Series } from "../../core/api.ts";
import { HATCH_PERIOD_PX } from "../heatmap/paint-scene.ts";
import { drawMarks } from "../heatmap/partial-marks.ts";
import { roundBox } from "../heatmap/plot-box.ts";
import type { Colours } from "../theme.ts";
import type uPlot from "../uplot.ts";

/** Nothing is known of the column: no line has a value in it. */
export function isMissingAt({ reporting, series }: Series, i: number): boolean {
  return (reporting[i] ?? 0) === 0 && series.every(({ values }) => (values[i] ?? null) === null);
}

/** The column has values, but not everyone's. */
export function isPartialAt(answer: Series, i: number): boolean {
  const { reporting, expected, dropped } = answer;
  return !isMissingAt(answer, i) && ((reporting[i] ?? 0) < (expected[i] ?? 0) || (dropped[i] ?? 0) > 0);
}

/** Drawn before the lines. @param times of the plot's edges, epoch seconds */
export function drawMissing(
  u: uPlot,
  answer: Series,
  [from, to]: readonly [from: number, to: number],
  { hatch, inkSoft }: Pick<Colours, "hatch" | "inkSoft">,
): void {
  const { left, top, width, height } = roundBox(u.bbox);
  const [first] = answer.times;
  if (first === undefined || width < 1 || height < 1) return;
  const edges = columnEdges(first, answer.stepSec, answer.times.length, from, to, width);
  const phase = Math.round(from * (width / (to - from)));
  u.ctx.save();
  u.ctx.fillStyle = hatching(u.ctx, `rgb(${hatch.join(" ")})`, left - phase, top);
  answer.times.forEach((_, i) => {
    const [x = 0, end = 0] = edges.slice(i, i + 2);
    if (end > x && isMissingAt(answer, i)) u.ctx.fillRect(left + x, top, end - x, height);
  });
  u.ctx.restore();
  drawMarks(u, edges, inkSoft, (i) => isPartialAt(answer, i));
}

/** A pattern of the heatmap's own hatching, from a place on the canvas on. */
function hatching(ctx: CanvasRenderingContext2D, ink: string, x: number, y: number): CanvasPattern | string {
  const period = Math.round(HATCH_PERIOD_PX * devicePixelRatio);
  const thickness = Math.max(1, Math.round(devicePixelRatio));
  const tile = document.createElement("canvas");
  [tile.width, tile.height] = [period, period];
  const paint = tile.getContext("2d");
  if (paint === null) return ink;
  paint.fillStyle = ink;
  for (let j = 0; j < period; j++) {
    for (let i = 0; i < period; i++) if (isHatched(i, j, { period, thickness, phase: 0 })) paint.fillRect(i, j, 1, 1);
  }
  const pattern = ctx.createPattern(tile, "repeat");
  pattern?.setTransform(new DOMMatrix([1, 0, 0, 1, x % period, y]));
  return pattern ?? ink;
}
