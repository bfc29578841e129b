/**
 * theil-sen.ts: the slope of a line through points of which up to 29 % may be wild, and how sure it is.
 *
 * H. Theil, "A rank-invariant method of linear and polynomial regression analysis" (1950): the median of the slopes between all
 * pairs. P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau" (JASA 63, 1968): the interval, from the ranks of
 * those slopes. Neighbouring weeks are alike, so that there are fewer independent ones than weeks: the variance of tau is
 * inflated by the first autocorrelation, as K. H. Hamed and A. R. Rao do ("A modified Mann-Kendall trend test for
 * autocorrelated data", J. Hydrology 204, 1998; here for an autoregression of order one).
 */
import { medianOf, quantileIn } from "./order.ts";

export interface Slope {
  readonly slope: number;
  /** Where the slope is with the confidence asked for. */
  readonly low: number;
  readonly high: number;
}

/**
 * @param y by equal steps; NaN is missing
 * @param z of the normal distribution: 1.645 for 90 %
 * @returns per step; null of fewer than three points
 */
export function theilSen(y: ArrayLike<number>, z: number): Slope | null {
  const at: number[] = [];
  for (let i = 0; i < y.length; i++) if (!Number.isNaN(y[i] ?? NaN)) at.push(i);
  const n = at.length;
  if (n < 3) return null;
  const slopes = new Float64Array((n * (n - 1)) / 2);
  let next = 0;
  for (let a = 0; a < n; a++) {
    for (let b = a + 1; b < n; b++) {
      const [i = 0, j = 0] = [at[a], at[b]];
      slopes[next++] = ((y[j] ?? 0) - (y[i] ?? 0)) / (j - i);
    }
  }
  const slope = medianOf(slopes);
  const spread = z * Math.sqrt(((n * (n - 1) * (2 * n + 5)) / 18) * inflation(y, at, slope));
  const rank = (count: number): number => quantileIn(slopes, count / (slopes.length - 1));
  return { slope, low: rank((slopes.length - spread) / 2), high: rank((slopes.length + spread) / 2) };
}

/** (1 + r) / (1 - r) of the residuals' first autocorrelation r: how many of the points say the same as their neighbour. */
function inflation(y: ArrayLike<number>, at: readonly number[], slope: number): number {
  const rest = Float64Array.from(at, (i) => (y[i] ?? 0) - slope * i);
  const middle = medianOf(rest.slice());
  let products = 0;
  let squares = 0;
  for (let i = 0; i < rest.length; i++) {
    const each = (rest[i] ?? 0) - middle;
    squares += each * each;
    if (i > 0) products += each * ((rest[i - 1] ?? 0) - middle);
  }
  const r = squares === 0 ? 0 : Math.min(0.9, Math.max(0, products / squares));
  return (1 + r) / (1 - r);
}
