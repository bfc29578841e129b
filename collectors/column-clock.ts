/**
 * column-clock.ts: which column of time a window belongs to.
 *
 * A tick ends a window at whatever phase the host's DTrace has; the column is the granule that holds most of it, hence the
 * one with its middle. At a phase of one half the middle jitters across the border, and two windows would fall into one
 * column and leave a hole beside it; so consecutive windows stay in consecutive columns until the clock has drifted most of
 * a granule away.
 */
export class ColumnClock {
  readonly #granularityMs: number;
  #lastTs: number | undefined;
  #lastEndMs = 0;

  constructor(granularitySec: number) {
    this.#granularityMs = granularitySec * 1000;
  }

  /** @param endMs the window's end, epoch ms. @returns the column's start, epoch seconds */
  columnOf(endMs: number): number {
    const width = this.#granularityMs;
    const middle = endMs - width / 2;
    let column = Math.floor(middle / width);
    if (this.#lastTs !== undefined) {
      // As many columns on as there were windows since, if that is where the middle lies, give or take the jitter.
      const next = this.#lastTs + Math.round((endMs - this.#lastEndMs) / width);
      if (Math.abs(middle / width - (next + 0.5)) < 0.9) column = next;
    }
    this.#lastTs = column;
    this.#lastEndMs = endMs;
    return (column * width) / 1000;
  }
}
