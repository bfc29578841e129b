/**
 * decomposition.ts: from the finest events of a second to the rows that a program's head asks for.
 *
 * Predicates and schemes see one integer for each fine bucket, so that any two programs agree about the same second. What a
 * series contributes to which row is worked out once for each series and kept.
 */
import { bucketsOf, type Buckets } from "../../core/histogram/buckets.ts";
import { parseScheme, type Scheme } from "../../core/histogram/scheme.ts";
import type { Field, Metric } from "../../core/metric.ts";
import { fieldsOf, matches, parsePredicate, type Constant, type Predicate } from "../../core/predicate.ts";
import type { ProgramHead } from "../../d-scripts/head.ts";
import { FINE_COUNT, FINE_VALUES } from "./fine-buckets.ts";
import type { Series, SeriesEvents } from "./host-events.ts";
import type { Model } from "./models/model.ts";
import { Tally } from "./tally.ts";

/** What a program prints for one key in a tick. */
export interface Row {
  readonly keys: readonly Constant[];
  /** Ascending, counts above zero; empty for a scalar. */
  readonly bucket: readonly number[];
  readonly count: readonly number[];
  /** Events: the sum of `count`, or the scalar. */
  readonly value: number;
}

/** Where a series goes: null, nowhere. */
interface Route {
  readonly group: Group;
  /** Fine buckets that the predicate lets pass; null: all. */
  readonly passes: Uint8Array | null;
  /** The scheme's bucket of each fine bucket; null for scalars and for what is spread over the second. */
  readonly toBucket: Int32Array | null;
}

interface Group {
  readonly keys: readonly Constant[];
  readonly tally: Tally;
  value: number;
}

export class Decomposition {
  readonly scheme: Scheme | null;
  readonly #head: ProgramHead;
  readonly #model: Model;
  readonly #predicate: Predicate;
  readonly #buckets: Buckets | null;
  readonly #routes = new WeakMap<Series, Route | { readonly group: null }>();
  readonly #groups = new Map<string, Group>();

  /** @throws InputError where the predicate or the scheme names what the metric lacks */
  constructor(head: ProgramHead, model: Model) {
    this.#head = head;
    this.#model = model;
    this.#predicate = parsePredicate(head.predicate, metricOf(model));
    this.scheme = head.scheme === null ? null : parseScheme(head.scheme);
    this.#buckets = this.scheme === null ? null : bucketsOf(this.scheme);
  }

  add(events: readonly SeriesEvents[]): void {
    for (const each of events) {
      const route = this.#routeOf(each.series);
      if (route.group !== null) this.#addSeries(route, each);
    }
  }

  /** The rows of what was added since the last call, smallest first, as printa orders them. */
  take(): Row[] {
    const rows: Row[] = [];
    for (const group of this.#groups.values()) {
      if (group.value === 0) continue;
      rows.push({ keys: group.keys, ...group.tally.take(), value: group.value });
      group.value = 0;
    }
    return rows.sort((a, b) => a.value - b.value);
  }

  #addSeries(route: Route, { series, fine, count, from, to }: SeriesEvents): void {
    const { group, passes, toBucket } = route;
    let total = 0;
    for (let i = from; i < to; i++) {
      const at = fine[i] ?? 0;
      if (passes !== null && passes[at] === 0) continue;
      const n = count[i] ?? 0;
      total += n;
      if (toBucket !== null) group.tally.add(toBucket[at] ?? 0, n);
    }
    group.value += total;
    if (toBucket === null && this.#buckets !== null) spread(group.tally, this.#buckets, total, series.seed);
  }

  #routeOf(series: Series): Route | { readonly group: null } {
    let route = this.#routes.get(series);
    if (route === undefined) this.#routes.set(series, (route = this.#makeRoute(series)));
    return route;
  }

  #makeRoute(series: Series): Route | { readonly group: null } {
    const { zones, keys, numeric } = this.#head;
    if (zones !== null && this.#model.zoned && !zones.includes(series.zone.name)) return { group: null };
    const valueOf = (field: string, fine: number): Constant | undefined => {
      if (field === "zonename" && this.#model.zoned) return series.zone.name;
      return series.fields[field] ?? this.#numberOf(field, series, FINE_VALUES[fine] ?? 0);
    };
    const passes = this.#passes(valueOf);
    if (passes?.includes(1) === false) return { group: null };
    const group = this.#groupOf(keys.map((key) => valueOf(key, 0) ?? ""));
    if (numeric === null || this.#buckets === null || this.#model.numeric[numeric] === "subsecond") {
      return { group, passes, toBucket: null };
    }
    const buckets = this.#buckets;
    const toBucket = Int32Array.from({ length: FINE_COUNT }, (_, i) =>
      buckets.indexOf(this.#numberOf(numeric, series, FINE_VALUES[i] ?? 0)),
    );
    return { group, passes, toBucket };
  }

  #passes(valueOf: (field: string, fine: number) => Constant | undefined): Uint8Array | null {
    const variable = fieldsOf(this.#predicate).some((field) => typeof this.#model.numeric[field] === "function");
    if (!variable) {
      return matches(this.#predicate, (field) => valueOf(field, 0)) ? null : new Uint8Array(FINE_COUNT);
    }
    return Uint8Array.from({ length: FINE_COUNT }, (_, i) =>
      matches(this.#predicate, (field) => valueOf(field, i)) ? 1 : 0,
    );
  }

  #numberOf(field: string, series: Series, value: number): number {
    const rule = this.#model.numeric[field];
    return typeof rule === "function" ? rule(value) : (series.numbers?.[field] ?? 0);
  }

  #groupOf(keys: readonly Constant[]): Group {
    const name = JSON.stringify(keys);
    let group = this.#groups.get(name);
    if (group === undefined) this.#groups.set(name, (group = { keys, tally: new Tally(), value: 0 }));
    return group;
  }
}

/** Events of one second, evenly over its milliseconds but for a beat that belongs to the series. */
function spread(tally: Tally, buckets: Buckets, total: number, seed: number): void {
  for (let i = 0; i < total; i++) {
    const ms = i % 7 === 0 ? seed % 1000 : Math.floor(((i * 0.618_033_988_75) % 1) * 1000);
    tally.add(buckets.indexOf(ms), 1);
  }
}

/** As much of a descriptor as reading a predicate takes; the true one belongs to the catalogue, not to the host. */
function metricOf(model: Model): Metric {
  const field = (name: string, arity: Field["arity"], type: Field["type"]): Field => {
    return { name, label: name, arity, type, audience: "operator" };
  };
  const [module = "", stat = ""] = model.metric.split(".");
  return {
    module,
    stat,
    label: stat,
    unit: "events",
    type: "number",
    scope: "interval",
    source: "dtrace",
    audience: "operator",
    cost: "low",
    fields: [
      ...(model.zoned ? [field("zonename", "discrete", "string")] : []),
      ...Object.entries(model.fields).map(([name, type]) => field(name, "discrete", type)),
      ...Object.keys(model.numeric).map((name) => field(name, "numeric", "time")),
    ],
  };
}
