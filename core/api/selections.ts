/**
 * selections.ts: what is in a part of a heatmap, by every key, and what it is compared with.
 */
import type { PredicateJson } from "../predicate.ts";
import type { BreakdownPart } from "./values.ts";

/** What a selection came to: whole buckets only, and no row of a tier was cut. */
export interface AnsweredSelection {
  readonly instrumentation: string;
  readonly metric: string;
  readonly unit: string;
  /** What was added up: as asked, or wider where only a tier's whole minutes or hours are left. */
  readonly fromTs: number;
  readonly toTs: number;
  /** Edges of the buckets that were taken; null: open. */
  readonly low: number | null;
  readonly high: number | null;
  readonly where: PredicateJson;
  /** As in a heatmap. */
  readonly tier: string;
  /** Seconds of it in which some host was watched: 0 means that nothing is known of it. */
  readonly watchedSec: number;
  /** Events known to be lost on the hosts watched, before any filter. */
  readonly dropped: number;
}

/** POST /v1/selections/breakdown: for each key the parts plus `other` equal `total`. */
export interface SelectionBreakdown {
  readonly selection: AnsweredSelection;
  /** Integers added up in the engine: nothing is sampled, estimated or cut short. */
  readonly exact: true;
  /** null: nothing was watched. */
  readonly total: number | null;
  readonly breakdowns: readonly {
    readonly by: string;
    /** How many values the key has in all. */
    readonly values: number;
    readonly total: number;
    readonly other: number;
    /** The largest first. */
    readonly parts: readonly BreakdownPart[];
  }[];
}

/** What a selection is compared with: another one, what is left of its range, or the same an hour, a day, a week before. */
export type Against = "selection" | "rest" | "hour" | "day" | "week";

/** POST /v1/selections/compare. With "rest", `b` is the whole that A is a part of, and its counts are those outside A. */
export interface SelectionComparison {
  readonly against: Against;
  readonly a: AnsweredSelection;
  readonly b: AnsweredSelection;
  readonly exact: true;
  /** null: nothing was watched. */
  readonly totalA: number | null;
  readonly totalB: number | null;
  readonly comparisons: readonly {
    readonly by: string;
    readonly values: number;
    /** The largest difference of shares first, whichever its sign. */
    readonly parts: readonly ComparedPart[];
    /** All other values together: with them each side's shares add up to 1. */
    readonly other: Omit<ComparedPart, "key">;
  }[];
}

export interface ComparedPart {
  readonly key: string;
  readonly a: number;
  readonly b: number;
  /** Of the side's total; null where that is 0 or not known. */
  readonly shareA: number | null;
  readonly shareB: number | null;
  /** shareA - shareB. */
  readonly difference: number | null;
}

/**
 * POST /v1/selections/difference: A - B, cell by cell, on one grid. Column i of A is set against column i of B; the sum over all cells
 * is totalA - totalB, the totals being those of the columns in which both are known.
 */
export interface SelectionDifference {
  readonly against: Exclude<Against, "rest">;
  readonly a: AnsweredSelection;
  readonly b: AnsweredSelection;
  readonly exact: true;
  readonly scheme: string;
  readonly unit: string;
  readonly stepSec: number;
  /** null: there is no column in which both are known. */
  readonly totalA: number | null;
  readonly totalB: number | null;
  readonly columns: readonly DifferenceColumn[];
}

export interface DifferenceColumn {
  readonly a: DifferenceSide;
  readonly b: DifferenceSide;
  /** Buckets with a count on either side, ascending; null where either side has no data: that is no difference of zero. */
  readonly bucket: readonly number[] | null;
  /** Counts, A - B. */
  readonly count: readonly number[] | null;
  /** Of each side's total, A - B; null also where a total is 0. */
  readonly share: readonly number[] | null;
}

export interface DifferenceSide {
  readonly ts: number;
  readonly reporting: number;
  readonly expected: number;
  /** null: not known. */
  readonly total: number | null;
}
