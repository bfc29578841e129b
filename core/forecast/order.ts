/**
 * order.ts: order statistics of plain numbers: what the forecast is made of, since one mad hour must not move it.
 */

/** The middle of `values`, which are sorted in place; the mean of the two middles of an even number. @returns NaN of none */
export function medianOf(values: Float64Array): number {
  values.sort();
  const half = values.length >> 1;
  if (values.length === 0) return NaN;
  return values.length % 2 === 1 ? (values[half] ?? NaN) : ((values[half - 1] ?? NaN) + (values[half] ?? NaN)) / 2;
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

/** The same of values that are in no order. */
export function quantile(values: readonly number[] | Float64Array, q: number): number {
  return quantileOf(Float64Array.from(values).sort(), q);
}
