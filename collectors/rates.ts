/**
 * rates.ts: what counters grew by between two samples, and when nothing can be said of that.
 *
 *                   first seen             seen again, nothing smaller
 *     (unknown) ────────────────▶ known ───────────────────────────────▶ known: a growth
 *         ▲       says nothing     │  │  another crtime, or smaller
 *         │                        │  └────────────────────────────────▶ known: a reset, from here on anew
 *         └────────────────────────┘
 *           not in a sample: forgotten
 *
 * A counter is (module, instance, name, zonename, crtime, statistic) on its host. What is not known is a gap and never a zero:
 * the first sample, a reset, a kstat that was away. Within what is known, growths are exact and add up to last - first.
 * A growth is from one sample to the next that arrived, however long that took, and says how long by snaptime: after a lost
 * sample it spans two intervals (see `isLate`). Memory: the kstats of the last sample, nothing older.
 */
import { LATE_GRANULES } from "../core/window.ts";
import { minus, plus, type Exact } from "./kstat-number.ts";
import type { Kstat } from "./kstat-sample.ts";

export type Growth =
  /** repeat: the same kstat was in this sample already, and counts once. */
  | { readonly kind: "first" | "reset" | "repeat" }
  | {
      readonly kind: "growth";
      /** Between the two snaptimes. */
      readonly elapsedNs: bigint;
      /** One a statistic; undefined where it was missing in either sample. */
      readonly deltas: readonly (Exact | undefined)[];
      /** What the caller keeps of this kstat until it is reset or forgotten; empty at first. */
      readonly carried: number[];
    };

/** What of a kstat tells one count from the next; `key` is its module, instance, name and zonename, as one text. */
export type Counted = Pick<Kstat, "key" | "crtime" | "snaptime">;

interface Known {
  sample: number;
  crtime: bigint;
  snaptime: bigint;
  values: Values;
  carried: number[];
}

type Values = readonly (Exact | undefined)[];

const WRAP_32 = 2 ** 32;

export class CounterGrowths {
  readonly #bits: readonly (32 | 64)[];
  readonly #known = new Map<string, Known>();
  #sample = 0;
  /** Kstats seen in this sample. */
  #seen = 0;

  /** @param bits the width of each statistic: 32 only where it is known to wrap */
  constructor(bits: readonly (32 | 64)[]) {
    this.#bits = bits;
  }

  /** Kstats that are remembered. */
  get size(): number {
    return this.#known.size;
  }

  /**
   * One kstat of the sample that is open.
   *
   * @param values one a statistic; undefined where it is missing
   */
  take(kstat: Counted, values: Values): Growth {
    const { key, crtime, snaptime } = kstat;
    const known = this.#known.get(key);
    if (known === undefined) {
      this.#known.set(key, { sample: this.#sample, crtime, snaptime, values, carried: [] });
      this.#seen += 1;
      return FIRST;
    }
    if (known.sample === this.#sample) return REPEAT;
    this.#seen += 1;
    const growth = this.#growth(known, kstat, values);
    if (growth.kind === "reset") known.carried = [];
    known.sample = this.#sample;
    known.crtime = crtime;
    known.snaptime = snaptime;
    known.values = values;
    return growth;
  }

  /** Ends the sample: kstats that were not in it are forgotten. @returns how many */
  endSample(): number {
    let forgotten = 0;
    if (this.#seen < this.#known.size) {
      for (const [key, { sample }] of this.#known) {
        if (sample === this.#sample) continue;
        this.#known.delete(key);
        forgotten += 1;
      }
    }
    this.#sample += 1;
    this.#seen = 0;
    return forgotten;
  }

  #growth(before: Known, now: Counted, values: Values): Growth {
    if (now.crtime !== before.crtime || now.snaptime < before.snaptime) return RESET;
    const deltas: (Exact | undefined)[] = [];
    for (let i = 0; i < this.#bits.length; i++) {
      const from = before.values[i];
      const to = values[i];
      if (from === undefined || to === undefined) deltas.push(undefined);
      else if (to >= from) deltas.push(minus(to, from));
      else if (this.#bits[i] === 32 && from < WRAP_32) deltas.push(minus(plus(to, WRAP_32), from));
      else return RESET;
    }
    return { kind: "growth", elapsedNs: now.snaptime - before.snaptime, deltas, carried: before.carried };
  }
}

/** Whether a growth spans more than the one window that it should: samples were lost, or came late. */
export function isLate(elapsedNs: number, intervalSec: number): boolean {
  return elapsedNs > LATE_GRANULES * 1e9 * intervalSec;
}

const FIRST: Growth = { kind: "first" };
const RESET: Growth = { kind: "reset" };
const REPEAT: Growth = { kind: "repeat" };
