/**
 * band.ts: where a value will lie: the middle, and the two ends that a share of the values is to be between.
 *
 * The width has two parts: how far hours scatter about their level, from the quantiles of what the fit left over, and how unsure the
 * slope is, which grows with the distance (theil-sen.ts).
 */
import { quantileOf } from "./order.ts";
import { at, back, type SeasonTrend } from "./season-trend.ts";

export interface Band {
  readonly low: number;
  readonly mid: number;
  readonly high: number;
}

/** @param stretch what the distance of both ends from the middle is multiplied by, on the form's scale */
export function bandAt(fit: SeasonTrend, index: number, confidence: number, stretch: number): Band {
  const tail = (1 - confidence) / 2;
  const mid = at(fit, index);
  const scale = fit.form === "scaled" ? Math.abs(mid) : 1;
  const [restLow, restHigh] = [scale * quantileOf(fit.rests, tail), scale * quantileOf(fit.rests, 1 - tail)];
  const low = Math.min(at(fit, index, fit.trend.low), mid) + Math.min(0, restLow);
  const high = Math.max(at(fit, index, fit.trend.high), mid) + Math.max(0, restHigh);
  return {
    low: back(fit.form, mid - stretch * (mid - low)),
    mid: back(fit.form, mid),
    high: back(fit.form, mid + stretch * (high - mid)),
  };
}
