/**
 * aggregation-parser.ts: printed distributions, with or without knowing their scheme.
 *
 * With a scheme, labels become bucket indexes, and what the scheme does not have is an error: that is how a collector reads.
 * Without one, rows become edges with counts, and the scheme is told where the labels leave no doubt: that is how saved
 * output of anybody's script is read. frames.ts uses the same pieces on a stream.
 *
 * Input is bytes. Lines are never made into strings; each is walked once from left to right (aggregation-row.ts).
 */
import type { Scheme } from "../core/histogram/scheme.ts";
import { axisOf, barLength, isZoomed, type Bar } from "./aggregation-bars.ts";
import { NEWLINE, text } from "./aggregation-bytes.ts";
import { interpret, type Label } from "./aggregation-edges.ts";
import { NO_BUCKET, SchemeLabels } from "./aggregation-labels.ts";
import { isHeader, newRow, scanRow, USUAL_ROW, type LabelForm, type Row } from "./aggregation-row.ts";

/** A number up to 2^53 in magnitude, a bigint above. */
export type Integer = number | bigint;

/** From the smallest integer in the bucket to the smallest above it; null where open or unknown. */
export type EdgedBucket = readonly [low: Integer | null, high: Integer | null, count: Integer];

export interface EdgedDistribution {
  /** Every printed row, in the order of printing, those of count 0 too. */
  readonly buckets: readonly EdgedBucket[];
  /** null where the labels do not tell. */
  readonly scheme: Scheme | null;
  /** Labels were cut to 15 characters (DTrace for Linux, llquantize) and the edges could not be told: they are all null. */
  readonly cut: boolean;
  /** Printed with `-x aggzoom`. */
  readonly zoomed: boolean;
}

/** More rows than any aggregation can print: lquantize has at most 2^16 levels. */
const MAX_ROWS = 70_000;

/** A row is at least as long where nobody has cut the spaces at the ends of lines. */
const PADDED_ROW = USUAL_ROW - 1;

/** Takes rows one by one and tells what they cover once all are there. */
export class EdgedRows {
  readonly #row: Row = newRow();
  readonly #cover = new CoverTable();
  #labels: string[] = [];
  #bars: Bar[] = [];
  #axis = 0;
  #rowLength = 0;

  get length(): number {
    return this.#labels.length;
  }

  /** Whether a last line of this length, without a newline, lacks a part of what the row before it has. */
  isTorn(length: number): boolean {
    return this.#rowLength >= PADDED_ROW && length < PADDED_ROW;
  }

  /** @returns false where the line (without its newline) is no row; it is then the first line after the distribution */
  add(bytes: Uint8Array, from: number, to: number): boolean {
    const row = this.#row;
    if (this.#labels.length >= MAX_ROWS || !scanRow(bytes, from, to, row)) return false;
    this.#labels.push(text(bytes, row.labelFrom, row.labelTo));
    this.#bars.push({ length: barLength(bytes, row.barFrom, row.barTo), count: row.count });
    this.#axis = axisOf(bytes, row.barFrom);
    this.#rowLength = to - from;
    return true;
  }

  /** What was added since the last time. */
  take(): EdgedDistribution {
    const { edges, scheme, cut } = this.#cover.of(this.#labels);
    const buckets = edges.map(([low, high], i): EdgedBucket => [low, high, this.#bars[i]?.count ?? 0]);
    const zoomed = isZoomed(this.#bars, this.#axis);
    this.#labels = [];
    this.#bars = [];
    return { buckets, scheme, cut, zoomed };
  }
}

/** What a distribution's labels cover. */
interface Cover {
  readonly edges: readonly (readonly [low: Integer | null, high: Integer | null])[];
  readonly scheme: Scheme | null;
  readonly cut: boolean;
}

/** Labels remembered: about this many characters of them. */
const MAX_KNOWN = 2_000_000;

/** What labels cover: working it out takes longer than reading them, and they come again and again. */
class CoverTable {
  readonly #known = new Map<string, Cover>();
  #size = 0;

  of(labels: readonly string[]): Cover {
    const name = labels.join("\n");
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const { edges, scheme, cut } = interpret(labels.map(labelOf));
    const cover: Cover = { edges: edges.map(([low, high]) => [plain(low), plain(high)]), scheme, cut };
    this.#size += name.length;
    if (this.#size > MAX_KNOWN) {
      this.#known.clear();
      this.#size = name.length;
    }
    this.#known.set(name, cover);
    return cover;
  }
}

/** A label that scanRow has found. */
function labelOf(label: string): Label {
  const at = label.lastIndexOf(" ") + 1;
  return { form: FORMS.get(label.slice(0, at)) ?? "plain", value: BigInt(label.slice(at)), width: label.length };
}

const FORMS: ReadonlyMap<string, LabelForm> = new Map([
  ["abs() < ", "abs"],
  [">= ", "above"],
  ["<= ", "under"],
  ["< ", "below"],
]);

const EXACT = 2n ** 53n;

/** The smaller form of an integer. */
export function plain(value: bigint): number | bigint;
export function plain(value: bigint | null): number | bigint | null;
export function plain(value: bigint | null): number | bigint | null {
  return value !== null && value <= EXACT && value >= -EXACT ? Number(value) : value;
}

/**
 * Reads one distribution whose scheme is not known, from its header on; whatever follows its last row is left alone.
 *
 * @returns undefined where the bytes do not start with a header
 */
export function parseEdges(bytes: Uint8Array): EdgedDistribution | undefined {
  const rows = new EdgedRows();
  const headed = eachRow(bytes, (from, to) => rows.add(bytes, from, to));
  return headed ? rows.take() : undefined;
}

export interface IndexedDistribution {
  /** Ascending, as printed, those of count 0 left out. */
  readonly bucket: number[];
  readonly count: (number | bigint)[];
}

/**
 * Reads one distribution of a known scheme, from its header on.
 *
 * @returns undefined where the bytes do not start with a header, or a row's label is none of the scheme's
 * @throws RangeError for a scheme that DTrace does not print (`edges`)
 */
export function parseBuckets(bytes: Uint8Array, scheme: Scheme): IndexedDistribution | undefined {
  const labels = new SchemeLabels(scheme);
  const row = newRow();
  const bucket: number[] = [];
  const count: (number | bigint)[] = [];
  let expected = NO_BUCKET;
  let strangers = 0;
  const headed = eachRow(bytes, (from, to) => {
    if (!scanRow(bytes, from, to, row)) return false;
    const index = labels.find(bytes, row, expected);
    if (index === NO_BUCKET || index < expected) strangers++;
    expected = index + 1;
    if (row.count !== 0) bucket.push(index);
    if (row.count !== 0) count.push(row.count);
    return true;
  });
  return headed && strangers === 0 ? { bucket, count } : undefined;
}

/**
 * Calls `row` with each line after the header until it answers false.
 *
 * @returns false where there is no header; one empty line before it is skipped, as dtrace prints one
 */
function eachRow(bytes: Uint8Array, row: (from: number, to: number) => boolean): boolean {
  let from = bytes[0] === NEWLINE ? 1 : 0;
  let to = lineEnd(bytes, from);
  if (!isHeader(bytes, from, to)) return false;
  do {
    from = to + 1;
    to = lineEnd(bytes, from);
  } while (from < bytes.length && row(from, to));
  return true;
}

function lineEnd(bytes: Uint8Array, from: number): number {
  const newline = bytes.indexOf(NEWLINE, from);
  return newline < 0 ? bytes.length : newline;
}
