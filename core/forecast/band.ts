/**
 * band.ts: where a value will lie: the middle, and the two ends that a share of the values is to be between.
 *
 * The width has two parts: how far hours scatter about their level, from the quantiles of what the fit left over, and how unsure the
 * slope is, which grows with the distance (theil-sen.ts).
 */
import { quantile } from "./order.ts";
import { at, back, type SeasonTrend } from "./season-trend.ts";

export interface Band {
  readonly low: number;
  readonly mid: number;
  readonly high: number;
}

/** @param stretch what the distance of both ends from the middle is multiplied by, on the form's scale */
export function bandOf(fit: SeasonTrend, confidence: number, stretch: number): (index: number) => Band {
  const tail = (1 - confidence) / 2;
  const [restLow, restHigh] = [quantile(fit.rests, tail), quantile(fit.rests, 1 - tail)];
  const { form, trend } = fit;
  return (index) => {
    const mid = at(fit, index);
    const scale = form === "scaled" ? Math.abs(mid) : 1;
    const low = Math.min(at(fit, index, trend.low), mid) + Math.min(0, scale * restLow);
    const high = Math.max(at(fit, index, trend.high), mid) + Math.max(0, scale * restHigh);
    return {
      low: back(form, mid - stretch * (mid - low)),
      mid: back(form, mid),
      high: back(form, mid + stretch * (high - mid)),
    };
  };
}
