/**
 * watch-columns.ts: the columns that a screen shows: a window that ends with the newest.
 *
 * A column replaces the one with its time. A time that no column came for is missing, which is never drawn as zero.
 */
import type { HeatmapColumn } from "../core/api.ts";

/** More than any terminal is wide. */
const MAX_COLUMNS = 1_000;

export class WatchColumns {
  readonly #byTs = new Map<number, HeatmapColumn>();
  readonly stepSec: number;
  newestTs = 0;

  constructor(stepSec: number) {
    this.stepSec = stepSec;
  }

  take(column: HeatmapColumn): void {
    // What nobody has reported yet at the live edge is not a gap but the future.
    if (column.ts > this.newestTs && isMissing(column) && column.reason === "") return;
    this.#byTs.set(column.ts, column);
    this.newestTs = Math.max(this.newestTs, column.ts);
    const oldest = this.newestTs - MAX_COLUMNS * this.stepSec;
    if (this.#byTs.size > MAX_COLUMNS + 100) {
      for (const ts of this.#byTs.keys()) if (ts < oldest) this.#byTs.delete(ts);
    }
  }

  /** The last `count` columns, the oldest first; undefined: never heard of. */
  last(count: number): readonly (HeatmapColumn | undefined)[] {
    const fromTs = this.newestTs - (count - 1) * this.stepSec;
    return Array.from({ length: count }, (_, i) => this.#byTs.get(fromTs + i * this.stepSec));
  }

  /** The newest one whose hosts have all reported; else the newest. */
  get latest(): HeatmapColumn | undefined {
    const recent = this.last(10).filter((each) => each !== undefined && !isMissing(each));
    return recent.findLast((each) => each !== undefined && each.reporting >= each.expected) ?? recent.at(-1);
  }
}

/** Nothing is known of it. Counts that did arrive are always shown. */
export function isMissing(column: HeatmapColumn): boolean {
  return column.reporting === 0 && column.bucket.length === 0;
}
