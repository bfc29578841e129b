/**
 * parse-any.ts: the distributions and scalars in whatever dtrace printed: anybody's script, with or without -q.
 *
 *     text ──(header line)──▶ rows ──(a line that is no row)──▶ text
 *
 * Text is kept only as far as keys may reach up into it, so memory is bounded however large the file. Every printed row comes
 * out, those of count 0 too. What cannot be read as printed is reported and never guessed at: output of `-x agghist`,
 * `-x aggpack` and `-x aggzoom`, a header without rows, labels that were cut.
 *
 * Default output has no framing: a string key with a newline can imitate anything. Whoever needs to be sure prints frames
 * (docs/wire-formats.md).
 */
import type { Scheme } from "../core/histogram/scheme.ts";
import { decodeKey, keysAbove, quotedWords, scalarAt } from "./aggregation-block.ts";
import { sampleOf, text } from "./aggregation-bytes.ts";
import { readValues, type Key } from "./aggregation-columns.ts";
import { isDumpHeader, stackFrame } from "./aggregation-dump.ts";
import { LineSplitter } from "./aggregation-lines.ts";
import { EdgedRows, type EdgedBucket, type Integer } from "./aggregation-parser.ts";
import { isHeader } from "./aggregation-row.ts";

export type { EdgedBucket, Integer, Key };

export interface AnyDistribution {
  readonly keys: readonly Key[];
  /** null where the labels leave a doubt. */
  readonly scheme: Scheme | null;
  /** Every printed row. */
  readonly buckets: readonly EdgedBucket[];
}

export interface AnyScalar {
  readonly keys: readonly Key[];
  readonly value: Integer;
}

/** The first three are refused: their rows are not what they look like. The others are told and read on. */
export type AnyProblemKind = "agghist" | "aggpack" | "aggzoom" | "no_rows" | "labels_cut" | "torn";

export interface AnyProblem {
  readonly kind: AnyProblemKind;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface AnyReaderOptions {
  readonly onDistribution: (distribution: AnyDistribution) => void;
  readonly onScalar: (scalar: AnyScalar) => void;
  readonly onProblem: (problem: AnyProblem) => void;
}

/** Longer lines are nobody's keys; a custom format may well have printed them. */
const MAX_LINE = 64 * 1024;
/** Enough for the hexdumps of two strings of 4 kB. */
const MAX_TEXT_LINES = 1200;
const MAX_TEXT_CHARS = 128 * 1024;

const REFUSED: Record<"agghist" | "aggpack" | "aggzoom", string> = {
  agghist: "printed with -x agghist, which shows one bucket a key and no distribution",
  aggpack: "printed with -x aggpack, which loses the counts",
  aggzoom: "printed with -x aggzoom, whose bars are not shares of the total",
};

export class AnyReader {
  readonly #options: AnyReaderOptions;
  readonly #lines: LineSplitter;
  readonly #rows = new EdgedRows();
  #line = 0;
  /** Text since the last aggregation: what keys may be in. */
  #text: string[] = [];
  #chars = 0;
  /** In a distribution: its keys, and the line of its header. */
  #keys: Key[] | null = null;
  #lastKeys: Key[] = [];
  /** Whether the text since began right after a distribution. */
  #joined = false;
  #headerLine = 0;
  /** Lines start with CPU, ID and FUNCTION:NAME. */
  #prefixed = false;
  /** The last line's scalar: none if what follows makes its value the last key of something else. */
  #scalar: AnyScalar | null = null;
  /** Right after a distribution's rows: values here are of its keys. */
  #afterRows = false;
  /** The text above the last header, and the header itself: it may prove to be a key. */
  #above: string[] = [];
  /** In the lines of something refused, up to an empty one. */
  #refusing = false;

