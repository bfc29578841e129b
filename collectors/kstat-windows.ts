/**
 * kstat-windows.ts: windows of one metric out of the samples of a host's kstats, as its recipe says.
 *
 * Give it one sample a granule: counters lose nothing in between, and the growth from sample to sample is the window. A scalar
 * that did not grow and an empty distribution have no row, because coverage tells zero from unknown; a gauge always has one,
 * since 0 is a value. Rows whose keys come out equal are summed, so fields that nobody asked for vanish; the predicate is
 * tested before, on all fields that a row has.
 */
import { bucketsOf, type Buckets } from "../core/histogram/buckets.ts";
import type { Spec } from "../core/instrumentation.ts";
import { fieldOf, metricName, type Metric } from "../core/metric.ts";
import { fieldsOf, matches, type Constant } from "../core/predicate.ts";
import { requireTestable } from "../d-scripts/kstat-predicate.ts";
import type { KstatRecipe } from "../d-scripts/recipe.ts";
import { sharePercent, sum, thresholdCounts } from "./kstat-distribution.ts";
import { INT64_MAX, scaled, type Exact } from "./kstat-number.ts";
import type { Kstat, KstatSample } from "./kstat-sample.ts";
import { isUnlimited, KstatColumns, kstatSelector, partOf, type RowPlan } from "./kstat-select.ts";
import { KstatTally, type KstatWindowRow } from "./kstat-tally.ts";
import { CounterGrowths, isLate, type Growth } from "./rates.ts";

export type { KstatWindowRow };

export interface KstatWindow {
  readonly rows: readonly KstatWindowRow[];
  /** Between the snaptimes of this sample and the last: the median over the kstats that were in both. */
  readonly elapsedNs: number;
  /** Samples were lost, or came late: the growths are exact but span more than one window. */
  readonly late: boolean;
  /** The sum of the rows: their counts, or the growths of their counters; 0 for gauges, whose sum means nothing. */
  readonly events: number;
  /** Kstats of which nothing can be said because their counters began anew, or are beyond belief. */
  readonly resets: number;
  /** Statistics that this platform image lacks, sorted; rows that need them are left out. */
  readonly missing: readonly string[];
  /** Kstats of the sample that the recipe means, in whatever zone. */
  readonly kstats: number;
}

/** A catalogue entry whose recipe is a kstat recipe. */
export interface KstatEntry {
  readonly metric: Metric;
  readonly recipe: KstatRecipe;
}

export class KstatWindows {
  readonly #metric: Metric;
  readonly #recipe: KstatRecipe;
  readonly #spec: Spec;
  readonly #selects: (kstat: Kstat) => boolean;
  readonly #columns = new KstatColumns();
  readonly #rows: readonly RowPlan[];
  /** Places of the distribution's statistics; also where only the predicate asks about a share. */
  readonly #measured: readonly number[];
  /** Places of what thresholds count among. */
  readonly #totals: readonly number[];
  readonly #growths: CounterGrowths;
  readonly #buckets: Buckets | null;
  /** Whether the predicate tests the numeric field, whose value only a growth tells. */
  readonly #testsNumeric: boolean;
  #lastEpochSec: number | null = null;

