/**
 * aggregation-columns.ts: keys as printa prints them by default: columns of fixed width, in one line of text.
 *
 *     string                 two spaces, then left-aligned in 50; longer ones run over
 *     integer of 8 bytes     a space, then right-aligned in 16; of 4 in 8; of 2 in 5; of 1 in 3; longer ones run over
 *
 * (dt_print_datum, dt_consume.c.) Columns carry no separators, so a line is read as columns only where it is made of them
 * from its first character to its last; anything else is somebody's own format. Where several readings fit, the least
 * surprising one is taken: strings seldom start with spaces, and seldom are they longer than their column. The text holds one
 * character a byte.
 */
import { plain, type Integer } from "./aggregation-parser.ts";

export type Key = string | Integer;

/** A reading of a line, and how surprising it is: 0 is what one expects to see. */
export interface Reading<T> {
  readonly found: T;
  readonly surprise: number;
}

export interface Scalar {
  readonly keys: Key[];
  readonly value: Integer;
}

const STRING_WIDTH = 50;
const VALUE_WIDTH = 16;
/** Integers of 4 and 8 bytes are usual as keys, of 1 and 2 are not. */
const INTEGER_WIDTHS: ReadonlyMap<number, number> = new Map([
  [16, 0],
  [8, 0],
  [5, 1],
  [3, 1],
]);
/** Where no width is left over: too wide for 3, 5, 8 and 16. */
const RUN_OVER_WIDTHS: ReadonlySet<number> = new Set([4, 6, 9, 10, 11, 17, 18, 19, 20]);
const EMPTY = 1;
const STARTS_WITH_SPACE = 2;
const RUNS_OVER = 1;
const HOLDS_SPACES = 2;
const HOLDS_NEWLINE = 4;
/** Longer text is not tried: no key is so long, and trying costs the square of it. */
const MAX_TEXT = 2048;

interface Column {
  readonly key: Key;
  readonly end: number;
  /** Of an integer; 0 for a string. */
  readonly width: number;
  readonly surprise: number;
}

/** A column and the best of what may follow it. */
interface Path {
  readonly column: Column;
  readonly next: Path | null;
  readonly surprise: number;
}

/** `loose` lets strings that are as long as their column hold newlines: there is then no padding to prove them. */
interface Rules {
  readonly scalar: boolean;
  readonly loose: boolean;
}

/** @returns the keys of a line that is made of columns, strings still one character a byte; undefined for any other line */
export function readColumns(line: string, loose = false): Reading<Key[]> | undefined {
  const path = bestPath(line, { scalar: false, loose });
  return path && { found: columnsOf(path).map(({ key }) => key), surprise: path.surprise };
}

/**
 * A line that is a printed scalar: columns whose last is an integer of 8 bytes.
 *
 * @returns undefined where the line is none; a line of keys that ends in an integer of 8 bytes looks the same
 */
export function readScalar(line: string, loose = false): Reading<Scalar> | undefined {
  const path = bestPath(line, { scalar: true, loose });
  if (path === undefined) return undefined;
  const keys = columnsOf(path).map(({ key }) => key);
  const value = keys.pop();
  return value === undefined || typeof value === "string"
    ? undefined
    : { found: { keys, value }, surprise: path.surprise };
}

/** The integers of a line that is made of nothing but columns of values; undefined for any other line. */
export function readValues(line: string): Integer[] | undefined {
  const values: Integer[] = [];
  for (let at = 0; at < line.length;) {
    const column = integerAt(line, at);
    if (column === undefined || column.width < VALUE_WIDTH || typeof column.key === "string") return undefined;
    values.push(column.key);
    at = column.end;
  }
  return values.length === 0 ? undefined : values;
}

/**
 * The least surprising columns of a line, worked out from its end: what is best after each place is then known to all columns
 * that end there, and the cost is that of a few looks at each character.
 */
function bestPath(line: string, { scalar, loose }: Rules): Path | undefined {
  if (line.length === 0 || line.length > MAX_TEXT || !line.startsWith(" ")) return undefined;
  const usual = usualPath(line, 0, scalar);
  if (usual !== null) return usual;
  const best = new Array<Path | null>(line.length).fill(null);
  const ends = new StringEnds(line, loose);
  for (let at = line.length - 1; at >= 0; at--) {
    best[at] = bestAt(line, at, best, ends, scalar);
    ends.add(at, best[at] ?? null);
  }
  return best[0] ?? undefined;
}

/** What nearly every line is: columns without any surprise, read from the left. */
function usualPath(line: string, at: number, scalar: boolean): Path | null {
  const integer = integerAt(line, at);
  const column = integer?.surprise === 0 ? integer : paddedAt(line, at);
  if (column?.surprise !== 0) return null;
  if (column.end === line.length)
    return scalar && column.width < VALUE_WIDTH ? null : { column, next: null, surprise: 0 };
  const next = usualPath(line, column.end, scalar);
  return next && { column, next, surprise: 0 };
}

/** A string that leaves a space in its column. */
function paddedAt(line: string, at: number): Column | undefined {
  const end = at + 2 + STRING_WIDTH;
  if (end > line.length || line[at] !== " " || line[at + 1] !== " " || line[end - 1] !== " ") return undefined;
  const key = trimSpaces(line.slice(at + 2, end));
  return { key, end, width: 0, surprise: key === "" ? EMPTY : key.startsWith(" ") ? STARTS_WITH_SPACE : 0 };
}

