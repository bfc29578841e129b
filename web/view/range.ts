/**
 * range.ts: the stretch of time that is shown: the last so many seconds, moving, or two fixed instants.
 */
export type Range =
  | { readonly kind: "last"; readonly seconds: number }
  /** Epoch seconds. */
  | { readonly kind: "fixed"; readonly from: number; readonly to: number };

export interface Instants {
  readonly from: number;
  readonly to: number;
}

export const SPANS_SEC: readonly number[] = [60, 300, 600, 1800, 3600, 10_800, 21_600, 86_400, 604_800];
const MIN_SEC = 5;
const MAX_SEC = 400 * 86_400;

/** Both ends now, in whole seconds. */
export function instantsOf(range: Range, now: number): Instants {
  if (range.kind === "fixed") return { from: range.from, to: range.to };
  const to = Math.ceil(now);
  return { from: to - range.seconds, to };
}

export function spanOfRange(range: Range): number {
  return range.kind === "fixed" ? range.to - range.from : range.seconds;
}

/** Moved by a share of its own length; moved past now it becomes the last so many seconds. */
export function shifted({ from, to }: Instants, share: number, now: number): Range {
  const by = Math.round((to - from) * share);
  return settled(from + by, to + by, now);
}

/** Longer (factor above 1) or shorter about its middle, or about its end where that is the live edge. */
export function scaled(range: Range, { from, to }: Instants, factor: number, now: number): Range {
  const seconds = Math.min(MAX_SEC, Math.max(MIN_SEC, Math.round((to - from) * factor)));
  if (range.kind === "last") return { kind: "last", seconds };
  const middle = (from + to) / 2;
  return settled(Math.round(middle - seconds / 2), Math.round(middle + seconds / 2), now);
}

/** Two instants as a range of whole seconds and of at least a few. */
export function between(a: number, b: number): Range {
  const from = Math.floor(Math.min(a, b));
  return { kind: "fixed", from, to: Math.max(from + MIN_SEC, Math.ceil(Math.max(a, b))) };
}

function settled(from: number, to: number, now: number): Range {
  return to >= now ? { kind: "last", seconds: to - from } : { kind: "fixed", from, to };
}
