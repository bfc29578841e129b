/**
 * tried-line.ts: what a tried rule came to over time, in as many columns as a picture has room for: the worst of all keys in each, and where
 * nobody had watched.
 */
import type { TriedColumn } from "../../core/alerts/api.ts";
import type { Reading } from "../../core/alerts/measure.ts";

const MAX_COLUMNS = 600;

export class TriedLine {
  readonly columnSec: number;
  readonly #worse: (a: number | null, b: number | null) => number | null;
  readonly #columns = new Map<number, TriedColumn>();

  /** @param worse of two values, where either may be missing */
  constructor(seconds: number, stepSec: number, worse: (a: number | null, b: number | null) => number | null) {
    this.columnSec = stepSec * Math.max(1, Math.ceil(seconds / stepSec / MAX_COLUMNS));
    this.#worse = worse;
  }

  see(endTs: number, reading: Reading): void {
    const fromTs = Math.floor(endTs / this.columnSec) * this.columnSec;
    const was = this.#columns.get(fromTs) ?? { fromTs, worst: null, isUnknown: true, isPartial: false };
    this.#columns.set(fromTs, {
      fromTs,
      worst: reading.kind === "value" ? this.#worse(was.worst, reading.value) : was.worst,
      isUnknown: was.isUnknown && reading.kind === "unknown",
      isPartial: was.isPartial || (reading.kind !== "unknown" && reading.isPartial),
    });
  }

  /** Ascending. */
  columns(): TriedColumn[] {
    return [...this.#columns.values()];
  }
}
