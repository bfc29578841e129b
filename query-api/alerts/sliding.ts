/**
 * sliding.ts: sums over a window that moves: what comes in is added, what leaves is taken away. Counts are integers, so that is exact
 * for as long as it goes on, and a window of ten minutes costs no more to move than one of ten seconds.
 */
import type { Buckets } from "../../core/histogram/buckets.ts";
import type { Distribution } from "../../core/histogram/distribution.ts";
import type { Cell, CountTicks, CoverageTicks } from "./ticks.ts";

interface KeySums {
  readonly dense: Float64Array;
  /** Cells of the key in the window: at none of them it is let go. */
  cells: number;
}

const EMPTY: Distribution = { bucket: [], count: [] };

/** Counts by key over [endTs - windowSec, endTs). */
export class CountWindow {
  readonly #ticks: CountTicks;
  readonly #windowSec: number;
  readonly #first: number;
  /** The index of each place of `dense`. */
  readonly #indexes: Int16Array;
  readonly #sums = new Map<string, KeySums>();
  #fromTs = 0;
  #endTs = 0;

  constructor(ticks: CountTicks, windowSec: number, buckets: Buckets | null) {
    this.#ticks = ticks;
    this.#windowSec = windowSec;
    this.#first = buckets?.first ?? 0;
    const size = buckets === null ? 0 : buckets.last - buckets.first + 1;
    this.#indexes = Int16Array.from({ length: size }, (_, i) => i + this.#first);
  }

  /** Moves the window's end. Backwards, or by more than itself, it is added up anew. */
  moveTo(endTs: number): void {
    const fromTs = endTs - this.#windowSec;
    if (endTs < this.#endTs || fromTs >= this.#endTs) this.reset();
    if (this.#endTs === 0) [this.#fromTs, this.#endTs] = [fromTs, fromTs];
    const { stepSec } = this.#ticks;
    for (let ts = this.#fromTs; ts < fromTs; ts += stepSec) this.#move(ts, -1);
    for (let ts = this.#endTs; ts < endTs; ts += stepSec) this.#move(ts, 1);
    [this.#fromTs, this.#endTs] = [fromTs, endTs];
  }

  /** Ticks within have changed: the next move adds all of them up. */
  reset(): void {
    this.#sums.clear();
    this.#endTs = 0;
  }

  has(ts: number): boolean {
    return ts >= this.#fromTs && ts < this.#endTs;
  }

  keys(): Iterable<string> {
    return this.#sums.keys();
  }

  /** Ascending by bucket, with zeros; shared: to be read at once. */
  counts(key: string): Distribution {
    const sums = this.#sums.get(key);
    return sums === undefined ? EMPTY : { bucket: this.#indexes, count: sums.dense };
  }

  /** The scalar of each tick that `isWatched`; 0 where the key was not seen in one. */
  scalars(key: string, isWatched: (ts: number) => number): number[] {
    const values: number[] = [];
    for (let ts = this.#fromTs; ts < this.#endTs; ts += this.#ticks.stepSec) {
      const watched = isWatched(ts);
      // A column of several ticks counts as its mean, as often as there were ticks.
      const value = (this.#ticks.at(ts)?.get(key)?.sum ?? 0) / Math.max(1, watched);
      for (let i = 0; i < watched; i++) values.push(value);
    }
    return values;
  }

  #move(ts: number, sign: 1 | -1): void {
    const tick = this.#ticks.at(ts);
    if (tick === undefined) return;
    for (const [key, cell] of tick) this.#add(key, cell, sign);
  }

  #add(key: string, cell: Cell, sign: 1 | -1): void {
    let sums = this.#sums.get(key);
    if (sums === undefined) this.#sums.set(key, (sums = { dense: new Float64Array(this.#indexes.length), cells: 0 }));
    const { dense } = sums;
    for (const [bucket, count] of cell.counts) {
      const at = bucket - this.#first;
      dense[at] = (dense[at] ?? 0) + sign * count;
    }
    sums.cells += sign;
    if (sums.cells === 0) this.#sums.delete(key);
  }
}

/** What was watched of some hosts over a window. */
export interface Watched {
  readonly watched: number;
  readonly dropped: number;
  /** Ticks in which any of them was. */
  readonly ticks: number;
}

/** Coverage by host over [endTs - windowSec, endTs). */
export class CoverageWindow {
  readonly #ticks: CoverageTicks;
  readonly #windowSec: number;
  readonly #byHost = new Map<string, { watched: number; dropped: number }>();
  #fromTs = 0;
  #endTs = 0;
  /** Answers at this end, by the list asked for: rules of one reader ask with the same list. */
  #known = new Map<readonly string[], Watched>();

  constructor(ticks: CoverageTicks, windowSec: number) {
    this.#ticks = ticks;
    this.#windowSec = windowSec;
  }

  moveTo(endTs: number): void {
    if (endTs === this.#endTs) return;
    const fromTs = endTs - this.#windowSec;
    if (endTs < this.#endTs || fromTs >= this.#endTs) this.reset();
    if (this.#endTs === 0) [this.#fromTs, this.#endTs] = [fromTs, fromTs];
    const { stepSec } = this.#ticks;
    for (let ts = this.#fromTs; ts < fromTs; ts += stepSec) this.#move(ts, -1);
    for (let ts = this.#endTs; ts < endTs; ts += stepSec) this.#move(ts, 1);
    [this.#fromTs, this.#endTs] = [fromTs, endTs];
    this.#known = new Map();
  }

  reset(): void {
    this.#byHost.clear();
    this.#known = new Map();
    this.#endTs = 0;
  }

  of(hosts: readonly string[]): Watched {
    let known = this.#known.get(hosts);
    if (known === undefined) this.#known.set(hosts, (known = this.#sum(hosts)));
    return known;
  }

  /** How many ticks of a column any of the hosts was watched in. */
  at(ts: number, hosts: readonly string[]): number {
    const tick = this.#ticks.at(ts);
    let most = 0;
    if (tick !== undefined) for (const host of hosts) most = Math.max(most, tick.get(host)?.watched ?? 0);
    return most;
  }

  #sum(hosts: readonly string[]): Watched {
    let [watched, dropped, ticks] = [0, 0, 0];
    for (const host of hosts) {
      const own = this.#byHost.get(host);
      if (own === undefined) continue;
      watched += own.watched;
      dropped += own.dropped;
    }
    if (hosts.length === 1 || watched === 0) ticks = watched;
    else for (let ts = this.#fromTs; ts < this.#endTs; ts += this.#ticks.stepSec) ticks += this.at(ts, hosts);
    return { watched, dropped, ticks };
  }

  #move(ts: number, sign: 1 | -1): void {
    const tick = this.#ticks.at(ts);
    if (tick === undefined) return;
    for (const [host, { watched, dropped }] of tick) {
      let own = this.#byHost.get(host);
      if (own === undefined) this.#byHost.set(host, (own = { watched: 0, dropped: 0 }));
      own.watched += sign * watched;
      own.dropped += sign * dropped;
    }
  }
}
