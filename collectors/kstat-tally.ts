/**
 * kstat-tally.ts: the rows of one window, summed where zone and keys are equal.
 */
import { fromTally } from "../core/histogram/distribution.ts";
import { approximately, INT64_MAX, plus, type Exact } from "./kstat-number.ts";

export interface KstatWindowRow {
  /** "" where the metric has no zones. */
  readonly zone: string;
  /** In the order of the spec's keys. */
  readonly keys: readonly string[];
  /** Ascending, without zeros; empty for a scalar. */
  readonly bucket: readonly number[];
  readonly count: readonly number[];
  /** Exact: a bigint above 2^53; 0 for a distribution. */
  readonly value: number | bigint;
}

interface OpenRow {
  readonly zone: string;
  readonly keys: readonly string[];
  readonly counts: Map<number, number>;
  value: Exact;
}

export class KstatTally {
  readonly #distributions: boolean;
  readonly #rows = new Map<string, OpenRow>();

  constructor(distributions: boolean) {
    this.#distributions = distributions;
  }

  addValue(zone: string, keys: readonly string[], value: Exact): void {
    const row = this.#row(zone, keys);
    row.value = plus(row.value, value);
  }

  addCount(zone: string, keys: readonly string[], bucket: number, count: number): void {
    const { counts } = this.#row(zone, keys);
    counts.set(bucket, (counts.get(bucket) ?? 0) + count);
  }

  /**
   * @param keepZeros whether a scalar of 0 is worth a row
   * @returns also how many rows had a sum beyond what is stored, and are left out
   */
  finish(keepZeros: boolean): { rows: KstatWindowRow[]; events: number; overflown: number } {
    const rows: KstatWindowRow[] = [];
    let overflown = 0;
    let events: Exact = 0;
    for (const { zone, keys, counts, value } of this.#rows.values()) {
      const { bucket, count } = fromTally(counts);
      if (this.#distributions ? bucket.length === 0 : value === 0 && !keepZeros) continue;
      if (value > INT64_MAX) {
        overflown += 1;
        continue;
      }
      rows.push({ zone, keys, bucket, count, value });
      for (const each of count) events = plus(events, each);
      events = plus(events, value);
    }
    return { rows, events: approximately(events), overflown };
  }

  #row(zone: string, keys: readonly string[]): OpenRow {
    let name = zone;
    for (const key of keys) name += `\0${key}`;
    let row = this.#rows.get(name);
    if (row === undefined) {
      row = { zone, keys, counts: new Map(), value: 0 };
      this.#rows.set(name, row);
    }
    return row;
  }
}
