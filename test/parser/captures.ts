/**
 * captures.ts: output of real DTrace, and what its scripts say must be in it.
 *
 * Expectations are worked out from the `.d` files by arithmetic of this file's own, in bigints and without the parser's
 * tables, so that a mistake would have to be made twice.
 */
import { readFileSync, readdirSync } from "node:fs";

const FOLDER = new URL("../fixtures/dtrace/", import.meta.url);

export function capture(name: string): Buffer {
  return readFileSync(new URL(name, FOLDER));
}

export function captures(suffix: string): string[] {
  return readdirSync(FOLDER).filter((name) => name.endsWith(suffix));
}

/** `[low, high)`; null is open. */
export type Range = readonly [bigint | null, bigint | null];

const STATEMENT = /@\w+\["([^"]*)"\] = (quantize|lquantize|llquantize)\(([^;]*)\);/g;

/**
 * What a script leaves in its aggregations, by key: counts by range, those of 0 left out. Of the scripts whose keys are one string
 * and whose aggregations are distributions.
 */
export function expectedOf(script: string): Map<string, Map<string, bigint>> {
  const byKey = new Map<string, Map<string, bigint>>();
  for (const [, key = "", name = "", args = ""] of script.matchAll(STATEMENT)) {
    const numbers = args.split(",").map(evaluate);
    const { range, increment } = rangeAndIncrement(name, numbers);
    const counts = byKey.get(key) ?? new Map<string, bigint>();
    byKey.set(key, counts);
    const sum = (counts.get(rangeName(range)) ?? 0n) + increment;
    if (sum === 0n) counts.delete(rangeName(range));
    else counts.set(rangeName(range), sum);
  }
  return byKey;
}

export function rangeName([low, high]: readonly unknown[]): string {
  return `${String(low)}..${String(high)}`;
}

function rangeAndIncrement(name: string, args: bigint[]): { range: Range; increment: bigint } {
  const [value = 0n, a = 0n, b = 0n, c = 1n, d = 1n, e = 1n] = args;
  if (name === "quantize") return { range: quantized(value), increment: args[1] ?? 1n };
  if (name === "lquantize") return { range: linear(value, a, b, c), increment: d };
  return { range: logLinear(value, a, b, c, d), increment: e };
}

/** A literal, `a << b`, or `a - b`. */
function evaluate(text: string): bigint {
  const [left = "0", operator, right = "0"] = text
    .trim()
    .replaceAll("LL", "")
    .split(/ (<<|-) /);
  const a = literal(left.trim());
  if (operator === "<<") return a << literal(right);
  return operator === "-" ? a - literal(right) : a;
}

function literal(text: string): bigint {
  return text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text);
}

function mirrored([low, high]: Range): Range {
  return [high === null ? null : 1n - high, low === null ? null : 1n - low];
}

export function quantized(value: bigint): Range {
  if (value < 0n) return mirrored(quantized(-value));
  if (value === 0n) return [0n, 1n];
  let low = 1n;
  while (low * 2n <= value && low < 2n ** 62n) low *= 2n;
  return [low, low * 2n];
}

export function linear(value: bigint, base: bigint, limit: bigint, step: bigint): Range {
  if (value < base) return [null, base];
  let low = base;
  while (low + step <= limit) {
    if (value < low + step) return [low, low + step];
    low += step;
  }
  return [low, null];
}

/** As DTrace for Linux: negatives mirror. */
export function logLinear(value: bigint, factor: bigint, low: bigint, high: bigint, steps: bigint): Range {
  const bottom = factor ** low;
  if (value > -bottom && value < bottom) return bottom === 1n ? [0n, 1n] : [1n - bottom, bottom];
  if (value < 0n) return mirrored(logLinear(-value, factor, low, high, steps));
  if (value >= factor ** (high + 1n)) return [factor ** (high + 1n), null];
  let power = bottom;
  while (power * factor <= value) power *= factor;
  const width = power * factor > steps ? (power * factor) / steps : 1n;
  const from = value - (value % width);
  return [from, from + width];
}
