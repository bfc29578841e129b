/**
 * watching.ts: how much of a range was watched, asked beside its sums and answered from the same snapshot.
 */
import type { Presence } from "./expected.ts";
import type { Plan } from "./planner.ts";
import type { View } from "./view.ts";

/** A range of which is asked how much of it was watched. */
export interface Watching {
  readonly view: View;
  readonly plan: Plan;
  readonly presence: Presence;
}

export interface WatchedRange {
  /** Granules in which at least one host reported. */
  readonly ticks: number;
  readonly dropped: number;
}

export const UNWATCHED: WatchedRange = { ticks: 0, dropped: 0 };
