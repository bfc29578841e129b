/**
 * recipe.ts: how a metric is gathered, as data.
 *
 * core/metric.ts says what can be asked of a metric; a recipe says where the numbers come from. There are two kinds: a
 * D program, which exists only while somebody asks (its clauses are in the `.d` file of the metric's name), and kstats, which
 * the kernel counts anyway. Recipes hold no code: the compiler and the collector interpret them, so that adding a metric is
 * adding one descriptor (and one `.d` file), and tests can check all of them alike.
 */
import type { Metric } from "../core/metric.ts";

/**
 * linux: DTrace 2 for Linux, which has no zones. Of its providers syscall, proc and profile mean what they mean on illumos;
 * sched does not (sched:::on-cpu fires for new threads only, and a task stays enqueued while it runs).
 */
export type Platform = "smartos" | "linux";

export interface Entry {
  readonly metric: Metric;
  readonly recipe: DtraceRecipe | KstatRecipe;
}

/** How one field reads in D. An expression is D text of ours, never of anybody else's. */
export interface FieldSource {
  /** The field where the event is counted. */
  readonly d: string;
  /** The same in DTrace for Linux, where it differs; null: not to be had there. */
  readonly linux?: string | null;
  /**
   * The field where the event begins, when it is known there already; a predicate on it is then tested there too, and an
   * event that cannot count has nothing gathered for it. Absent: known only where the event is counted.
   */
  readonly begin?: string;
}

export interface DtraceRecipe {
  readonly kind: "dtrace";
  readonly platforms: readonly Platform[];
  /** Providers whose probes the program enables: a host without one of them cannot run it. */
  readonly providers: readonly string[];
  /** One for each field of the metric. `zonename` is also the zone test of every clause. */
  readonly fields: Readonly<Record<string, FieldSource>>;
}

export interface KstatRecipe {
  readonly kind: "kstat";
  readonly platforms: readonly Platform[];
  /** What prints them: kstat(8), or the wrapper's `pools`, which prints ZFS pools as if they were kstats. */
  readonly from: KstatSource;
  /** What to ask of `kstat -p -T u PATTERN... 1`: `module:instance:name:`, or `class:CLASS`, whatever the module. */
  readonly patterns: readonly string[];
  /** Which of the kstats that come back are meant: all conditions that are given must hold. */
  readonly select: KstatSelect;
  /** The statistic that names the zone (never the kstat's own name: it is cut at 30 characters); null: no zones. */
  readonly zone: "zonename" | null;
  /** Discrete fields whose value is a part of the kstat's name, such as the disk in `sd:1:sd1`. */
  readonly parts: Readonly<Record<string, KstatPart>>;
  /**
   * delta: the growth of a counter over the window, exact. gauge: the value at the window's end.
   * The first sample of a kstat, and one after a reset, yields no delta: a gap, not a zero.
   */
  readonly derive: "delta" | "gauge";
  /**
   * A kstat's scalars. Rows that come out with equal keys are summed, so asking for fewer fields than there are is a sum.
   * A row whose statistic this platform image lacks is left out, and the lack is published.
   */
  readonly rows: readonly KstatRow[];
  /** What to do when the metric's numeric field is asked for; null where the metric has none. */
  readonly distribution: KstatDistribution | null;
}

export const KSTAT_SOURCES = ["kstat", "pools"] as const;
export type KstatSource = (typeof KSTAT_SOURCES)[number];

export interface KstatSelect {
  readonly module?: string;
  readonly class?: string;
  /** Modules that are not meant although their class is. */
  readonly notModules?: readonly string[];
  /** Source of a regular expression that the whole name must match. */
  readonly name?: string;
  /** The `statistic` must be there, or must not, for the kstat to be meant. */
  readonly has?: string;
  readonly hasNot?: string;
}

export type KstatPart = "module" | "instance" | "name";

export interface KstatRow {
  /** Values of the metric's remaining discrete fields: {cpumode: "user"}. */
  readonly keys: Readonly<Record<string, string>>;
  /** Statistics whose sum is the row's value, before `scale`; nearly always one. */
  readonly statistics: readonly string[];
  /** How the statistic prints: whole numbers, or seconds with nine decimals, to be read as whole ns. */
  readonly print: "integer" | "seconds";
  /** Of a counter known to wrap: its width. A smaller value of any other counter is a reset. */
  readonly bits?: 32;
  /** True: 2^64-1 means "no limit", and the row is then left out. */
  readonly unlimited?: true;
  /** value = floor(sum * multiply / divide), in integers; absent: 1 / 1. */
  readonly scale?: { readonly multiply: number; readonly divide: number };
}

/**
 * thresholds: `statistics[i]` counts operations that took `edges[i]` or longer, cumulatively, among those that `totals`
 * count; so bucket 0 is totals - statistics[0], bucket i is statistics[i-1] - statistics[i], and the last is the last. The
 * scheme is `edges(...)` and cannot be chosen.
 *
 * share: each kstat is one observation a window: 100 * (sum of the deltas of `statistics`, in ns) / (ns between the two
 * snaptimes), in whole percent rounded down; any scheme.
 */
export type KstatDistribution =
  | {
      readonly kind: "thresholds";
      readonly field: string;
      readonly scheme: string;
      readonly statistics: readonly string[];
      readonly totals: readonly string[];
    }
  | {
      readonly kind: "share";
      readonly field: string;
      readonly statistics: readonly string[];
      readonly print: "integer" | "seconds";
    };
