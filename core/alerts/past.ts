/**
 * past.ts: when a rule fired for one key, kept with its state: a bounded list, the newest last.
 *
 * A firing is known by when it began; one that is seen to begin again at the same instant (a restart, late data) is the same one. What began and ended
 * while nothing could be stored is not in it.
 */
import type { AlertState } from "./machine.ts";

export interface PastFiring {
  /** When the badness began, epoch ms. */
  readonly startsMs: number;
  /** Null: it still fires. */
  readonly endsMs: number | null;
}

const MAX_FIRINGS = 100;
export const KEEP_PAST_MS = 30 * 86_400_000;

/** @param before ascending, as this gave it for the state before */
export function withPast(before: readonly PastFiring[], state: AlertState, nowMs: number): PastFiring[] {
  const { status, startsMs, endsMs } = state;
  const kept = before.filter((each) => each.startsMs !== startsMs && (each.endsMs ?? nowMs) >= nowMs - KEEP_PAST_MS);
  // What was said to fire and does not any more has ended at the latest now: late data may have said so.
  const ended = kept.map((each) => (each.endsMs === null ? { ...each, endsMs: nowMs } : each));
  if (startsMs > 0 && status === "firing") ended.push({ startsMs, endsMs: null });
  if (startsMs > 0 && status === "resolved") ended.push({ startsMs, endsMs });
  return ended.sort((a, b) => a.startsMs - b.startsMs).slice(-MAX_FIRINGS);
}
