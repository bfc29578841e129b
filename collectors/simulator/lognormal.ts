/**
 * lognormal.ts: how much of a lognormal latency falls between two edges.
 */

/**
 * The complementary error function with a relative error below 1.2e-7 everywhere (Numerical Recipes, erfcc). A relative
 * bound matters: an absolute one would scatter outliers that no model asked for over the far tail.
 */
function erfc(x: number): number {
  const t = 1 / (1 + 0.5 * Math.abs(x));
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
  const tail = t * Math.exp(-x * x + poly);
  return x >= 0 ? tail : 2 - tail;
}

/** The probability of a standard normal variable in [low, high); both tails keep their relative precision. */
export function normalMass(low: number, high: number): number {
  if (low > 0) return 0.5 * (erfc(low / Math.SQRT2) - erfc(high / Math.SQRT2));
  return 0.5 * (erfc(-high / Math.SQRT2) - erfc(-low / Math.SQRT2));
}
