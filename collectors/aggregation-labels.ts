/**
 * aggregation-labels.ts: the labels of one scheme, and the bucket that each stands for.
 *
 * Rows are printed in the order of their buckets without gaps, so the label that comes next is nearly always known: it is
 * then recognised by comparing sixteen bytes. Any other is looked up: plain numbers in a map of numbers, the rest as text.
 *
 *   quantize    L -> the bucket that starts at L; -L -> its mirror
 *   lquantize   `< base` -> 0, `>= last edge` -> the last
 *   llquantize  illumos: `< N` -> 0. Linux: `< N`, `abs() < N`, or `0` where N is 1 -> 0; -L -> the mirror of L; `<= -N` -> the
 *               first. Linux cuts labels to 15 characters (snprintf into char[16]), after which two buckets may share one
 *               label: such a label is believed only where it is the one expected next.
 */
import { bucketsOf } from "../core/histogram/buckets.ts";
import { formatScheme, type Scheme } from "../core/histogram/scheme.ts";
import { MINUS, SAFE_DIGITS, skipDigits, SPACE, text, ZERO } from "./aggregation-bytes.ts";
import type { Row } from "./aggregation-row.ts";

/** No bucket of the scheme has this label. */
export const NO_BUCKET = -2_147_483_648;

const WIDTH = 16;
/** Words of a label in `columns`. */
export const WORDS = WIDTH / 4;
const LINUX_LABEL = 15;

export class SchemeLabels {
  readonly first: number;
  readonly last: number;
  /** Each bucket's usual label in its sixteen columns, as four little-endian words; zeros where it is wider. */
  readonly columns: Int32Array;
  readonly #byNumber = new Map<number, number>();
  readonly #byText = new Map<string, number[]>();

  /** @throws RangeError for a scheme that DTrace does not print (`edges`) */
  constructor(scheme: Scheme) {
    if (scheme.kind === "edges") throw new RangeError(`DTrace does not print ${formatScheme(scheme)}`);
    const { first, last } = bucketsOf(scheme);
    this.first = first;
    this.last = last;
    this.columns = new Int32Array((last - first + 1) * WORDS);
    for (let index = first; index <= last; index++) {
      const labels = labelsOf(scheme, index, first, last);
      this.#addColumns(index, labels[0] ?? "");
      for (const label of labels) this.#add(index, label);
    }
  }

  /**
   * The bucket of a row's label.
   *
   * @param expected the bucket that would come next: settles which is meant where two share a label
   * @returns NO_BUCKET where the scheme has none, or where the label does not tell which
   */
  find(bytes: Uint8Array, row: Row, expected: number): number {
    if (row.form === "plain" && row.labelTo - row.numberFrom < SAFE_DIGITS) {
      return this.#byNumber.get(smallNumber(bytes, row.numberFrom, row.labelTo)) ?? NO_BUCKET;
    }
    const found = this.#byText.get(text(bytes, row.labelFrom, row.labelTo));
    if (found === undefined) return NO_BUCKET;
    return found.length > 1 ? (found.find((index) => index === expected) ?? NO_BUCKET) : (found[0] ?? NO_BUCKET);
  }

  /** The bucket whose label fills the sixteen columns from `at` on with a plain number; NO_BUCKET for anything else. */
  guess(bytes: Uint8Array, at: number): number {
    const end = at + WIDTH;
    let from = at;
    while (from < end && bytes[from] === SPACE) from++;
    const digits = bytes[from] === MINUS ? from + 1 : from;
    if (end - from >= SAFE_DIGITS || skipDigits(bytes, digits, end) !== end || digits === end) return NO_BUCKET;
    return this.#byNumber.get(smallNumber(bytes, from, end)) ?? NO_BUCKET;
  }

  #addColumns(index: number, label: string): void {
    if (label.length > WIDTH) return;
    const bytes = Buffer.from(label.padStart(WIDTH), "latin1");
    for (let word = 0; word < WORDS; word++) {
      this.columns[(index - this.first) * WORDS + word] = bytes.readInt32LE(word * 4);
    }
  }

  #add(index: number, label: string): void {
    const number = Number(label);
    if (Number.isSafeInteger(number) && label.length < SAFE_DIGITS) this.#byNumber.set(number, index);
    const known = this.#byText.get(label);
    if (known === undefined) this.#byText.set(label, [index]);
    else if (!known.includes(index)) known.push(index);
  }
}

/** Every label that a bucket may have, the usual one first. */
function labelsOf(scheme: Exclude<Scheme, { kind: "edges" }>, index: number, first: number, last: number): string[] {
  const buckets = bucketsOf(scheme);
  const low = (of: number): string => BigInt(buckets.lowOf(of) ?? 0).toString();
  if (scheme.kind === "quantize") return [index < 0 ? `-${low(-index)}` : low(index)];
  if (scheme.kind === "lquantize") {
    return [index === first ? `< ${scheme.base}` : index === last ? `>= ${low(last)}` : low(index)];
  }
  if (index === 0) {
    const edge = low(1);
    return [`< ${edge}`, `abs() < ${edge}`, ...(edge === "1" ? ["0"] : [])].flatMap(withCut);
  }
  if (index > 0) return withCut(index === last ? `>= ${low(index)}` : low(index));
  return withCut(index === first ? `<= -${low(-index)}` : `-${low(-index)}`);
}

/** A label, and how DTrace for Linux cuts it. */
function withCut(label: string): string[] {
  return label.length > LINUX_LABEL ? [label, label.slice(0, LINUX_LABEL)] : [label];
}

function smallNumber(bytes: Uint8Array, from: number, to: number): number {
  const negative = bytes[from] === MINUS;
  let value = 0;
  for (let i = negative ? from + 1 : from; i < to; i++) value = value * 10 + (bytes[i] ?? 0) - ZERO;
  return negative ? -value : value;
}