  /**
   * @throws RangeError where the spec is for another metric, or has another distribution: a bug
   * @throws InputError where kstats cannot tell what the predicate or the scheme asks: for instance a latency that is no threshold
   */
  constructor({ metric, recipe }: KstatEntry, spec: Spec) {
    const { distribution } = recipe;
    if (spec.metric !== metricName(metric)) throw new RangeError(`${spec.metric} is another metric`);
    if (spec.numeric !== null && (distribution?.field !== spec.numeric || spec.scheme === null)) {
      throw new RangeError(`${spec.metric} has no distribution of ${spec.numeric}`);
    }
    requireTestable(spec, recipe);
    this.#metric = metric;
    this.#recipe = recipe;
    this.#spec = spec;
    this.#buckets = spec.scheme && bucketsOf(spec.scheme);
    this.#selects = kstatSelector(recipe.select);
    this.#testsNumeric = distribution !== null && fieldsOf(spec.predicate).includes(distribution.field);
    const scalar = spec.numeric === null;
    this.#rows = scalar
      ? recipe.rows.map((row) => ({ row, places: this.#columns.add(row.statistics, row.print, row.bits) }))
      : [];
    const measures = distribution !== null && (!scalar || this.#testsNumeric);
    const print = distribution?.kind === "share" ? distribution.print : "integer";
    this.#measured = measures ? this.#columns.add(distribution.statistics, print) : [];
    this.#totals = measures && distribution.kind === "thresholds" ? this.#columns.add(distribution.totals, print) : [];
    this.#growths = new CounterGrowths(recipe.derive === "delta" ? this.#columns.bits : []);
  }

  /**
   * The window from the last sample to this one.
   *
   * @param zones whose rows are wanted; null: all. A metric without zones has but rows of zone "", which are always wanted.
   * @returns null for the first sample: nothing is known yet
   */
  take(sample: KstatSample, zones: ReadonlySet<string> | null): KstatWindow | null {
    const window = new OpenWindow(this.#spec);
    for (const kstat of sample.kstats) if (this.#selects(kstat)) this.#takeKstat(kstat, zones, window);
    this.#growths.endSample();
    const lastEpochSec = this.#lastEpochSec;
    this.#lastEpochSec = sample.epochSec;
    if (lastEpochSec === null) return null;
    // Without a kstat that was in both samples there is no snaptime to go by, only the host's clock.
    const elapsedNs = median(window.elapsedNs) ?? Math.max(0, sample.epochSec - lastEpochSec) * 1e9;
    const { rows, events, overflown } = window.tally.finish(this.#recipe.derive === "gauge");
    return {
      rows,
      elapsedNs,
      late: isLate(elapsedNs, this.#spec.granularitySec),
      events: this.#recipe.derive === "gauge" ? 0 : events,
      resets: window.resets + overflown,
      missing: [...window.missing].sort(),
      kstats: window.kstats,
    };
  }

  #takeKstat(kstat: Kstat, zones: ReadonlySet<string> | null, window: OpenWindow): void {
    const recipe = this.#recipe;
    window.kstats += 1;
    const values = this.#columns.read(kstat, window.missing);
    const growth = this.#growths.take(kstat, values);
    if (growth.kind === "repeat") return;
    if (growth.kind === "growth") window.elapsedNs.push(Number(growth.elapsedNs));
    const zone = recipe.zone === null ? "" : kstat.get(recipe.zone);
    if (zone === undefined) window.missing.add("zonename");
    else if (zones === null || recipe.zone === null || zones.has(zone)) {
      this.#takeWanted(kstat, zone, values, growth, window);
    }
  }

  #takeWanted(
    kstat: Kstat,
    zone: string,
    values: readonly (Exact | undefined)[],
    growth: Growth,
    window: OpenWindow,
  ): void {
    let whole: boolean;
    if (this.#recipe.derive === "gauge") whole = this.#addScalars(kstat, zone, values, undefined, window);
    else if (growth.kind === "growth" && this.#spec.numeric !== null) {
      whole = this.#addDistribution(kstat, zone, growth, window);
    } else if (growth.kind === "growth") {
      whole = this.#addScalars(kstat, zone, growth.deltas, this.#share(growth), window);
    } else whole = growth.kind !== "reset";
    if (!whole && this.#concerns(kstat, zone)) window.resets += 1;
  }

  /** @returns false where a value does not fit what is stored */
  #addScalars(
    kstat: Kstat,
    zone: string,
    values: readonly (Exact | undefined)[],
    numeric: number | undefined,
    window: OpenWindow,
  ): boolean {
    let fits = true;
    for (const { row, places } of this.#rows) {
      if (!this.#matches(kstat, zone, row.keys, numeric)) continue;
      if (row.unlimited === true && places.some((place) => isUnlimited(values[place]))) continue;
      const total = sum(values, places);
      if (total === undefined) continue;
      const { multiply, divide } = row.scale ?? UNSCALED;
      const value = scaled(total, multiply, divide);
      if (value > INT64_MAX) fits = false;
      else window.tally.addValue(zone, this.#keys(kstat, row.keys), value);
    }
    return fits;
  }

  /** @returns false where a count is beyond belief */
  #addDistribution(kstat: Kstat, zone: string, growth: Growth & { kind: "growth" }, window: OpenWindow): boolean {
    const buckets = this.#buckets;
    if (buckets === null) return true;
    const keys = this.#keys(kstat, NO_KEYS);
    if (this.#recipe.distribution?.kind === "share") {
      const percent = this.#share(growth);
      if (percent !== undefined && this.#matches(kstat, zone, NO_KEYS, percent)) {
        window.tally.addCount(zone, keys, buckets.indexOf(percent), 1);
      }
      return true;
    }
    const total = sum(growth.deltas, this.#totals);
    const passed = this.#measured.map((place) => growth.deltas[place]).filter((delta) => delta !== undefined);
    if (total === undefined || passed.length < this.#measured.length) return true;
    const counts = thresholdCounts(total, passed, growth.carried);
    counts?.forEach((count, bucket) => {
      if (!this.#matches(kstat, zone, NO_KEYS, buckets.lowOf(bucket) ?? 0)) return;
      window.tally.addCount(zone, keys, bucket, count);
    });
    return counts !== undefined;
  }

  /** The kstat's share of the time in percent, where the recipe has one and it is asked for. */
  #share(growth: Growth & { kind: "growth" }): number | undefined {
    if (this.#recipe.distribution?.kind !== "share" || this.#measured.length === 0) return undefined;
    const ns = sum(growth.deltas, this.#measured);
    return ns === undefined ? undefined : sharePercent(ns, growth.elapsedNs);
  }

  /** Whether the kstat might have had a row. */
  #concerns(kstat: Kstat, zone: string): boolean {
    if (this.#testsNumeric) return true;
    if (this.#spec.numeric !== null) return this.#matches(kstat, zone, NO_KEYS, undefined);
    return this.#rows.some(({ row }) => this.#matches(kstat, zone, row.keys, undefined));
  }

  #matches(kstat: Kstat, zone: string, keys: Readonly<Record<string, string>>, numeric: number | undefined): boolean {
    const recipe = this.#recipe;
    if (this.#spec.predicate.op === "true") return true;
    return matches(this.#spec.predicate, (name): Constant | undefined => {
      if (name === "zonename") return recipe.zone === null ? undefined : zone;
      if (name === recipe.distribution?.field) return numeric;
      const key = this.#key(kstat, keys, name);
      return key !== undefined && fieldOf(this.#metric, name)?.type !== "string" ? Number(key) : key;
    });
  }

  #keys(kstat: Kstat, keys: Readonly<Record<string, string>>): string[] {
    return this.#spec.keys.map((name) => this.#key(kstat, keys, name) ?? "");
  }

  #key(kstat: Kstat, keys: Readonly<Record<string, string>>, name: string): string | undefined {
    const part = this.#recipe.parts[name];
    return part === undefined ? keys[name] : partOf(kstat, part);
  }
}

class OpenWindow {
  readonly tally: KstatTally;
  readonly elapsedNs: number[] = [];
  readonly missing = new Set<string>();
  resets = 0;
  kstats = 0;

  constructor(spec: Spec) {
    this.tally = new KstatTally(spec.numeric !== null);
  }
}

const NO_KEYS: Readonly<Record<string, string>> = {};
const UNSCALED = { multiply: 1, divide: 1 };

function median(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
