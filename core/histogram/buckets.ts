/**
 * buckets.ts: the arithmetic of one scheme: which bucket a value falls in, and what a bucket covers.
 *
 * A bucket is an index, and covers the integers low <= v < high:
 *
 *   quantize    0 is exactly zero; k > 0 is [2^(k-1), 2^k); -k mirrors it: (-2^k, -2^(k-1)]
 *   lquantize   0 is everything below base; 1..levels the steps; levels+1 everything from the last edge on
 *   llquantize  0 is everything below factor^low (on DTrace for Linux: in magnitude, and negative values mirror to negative
 *               indexes); then the bins; the last index is everything from factor^(high+1) on
 *   edges       0 is everything below the first edge; i is [edge[i-1], edge[i]); the last is open
 *
 * Nothing here goes through a floating logarithm: edges come from integer multiplication and indexes from a search among
 * them, so a value on an edge is always in the bucket that starts there. Edges are exact as doubles: each is an integer
 * below 2^53, or a small multiple of a power (2^k, 10^k) that a double holds exactly.
 */
import { formatScheme, type Scheme } from "./scheme.ts";

export interface Buckets {
  readonly scheme: Scheme;
  /** The smallest and largest index in use; both inclusive. */
  readonly first: number;
  readonly last: number;
  /** The smallest integer in the bucket; null for an open lower end. */
  lowOf(index: number): number | null;
  /** The smallest integer above the bucket; null for an open upper end. */
  highOf(index: number): number | null;
  /** The bucket that holds `value`. */
  indexOf(value: number): number;
}

const cache = new Map<string, Buckets>();

/** The arithmetic of a scheme; made once, then shared. */
export function bucketsOf(scheme: Scheme): Buckets {
  const name = formatScheme(scheme);
  let buckets = cache.get(name);
  if (buckets === undefined) {
    buckets = scheme.kind === "quantize" ? quantizeBuckets(scheme) : edgeBuckets(scheme, edgesOf(scheme));
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(name, buckets);
  }
  return buckets;
}

/** Schemes come from people, so the cache is bounded; ten are usual. */
const MAX_CACHED = 256;

/** The edges between a scheme's buckets, ascending: bucket i (from 1) starts at edge[i-1]. */
function edgesOf(scheme: Exclude<Scheme, { kind: "quantize" }>): readonly number[] {
  switch (scheme.kind) {
    case "edges":
      return scheme.edges;
    case "lquantize": {
      const levels = Math.floor((scheme.limit - scheme.base) / scheme.step);
      return Array.from({ length: levels + 1 }, (_, i) => scheme.base + i * scheme.step);
    }
    case "llquantize":
      return logLinearEdges(scheme.factor, scheme.low, scheme.high, scheme.steps);
  }
}

/**
 * The edges of llquantize as dt_print_llquantize walks them: each magnitude [f^m, f^(m+1)) is cut into steps of
 * f^(m+1)/steps, or into single integers where the magnitude is too small for that many.
 */
function logLinearEdges(factor: number, low: number, high: number, steps: number): number[] {
  const edges: number[] = [];
  let start = factor ** low;
  for (let magnitude = low; magnitude <= high; magnitude++) {
    const next = start * factor;
    const step = next > steps ? next / steps : 1;
    for (let edge = start; edge < next; edge += step) edges.push(edge);
    start = next;
  }
  edges.push(start);
  return edges;
}

function edgeBuckets(scheme: Scheme, edges: readonly number[]): Buckets {
  const mirrored = scheme.kind === "llquantize";
  const last = edges.length;
  const lowest = edges[0] ?? 0;
  const upward: Pick<Buckets, "lowOf" | "highOf" | "indexOf"> = {
    lowOf: (index) => (index <= 0 ? null : (edges[index - 1] ?? null)),
    highOf: (index) => edges[index] ?? null,
    indexOf: (value) => countNotAbove(edges, value),
  };
  return {
    scheme,
    first: mirrored ? -last : 0,
    last,
    // A mirrored bucket -i covers the negatives of bucket i: (-high, -low], which in integers is [1-high, 1-low).
    lowOf: (index) => (index < 0 ? mirrorLow(upward.highOf(-index)) : upward.lowOf(index)),
    highOf: (index) => (index < 0 ? 1 - (upward.lowOf(-index) ?? lowest) : upward.highOf(index)),
    indexOf: upward.indexOf,
  };
}

function quantizeBuckets(scheme: Scheme): Buckets {
  return {
    scheme,
    first: -64,
    last: 64,
    lowOf: (index) => (index > 0 ? 2 ** (index - 1) : index === 0 ? 0 : 1 - 2 ** -index),
    highOf: (index) => (index > 0 ? 2 ** index : index === 0 ? 1 : 1 - 2 ** (-index - 1)),
    indexOf: (value) => (value >= 0 ? bitLength(value) : -bitLength(-value)),
  };
}

function mirrorLow(high: number | null): number | null {
  return high === null ? null : 1 - high;
}

/** The number of binary digits of a non-negative integer: exact where Math.log2 is not. */
function bitLength(value: number): number {
  let bits = 0;
  let rest = Math.floor(value);
  while (rest >= 4_294_967_296) {
    rest = Math.floor(rest / 4_294_967_296);
    bits += 32;
  }
  return rest === 0 ? bits : bits + 32 - Math.clz32(rest);
}

/** How many of the ascending `edges` are <= value. */
function countNotAbove(edges: readonly number[], value: number): number {
  let from = 0;
  let to = edges.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((edges[middle] ?? Infinity) <= value) from = middle + 1;
    else to = middle;
  }
  return from;
}