  constructor(options: AnyReaderOptions) {
    this.#options = options;
    this.#lines = new LineSplitter(MAX_LINE, {
      line: (bytes, from, to) => this.#next(bytes, from, to),
      tooLong: () => this.#long(),
    });
  }

  /** Takes the next bytes, cut anywhere. */
  push(chunk: Uint8Array): void {
    this.#lines.push(chunk);
  }

  /** Says that no more will come; a last line without newline counts as one, unless it is a row that was torn. */
  end(): void {
    const rest = Uint8Array.from(this.#lines.end());
    if (rest.length > 0 && this.#keys !== null && this.#rows.isTorn(rest.length)) {
      this.#problem("torn", this.#line + 1, "the last row is torn and left out: the output is cut there");
    } else if (rest.length > 0) this.#next(rest, 0, rest.length);
    this.#endRows();
    this.#endScalar();
  }

  #next(bytes: Uint8Array, from: number, end: number): void {
    const to = end > from && bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
    this.#line++;
    const header = isHeader(bytes, from, to);
    if (this.#keys !== null) {
      if (this.#rows.add(bytes, from, to)) return;
      if (header && this.#rows.length === 0) this.#headerWasKey();
      this.#endRows();
    }
    if (header) this.#startRows(text(bytes, from, to));
    else this.#other(bytes, from, to);
  }

  #long(): void {
    this.#line++;
    this.#endRows();
    this.#endScalar();
    this.#forget();
  }

  #startRows(header: string): void {
    this.#keys = this.#keysAbove();
    this.#headerLine = this.#line;
    this.#scalar = null;
    this.#above = [...this.#text, header];
    this.#forget();
  }

  /** Two headers in a row: the first was a key that looks like one. */
  #headerWasKey(): void {
    this.#keys = null;
    this.#text = this.#above;
    this.#chars = this.#text.reduce((sum, each) => sum + each.length, 0);
  }

  /**
   * After a distribution: nothing but the header's own newline, or a line of values, means that printa was given several
   * aggregations, which share their keys; `    [CPU N]` heads the share of one processor (-x aggpercpu).
   */
  #keysAbove(): Key[] {
    const share = this.#text.at(-1);
    if (this.#joined && (share === undefined || (this.#text.length === 1 && share === ""))) return this.#lastKeys;
    if (share?.startsWith("    [CPU ") === true && share.endsWith("]")) return [...this.#lastKeys, share.trim()];
    this.#lastKeys = keysAbove(this.#text);
    return this.#lastKeys;
  }

  #endRows(): void {
    const keys = this.#keys;
    if (keys === null) return;
    this.#keys = null;
    if (this.#rows.length === 0) {
      this.#problem("no_rows", this.#headerLine, "a header without rows: the output is cut there");
      return;
    }
    this.#joined = true;
    this.#afterRows = true;
    const { buckets, scheme, cut, zoomed } = this.#rows.take();
    if (zoomed) {
      this.#problem("aggzoom", this.#headerLine, REFUSED.aggzoom);
      return;
    }
    if (cut) {
      const message = "labels cut to 15 characters, as DTrace for Linux does: the buckets' edges are not known";
      this.#problem("labels_cut", this.#headerLine, message);
    }
    this.#options.onDistribution({ keys, scheme, buckets });
  }

  /** Any line outside distributions. */
  #other(bytes: Uint8Array, from: number, to: number): void {
    const afterRows = this.#afterRows;
    this.#afterRows = false;
    const refused = refusedHeader(bytes, from, to);
    if (refused !== undefined) this.#refuse(refused);
    if (this.#refusing && (refused !== undefined || from < to)) return;
    this.#refusing = false;
    const whole = text(bytes, from, to);
    const line = this.#withoutPrefix(whole);
    if (this.#scalar !== null && isBlockOf(line)) this.#scalar = null;
    this.#endScalar();
    // -x aggpercpu: the shares of each processor under a scalar whose sum has been read.
    if (line.startsWith("    [CPU ") && endsInDigit(line)) return;
    if (afterRows && endsInDigit(line) && this.#shared(line)) return;
    if (this.#joined && this.#text.length === 0 && line !== "") this.#joined = afterRows;
    this.#keep(line);
    // A probe's columns are followed by what the script itself prints: printa starts on a line of its own.
    if (!endsInDigit(line) || line.length < whole.length) return;
    this.#scalar = (line.startsWith("@row ") ? rowScalar(line) : scalarAt(this.#text)) ?? null;
  }

  /** Values right after a distribution's rows are of the same printa, which prints the keys once. */
  #shared(line: string): boolean {
    const values = readValues(line);
    for (const value of values ?? []) this.#options.onScalar({ keys: this.#lastKeys, value });
    return values !== undefined;
  }

  #refuse(kind: "agghist" | "aggpack"): void {
    this.#endScalar();
    this.#problem(kind, this.#line, REFUSED[kind]);
    this.#refusing = true;
    this.#forget();
  }

  #endScalar(): void {
    const scalar = this.#scalar;
    if (scalar === null) return;
    this.#scalar = null;
    this.#forget();
    this.#options.onScalar(scalar);
  }

  #withoutPrefix(line: string): string {
    if (line === PREFIX_HEADER) this.#prefixed = true;
    return this.#prefixed && hasPrefix(line) ? line.slice(prefixEnd(line)) : line;
  }

  #keep(line: string): void {
    if (this.#text.length >= MAX_TEXT_LINES || this.#chars + line.length > MAX_TEXT_CHARS) {
      this.#text = this.#text.slice(-MAX_TEXT_LINES / 2);
      this.#chars = this.#text.reduce((sum, each) => sum + each.length, 0);
      if (this.#chars > MAX_TEXT_CHARS / 2) this.#forget();
    }
    this.#text.push(line);
    this.#chars += line.length;
  }

  #forget(): void {
    this.#joined = false;
    this.#text = [];
    this.#chars = 0;
  }

  #problem(kind: AnyProblemKind, line: number, message: string): void {
    this.#options.onProblem({ kind, line, message });
  }
}

