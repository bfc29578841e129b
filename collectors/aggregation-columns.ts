/**
 * aggregation-columns.ts: keys as printa prints them by default: columns of fixed width, in one line of text.
 *
 *     string                 two spaces, then left-aligned in 50; longer ones run over
 *     integer of 8 bytes     a space, then right-aligned in 16; of 4 in 8; of 2 in 5; of 1 in 3; longer ones run over
 *
 * (dt_print_datum, dt_consume.c.) Columns carry no separators, so a line is read as columns only where it is made of them
 * from its first character to its last; anything else is somebody's own format. The text holds one character a byte.
 */
import { plain, type Integer } from "./aggregation-parser.ts";

export type Key = string | Integer;

const STRING_WIDTH = 50;
const INTEGER_WIDTHS: readonly number[] = [3, 5, 8, 16];
const VALUE_WIDTH = 16;
/** Longer text is not tried: no key is so long, and trying costs the square of it. */
const MAX_TEXT = 2048;

/** A key, and where its column ends. */
type Column = readonly [key: Key, end: number];

/**
 * The keys of a line that is made of columns.
 *
 * @returns undefined where the line is not made of columns; strings are still one character a byte
 */
export function readColumns(line: string): Key[] | undefined {
  return columnsOf(line)?.map(([key]) => key);
}

/**
 * The keys and the value of a line that is a printed scalar: columns whose last is an integer of 8 bytes.
 *
 * @returns undefined where the line is none; a line of keys that ends in an integer of 8 bytes looks the same
 */
export function readScalar(line: string): { keys: Key[]; value: Integer } | undefined {
  const columns = columnsOf(line);
  const [value] = columns?.pop() ?? [];
  if (columns === undefined || value === undefined || typeof value === "string") return undefined;
  const width = line.length - (columns.at(-1)?.[1] ?? 0) - 1;
  return width >= VALUE_WIDTH ? { keys: columns.map(([key]) => key), value } : undefined;
}

function columnsOf(line: string): Column[] | undefined {
  if (line.length > MAX_TEXT) return undefined;
  const columns: Column[] = [];
  return columnsFrom(line, 0, columns, new Set()) ? columns : undefined;
}

/** Adds to `columns` what the text from `at` on is made of; `dead` remembers places from which it cannot be done. */
function columnsFrom(line: string, at: number, columns: Column[], dead: Set<number>): boolean {
  if (at === line.length) return at > 0;
  if (dead.has(at) || line[at] !== " ") return false;
  const size = columns.length;
  for (const column of columnsAt(line, at)) {
    columns.length = size;
    columns.push(column);
    if (columnsFrom(line, column[1], columns, dead)) return true;
  }
  columns.length = size;
  dead.add(at);
  return false;
}

/** Every column that may start at a place, the likeliest first, with where it ends. */
function* columnsAt(line: string, at: number): Generator<Column> {
  const spaced = line.startsWith("  ", at);
  // A string that starts with a space, and the empty one, look like the padding of an integer: try that first.
  const blank = line[at + 2] === " " || line[at + 2] === undefined;
  if (spaced && !blank) yield* stringsAt(line, at + 2);
  yield* integersAt(line, at);
  if (spaced && blank) yield* stringsAt(line, at + 2);
}

function* stringsAt(line: string, from: number): Generator<Column> {
  const end = from + STRING_WIDTH;
  if (end > line.length) return;
  const last = line[end - 1];
  if (last === " ") {
    yield [line.slice(from, end).trimEnd(), end];
    return;
  }
  // Fifty characters or more: it ends where the rest is columns, at the latest at the end of the line. With a newline among
  // them there is no padding to prove that the lines belong together.
  if (line.slice(from, end).includes("\n")) return;
  for (let to = end; to < line.length && line[to] !== "\n"; to++) {
    if (line[to] === " ") yield [line.slice(from, to), to];
  }
  if (!line.includes("\n", end)) yield [line.slice(from), line.length];
}

function* integersAt(line: string, at: number): Generator<Column> {
  let from = at + 1;
  while (line[from] === " ") from++;
  let to = line[from] === "-" ? from + 1 : from;
  const digits = to;
  while (to < line.length && isDigit(line.charCodeAt(to))) to++;
  const width = to - at - 1;
  const fits = INTEGER_WIDTHS.includes(width) || (from === at + 1 && width > 3);
  if (to === digits || to - digits > 20 || !fits || (to < line.length && line[to] !== " ")) return;
  yield [plain(BigInt(line.slice(from, to))), to];
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
