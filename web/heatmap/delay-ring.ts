/**
 * delay-ring.ts: how fresh the page is: for each live column, the time from its window's end to its pixels.
 *
 * The newest 600 are kept, on the heatmap's element, for tests and benchmarks to read. Only a column's first painting counts.
 */
import type { LiveColumn } from "../../core/api.ts";

export interface Delay {
  readonly ts: number;
  /** From the end of [ts, ts + granularity) to the painting, by this machine's clock. */
  readonly delayMs: number;
  /** From the server's sending to the painting. */
  readonly sinceSentMs: number;
}

const CAPACITY = 600;

export class DelayRing {
  readonly delays: Delay[] = [];
  #newest = -Infinity;
  #waiting: readonly LiveColumn[] = [];

  /** These columns will be in the next painting. @param columns may be none: then those of before still wait */
  expect(columns: readonly LiveColumn[]): void {
    if (columns.length > 0) this.#waiting = columns;
  }

  painted(granularitySec: number, nowMs: number): void {
    // Only the newest of those painted together is at the edge; the others were caught up with.
    const edge = this.#waiting.at(-1);
    this.#waiting = [];
    if (edge === undefined || edge.ts <= this.#newest) return;
    const { ts, sentMs } = edge;
    this.#newest = ts;
    this.delays.push({ ts, delayMs: nowMs - (ts + granularitySec) * 1000, sinceSentMs: nowMs - sentMs });
    if (this.delays.length > CAPACITY) this.delays.shift();
  }
}
