/**
 * percentile-lines.ts: the lines over the cells, from the columns' exact percentiles.
 *
 * Each percentile is two uPlot series: a halo in the background's colour and the line on it, so that it can be followed over
 * empty plot and over the brightest cells. They share one ink and differ by dashes and by a name at their right end: colour
 * belongs to the cells.
 */
import type { HeatmapColumn } from "../../core/api.ts";
import type { Colours } from "../theme.ts";
import type uPlot from "../uplot.ts";
import type { AlignedData, Series } from "../uplot.ts";
import { PERCENTILE_LABELS, PERCENTILES, type Percentile } from "../view/view.ts";

const DASHES: Record<Percentile, number[]> = { p50: [1, 3], p90: [4, 3], p99: [], p999: [7, 3] };
const FONT_PX = 11;

export function percentileSeries(colours: () => Colours): Series[] {
  const line = (width: number, stroke: () => string, dash: number[]): Series => ({
    scale: "y",
    width,
    stroke,
    dash,
    cap: "round",
    pxAlign: 0,
    points: { show: false },
  });
  const halos = PERCENTILES.map((name) => line(3.5, () => colours().halo, DASHES[name]));
  const lines = PERCENTILES.map((name) => line(1.5, () => colours().ink, DASHES[name]));
  return [...halos, ...lines];
}

/** x (the columns' middles), then a halo and a line for each percentile; all null for those that are switched off. */
export function percentileData(
  columns: readonly HeatmapColumn[],
  stepSec: number,
  shown: readonly Percentile[],
): AlignedData {
  const lines = PERCENTILES.map((name) =>
    shown.includes(name) ? columns.map((column) => column[name]) : columns.map(() => null),
  );
  return [columns.map((column) => column.ts + stepSec / 2), ...lines, ...lines];
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
