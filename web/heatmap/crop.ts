/**
 * crop.ts: a picture without its outliers: the few events so far up that they press all others together.
 *
 * Only the picture is cut, at a bucket's edge. Percentiles and totals stay those of all that was counted, and how much was left
 * out is always said.
 */
import type { Heatmap } from "../../core/api.ts";
import type { Buckets } from "../../core/histogram/buckets.ts";
import { merge } from "../../core/histogram/distribution.ts";
import type { Values } from "../view/region.ts";

/** So many of the events stay in sight at least. */
export const KEPT_SHARE = 0.999;

/** The band that ends above the bucket in which the kept share is reached; null where that is the last one, or nothing was counted. */
export function withoutOutliers({ columns, total }: Heatmap, buckets: Buckets): Values | null {
  const { bucket, count } = merge(columns);
  let seen = 0;
  for (let i = 0; i < bucket.length; i++) {
    seen += count[i] ?? 0;
    if (seen < KEPT_SHARE * total) continue;
    const high = i === bucket.length - 1 ? null : buckets.highOf(bucket[i] ?? 0);
    return high === null ? null : { low: null, high };
  }
  return null;
}