function bestAt(line: string, at: number, best: (Path | null)[], ends: StringEnds, scalar: boolean): Path | null {
  if (line[at] !== " ") return null;
  const integer = integerAt(line, at);
  let path = integer === undefined ? null : followed(line, integer, best, scalar);
  if (line[at + 1] !== " " || at + 2 + STRING_WIDTH > line.length) return path;
  const from = at + 2;
  const field = line.slice(from, from + STRING_WIDTH);
  const start = field.startsWith(" ") ? STARTS_WITH_SPACE : 0;
  const padded = paddedAt(line, at);
  if (padded !== undefined) path = lesser(path, followed(line, padded, best, scalar));
  return lesser(path, ends.longString(from, field, start, scalar));
}

/** A column and the best after it; null where nothing can follow. */
function followed(line: string, column: Column, best: (Path | null)[], scalar: boolean): Path | null {
  if (column.end < line.length) {
    const next = best[column.end] ?? null;
    return next && { column, next, surprise: column.surprise + next.surprise };
  }
  return scalar && column.width < VALUE_WIDTH ? null : { column, next: null, surprise: column.surprise };
}

function lesser(one: Path | null, other: Path | null): Path | null {
  return other === null || (one !== null && one.surprise <= other.surprise) ? one : other;
}

/** Where strings of fifty characters or more end best: where the rest is columns, at the latest at the end of the line. */
class StringEnds {
  readonly #line: string;
  readonly #loose: boolean;
  /** For each place: the best end from there on. */
  readonly #best: (End | null)[];
  /** Newlines from each place on. */
  readonly #newlines: number[];
  /** What spaces and newlines from each place on would cost a string. */
  readonly #cost: number[];
  /** How many spaces stand from the last place on. */
  #spaces = 0;

  constructor(line: string, loose: boolean) {
    this.#line = line;
    this.#loose = loose;
    this.#best = new Array<End | null>(line.length).fill(null);
    this.#newlines = new Array<number>(line.length + 1).fill(0);
    this.#cost = new Array<number>(line.length + 1).fill(0);
  }

  /** Tells what follows a string that ends at a place; places come from the last to the first. */
  add(at: number, next: Path | null): void {
    const newline = this.#line[at] === "\n";
    const cost = (this.#cost[at + 1] ?? 0) + (newline ? HOLDS_NEWLINE : this.#spacesAt(at));
    this.#cost[at] = cost;
    this.#newlines[at] = (this.#newlines[at + 1] ?? 0) + Number(newline);
    if (newline && !this.#loose) return;
    const later = this.#best[at + 1] ?? null;
    // The cost of what is before the end: that from the string's start less that from here.
    const here = next && { at, next, surprise: next.surprise - cost };
    this.#best[at] = here === null || (later !== null && later.surprise < here.surprise) ? later : here;
  }

  /** What a run of spaces that starts here costs: a long one is rather the padding of a column. */
  #spacesAt(at: number): number {
    this.#spaces = this.#line[at] === " " ? this.#spaces + 1 : 0;
    if (this.#spaces < 2 || this.#line[at - 1] === " ") return 0;
    return HOLDS_SPACES + Math.floor(this.#spaces / 6);
  }

  longString(from: number, field: string, start: number, scalar: boolean): Path | null {
    if ((!this.#loose && field.includes("\n")) || field.trim() === "") return null;
    const surprise = start + RUNS_OVER + (this.#cost[from] ?? 0);
    const end = this.#best[from + STRING_WIDTH] ?? null;
    const whole = scalar ? null : this.#toTheEnd(from, surprise);
    if (end === null) return whole;
    const column = { key: this.#line.slice(from, end.at), end: end.at, width: 0, surprise };
    return lesser({ column, next: end.next, surprise: surprise + end.surprise }, whole);
  }

  #toTheEnd(from: number, surprise: number): Path | null {
    if (!this.#loose && (this.#newlines[from + STRING_WIDTH] ?? 0) > 0) return null;
    const { length } = this.#line;
    return { column: { key: this.#line.slice(from), end: length, width: 0, surprise }, next: null, surprise };
  }
}

interface End {
  readonly at: number;
  readonly next: Path;
  readonly surprise: number;
}

function columnsOf(path: Path): Column[] {
  const columns: Column[] = [];
  for (let at: Path | null = path; at !== null; at = at.next) columns.push(at.column);
  return columns;
}

/** Without its padding; a newline at the end is the string's own. */
function trimSpaces(field: string): string {
  let end = field.length;
  while (end > 0 && field[end - 1] === " ") end--;
  return field.slice(0, end);
}

function integerAt(line: string, at: number): Column | undefined {
  let from = at + 1;
  while (line[from] === " " && from - at <= VALUE_WIDTH) from++;
  let to = line[from] === "-" ? from + 1 : from;
  const digits = to;
  while (to < line.length && isDigit(line.charCodeAt(to))) to++;
  if (line[at] !== " " || to === digits || to - digits > 20 || (to < line.length && line[to] !== " ")) return undefined;
  const width = to - at - 1;
  const surprise = INTEGER_WIDTHS.get(width) ?? (from === at + 1 && RUN_OVER_WIDTHS.has(width) ? 0 : undefined);
  return surprise === undefined ? undefined : { key: plain(BigInt(line.slice(from, to))), end: to, width, surprise };
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
