/**
 * aggregation-row.ts: one printed row of a distribution: where its label is, and its count.
 *
 *     label right-aligned in 16 columns, or wider | a space | 41 columns of bar | a space | count, left-aligned in 9 or wider
 *
 * The bar is checked for shape, so that a line which merely looks like a row is not taken for one, and never used as a
 * value: it is rounded, and a count above zero may have no mark at all. It is `|` and 40 columns where no count is negative,
 * 40 and `|` where none is positive, 20 `|` 20 where both occur (dt_print_quantline, dt_consume.c). With `-x encoding=utf8`
 * a column of it may be one of U+2588..U+258F, three bytes.
 */
import {
  ascii,
  AT,
  isDigit,
  MINUS,
  NEWLINE,
  PIPE,
  skipDigits,
  skipSpaces,
  SPACE,
  startsWith,
  toInteger,
  trimEnd,
  ZERO,
} from "./aggregation-bytes.ts";

/** `abs`: `abs() < N`; `below`: `< N`; `above`: `>= N`; `under`: `<= -N`. */
export type LabelForm = "plain" | "below" | "above" | "under" | "abs";

/** Filled by scanRow; used again for every row, so that a row costs no object. */
export interface Row {
  labelFrom: number;
  labelTo: number;
  form: LabelForm;
  /** Where the label's number starts. */
  numberFrom: number;
  barFrom: number;
  barTo: number;
  count: number | bigint;
}

export function newRow(): Row {
  return { labelFrom: 0, labelTo: 0, form: "plain", numberFrom: 0, barFrom: 0, barTo: 0, count: 0 };
}

const LABEL_WIDTH = 16;
const BAR_COLUMNS = 41;

const HEADER = ascii(
  "value".padStart(LABEL_WIDTH) + " " + "------------- Distribution -------------".padStart(BAR_COLUMNS) + " count",
);

/** Whether a line (without its newline) is the header over a distribution. */
export function isHeader(bytes: Uint8Array, from: number, to: number): boolean {
  return startsWith(bytes, from, to, HEADER) && trimEnd(bytes, from + HEADER.length, to) === from + HEADER.length;
}

/**
 * Reads one line (without its newline) as a row.
 *
 * @returns false where the line is no row; `row` is then meaningless
 */
export function scanRow(bytes: Uint8Array, from: number, to: number, row: Row): boolean {
  const labelTo = scanLabel(bytes, from, to, row);
  if (labelTo < 0 || bytes[labelTo] !== SPACE) return false;
  const barTo = scanBar(bytes, labelTo + 1, to);
  if (barTo < 0 || bytes[barTo] !== SPACE) return false;
  const countTo = trimEnd(bytes, barTo + 1, to);
  const count = toInteger(bytes, barTo + 1, countTo);
  if (count === undefined) return false;
  row.barFrom = labelTo + 1;
  row.barTo = barTo;
  row.count = count;
  return true;
}

const FORMS: readonly { readonly form: LabelForm; readonly prefix: Uint8Array }[] = [
  { form: "abs", prefix: ascii("abs() < ") },
  { form: "above", prefix: ascii(">= ") },
  { form: "under", prefix: ascii("<= ") },
  { form: "below", prefix: ascii("< ") },
];

/** @returns where the label ends; -1 where there is none, or where it is not right-aligned */
function scanLabel(bytes: Uint8Array, from: number, to: number, row: Row): number {
  let at = skipSpaces(bytes, from, to);
  row.labelFrom = at;
  row.form = "plain";
  if (!isDigit(bytes[at]) && bytes[at] !== MINUS) {
    const found = FORMS.find(({ prefix }) => startsWith(bytes, at, to, prefix));
    if (found === undefined) return -1;
    row.form = found.form;
    at += found.prefix.length;
  }
  row.numberFrom = at;
  if (bytes[at] === MINUS) at++;
  const end = skipDigits(bytes, at, to);
  const width = end - from;
  if (end === at || width < LABEL_WIDTH || (width > LABEL_WIDTH && row.labelFrom !== from)) return -1;
  row.labelTo = end;
  return end;
}

/** @returns where 41 columns of bar with exactly one `|` end; -1 where there are none */
function scanBar(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  let axes = 0;
  for (let column = 0; column < BAR_COLUMNS; column++) {
    const byte = bytes[at];
    if (at >= to || byte === undefined) return -1;
    if (byte === PIPE) axes++;
    if (byte === SPACE || byte === AT || byte === PIPE) at++;
    else if (isBlock(bytes, at)) at += 3;
    else return -1;
  }
  return axes === 1 && at <= to ? at : -1;
}

/** U+2588 (full) to U+258F (an eighth): e2 96 88..8f. */
function isBlock(bytes: Uint8Array, at: number): boolean {
  const last = bytes[at + 2] ?? 0;
  return bytes[at] === 0xe2 && bytes[at + 1] === 0x96 && last >= 0x88 && last <= 0x8f;
}

/** A row in fixed columns with its newline: label 16, space, `|` and 40 of bar, space, count in 9. */
export const USUAL_ROW = 16 + 1 + 41 + 1 + 9 + 1;

/** Spaces are 0x20 and marks 0x40: a look at all bits of forty bytes replaces forty branches. */
const NOT_BAR = ~0x60606060;
/** `0` and eight spaces, then the newline. */
const ZERO_COUNT = 0x20202030;
const SPACES = 0x20202020;
const SPACE_NEWLINE = 0x0a20;

/**
 * The count of a row in fixed columns whose label is the one given: four bytes at a time, as this is where the time goes.
 *
 * @param labels sixteen columns a label, four little-endian words each; `label` is the first word's place
 * @returns -1 where it is any other row; such a row may be good all the same
 */
export function usualCount(view: DataView, at: number, labels: Int32Array, label: number): number {
  if (
    view.getInt32(at, true) !== labels[label] ||
    view.getInt32(at + 4, true) !== labels[label + 1] ||
    view.getInt32(at + 8, true) !== labels[label + 2] ||
    view.getInt32(at + 12, true) !== labels[label + 3] ||
    view.getUint16(at + 16) !== SPACE * 256 + PIPE ||
    view.getUint8(at + 58) !== SPACE
  ) {
    return -1;
  }
  let bits = 0;
  for (let i = at + 18; i < at + 58; i += 4) bits |= view.getInt32(i, true);
  if ((bits & NOT_BAR) !== 0) return -1;
  if (
    view.getInt32(at + 59, true) === ZERO_COUNT &&
    view.getInt32(at + 63, true) === SPACES &&
    view.getUint16(at + 67, true) === SPACE_NEWLINE
  ) {
    return 0;
  }
  return usualDigits(view, at + 59);
}

/** One to nine digits, filled with spaces to nine columns, and a newline; -1 for anything else. */
function usualDigits(view: DataView, from: number): number {
  let count = 0;
  let at = from;
  let digit = view.getUint8(at) - ZERO;
  if (digit < 0 || digit > 9) return -1;
  do {
    count = count * 10 + digit;
    digit = view.getUint8(++at) - ZERO;
  } while (digit >= 0 && digit <= 9 && at < from + 9);
  while (at < from + 9 && view.getUint8(at) === SPACE) at++;
  return at === from + 9 && view.getUint8(at) === NEWLINE ? count : -1;
}
