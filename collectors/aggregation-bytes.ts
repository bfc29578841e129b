/**
 * aggregation-bytes.ts: reading numbers and literals straight from bytes.
 *
 * Everything here walks forward once and looks at each byte at most a fixed number of times: there is no regular expression
 * and no backtracking to exploit. (A natural expression for quantize's rows took 8 s on 28 hostile characters.)
 */

export const TAB = 0x09;
export const SPACE = 0x20;
export const NEWLINE = 0x0a;
export const MINUS = 0x2d;
export const ZERO = 0x30;
export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const PIPE = 0x7c;
export const AT = 0x40;

/** Digits that a double always holds exactly. */
export const SAFE_DIGITS = 15;

const INT64_MIN = -(2n ** 63n);
const UINT64_MAX = 2n ** 64n - 1n;
/** Up to here a double holds every integer. */
const EXACT = 2n ** 53n;

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** The first place from `at` on that is no digit; `to` where all are. */
export function skipDigits(bytes: Uint8Array, at: number, to: number): number {
  while (at < to && isDigit(bytes[at])) at++;
  return at;
}

export function skipSpaces(bytes: Uint8Array, at: number, to: number): number {
  while (at < to && bytes[at] === SPACE) at++;
  return at;
}

/** `to`, moved back over trailing spaces. */
export function trimEnd(bytes: Uint8Array, from: number, to: number): number {
  while (to > from && bytes[to - 1] === SPACE) to--;
  return to;
}

export function startsWith(bytes: Uint8Array, at: number, to: number, literal: Uint8Array): boolean {
  if (to - at < literal.length) return false;
  for (let i = 0; i < literal.length; i++) if (bytes[at + i] !== literal[i]) return false;
  return true;
}

export function equals(bytes: Uint8Array, from: number, to: number, literal: Uint8Array): boolean {
  return to - from === literal.length && startsWith(bytes, from, to, literal);
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/**
 * A whole number from `from` to `to`: an optional minus and digits, nothing else.
 *
 * @returns a bigint above 2^53 in magnitude; undefined where the text is no number of 64 bits, signed or unsigned
 */
export function toInteger(bytes: Uint8Array, from: number, to: number): number | bigint | undefined {
  const negative = bytes[from] === MINUS;
  const start = negative ? from + 1 : from;
  if (start >= to || to - start > 20 || skipDigits(bytes, start, to) !== to) return undefined;
  if (to - start > SAFE_DIGITS) return toLargeInteger(text(bytes, from, to));
  let value = 0;
  for (let i = start; i < to; i++) value = value * 10 + (bytes[i] ?? 0) - ZERO;
  return negative && value !== 0 ? -value : value;
}

function toLargeInteger(digits: string): number | bigint | undefined {
  const value = BigInt(digits);
  if (value < INT64_MIN || value > UINT64_MAX) return undefined;
  return value <= EXACT && value >= -EXACT ? Number(value) : value;
}

/** Bytes as text, one character a byte. */
export function text(bytes: Uint8Array, from: number, to: number): string {
  return view(bytes).toString("latin1", from, to);
}

/** The same memory as a Buffer. */
export function view(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The start of a line for a log: at most `max` characters, and a dot for each byte that is not printable ASCII. */
export function sampleOf(bytes: Uint8Array, from: number, to: number, max = 200): string {
  let sample = "";
  for (let i = from; i < to && sample.length < max; i++) {
    const byte = bytes[i] ?? 0;
    sample += byte >= 0x20 && byte <= 0x7e ? String.fromCharCode(byte) : ".";
  }
  return sample;
}
