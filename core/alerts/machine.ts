/**
 * machine.ts: the state of one rule for one key, from one evaluation to the next.
 *
 *            bad                    bad for forSec                good for keepSec
 *   inactive ────▶ pending ─────────────────────▶ firing ──────────────────────▶ resolved ──▶ (as inactive)
 *       ▲             │ good                        │ ▲ bad again within keepSec
 *       └─────────────┘                             └─┘
 *
 * What nobody watched says nothing: with `hold` a state stays as it is, and no time passes for it: what is pending cannot begin to fire, and
 * what fires cannot be resolved, on no data. After HOLD_SEC of it a pending one is dropped and a firing one resolved, and says why.
 * Good and bad are about the threshold, and, while it fires, about the one to come back past. Nothing in here knows a clock: an
 * evaluation brings its own time, so that the past can be tried in the same way.
 */
import type { Reading } from "./measure.ts";
import { HOLD_SEC, isBad, thresholdOf, type Rule } from "./rule.ts";

export type Status = "inactive" | "pending" | "firing" | "resolved";

export interface AlertState {
  readonly status: Status;
  /** When it came into this status, epoch ms. */
  readonly sinceMs: number;
  /** When the badness began that led to firing; 0 where it never fired. */
  readonly startsMs: number;
  /** When it was resolved; 0 until then. */
  readonly endsMs: number;
  /** What it came to last; null: nothing known, or nothing to take a percentile of. */
  readonly value: number | null;
  /** Whether that was from less than everything: hosts were missing, or events lost. */
  readonly isPartial: boolean;
  /** Since when there is no data; 0: there is. */
  readonly unknownMs: number;
  /** Time without data since it became pending: it does not count. */
  readonly heldMs: number;
  /** While firing: since when it has been good; 0: it is not. */
  readonly goodMs: number;
  /** When it was evaluated last. */
  readonly atMs: number;
  /** Why it changed, where that is not the threshold: "no data". */
  readonly why: string;
}

export const INACTIVE: AlertState = {
  ...{ status: "inactive", sinceMs: 0, startsMs: 0, endsMs: 0, value: null, isPartial: false },
  ...{ unknownMs: 0, heldMs: 0, goodMs: 0, atMs: 0, why: "" },
};

type Terms = Pick<Rule, "condition" | "forSec" | "keepSec" | "onNoData">;

/**
 * One evaluation.
 *
 * @param atMs of the evaluation; later than that of the state before
 */
export function step(rule: Terms, before: AlertState, reading: Reading, atMs: number): AlertState {
  if (reading.kind === "unknown" && rule.onNoData === "hold") return hold(before, reading.why, atMs);
  const value = reading.kind === "value" ? reading.value : null;
  const isPartial = reading.kind === "unknown" || reading.isPartial;
  const unknownMs = reading.kind === "unknown" ? before.unknownMs || atMs : 0;
  const why = reading.kind === "unknown" ? reading.why : "";
  const seen = { ...before, value, isPartial, unknownMs, atMs, why };
  const bad = reading.kind === "unknown" ? rule.onNoData === "fire" : isBadNow(rule, before, value);
  return bad ? worsen(rule, seen, atMs) : improve(rule, seen, atMs);
}

/**
 * Whether a key that was never bad stays so: most keys at most evaluations, for which no state has to be made.
 *
 * `step` would give an inactive state from such a reading too.
 */
export function staysInactive(rule: Terms, reading: Reading): boolean {
  if (reading.kind === "unknown") return rule.onNoData !== "fire";
  return reading.kind === "empty" || !isBad(thresholdOf(rule.condition), reading.value, false);
}

/** Whether what follows a state is one that others should hear of. */
export function changed(before: AlertState, after: AlertState): boolean {
  return before.status !== after.status || before.startsMs !== after.startsMs;
}

/**
 * A state as it can go on from a time, where the clock was ahead when it was stored: nothing in it is of the future, or it would wait until
 * then. When an alert began stays as it is: that is what it is known by to those who were told.
 */
export function notAfter(state: AlertState, nowMs: number): AlertState {
  const upTo = (ms: number): number => Math.min(ms, nowMs);
  const { sinceMs, goodMs, unknownMs, atMs } = state;
  return { ...state, sinceMs: upTo(sinceMs), goodMs: upTo(goodMs), unknownMs: upTo(unknownMs), atMs: upTo(atMs) };
}

function isBadNow({ condition }: Terms, { status }: AlertState, value: number | null): boolean {
  return value !== null && isBad(thresholdOf(condition), value, status === "firing");
}

function worsen({ forSec }: Terms, state: AlertState, atMs: number): AlertState {
  if (state.status === "firing") return { ...state, goodMs: 0, heldMs: 0 };
  const isNew = state.status !== "pending";
  const pending: AlertState = isNew
    ? { ...state, status: "pending", sinceMs: atMs, startsMs: 0, endsMs: 0, heldMs: 0, goodMs: 0 }
    : state;
  if (atMs - pending.sinceMs - pending.heldMs < forSec * 1000) return pending;
  return { ...pending, status: "firing", sinceMs: atMs, startsMs: pending.sinceMs, heldMs: 0 };
}

function improve({ keepSec }: Terms, state: AlertState, atMs: number): AlertState {
  if (state.status === "pending") return { ...state, status: "inactive", sinceMs: atMs, heldMs: 0 };
  if (state.status !== "firing") return state;
  const { goodMs, heldMs } = state.goodMs === 0 ? { goodMs: atMs, heldMs: 0 } : state;
  if (atMs - goodMs - heldMs < keepSec * 1000) return { ...state, goodMs, heldMs };
  return { ...state, status: "resolved", sinceMs: atMs, endsMs: atMs, goodMs: 0, heldMs: 0 };
}

function hold(before: AlertState, why: string, atMs: number): AlertState {
  const unknownMs = before.unknownMs === 0 ? atMs : before.unknownMs;
  const heldMs = before.heldMs + (before.atMs === 0 ? 0 : Math.max(0, atMs - before.atMs));
  const held = { ...before, value: null, isPartial: true, unknownMs, heldMs, atMs, why };
  if (atMs - unknownMs < HOLD_SEC * 1000) return held;
  if (before.status === "pending") return { ...held, status: "inactive", sinceMs: atMs, heldMs: 0 };
  if (before.status !== "firing") return held;
  const said = `${why} for ${HOLD_SEC / 60} minutes`;
  return { ...held, status: "resolved", sinceMs: atMs, endsMs: atMs, goodMs: 0, heldMs: 0, why: said };
}
