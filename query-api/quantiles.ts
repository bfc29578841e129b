/**
 * quantiles.ts: percentiles and mean of a range and of its columns, for any list of fractions, from all that was counted.
 */
import type { Quantiles } from "../core/api.ts";
import { InputError } from "../core/errors.ts";
import { meanOf } from "../core/heatmap/rebin.ts";
import { bucketsOf } from "../core/histogram/buckets.ts";
import { merge, quantile, type Distribution } from "../core/histogram/distribution.ts";
import { parseScheme } from "../core/histogram/scheme.ts";
import type { StoreClient } from "../store/client.ts";
import type { ExpectedHosts } from "./expected.ts";
import { readHeatmap, type HeatmapRequest } from "./heatmap.ts";
import type { View } from "./view.ts";

export const MAX_QUANTILES = 20;

export async function readQuantiles(
  store: StoreClient,
  view: View,
  request: Omit<HeatmapRequest, "hues"> & { readonly q: readonly number[] },
  expected: ExpectedHosts,
  nowSec: number,
  signal?: AbortSignal,
): Promise<Quantiles> {
  const { q, ...range } = request;
  const heatmap = await readHeatmap(store, view, range, expected, nowSec, signal);
  const buckets = bucketsOf(parseScheme(heatmap.scheme));
  const at = (each: Distribution): (number | null)[] => q.map((fraction) => quantile(buckets, each, fraction));
  const whole = merge(heatmap.columns);
  const { instrumentation, metric, scheme, unit, fromTs, toTs, stepSec, tier, total } = heatmap;
  return {
    ...{ instrumentation, metric, scheme, unit, fromTs, toTs, stepSec, tier, total },
    q,
    mean: meanOf(buckets, whole),
    values: at(whole),
    columns: heatmap.columns.map((column) => {
      const { ts, reporting, expected: hosts, dropped, reason, total: events } = column;
      const about = { ts, reporting, expected: hosts, dropped, reason, total: events };
      return { ...about, mean: meanOf(buckets, column), values: at(column) };
    }),
  };
}

/** Reads `0.5,0.99`. @throws InputError naming `q` */
export function parseFractions(text: string): number[] {
  const parts = text.split(",");
  const fractions = parts.map(Number);
  const right = parts.every((part, i) => part.trim() !== "" && (fractions[i] ?? -1) >= 0 && (fractions[i] ?? 2) <= 1);
  if (right && fractions.length <= MAX_QUANTILES) return fractions;
  const message = `expected 1 to ${MAX_QUANTILES} fractions from 0 to 1, with commas between: 0.5,0.99`;
  throw new InputError("read quantiles", [{ field: "q", code: "BAD_FRACTION", message }]);
}
