/**
 * aggregation-keys.ts: keys as `"%S"` prints them, back to names that are safe to keep and show.
 *
 * Keys are chosen by whoever names a process or a file, so they are hostile until cleaned: escapes are undone, bytes decoded
 * as UTF-8 with replacement, and then every character removed that can hide or reorder text (C0, C1, bidi and zero-width
 * controls, line separators, tags). Cleaning is not one to one: two different keys may come out equal, and whoever counts
 * by them must add them up.
 */
import { BACKSLASH, isDigit, MINUS, QUOTE, skipDigits, SPACE } from "./aggregation-bytes.ts";

export const MAX_KEY_BYTES = 128;

export type KeyType = "string" | "number";

/**
 * Where the keys of a row end: each a space, then `"..."` for a string or digits for a number.
 *
 * @returns the place after the last key; -1 where they do not have this form
 */
export function scanKeys(bytes: Uint8Array, from: number, to: number, types: readonly KeyType[]): number {
  let at = from;
  for (const type of types) {
    if (bytes[at] !== SPACE) return -1;
    at = type === "string" ? scanString(bytes, at + 1, to) : scanNumber(bytes, at + 1, to);
    if (at < 0) return -1;
  }
  return at;
}

function scanString(bytes: Uint8Array, from: number, to: number): number {
  if (bytes[from] !== QUOTE) return -1;
  for (let at = from + 1; at < to; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) return at + 1;
    // "%S" escapes every control byte, so a raw one means that lines were torn.
    if (byte < SPACE || byte === 0x7f) return -1;
    if (byte === BACKSLASH) at++;
  }
  return -1;
}

function scanNumber(bytes: Uint8Array, from: number, to: number): number {
  const start = bytes[from] === MINUS ? from + 1 : from;
  const end = skipDigits(bytes, start, to);
  return end > start && end - start <= 20 ? end : -1;
}

/**
 * The keys between `from` and `to`, which scanKeys has found.
 *
 * @returns undefined where a string has an escape that C does not know
 */
export function readKeys(bytes: Uint8Array, from: number, to: number, types: readonly KeyType[]): string[] | undefined {
  const keys: string[] = [];
  let at = from;
  for (const type of types) {
    const end = type === "string" ? scanString(bytes, at + 1, to) : scanNumber(bytes, at + 1, to);
    const key =
      type === "string"
        ? readString(bytes, at + 2, end - 1)
        : Buffer.from(bytes.subarray(at + 1, end)).toString("latin1");
    if (key === undefined) return undefined;
    keys.push(key);
    at = end;
  }
  return keys;
}

const utf8 = new TextDecoder("utf-8");

function readString(bytes: Uint8Array, from: number, to: number): string | undefined {
  const raw = unescape(bytes, from, to);
  return raw === undefined ? undefined : cleanName(utf8.decode(raw));
}

/** The byte that each letter after a backslash stands for. */
const NAMED = new Map<number, number>([
  [0x61, 7],
  [0x62, 8],
  [0x74, 9],
  [0x6e, 10],
  [0x76, 11],
  [0x66, 12],
  [0x72, 13],
  [QUOTE, QUOTE],
  [BACKSLASH, BACKSLASH],
  [0x27, 0x27],
  [0x3f, 0x3f],
]);

/** Undoes C's escapes. DTrace for Linux ends every string with a literal `\0`, which cleaning takes away with all of C0. */
function unescape(bytes: Uint8Array, from: number, to: number): Uint8Array | undefined {
  const out = new Uint8Array(to - from);
  let length = 0;
  let at = from;
  while (at < to) {
    const byte = bytes[at++] ?? 0;
    if (byte !== BACKSLASH) {
      out[length++] = byte;
      continue;
    }
    const octal = octalDigits(bytes, at, to);
    const value = octal > 0 ? octalValue(bytes, at, octal) : NAMED.get(bytes[at] ?? 0);
    if (value === undefined || value > 255 || at >= to) return undefined;
    out[length++] = value;
    at += Math.max(1, octal);
  }
  return out.subarray(0, length);
}

function octalDigits(bytes: Uint8Array, at: number, to: number): number {
  let n = 0;
  while (n < 3 && at + n < to && isDigit(bytes[at + n]) && (bytes[at + n] ?? 0) <= 0x37) n++;
  return n;
}

function octalValue(bytes: Uint8Array, at: number, digits: number): number {
  let value = 0;
  for (let i = 0; i < digits; i++) value = value * 8 + (bytes[at + i] ?? 0) - 0x30;
  return value;
}

/** First and last code point of what a name may not hold. */
const HOSTILE: readonly (readonly [number, number])[] = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x061c, 0x061c],
  [0x180e, 0x180e],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0xd800, 0xdfff],
  [0xfeff, 0xfeff],
  [0xfff9, 0xfffb],
  [0xe0000, 0xe007f],
];

/** Whether a character can hide or reorder text. */
export function isHostile(point: number): boolean {
  return HOSTILE.some(([from, to]) => point >= from && point <= to);
}

/** A name without control, bidi and zero-width characters, and at most `maxBytes` long in UTF-8: cut between characters. */
export function cleanName(name: string, maxBytes = MAX_KEY_BYTES): string {
  if (name.length <= maxBytes && isPlain(name)) return name;
  let clean = "";
  let size = 0;
  for (const char of name) {
    const point = char.codePointAt(0) ?? 0;
    if (isHostile(point)) continue;
    size += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (size > maxBytes) break;
    clean += char;
  }
  return clean;
}

function isPlain(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}
