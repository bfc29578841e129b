/**
 * spool-watched.ts: how far each spec on each host has been watched, as far as the spool knows.
 *
 * A collector that was killed knows nothing of what it watched, and its successor would not know what is missing. So each segment's
 * header says it, as it was when the segment was made; with the notes of the batches in the last segment it is known up to
 * the last batch that is on the disk. The windows from there to the start become gaps (collector_down).
 */
import type { CoverageRow } from "../core/window.ts";

/** Spec, host, and the last column that is in the spool or was (epoch seconds). */
export type WatchedRow = readonly [spec: string, host: string, lastTs: number];

/** What has not been heard of for so long before the newest is over: nobody misses its windows. */
const KEEP_SEC = 3_600;
const MAX_ROWS = 20_000;

export class Watched {
  readonly #lastTs = new Map<string, number>();
  #newestTs = 0;

  /** The last column of a spec on a host, once: whoever asks declares what followed. @returns undefined where nothing is known */
  claim(spec: string, host: string): number | undefined {
    const lastTs = this.#lastTs.get(keyOf(spec, host));
    this.#lastTs.delete(keyOf(spec, host));
    return lastTs;
  }

  /** The newest column of all; 0: none. */
  get newestTs(): number {
    return this.#newestTs;
  }

  takeCoverage(coverage: readonly CoverageRow[]): void {
    for (const { spec, host, ts } of coverage) this.#take(spec, host, ts);
  }

  takeRows(rows: readonly WatchedRow[]): void {
    for (const [spec, host, ts] of rows) this.#take(spec, host, ts);
  }

  /** For a segment's header; bounded. */
  rows(): WatchedRow[] {
    for (const [key, ts] of this.#lastTs) if (ts < this.#newestTs - KEEP_SEC) this.#lastTs.delete(key);
    return [...this.#lastTs].slice(-MAX_ROWS).map(([key, ts]): WatchedRow => {
      const at = key.indexOf(" ");
      return [key.slice(0, at), key.slice(at + 1), ts];
    });
  }

  #take(spec: string, host: string, ts: number): void {
    const key = keyOf(spec, host);
    if (ts > (this.#lastTs.get(key) ?? 0)) this.#lastTs.set(key, ts);
    if (ts > this.#newestTs) this.#newestTs = ts;
  }
}

/** A spec is a digest: it has no blank. */
function keyOf(spec: string, host: string): string {
  return `${spec} ${host}`;
}
