/**
 * value-span.ts: the part of the value axis that is shown, and where a value lies on it.
 *
 * The span comes from the occupied buckets, snapped outwards to 1, 2 or 5 times a power of ten so that a live picture does
 * not tremble; while live it only ever grows (`union`), since a picture that rescales each second cannot be read.
 */
import type { Buckets } from "../histogram/buckets.ts";
import type { HeatmapColumn } from "../api.ts";

export type AxisKind = "log" | "linear";

export interface ValueSpan {
  readonly kind: AxisKind;
  readonly min: number;
  readonly max: number;
}

/** Where a value lies, 0 at the span's lower end and 1 at its upper; outside for values outside. */
export function placeOf(span: ValueSpan, value: number): number {
  if (span.kind === "linear") return (value - span.min) / (span.max - span.min);
  if (value <= 0) return -Infinity;
  return Math.log(value / span.min) / Math.log(span.max / span.min);
}

/** The value at a place: the inverse of `placeOf`. */
export function valueAt(span: ValueSpan, place: number): number {
  return span.kind === "linear" ? span.min + place * (span.max - span.min) : span.min * (span.max / span.min) ** place;
}

/** The span that shows every occupied bucket of these columns; null where nothing was counted. */
export function spanOf(
  kind: AxisKind,
  buckets: Buckets,
  columns: readonly Pick<HeatmapColumn, "bucket">[],
): ValueSpan | null {
  let first = Infinity;
  let last = -Infinity;
  for (const { bucket } of columns) {
    if (bucket.length === 0) continue;
    first = Math.min(first, bucket[0] ?? first);
    last = Math.max(last, bucket[bucket.length - 1] ?? last);
  }
  if (first > last) return null;
  return kind === "log" ? logSpan(buckets, first, last) : linearSpan(buckets, first, last);
}

/** The smallest span that holds both; the second's kind wins. */
export function union(before: ValueSpan | null, now: ValueSpan | null): ValueSpan | null {
  if (before === null || now === null || before.kind !== now.kind) return now ?? before;
  if (before.min <= now.min && before.max >= now.max) return before;
  return { kind: now.kind, min: Math.min(before.min, now.min), max: Math.max(before.max, now.max) };
}

function logSpan(buckets: Buckets, first: number, last: number): ValueSpan {
  // An open end, or one at zero, has no place on a logarithmic axis: half an edge's distance stands for it.
  const high = buckets.highOf(last) ?? (buckets.lowOf(last) ?? 1) * 2;
  const edge = buckets.lowOf(first);
  const low = edge !== null && edge > 0 ? edge : Math.max(0.5, (buckets.highOf(first) ?? 2) / 2);
  const max = snapUp(Math.max(high, 2));
  const min = Math.min(snapDown(Math.max(low, 0.5)), max / 100);
  return { kind: "log", min, max };
}

function linearSpan(buckets: Buckets, first: number, last: number): ValueSpan {
  const low = buckets.lowOf(first) ?? Math.min(0, buckets.highOf(first) ?? 0);
  const high = buckets.highOf(last) ?? (buckets.lowOf(last) ?? 1) * 1.1;
  const min = low < 0 ? -snapUp(-low) : 0;
  return { kind: "linear", min, max: Math.max(snapUp(high), min + 1) };
}

function snapDown(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const step = value / power + 1e-9;
  return (step >= 5 ? 5 : step >= 2 ? 2 : 1) * power;
}

function snapUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const step = value / power - 1e-9;
  return (step <= 1 ? 1 : step <= 2 ? 2 : step <= 5 ? 5 : 10) * power;
}