/** `@row "ZONE" "KEY" 3412`, as our own programs print scalars. */
function rowScalar(line: string): AnyScalar | undefined {
  const keys = quotedWords(line);
  const value = keys?.pop();
  return keys === undefined || value === undefined || typeof value === "string"
    ? undefined
    : { keys: keys.map(decodeKey), value };
}

/** Whether a line continues a hexdump's or a stack's key: the integer above it is then a key too. */
function isBlockOf(line: string): boolean {
  return (
    isDumpHeader(line) || (line.startsWith("    ") && !line.trim().includes("   ") && stackFrame(line) !== undefined)
  );
}

const CARRIAGE_RETURN = 0x0d;

/** What dtrace prints first without -q, and the columns under it: `%3d %6d %32s `. */
const PREFIX_HEADER = "CPU     ID                    FUNCTION:NAME";
const PREFIX_COLUMNS = 3 + 1 + 6 + 1 + 32;

function hasPrefix(line: string): boolean {
  if (line.length < PREFIX_COLUMNS || line[3] !== " " || line[10] !== " ") return false;
  if (!isNumber(line.slice(0, 3).trimStart()) || !isNumber(line.slice(4, 10).trimStart())) return false;
  return line.slice(11, prefixEnd(line)).includes(":");
}

/** After the name, which may run over its column, and the space that follows it. */
function prefixEnd(line: string): number {
  const end = line.indexOf(" ", PREFIX_COLUMNS);
  return end < 0 ? line.length : end + 1;
}

function isNumber(digits: string): boolean {
  for (let i = 0; i < digits.length; i++) if (digits.charCodeAt(i) < 48 || digits.charCodeAt(i) > 57) return false;
  return digits !== "";
}

function endsInDigit(line: string): boolean {
  const code = line.charCodeAt(line.length - 1);
  return code >= 48 && code <= 57;
}

/** The headers of agghist (`key` where `value` would be) and aggpack (`min .----. max    | count`). */
function refusedHeader(bytes: Uint8Array, from: number, to: number): "agghist" | "aggpack" | undefined {
  if (to - from > 512 || bytes[to - 1] === undefined) return undefined;
  const line = sampleOf(bytes, from, to, 512).trim();
  if (line.endsWith("| count") && line.includes("min .-") && line.includes("-. max")) return "aggpack";
  if (!line.startsWith("key ") || !line.endsWith(" count")) return undefined;
  return line.slice(4, -6).trim() === "------------- Distribution -------------" ? "agghist" : undefined;
}
