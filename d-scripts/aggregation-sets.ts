/**
 * aggregation-sets.ts: the aggregations that a window is counted into.
 *
 * On illumos one pair is enough: printa, trunc and clear work on one snapshot, and what is counted after it belongs to the next
 * window. DTrace for Linux empties an aggregation in the kernel a moment after it was read (libdtrace/dt_consume.c, dt_clear),
 * and each at its own moment. What is counted in between is lost, and @rows and @events lose differently: at a million events a
 * second two frames in five came with more events in their rows than @events knew of (DTrace 2.0.7). So windows alternate there
 * between two pairs, and a pair is printed and emptied while nothing is counted into it: the same load came out exact.
 */
import { source, type Expression } from "./ast.ts";
import type { Platform } from "./recipe.ts";

export interface AggregationSet {
  readonly rows: string;
  readonly events: string;
  /** 1 and 0: the pair of windows with an odd number, and of those with an even one; null: of all. */
  readonly odd: 0 | 1 | null;
}

const ALL: readonly AggregationSet[] = [{ rows: "@rows", events: "@events", odd: null }];
const ALTERNATING: readonly AggregationSet[] = [
  { rows: "@rows", events: "@events", odd: 0 },
  { rows: "@rows_odd", events: "@events_odd", odd: 1 },
];

export function setsOf(platform: Platform): readonly AggregationSet[] {
  return platform === "linux" ? ALTERNATING : ALL;
}

/**
 * Decides the pair once for each event: the tick may come between two clauses of one firing, which would then count the event
 * twice or not at all.
 */
export const CHOICE = "this->odd = tick & 1";

/** In a clause that counts, after one with CHOICE. */
export function countsInto({ odd }: AggregationSet): Expression[] {
  return odd === null ? [] : [source(`this->odd == ${odd}`)];
}

/** In a clause of the tick, after `tick++`: the window that has just ended is the one before. */
export function hasEnded({ odd }: AggregationSet): Expression[] {
  return odd === null ? [] : [source(`(tick & 1) == ${1 - odd}`)];
}
