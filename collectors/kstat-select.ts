/**
 * kstat-select.ts: which kstats of a sample a recipe means, what they are called, and what is to be read of each.
 */
import type { KstatPart, KstatRecipe, KstatSelect } from "../d-scripts/recipe.ts";
import { UNLIMITED, type Exact } from "./kstat-number.ts";
import type { Kstat } from "./kstat-sample.ts";

/** Tests a kstat against all conditions that are given. */
export function kstatSelector(select: KstatSelect): (kstat: Kstat) => boolean {
  const name = select.name === undefined ? null : new RegExp(`^(?:${select.name})$`);
  const notModules = new Set(select.notModules ?? []);
  return (kstat) =>
    (select.module === undefined || kstat.module === select.module) &&
    (select.class === undefined || kstat.class === select.class) &&
    !notModules.has(kstat.module) &&
    (name === null || name.test(kstat.name)) &&
    (select.has === undefined || kstat.has(select.has)) &&
    (select.hasNot === undefined || !kstat.has(select.hasNot));
}

export function partOf(kstat: Kstat, part: KstatPart): string {
  return part === "instance" ? String(kstat.instance) : kstat[part];
}

/** Statistics to read of each kstat, each once; a place in the list stands for its value. */
export class KstatColumns {
  readonly statistics: string[] = [];
  readonly bits: (32 | 64)[] = [];
  readonly #prints: ("integer" | "seconds")[] = [];

  /** @returns the places of these statistics */
  add(statistics: readonly string[], print: "integer" | "seconds", bits: 32 | 64 = 64): number[] {
    return statistics.map((statistic) => {
      const known = this.statistics.findIndex(
        (each, i) => each === statistic && this.#prints[i] === print && this.bits[i] === bits,
      );
      if (known >= 0) return known;
      this.statistics.push(statistic);
      this.#prints.push(print);
      this.bits.push(bits);
      return this.statistics.length - 1;
    });
  }

  /** Each statistic's value; undefined, and its name among `missing`, where there is none that can be read. */
  read(kstat: Kstat, missing: Set<string>): (Exact | undefined)[] {
    return this.statistics.map((statistic, i) => {
      const value = this.#prints[i] === "seconds" ? kstat.nanoseconds(statistic) : kstat.whole(statistic);
      if (value === undefined) missing.add(statistic);
      return value;
    });
  }
}

/** A recipe's row, with the places of its statistics. */
export interface RowPlan {
  readonly row: KstatRecipe["rows"][number];
  readonly places: readonly number[];
}

export function isUnlimited(value: Exact | undefined): boolean {
  return value === UNLIMITED;
}
