/**
 * table.ts: rows of text as columns: as wide as their widest cell, two spaces apart.
 *
 * Names come from strangers and go to a terminal: controls, and letters that turn the direction of text, are replaced.
 */
export interface Cell {
  readonly text: string;
  /** Default: as it is. */
  readonly ink?: (text: string) => string;
  readonly right?: boolean;
}

/** The last column is not padded. */
export function table(rows: readonly (readonly (Cell | string)[])[]): string {
  const cells = rows.map((row) => row.map((each): Cell => (typeof each === "string" ? { text: each } : each)));
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.text.length ?? 0)));
  const line = (row: readonly Cell[]): string =>
    row
      .map(({ text, ink = same, right = false }, column) => {
        const gap = " ".repeat(Math.max(0, (widths[column] ?? 0) - text.length));
        const inked = ink(plain(text));
        return right ? gap + inked : column === row.length - 1 ? inked : inked + gap;
      })
      .join("  ")
      .trimEnd();
  return cells.map((row) => `${line(row)}\n`).join("");
}

/** Text that is safe on a terminal. */
export function plain(text: string): string {
  // eslint-disable-next-line no-control-regex -- controls are what is to be replaced
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, "?");
}

function same(text: string): string {
  return text;
}
