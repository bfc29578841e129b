/**
 * fine-buckets.ts: the finest values that the simulation knows.
 *
 * Latencies are drawn into these buckets and never finer: 90 a decade from 100 ns to 100 s, the bins of
 * llquantize(10,2,10,100), so that its coarser steps (10, 20, 50) are sums of them. To everything outside, a fine bucket is
 * one integer, its representative: schemes and predicates see only that, hence all decompositions of a second agree.
 */

const FIRST_MAGNITUDE = 2;
const LAST_MAGNITUDE = 10;
const PER_DECADE = 90;

export const FINE_COUNT = (LAST_MAGNITUDE - FIRST_MAGNITUDE + 1) * PER_DECADE;

/** Lower edges; one more than there are buckets. */
export const FINE_EDGES: Float64Array = edges();

/** The integer that stands for each bucket. */
export const FINE_VALUES: Float64Array = Float64Array.from({ length: FINE_COUNT }, (_, i) => {
  const low = FINE_EDGES[i] ?? 0;
  return low + Math.floor(((FINE_EDGES[i + 1] ?? 0) - low) / 2);
});

function edges(): Float64Array {
  const all: number[] = [];
  for (let magnitude = FIRST_MAGNITUDE; magnitude <= LAST_MAGNITUDE; magnitude++) {
    for (let i = 10; i < 100; i++) all.push(i * 10 ** (magnitude - 1));
  }
  all.push(10 ** (LAST_MAGNITUDE + 1));
  return Float64Array.from(all);
}
