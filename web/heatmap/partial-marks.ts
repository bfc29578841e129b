/**
 * partial-marks.ts: a thin mark under each column whose counts are not everyone's.
 */
import type { HeatmapColumn } from "../../core/api.ts";
import type uPlot from "../uplot.ts";
import { isPartial } from "./column-window.ts";
import { roundBox } from "./plot-box.ts";

/** @param edges of the columns, device pixels from the plot's left */
export function drawPartialMarks(
  u: uPlot,
  columns: readonly HeatmapColumn[],
  edges: Int32Array | undefined,
  ink: string,
): void {
  const { left, top, height } = roundBox(u.bbox);
  const thickness = Math.max(2, Math.round(2 * devicePixelRatio));
  u.ctx.save();
  u.ctx.fillStyle = ink;
  columns.forEach((column, c) => {
    if (!isPartial(column)) return;
    const from = edges?.[c] ?? 0;
    const to = edges?.[c + 1] ?? from;
    u.ctx.fillRect(left + from, top + height + devicePixelRatio, to - from, thickness);
  });
  u.ctx.restore();
}
