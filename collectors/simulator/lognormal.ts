/**
 * lognormal.ts: the tails of the normal distribution, from which the masses of lognormal latencies are taken.
 */

/**
 * The complementary error function of x >= 0 with a relative error below 1.2e-7 (Numerical Recipes, erfcc). A relative
 * bound matters: an absolute one would scatter outliers that no model asked for over the far tail.
 */
function erfc(x: number): number {
  const t = 1 / (1 + 0.5 * x);
  const poly =
    -1.26551223 +
    t *
      (1.00002368 +
        t *
          (0.37409196 +
            t *
              (0.09678418 +
                t *
                  (-0.18628806 +
                    t * (0.27886807 + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))))))));
  return t * Math.exp(-x * x + poly);
}

/** The probability that a standard normal variable is farther from 0 than `z`, on z's side. */
export function normalTail(z: number): number {
  return 0.5 * erfc(Math.abs(z) / Math.SQRT2);
}
