/**
 * order.ts: order statistics of plain numbers: what the forecast is made of, since one mad hour must not move it.
 */

/**
 * The middle of `values`; the mean of the two middles of an even number.
 *
 * A forecast takes some ten thousand medians, and to sort for each was half of its time.
 *
 * @param values none of them NaN; they are put into another order
 * @returns NaN of none
 */
export function medianOf(values: Float64Array): number {
  if (values.length === 0) return NaN;
  const half = values.length >> 1;
  const upper = select(values, half);
  if (values.length % 2 === 1) return upper;
  let lower = -Infinity;
  for (let i = 0; i < half; i++) lower = Math.max(lower, values[i] ?? NaN);
  return (lower + upper) / 2;
}

/**
 * The value that would be at `k` if all were sorted: C. A. R. Hoare, "Algorithm 65: find" (CACM 4, 1961), by the median of three.
 *
 * @param values none of them NaN; afterwards none before `k` is greater, and none behind it is less, than what is there
 * @returns NaN where there is no `k`
 */
export function select(values: Float64Array, k: number): number {
  let [low, high] = [0, values.length - 1];
  // Orders that make it quadratic are rare, and are sorted.
  for (let rounds = 0; low < high; rounds++) {
    if (rounds > MAX_ROUNDS) values.subarray(low, high + 1).sort();
    if (rounds > MAX_ROUNDS) break;
    const pivot = middleOf(values[low] ?? NaN, values[(low + high) >> 1] ?? NaN, values[high] ?? NaN);
    let [i, j] = [low, high];
    while (i <= j) {
      while ((values[i] ?? Infinity) < pivot) i += 1;
      while ((values[j] ?? -Infinity) > pivot) j -= 1;
      if (i > j) break;
      const held = values[i] ?? NaN;
      values[i] = values[j] ?? NaN;
      values[j] = held;
      i += 1;
      j -= 1;
    }
    // Between the two all are equal to the pivot.
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return values[k] ?? NaN;
}

const MAX_ROUNDS = 60;

function middleOf(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

/**
 * The value below which a fraction `q` of ascending values lie, between the two neighbours (type 7 of Hyndman and Fan, 1996).
 *
 * @param sorted ascending
 * @returns NaN of none
 */
export function quantileOf(sorted: ArrayLike<number>, q: number): number {
  if (sorted.length === 0) return NaN;
  const at = Math.min(1, Math.max(0, q)) * (sorted.length - 1);
  const low = Math.floor(at);
  const from = sorted[low] ?? NaN;
  const to = sorted[Math.min(sorted.length - 1, low + 1)] ?? NaN;
  return from + (to - from) * (at - low);
}

/** The same of values that are in no order, none of them NaN, which are put into another. */
export function quantileIn(values: Float64Array, q: number): number {
  const at = Math.min(1, Math.max(0, q)) * (values.length - 1);
  const low = Math.floor(at);
  const from = select(values, low);
  if (at === low) return from;
  let to = Infinity;
  for (let i = low + 1; i < values.length; i++) to = Math.min(to, values[i] ?? NaN);
  return from + (to - from) * (at - low);
}

/** The same of values that stay as they are. */
export function quantile(values: readonly number[] | Float64Array, q: number): number {
  return values.length === 0 ? NaN : quantileIn(Float64Array.from(values), q);
}
