/**
 * hues.ts: the heatmap once more by key: which part of each cell belongs to which of the chosen keys.
 *
 * Columns are found by their time, so that hues which come a moment after the live column they belong to fall into place. What
 * no chosen key has is "other": the column's count less theirs, also where nothing is known of the keys yet.
 */
import type { Heatmap, HeatmapColumn } from "../../core/api.ts";

type Cells = Pick<HeatmapColumn, "bucket" | "count">;

export interface Hues {
  readonly by: string;
  readonly keys: readonly string[];
  readonly stepSec: number;
  /** By the column's time: the cells of each of `keys`, in their order. */
  readonly columns: ReadonlyMap<number, readonly Cells[]>;
}

/** @param before hues whose later columns stay where this answer has none; those of another question are dropped */
export function withAnswer(before: Hues | null, by: string, keys: readonly string[], answer: Heatmap): Hues {
  const { stepSec, fromTs } = answer;
  const same = before !== null && before.by === by && before.stepSec === stepSec && before.keys.join() === keys.join();
  const columns = new Map(same ? before.columns : []);
  const groups = keys.map((key) => answer.groups?.find((group) => !group.isOther && group.key === key));
  answer.columns.forEach((column, c) => {
    if (column.total === null) return;
    columns.set(
      column.ts,
      groups.map((group) => group?.columns[c] ?? NOTHING),
    );
  });
  // What has long left the picture.
  const oldest = fromTs - KEPT_COLUMNS * stepSec;
  for (const ts of columns.keys()) if (ts < oldest) columns.delete(ts);
  return { by, keys, stepSec, columns };
}

const NOTHING: Cells = { bucket: [], count: [] };
const KEPT_COLUMNS = 4000;

/** The hues of one of their keys; null where they do not have it. */
export function onlyKey(hues: Hues | null, key: string): Hues | null {
  const at = hues === null ? -1 : hues.keys.indexOf(key);
  if (hues === null || at < 0) return null;
  const columns = new Map([...hues.columns].map(([ts, cells]) => [ts, cells.slice(at, at + 1)] as const));
  return { ...hues, keys: [key], columns };
}

/** Where the hues have to be read from again: the first of the newest columns that they do not have; null where none lacks. */
export function firstWithout(hues: Hues, heatmap: Heatmap): number | null {
  let first: number | null = null;
  for (let i = heatmap.columns.length - 1; i >= 0; i--) {
    const column = heatmap.columns[i];
    if (column === undefined || (column.total !== null && hues.columns.has(column.ts))) break;
    if (column.total !== null) first = column.ts;
  }
  return first;
}
