/**
 * axes.ts: the two axes as uPlot draws them: few words, no grid, widths that never change.
 */
import { clockText, dateText, zoneOffsetSec, type Zone } from "../clock.ts";
import type { Colours } from "../theme.ts";
import type uPlot from "../uplot.ts";
import type { Axis } from "../uplot.ts";
import { timeTicks, valueTicks, type ValueTick } from "../../core/heatmap/ticks.ts";
import type { ValueSpan } from "../../core/heatmap/value-span.ts";

export const AXIS_FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';
const TIME_LABEL_PX = 92;
const VALUE_LABEL_PX = 26;

/** HH:MM:SS at round times; the date below the first label and wherever it changes. Where a tick is a day, dates alone. */
export function timeAxis(zone: () => Zone, colours: () => Colours): Axis {
  return {
    scale: "x",
    size: 38,
    gap: 4,
    font: AXIS_FONT,
    stroke: () => colours().inkSoft,
    grid: { show: false },
    ticks: { show: true, size: 5, width: 1, stroke: () => colours().hairline },
    splits: (u, _axis, min, max) =>
      timeTicks(min, max, Math.floor(u.bbox.width / devicePixelRatio / TIME_LABEL_PX), zoneOffsetSec(min, zone())),
    values: (_u, splits) => {
      if ((splits[1] ?? 0) - (splits[0] ?? 0) >= 86_400) return splits.map((ts) => dateText(ts, zone()));
      let shown = "";
      return splits.map((ts) => {
        const date = dateText(ts, zone());
        const time = clockText(ts, zone());
        if (date === shown) return time;
        shown = date;
        return `${time}\n${date}`;
      });
    },
  };
}

export function valueAxis(span: () => ValueSpan, unit: () => string, size: number, colours: () => Colours): Axis {
  const ticks = (u: uPlot): ValueTick[] => valueTicks(span(), unit(), roomFor(u, span()));
  return {
    scale: "y",
    size,
    gap: 4,
    font: AXIS_FONT,
    stroke: () => colours().inkSoft,
    grid: { show: false },
    // Drawn by `drawValueTicks`: uPlot has one length for all ticks.
    ticks: { show: false, size: 6 },
    splits: (u) => ticks(u).map((tick) => tick.value),
    values: (u) => ticks(u).map((tick) => tick.label),
  };
}

/** Long ticks where there is a label, short ones between. */
export function drawValueTicks(u: uPlot, span: ValueSpan, unit: string, colours: Colours): void {
  const ratio = devicePixelRatio;
  const { left } = u.bbox;
  u.ctx.save();
  u.ctx.fillStyle = colours.hairline;
  for (const { value, label } of valueTicks(span, unit, roomFor(u, span))) {
    const y = Math.round(u.valToPos(value, "y", true) - ratio / 2);
    const length = Math.round((label === "" ? 3 : 6) * ratio);
    u.ctx.fillRect(left - length, y, length, Math.max(1, Math.round(ratio)));
  }
  u.ctx.restore();
}

/** Decades may stand close; even steps say no more by being many. */
function roomFor(u: uPlot, { kind }: ValueSpan): number {
  const perLabel = kind === "log" ? VALUE_LABEL_PX : 3 * VALUE_LABEL_PX;
  return Math.max(2, Math.floor(u.bbox.height / devicePixelRatio / perLabel));
}
