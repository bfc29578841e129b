/**
 * aggregation-block.ts: the keys that stand above a distribution or before a scalar, in whatever form they were printed.
 *
 * Reads upwards from the header, as nothing marks where keys begin. A block is columns (aggregation-columns.ts), hexdumps and
 * stacks (aggregation-dump.ts) in the order of the keys. A string key may hold raw newlines; its padding counts them, which is
 * how the lines that belong together are found. A line that is none of this is somebody's own format: words in quotes and
 * numbers if it consists of them (`@row "ZONE" "KEY" 42`), else the line is one key.
 */
import { readColumns, readScalar, type Key, type Reading, type Scalar } from "./aggregation-columns.ts";
import { dumpBytes, isDumpHeader, stackFrame } from "./aggregation-dump.ts";
import { plain, type Integer } from "./aggregation-parser.ts";

/** A key with more newlines than this is read as text. */
const MAX_JOINED = 12;
/** Six columns of strings. */
const MAX_PADDED = 320;
/** A reading of fewer lines is not doubted up to here. */
const PLAUSIBLE = 1;

/**
 * The keys of the distribution whose header comes next.
 *
 * @param lines what was printed since the last aggregation, one character a byte; the last one is next to the header
 */
export function keysAbove(lines: readonly string[]): Key[] {
  const last = lines.at(-1);
  if (last === undefined) return [];
  if (last === "") return blockAbove(lines, lines.length - 1).map(decodeKey);
  const words = quotedWords(last);
  if (words !== undefined) return words.map(decodeKey);
  const columns = joined(lines, readColumns);
  if (columns !== undefined) return [...blockAbove(lines, columns.from), ...columns.found].map(decodeKey);
  if (last.trim() === "") return blockAbove(lines, lines.length - 1).map(decodeKey);
  return (paddedColumns(last) ?? [last.trim()]).map(decodeKey);
}

/** Columns whose last string has lost its padding, as in text whose trailing spaces were cut. */
function paddedColumns(line: string): Key[] | undefined {
  if (!line.startsWith("  ") || line.length > MAX_PADDED) return undefined;
  for (let pad = 1; pad <= 50; pad++) {
    const keys = readColumns(line + " ".repeat(pad));
    if (keys !== undefined) return keys.found;
  }
  return undefined;
}

/** The scalar that the last of these lines ends, with its keys; undefined where it ends none. */
export function scalarAt(lines: readonly string[]): Scalar | undefined {
  if (!endsInValue(lines.at(-1) ?? "")) return undefined;
  const scalar = joined(lines, readScalar);
  if (scalar === undefined) return undefined;
  const { keys, value } = scalar.found;
  return { keys: [...blockAbove(lines, scalar.from), ...keys].map(decodeKey), value };
}

/** Whether the last column can be a value: most lines of text are told here. */
function endsInValue(line: string): boolean {
  let digits = 0;
  let from = line.length - 1;
  for (; from >= 0 && line[from] !== " "; from--) digits++;
  return digits > 0 && digits <= 20 && from >= 0 && (digits >= VALUE || line.slice(-VALUE - 1, from + 1).trim() === "");
}

/** A value is right-aligned in as many columns, after a space. */
const VALUE = 16;

interface Joined<T> {
  readonly found: T;
  /** The first of the lines. */
  readonly from: number;
}

type Reader<T> = (text: string, loose?: boolean) => Reading<T> | undefined;

/** The last lines that, put together again, are columns: as few as are plausible, else the least surprising. */
function joined<T>(lines: readonly string[], read: Reader<T>): Joined<T> | undefined {
  let best: (Joined<T> & { surprise: number }) | undefined;
  for (const { text, from } of tails(lines)) {
    const reading = read(text);
    if (reading === undefined || (best !== undefined && reading.surprise >= best.surprise)) continue;
    best = { ...reading, from };
    if (reading.surprise <= PLAUSIBLE) break;
  }
  return best ?? joinedLoosely(lines, read);
}

/** A long string with newlines has no padding to prove it; it is believed where it starts like a block of keys. */
function joinedLoosely<T>(lines: readonly string[], read: Reader<T>): Joined<T> | undefined {
  for (const { text, from } of tails(lines)) {
    if (!text.startsWith("  ") || text[2] === " " || (lines[from - 1] ?? "") !== "") continue;
    const reading = read(text, true);
    if (reading !== undefined) return { found: reading.found, from };
  }
  return undefined;
}

/** The last line, the last two lines, and so on. */
function* tails(lines: readonly string[]): Generator<{ text: string; from: number }> {
  const lowest = Math.max(0, lines.length - MAX_JOINED);
  let text = "";
  for (let from = lines.length - 1; from >= lowest; from--) {
    text = from === lines.length - 1 ? (lines[from] ?? "") : `${lines[from] ?? ""}\n${text}`;
    yield { text, from };
  }
}

