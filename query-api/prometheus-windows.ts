/**
 * prometheus-windows.ts: which windows each step of a query is made of. Pure.
 *
 * A window [ts, ts + g) is one increment, at its end. At time t, `x[r]` has the windows whose ends lie in (t - r, t], which is how
 * Prometheus 3 cuts its ranges, and r / g windows wherever t lies. A counter's value is the sum of its windows since midnight UTC: an
 * origin that no query moves, so that two looks at one instant agree, and Prometheus takes the fall at midnight for a reset.
 */
import { badQuery } from "./promql-syntax.ts";
import type { Range } from "./sql.ts";

/** The instants of a query, epoch ms. */
export interface Steps {
  readonly ms: readonly number[];
  /** null: a query of one instant. */
  readonly stepMs: number | null;
}

export type Of = "rate" | "increase" | "avg_over_time" | "counter" | "gauge";

/** Windows of one step, and those in which somebody must have watched for there to be a sample. */
export interface Slice {
  readonly sum: Range;
  readonly watched: Range;
}

/** How long a counter keeps its last value, as Prometheus' own lookback has it. */
const LOOKBACK_SEC = 300;
/** What a gauge is the mean of, in a query of one instant. */
const GAUGE_SEC = 60;
const DAY_SEC = 86_400;

/** @param rangeMs of a range vector */
export function slicesOf(
  steps: Steps,
  of: Of,
  { rangeMs, offsetMs }: { readonly rangeMs: number | null; readonly offsetMs: number },
  granularitySec: number,
): Slice[] {
  // Before 1970 there is nothing, however long a range or an offset is.
  const floor = (ms: number): number => Math.max(0, Math.floor(ms / 1000 / granularitySec) * granularitySec);
  return steps.ms.map((ms) => {
    const at = ms - offsetMs;
    const toTs = floor(at);
    if (of === "counter") {
      const midnight = Math.max(0, Math.floor((toTs - granularitySec) / DAY_SEC) * DAY_SEC);
      return { sum: { fromTs: midnight, toTs }, watched: { fromTs: floor(at - LOOKBACK_SEC * 1000), toTs } };
    }
    const gaugeMs = Math.max(granularitySec * 1000, steps.stepMs ?? GAUGE_SEC * 1000);
    const sum = { fromTs: floor(at - (of === "gauge" ? gaugeMs : (rangeMs ?? 0))), toTs };
    return { sum, watched: sum };
  });
}

/** Widths of columns that the store may be read in: query-api/resolution.ts. */
const WIDTHS_SEC = [86_400, 43_200, 21_600, 14_400, 7200, 3600, 1800, 900, 600, 300, 120, 60, 30, 15, 10, 5, 2, 1];
/** Prometheus' own bound on points a series, twice: a sliding range has finer cells than steps. */
const MAX_CELLS = 22_000;

/** The cells that all slices are made of: equal, and beginning at whole widths. */
export interface Cells extends Range {
  readonly widthSec: number;
  readonly count: number;
}

/** @throws InputError where they would be too many, which aligned steps avoid */
export function cellsOf(slices: readonly Slice[], granularitySec: number): Cells {
  let common = 0;
  let fromTs = Infinity;
  let toTs = -Infinity;
  for (const { sum, watched } of slices) {
    for (const edge of [sum.fromTs, sum.toTs, watched.fromTs, watched.toTs]) common = gcd(common, edge);
    fromTs = Math.min(fromTs, sum.fromTs, watched.fromTs);
    toTs = Math.max(toTs, sum.toTs, watched.toTs);
  }
  const widthSec = WIDTHS_SEC.find((width) => common % width === 0 && width % granularitySec === 0) ?? granularitySec;
  const count = Math.max(0, Math.round((toTs - fromTs) / widthSec));
  if (count > MAX_CELLS) {
    const message = `start, step and range have no more than ${widthSec} s in common, which makes ${count} cells of at most ${MAX_CELLS}`;
    throw badQuery("step", `${message}: begin at a multiple of the step, and let the range be one too`);
  }
  return { fromTs, toTs, widthSec, count };
}

function gcd(a: number, b: number): number {
  let [x, y] = [Math.abs(a), Math.abs(b)];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}
