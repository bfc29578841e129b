/**
 * partial-marks.ts: a thin mark under each column whose counts are not everyone's.
 */
import type { HeatmapColumn } from "../../core/api.ts";
import type uPlot from "../uplot.ts";
import { isPartial } from "./column-window.ts";
import { roundBox } from "./plot-box.ts";

export function drawPartialMarks(
  u: uPlot,
  columns: readonly HeatmapColumn[],
  edges: Int32Array | undefined,
  ink: string,
): void {
  if (edges === undefined) return;
  drawMarks(u, edges, ink, (c) => {
    const column = columns[c];
    return column !== undefined && isPartial(column);
  });
}

/** @param edges of the columns, device pixels from the plot's left */
export function drawMarks(u: uPlot, edges: Int32Array, ink: string, isMarked: (column: number) => boolean): void {
  const { left, top, height } = roundBox(u.bbox);
  const thickness = Math.max(2, Math.round(2 * devicePixelRatio));
  u.ctx.save();
  u.ctx.fillStyle = ink;
  for (let c = 0; c < edges.length - 1; c++) {
    if (!isMarked(c)) continue;
    const [from = 0, to = 0] = edges.slice(c, c + 2);
    u.ctx.fillRect(left + from, top + height + devicePixelRatio, to - from, thickness);
  }
  u.ctx.restore();
}