/** Hexdumps and stacks that end right above line `below`, and the columns before them. */
function blockAbove(lines: readonly string[], below: number): Key[] {
  const keys: Key[] = [];
  for (let at = below; at > 0;) {
    const block = dumpAbove(lines, at) ?? stackAbove(lines, at) ?? emptyStackAbove(lines, at);
    if (block === undefined) break;
    keys.unshift(block.key);
    // A block starts with a newline: it ends the columns before it, or the line is empty after another block and at first.
    if (lines[block.from - 1] === "") {
      at = block.from - 1;
      continue;
    }
    const columns = joined(lines.slice(0, block.from), readColumns);
    if (columns === undefined) break;
    keys.unshift(...columns.found);
    at = columns.from;
  }
  return keys;
}

/** A stack without any frame is an empty line, or the end of the line of columns before it. */
function emptyStackAbove(lines: readonly string[], below: number): { key: string; from: number } | undefined {
  const before = lines[below - 1] ?? "";
  const columns = before.endsWith(" ") ? readColumns(before)?.found : undefined;
  return columns?.some((key) => typeof key === "string" && key !== "") ? { key: "", from: below } : undefined;
}

function dumpAbove(lines: readonly string[], below: number): { key: string; from: number } | undefined {
  let at = below - 1;
  let bytes = "";
  for (; at >= 0; at--) {
    const row = dumpBytes(lines[at] ?? "");
    if (row === undefined) break;
    bytes = row + bytes;
  }
  if (bytes === "" || !isDumpHeader(lines[at] ?? "")) return undefined;
  return { key: withoutZeros(bytes), from: at };
}

/** The field is as long as strsize: what follows the string is zeros. */
function withoutZeros(bytes: string): string {
  let end = bytes.length;
  while (end > 0 && bytes.charCodeAt(end - 1) === 0) end--;
  return bytes.slice(0, end);
}

function stackAbove(lines: readonly string[], below: number): { key: string; from: number } | undefined {
  let at = below;
  const frames: string[] = [];
  for (; at > 0; at--) {
    const frame = stackFrame(lines[at - 1] ?? "");
    if (frame === undefined) break;
    frames.unshift(frame);
  }
  return frames.length === 0 ? undefined : { key: frames.join("\n"), from: at };
}

/** `@row "ZONE" "KEY" 42` and the like: an optional word that starts with `@`, then strings in quotes and integers. */
export function quotedWords(line: string): Key[] | undefined {
  const words: Key[] = [];
  let at = line.startsWith("@") ? wordEnd(line, 0) : 0;
  let quoted = at > 0;
  while (at < line.length) {
    if (line[at] === " ") at++;
    else if (line[at] === '"') {
      const end = quoteEnd(line, at + 1);
      if (end < 0) return undefined;
      words.push(unescape(line.slice(at + 1, end)));
      quoted = true;
      at = end + 1;
    } else {
      const end = wordEnd(line, at);
      const number = toInteger(line.slice(at, end));
      if (number === undefined) return undefined;
      words.push(number);
      at = end;
    }
  }
  return quoted ? words : undefined;
}

function wordEnd(line: string, from: number): number {
  const end = line.indexOf(" ", from);
  return end < 0 ? line.length : end;
}

function quoteEnd(line: string, from: number): number {
  for (let at = from; at < line.length; at++) {
    if (line[at] === "\\") at++;
    else if (line[at] === '"') return at;
  }
  return -1;
}

function toInteger(word: string): Integer | undefined {
  const digits = word.startsWith("-") ? word.slice(1) : word;
  if (digits === "" || digits.length > 20) return undefined;
  for (let i = 0; i < digits.length; i++) if (digits.charCodeAt(i) < 48 || digits.charCodeAt(i) > 57) return undefined;
  return plain(BigInt(word));
}

const NAMED = new Map(Object.entries({ a: "\x07", b: "\b", t: "\t", n: "\n", v: "\v", f: "\f", r: "\r" }));

/** Undoes "%S"; DTrace for Linux ends each string with a literal `\0`. */
function unescape(text: string): string {
  let out = "";
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== "\\") {
      out += text[at] ?? "";
      continue;
    }
    let digits = "";
    while (digits.length < 3 && "01234567".includes(text[at + 1 + digits.length] ?? "8")) {
      digits += text[at + 1 + digits.length] ?? "";
    }
    const named = text[at + 1] ?? "";
    out += digits === "" ? (NAMED.get(named) ?? named) : String.fromCharCode(Number.parseInt(digits, 8) & 0xff);
    at += Math.max(1, digits.length);
  }
  return withoutZeros(out);
}

/** One character a byte, to text: UTF-8 with replacement. */
export function decodeKey(key: Key): Key {
  return typeof key === "string" ? Buffer.from(key, "latin1").toString("utf8") : key;
}
