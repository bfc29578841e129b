/**
 * distance.ts: how far one distribution is from another: the Wasserstein distance of order one, the earth mover's distance.
 *
 * It is the work of turning the one into the other: the share of events that must move, times how far. Between distributions on a
 * line that is the area between the two cumulative ones (S. S. Vallender, "Calculation of the Wasserstein distance between
 * probability distributions on the line", Theory of Probability and its Applications 18, 1974), so it costs one pass over the
 * buckets. As a distance between histograms: Y. Rubner, C. Tomasi, L. J. Guibas, "The earth mover's distance as a metric for image
 * retrieval", International Journal of Computer Vision 40, 2000.
 *
 * Why this one: distances that compare bucket by bucket (Jensen-Shannon, chi-squared, Kolmogorov-Smirnov's maximum) see as
 * much of a change in a latency that crosses from one bucket into the next as in one that moves by three decades, and are at their maximum
 * as soon as two distributions share no bucket. Here a shift is as large as it is, a second mode counts by its share and by how far away it
 * lies, and jitter between neighbours counts for next to nothing.
 *
 * The ground is logarithmic: a distance of 0.3 says that events are by a factor of 10^0.3 = 2 from where they were, on (geometric)
 * average. Values below zero mirror; linear schemes (lquantize) are measured in steps.
 */
import type { Buckets } from "../histogram/buckets.ts";
import { totalOf, type Distribution } from "../histogram/distribution.ts";

/**
 * @param a ascending by bucket
 * @param b ascending by bucket, of the same scheme
 * @returns decades (steps of an lquantize); null where either is empty: nothing is not near or far from anything
 */
export function distance(buckets: Buckets, a: Distribution, b: Distribution): number | null {
  const totalA = totalOf(a);
  const totalB = totalOf(b);
  if (totalA === 0 || totalB === 0) return null;
  const place = placeOf(buckets);
  let [i, j] = [0, 0];
  let [belowA, belowB] = [0, 0];
  let work = 0;
  let at: number | null = null;
  while (i < a.bucket.length || j < b.bucket.length) {
    const index = Math.min(a.bucket[i] ?? Infinity, b.bucket[j] ?? Infinity);
    const here = place(index);
    if (at !== null) work += Math.abs(belowA / totalA - belowB / totalB) * (here - at);
    at = here;
    for (; a.bucket[i] === index; i++) belowA += a.count[i] ?? 0;
    for (; b.bucket[j] === index; j++) belowB += b.count[j] ?? 0;
  }
  return work;
}

/** Where the middle of a bucket lies on the ground; an open bucket lies at its one edge. */
function placeOf(buckets: Buckets): (index: number) => number {
  const { scheme } = buckets;
  const known = new Map<number, number>();
  return (index) => {
    let place = known.get(index);
    if (place === undefined) {
      const low = buckets.lowOf(index);
      const high = buckets.highOf(index);
      const middle = low === null ? (high ?? 0) : high === null ? low : (low + high) / 2;
      place = scheme.kind === "lquantize" ? middle / scheme.step : Math.sign(middle) * Math.log10(1 + Math.abs(middle));
      known.set(index, place);
    }
    return place;
  };
}
