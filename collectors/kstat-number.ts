/**
 * kstat-number.ts: whole numbers that stay exact, as cheaply as they allow.
 *
 * A kstat is an unsigned 64-bit number, and a double holds whole numbers only up to 2^53. Nearly all are below that, and a
 * number costs a tenth of a bigint, so an `Exact` is a number where that is exact and a bigint where it is not: never the
 * other way round, so that equal values are always `===`.
 */
import { isDigit, SAFE_DIGITS, skipDigits, text, toInteger, ZERO } from "./aggregation-bytes.ts";

export type Exact = number | bigint;

/** 2^64-1, which swapcap, physcap and caps print where there is no limit. */
export const UNLIMITED = 2n ** 64n - 1n;
export const INT64_MAX = 2n ** 63n - 1n;

const NS_DIGITS = 9;
const DOT = 0x2e;
/** Below this many digits of seconds, the nanoseconds have at most SAFE_DIGITS digits. */
const SAFE_SECOND_DIGITS = SAFE_DIGITS - NS_DIGITS;

export function plus(a: Exact, b: Exact): Exact {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return exact(BigInt(a) + BigInt(b));
}

export function minus(a: Exact, b: Exact): Exact {
  if (typeof a === "number" && typeof b === "number") {
    const difference = a - b;
    if (Number.isSafeInteger(difference)) return difference;
  }
  return exact(BigInt(a) - BigInt(b));
}

/** floor(a * multiply / divide) for positive `divide`, without rounding in between. */
export function scaled(a: Exact, multiply: number, divide: number): Exact {
  if (typeof a === "number") {
    const product = a * multiply;
    // A quotient of safe integers can round up to a whole number only when it is one: floor is then exact.
    if (Number.isSafeInteger(product)) return (product - modulo(product, divide)) / divide;
  }
  const product = BigInt(a) * BigInt(multiply);
  const by = BigInt(divide);
  const rest = ((product % by) + by) % by;
  return exact((product - rest) / by);
}

/** The nearest double, for what is shown or compared roughly. */
export function approximately(a: Exact): number {
  return Number(a);
}

export function exact(value: bigint): Exact {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** A whole number of at most 64 bits, signed or unsigned; undefined where the text is anything else. */
export function wholeOf(bytes: Uint8Array, from: number, to: number): Exact | undefined {
  return toInteger(bytes, from, to);
}

/**
 * Seconds with up to nine decimals as whole ns, by moving digits: no rounding anywhere.
 *
 * @returns undefined where the text is no such number
 */
export function nanosecondsOf(bytes: Uint8Array, from: number, to: number): Exact | undefined {
  const dot = skipDigits(bytes, from, to);
  const decimals = dot === to ? 0 : to - dot - 1;
  if (dot === from || dot - from > 12 || decimals > NS_DIGITS) return undefined;
  if (dot < to && (decimals === 0 || bytes[dot] !== DOT || skipDigits(bytes, dot + 1, to) !== to)) return undefined;
  if (dot - from <= SAFE_SECOND_DIGITS) {
    let ns = 0;
    for (let i = from; i < to; i++) if (i !== dot) ns = ns * 10 + (bytes[i] ?? ZERO) - ZERO;
    for (let i = decimals; i < NS_DIGITS; i++) ns *= 10;
    return ns;
  }
  return exact(BigInt(text(bytes, from, dot) + text(bytes, dot + 1, to).padEnd(NS_DIGITS, "0")));
}

/** Whether all bytes are digits, and there is one. */
export function isWhole(bytes: Uint8Array, from: number, to: number): boolean {
  return isDigit(bytes[from]) && skipDigits(bytes, from, to) === to;
}

function modulo(a: number, by: number): number {
  return ((a % by) + by) % by;
}
