/**
 * distribution.ts: counts by bucket, and what can be said of them exactly.
 *
 * A distribution is sparse: bucket indexes with their counts, in any order and with repeats allowed (the store splits counts
 * above 2^32-1 into several entries), because every use sums. Merging is adding integers, so it commutes and any grouping of
 * hosts, zones and seconds gives the same answer. Counts here are doubles and exact to 2^53: at a billion events a second,
 * 104 days of them; `addTo` refuses to go on silently past it.
 */
import type { Buckets } from "./buckets.ts";

export interface Distribution {
  /** Bucket indexes. */
  readonly bucket: ArrayLike<number>;
  /** Counts, one for each entry of `bucket`. */
  readonly count: ArrayLike<number>;
}

/** Adds entries to a dense or sparse tally. @throws RangeError when a count would pass 2^53 and lose its last digit */
export function addTo(tally: Map<number, number>, distribution: Distribution): void {
  for (let i = 0; i < distribution.bucket.length; i++) {
    const bucket = distribution.bucket[i] ?? 0;
    const sum = (tally.get(bucket) ?? 0) + (distribution.count[i] ?? 0);
    if (sum > Number.MAX_SAFE_INTEGER) throw new RangeError("a bucket's count is above 2^53: narrow the range");
    tally.set(bucket, sum);
  }
}

/** The sum of distributions of one scheme: ascending by bucket, without zeros. */
export function merge(distributions: Iterable<Distribution>): Distribution {
  const tally = new Map<number, number>();
  for (const distribution of distributions) addTo(tally, distribution);
  return fromTally(tally);
}

/** A tally as a distribution: ascending by bucket, without zeros. */
export function fromTally(tally: ReadonlyMap<number, number>): { bucket: number[]; count: number[] } {
  const entries = [...tally].filter(([, count]) => count !== 0).sort((a, b) => a[0] - b[0]);
  return { bucket: entries.map(([bucket]) => bucket), count: entries.map(([, count]) => count) };
}

/** The number of events. */
export function totalOf(distribution: Distribution): number {
  let total = 0;
  for (let i = 0; i < distribution.count.length; i++) total += distribution.count[i] ?? 0;
  return total;
}

/**
 * Estimates the value below which a fraction `q` of the events lie.
 *
 * The bucket is exact (it is the one that holds the ceil(q * total)-th event); the place within it is interpolated, so the
 * answer is off by at most that bucket's width. An open bucket answers with its one known edge.
 *
 * @param distribution ascending by bucket (as `merge` and `fromTally` make it)
 * @param q fraction in [0, 1]
 * @returns in the metric's unit; null when nothing was observed, which is normal
 * @throws RangeError if q is outside [0, 1]
 */
export function quantile(buckets: Buckets, distribution: Distribution, q: number): number | null {
  return quantilesOf(buckets, distribution, [q], totalOf(distribution))[0] ?? null;
}

/**
 * The same for several fractions, in one pass.
 *
 * @param fractions ascending
 * @param total of the distribution, which its caller mostly knows
 */
export function quantilesOf(
  buckets: Buckets,
  { bucket, count }: Distribution,
  fractions: readonly number[],
  total: number,
): (number | null)[] {
  let below = 0;
  let at = 0;
  let before = 0;
  return fractions.map((q) => {
    if (!(q >= before && q <= 1)) throw new RangeError(`quantile ${q} is outside [${before}, 1]`);
    before = q;
    if (total === 0) return null;
    const rank = Math.max(1, Math.ceil(q * total));
    while (at < bucket.length && below + (count[at] ?? 0) < rank) below += count[at++] ?? 0;
    return at < bucket.length ? within(buckets, bucket[at] ?? 0, (rank - below) / (count[at] ?? 1)) : null;
  });
}

function within(buckets: Buckets, index: number, fraction: number): number {
  const low = buckets.lowOf(index);
  const high = buckets.highOf(index);
  if (low === null) return high ?? 0;
  if (high === null) return low;
  return low + (high - low) * fraction;
}
