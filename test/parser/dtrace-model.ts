/**
 * dtrace-model.ts: what DTrace for Linux prints for values that are known, worked out in bigints.
 *
 * The independent half of the check against real DTrace (real-dtrace.ts): it shares no line with the parser, so that a mistake
 * would have to be made twice. What it knows of rounding, wrapping and empty rows was measured with DTrace 2.0.7.
 */
import { linear, logLinear, quantized, type Range } from "./captures.ts";

export type Aggregating =
  | { readonly kind: "quantize" }
  | { readonly kind: "lquantize"; readonly base: bigint; readonly limit: bigint; readonly step: bigint }
  | {
      readonly kind: "llquantize";
      readonly factor: bigint;
      readonly low: bigint;
      readonly high: bigint;
      readonly steps: bigint;
    }
  | { readonly kind: "count" | "sum" | "avg" | "min" | "max" | "stddev" };

/** What is added to an aggregation: a value, and how often it counts. */
export type Addition = readonly [value: bigint, weight: bigint];

export type ModelRow = readonly [...Range, count: bigint];

const INT64_MAX = 2n ** 63n - 1n;

/** Every bucket in the order of printing. */
export function bucketsOf(aggregating: Aggregating): Range[] {
  switch (aggregating.kind) {
    case "quantize": {
      const positive = Array.from({ length: 63 }, (_, i): Range => [2n ** BigInt(i), 2n ** BigInt(i + 1)]);
      return [...mirroredAll(positive), [0n, 1n], ...positive];
    }
    case "lquantize": {
      const { base, limit, step } = aggregating;
      const ranges: Range[] = [[null, base]];
      let low = base;
      for (; low + step <= limit; low += step) ranges.push([low, low + step]);
      return [...ranges, [low, null]];
    }
    case "llquantize": {
      const { factor, low, high, steps } = aggregating;
      const positive: Range[] = [];
      for (let at = factor ** low; ;) {
        const range = logLinear(at, factor, low, high, steps);
        positive.push(range);
        if (range[1] === null) break;
        at = range[1];
      }
      return [...mirroredAll(positive), logLinear(0n, factor, low, high, steps), ...positive];
    }
    default:
      return [];
  }
}

function mirroredAll(ranges: readonly Range[]): Range[] {
  return ranges
    .map(([low, high]): Range => [high === null ? null : 1n - high, low === null ? null : 1n - low])
    .reverse();
}

function rangeOf(aggregating: Aggregating, value: bigint): Range {
  switch (aggregating.kind) {
    case "quantize":
      // The smallest integer is counted with the largest bucket's mirror, which does not hold it.
      return quantized(value === -INT64_MAX - 1n ? value + 1n : value);
    case "lquantize":
      return linear(value, aggregating.base, aggregating.limit, aggregating.step);
    case "llquantize":
      return logLinear(value, aggregating.factor, aggregating.low, aggregating.high, aggregating.steps);
    default:
      throw new TypeError(`${aggregating.kind} has no buckets`);
  }
}

/** The printed rows: from one before the first count to one after the last, and a few where there is none. */
export function rowsOf(aggregating: Aggregating, additions: readonly Addition[], normal = 1n): ModelRow[] {
  const buckets = bucketsOf(aggregating);
  const counts = buckets.map(() => 0n);
  for (const [value, weight] of additions) {
    const [low, high] = rangeOf(aggregating, value);
    const index = buckets.findIndex((range) => range[0] === low && range[1] === high);
    if (index < 0) throw new RangeError(`${aggregating.kind} has no bucket for ${value}`);
    counts[index] = BigInt.asIntN(64, (counts[index] ?? 0n) + weight);
  }
  const inner = emptyRows(aggregating, buckets.length);
  const first = counts.findIndex((count) => count !== 0n);
  const last = counts.findLastIndex((count) => count !== 0n);
  const from = first < 0 ? inner[0] : Math.max(0, first - 1);
  const to = first < 0 ? inner[1] : Math.min(buckets.length - 1, last + 1);
  const rows = buckets
    .map(([low, high], i): ModelRow => [low, high, divided(counts[i] ?? 0n, normal)])
    .slice(from, to + 1);
  return aggregating.kind === "llquantize" ? withLowest(rows, aggregating.factor ** aggregating.low) : rows;
}

/** Without any row below it, the middle bucket is printed as `< N`. */
function withLowest(rows: ModelRow[], bottom: bigint): ModelRow[] {
  const [first] = rows;
  return first?.[1] === bottom && bottom > 1n ? [[null, bottom, first[2]], ...rows.slice(1)] : rows;
}

/** Which rows are printed where all counts are 0. */
function emptyRows({ kind }: Aggregating, length: number): readonly [number, number] {
  const middle = length >> 1;
  if (kind === "quantize") return [middle - 1, middle + 1];
  return kind === "lquantize" ? [0, Math.min(2, length - 1)] : [middle, middle + 2];
}

/** normalize() divides as if counts had no sign. */
function divided(count: bigint, normal: bigint): bigint {
  return BigInt.asIntN(64, BigInt.asUintN(64, count) / normal);
}

/** The value that is printed for a scalar; `additions` is empty after clear(). */
export function scalarOf(aggregating: Aggregating, additions: readonly Addition[], normal = 1n): bigint {
  const values = additions.map(([value]) => value);
  const sum = values.reduce((a, b) => BigInt.asIntN(64, a + b), 0n);
  const size = BigInt(values.length);
  switch (aggregating.kind) {
    case "count":
      return divided(size, normal);
    case "sum":
      return divided(sum, normal);
    case "min":
      return divided(
        values.reduce((a, b) => (b < a ? b : a), INT64_MAX),
        normal,
      );
    case "max":
      return divided(
        values.reduce((a, b) => (b > a ? b : a), -INT64_MAX - 1n),
        normal,
      );
    case "avg":
      return size === 0n ? 0n : sum / normal / size;
    case "stddev": {
      if (size === 0n) return 0n;
      const squares = values.reduce((a, b) => a + b * b, 0n);
      return squareRoot(squares / normal / size - (sum / normal / size) ** 2n);
    }
    default:
      throw new TypeError(`${aggregating.kind} is no scalar`);
  }
}

function squareRoot(square: bigint): bigint {
  let low = 0n;
  let high = 2n ** 64n;
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (middle * middle <= square) low = middle;
    else high = middle;
  }
  return low;
}
