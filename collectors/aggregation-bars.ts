/**
 * aggregation-bars.ts: telling `-x aggzoom` from the usual bars.
 *
 * aggzoom prints the same rows with other bars: the longest is always 95 % of the width (38 of 40 columns; 19 of 20 where
 * counts of both signs occur) instead of each count's share of the total. Whoever asked for it asked for another picture, and
 * the usual one is what everything else here assumes, so it is refused. Bars are looked at for this alone.
 */
import { AT, PIPE } from "./aggregation-bytes.ts";

export interface Bar {
  readonly length: number;
  readonly count: number | bigint;
}

/** The marks between `from` and `to`, which scanRow has found. */
export function barLength(bytes: Uint8Array, from: number, to: number): number {
  let length = 0;
  for (let i = from; i < to; i++) {
    const byte = bytes[i];
    if (byte === AT) length++;
    if (byte === 0xe2) {
      length++;
      i += 2;
    }
  }
  return length;
}

/** Where the axis is: 0 or 40 for one sign, 20 for both. */
export function axisOf(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] !== PIPE && at < from + 41) at++;
  return at - from;
}

const ZOOM = 0.95;

/**
 * Whether bars were drawn by aggzoom. Counts that normalize() has divided no longer fit their bars exactly, so what fits
 * neither rule is taken for the usual bars; and dtrace prints one empty row on either side, so where there are more of them
 * they are not empty but divided, and no bar can be held against its count.
 */
export function isZoomed(bars: readonly Bar[], axis: number): boolean {
  const width = axis === 20 ? 20 : 40;
  const sizes = bars.map(({ count }) => Math.abs(Number(count)));
  const largest = Math.max(...sizes);
  const total = sizes.reduce((a, b) => a + b, 0);
  const longest = Math.max(...bars.map(({ length }) => length));
  if (largest === 0 || sizes.slice(0, 2).every(isZero) || sizes.slice(-2).every(isZero)) return false;
  if (longest !== Math.round(width * ZOOM)) return false;
  return !fits(bars, sizes, width / total) && fits(bars, sizes, (width * ZOOM) / largest);
}

function isZero(size: number): boolean {
  return size === 0;
}

/** One column of tolerance would hide the difference between 38 and 40; a hair's breadth is for the last bit of a double. */
function fits(bars: readonly Bar[], sizes: readonly number[], scale: number): boolean {
  return bars.every(({ length }, i) => Math.abs(length - (sizes[i] ?? 0) * scale) <= 0.5 + 1e-6);
}
