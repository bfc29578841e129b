/**
 * cells.ts: counts by column and bucket, gathered from rows in any order, column by column.
 *
 * Rows are either sums that the engine made (one entry a row) or stored windows themselves (a list a row): adding up a few
 * hundred thousand entries here costs a twentieth of what it costs the engine, which must hash each of them, and sort none away.
 */
import type { Distribution } from "../core/histogram/distribution.ts";
import type { Lists, Numbers } from "../wire/engine-columns.ts";
import { exact } from "./exact.ts";

/** What rows add, and where: row i adds to column `column[i]` the counts of its buckets. */
export interface Entries {
  readonly column: Int32Array;
  /** Which of the parts a row is of; see `gather`. */
  readonly part: Numbers;
  /** Null: each row is one entry. */
  readonly offsets: Int32Array | null;
  readonly bucket: Numbers;
  readonly count: Numbers;
}

/** A column's counts: ascending by bucket, without zeros, in arrays that JSON knows. */
export interface Cells extends Distribution {
  readonly bucket: number[];
  readonly count: number[];
}

export const NO_CELLS: Cells = { bucket: [], count: [] };

/** Rows of lists, as `Entries` has them. */
export function entriesOf(column: Int32Array, part: Numbers, bucket: Lists, count: Lists): Entries {
  return { column, part, offsets: bucket.offsets, bucket: bucket.values, count: count.values };
}

/**
 * Adds entries up, by column.
 *
 * @param columns how many there are; rows of a column below 0 are left out
 * @param part only rows of it; null: all
 * @returns a column without counts is NO_CELLS
 * @throws OperationalError COUNT_TOO_LARGE
 */
export function gather(entries: Entries, columns: number, part: number | null): Cells[] {
  const rows = rowsByColumn(entries, columns, part);
  const { offsets, bucket, count } = entries;
  const [first, last] = extent(bucket);
  const sums = new Float64Array(Math.max(0, last - first + 1));
  return Array.from({ length: columns }, (_, column) => {
    const from = rows.begin[column] ?? 0;
    const to = rows.begin[column + 1] ?? 0;
    let [low, high] = [sums.length, -1];
    for (let at = from; at < to; at++) {
      const row = rows.order[at] ?? 0;
      const end = offsets === null ? row + 1 : (offsets[row + 1] ?? 0);
      for (let entry = offsets === null ? row : (offsets[row] ?? 0); entry < end; entry++) {
        const place = (bucket[entry] ?? 0) - first;
        if (place < low) low = place;
        if (place > high) high = place;
        sums[place] = (sums[place] ?? 0) + (count[entry] ?? 0);
      }
    }
    return high < low ? NO_CELLS : taken(sums, low, high, first);
  });
}

/** The sums as cells, which leaves zeros behind for the next column. */
function taken(sums: Float64Array, low: number, high: number, first: number): Cells {
  const cells = { bucket: [] as number[], count: [] as number[] };
  for (let place = low; place <= high; place++) {
    const sum = sums[place] ?? 0;
    if (sum === 0) continue;
    cells.bucket.push(first + place);
    cells.count.push(exact(sum));
    sums[place] = 0;
  }
  return cells;
}

/** The rows of each column, one column after the other. */
function rowsByColumn(
  { column, part }: Entries,
  columns: number,
  only: number | null,
): { begin: Int32Array; order: Int32Array } {
  const begin = new Int32Array(columns + 1);
  const isIn = (row: number, at: number): boolean => at >= 0 && at < columns && (only === null || part[row] === only);
  for (let row = 0; row < column.length; row++) {
    const at = column[row] ?? -1;
    if (isIn(row, at)) begin[at + 1] = (begin[at + 1] ?? 0) + 1;
  }
  for (let at = 0; at < columns; at++) begin[at + 1] = (begin[at + 1] ?? 0) + (begin[at] ?? 0);
  const order = new Int32Array(begin[columns] ?? 0);
  const next = begin.slice();
  for (let row = 0; row < column.length; row++) {
    const at = column[row] ?? -1;
    if (!isIn(row, at)) continue;
    const place = next[at] ?? 0;
    order[place] = row;
    next[at] = place + 1;
  }
  return { begin, order };
}

function extent(bucket: Numbers): [number, number] {
  let [first, last] = [Infinity, -Infinity];
  for (let i = 0; i < bucket.length; i++) {
    const each = bucket[i] ?? 0;
    if (each < first) first = each;
    if (each > last) last = each;
  }
  return bucket.length === 0 ? [0, -1] : [first, last];
}
