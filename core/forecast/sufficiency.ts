/**
 * sufficiency.ts: whether a series has enough in it to be forecast, and if not, why not: in words that say what to do.
 *
 * A forecast of too little is worse than none, since it looks like one. What is missing is missing: nothing is filled in.
 */
import { MAX_WEEKS, WEEK } from "./season-trend.ts";

export type RefusalCode = "NO_DATA" | "TOO_SHORT" | "TOO_GAPPY" | "LONG_GAP" | "STALE" | "HOURS_UNSEEN" | "NO_TREND";

export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
}

/** Four weeks to learn from, and one that is held back to test what was learnt. */
export const MIN_DAYS = 35;
const MIN_KNOWN_SHARE = 0.7;
const MAX_GAP_SHARE = 0.2;
const MAX_SILENT_DAYS = 7;
/** Every hour of the week must have been seen so often. */
const MIN_SEEN = 3;

/** @param y by hours, from the first one that is known; NaN is missing */
export function refusalOf(y: Float64Array): Refusal | null {
  const known = y.filter((each) => !Number.isNaN(each)).length;
  if (known === 0) return { code: "NO_DATA", message: "nothing was measured in this range" };
  const days = y.length / 24;
  if (days < MIN_DAYS) {
    const message = `${days.toFixed(1)} days of history, expected at least ${MIN_DAYS}: four weeks to learn from and one to test with`;
    return { code: "TOO_SHORT", message };
  }
  const silent = y.length - 1 - y.findLastIndex((each) => !Number.isNaN(each));
  if (silent > MAX_SILENT_DAYS * 24) {
    const message = `nothing was measured in the last ${(silent / 24).toFixed(1)} days, expected at most ${MAX_SILENT_DAYS}`;
    return { code: "STALE", message };
  }
  const used = y.subarray(Math.max(0, y.length - MAX_WEEKS * WEEK));
  let hours = 0;
  for (let i = 0; i < used.length; i++) if (!Number.isNaN(used[i] ?? NaN)) hours += 1;
  const share = hours / used.length;
  if (share < MIN_KNOWN_SHARE) {
    const message = `${percent(share)} of the hours are known, expected at least ${percent(MIN_KNOWN_SHARE)}`;
    return { code: "TOO_GAPPY", message };
  }
  const gap = longestGap(used);
  if (gap > used.length * MAX_GAP_SHARE) {
    const message = `one gap is ${(gap / 24).toFixed(1)} days long, expected at most ${percent(MAX_GAP_SHARE)} of the history`;
    return { code: "LONG_GAP", message };
  }
  const unseen = hoursUnseen(used);
  if (unseen === 0) return null;
  const message = `${unseen} of the 168 hours of the week were seen less than ${MIN_SEEN} times`;
  return { code: "HOURS_UNSEEN", message };
}

function longestGap(y: Float64Array): number {
  let longest = 0;
  let gap = 0;
  for (let i = 0; i < y.length; i++) {
    gap = Number.isNaN(y[i] ?? NaN) ? gap + 1 : 0;
    longest = Math.max(longest, gap);
  }
  return longest;
}

function hoursUnseen(y: Float64Array): number {
  const seen = new Uint32Array(WEEK);
  for (let i = 0; i < y.length; i++) {
    if (!Number.isNaN(y[i] ?? NaN)) seen[i % WEEK] = (seen[i % WEEK] ?? 0) + 1;
  }
  return seen.filter((each) => each < MIN_SEEN).length;
}

function percent(share: number): string {
  return `${Math.floor(share * 1000) / 10} %`;
}
