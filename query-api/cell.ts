/**
 * cell.ts: what lies in one cell of a heatmap, or in any box of time and value: its total, by every key.
 */
import type { CellDetail } from "../core/api.ts";
import { InputError } from "../core/errors.ts";
import { bucketsOf } from "../core/histogram/buckets.ts";
import type { Scheme } from "../core/histogram/scheme.ts";
import { metricName } from "../core/metric.ts";
import { parseSelection } from "../core/selection.ts";
import type { StoreClient } from "../store/client.ts";
import { bucketsWithin } from "./breakdown.ts";
import { notADistribution } from "./heatmap.ts";
import { planTotal } from "./planner.ts";
import { readSums } from "./selection-sums.ts";
import type { Range } from "./sql.ts";
import { keysOf, type View } from "./view.ts";

export interface CellRequest {
  readonly range: Range;
  /** The one bucket that holds it; undefined: see low and high. */
  readonly value?: number | undefined;
  /** Buckets that lie in [low, high) as a whole; undefined: open. */
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  /** At most so many parts of each key. */
  readonly limit: number;
}

export async function readCell(
  store: StoreClient,
  view: View,
  request: CellRequest,
  nowSec: number,
  signal?: AbortSignal,
): Promise<CellDetail> {
  const { scheme } = view.spec;
  if (scheme === null) throw notADistribution(view);
  const plan = await planTotal(store, view, request.range, nowSec, signal);
  const [first, last] = bucketsIn(scheme, request);
  const buckets = bucketsOf(scheme);
  const { fromTs, toTs, tier } = plan;
  const low = first > last ? null : buckets.lowOf(first);
  const high = first > last ? null : buckets.highOf(last);
  const fields = keysOf(view.spec);
  const selection = parseSelection({ instrumentation: view.instrumentation.id, from: fromTs, to: toTs }, "cell");
  const selected = { selection, view, range: plan, buckets: [first, last] as const, low, high };
  // One read for all keys, so that the totals by different keys are the same number.
  const sums = await readSums(store, [{ selected, plan, to: "a" }], fields, "total", request.limit, signal);
  return {
    instrumentation: view.instrumentation.id,
    metric: metricName(view.metric),
    unit: view.metric.unit,
    ...{ fromTs, toTs, tier, low, high },
    total: sums.totalA,
    keys: sums.byKey.map(({ by, parts }) => ({
      by,
      parts: parts.map(({ key, a }) => ({ key, total: a })),
      other: sums.totalA - parts.reduce((sum, part) => sum + part.a, 0),
    })),
  };
}

function bucketsIn(scheme: Scheme, { value, low, high }: CellRequest): [number, number] {
  if (value === undefined) return bucketsWithin(scheme, low ?? -Infinity, high ?? Infinity);
  if (low !== undefined || high !== undefined) {
    const message = "expected either value, or low and high";
    throw new InputError("read a cell", [{ field: "value", code: "TWO_RANGES", message }]);
  }
  const index = bucketsOf(scheme).indexOf(value);
  return [index, index];
}
