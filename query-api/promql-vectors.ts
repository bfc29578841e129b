/**
 * promql-vectors.ts: what PromQL does with vectors once they are read: aggregation, operators, quantiles. Pure.
 *
 * A vector here has a value for each step of the query, and null where there is no sample: null is never zero, and whatever is made of it
 * alone is null again. Semantics are those of Prometheus (promql/engine.go, promql/quantile.go), which test/api holds to it.
 */
import type { Aggregate, Arithmetic, Comparison } from "./promql-syntax.ts";
import { badQuery } from "./promql-syntax.ts";

export type Labels = Readonly<Record<string, string>>;

export interface Series {
  readonly labels: Labels;
  /** One a step; null: no sample. */
  readonly values: readonly (number | null)[];
}

export type Vector = readonly Series[];

/** A text that is equal for equal sets of labels. */
export function identity(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function without(labels: Labels, ...names: readonly string[]): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !names.includes(name)));
}

interface Group {
  readonly labels: Labels;
  readonly members: Series[];
}

function groups(vector: Vector, { labels: names, without: isWithout }: Aggregate): Group[] {
  const byIdentity = new Map<string, Group>();
  for (const series of vector) {
    const kept = Object.entries(series.labels).filter(([name]) =>
      isWithout ? name !== "__name__" && !names.includes(name) : names.includes(name),
    );
    const labels = Object.fromEntries(kept);
    const key = identity(labels);
    const group = byIdentity.get(key);
    if (group === undefined) byIdentity.set(key, { labels, members: [series] });
    else group.members.push(series);
  }
  return [...byIdentity.values()];
}

/** @throws InputError where events would be counted twice, or buckets mixed up */
export function aggregate(vector: Vector, how: Aggregate): Vector {
  const made = groups(vector, how);
  if (how.op === "topk" || how.op === "bottomk") return made.flatMap(({ members }) => ranked(members, how));
  for (const { members } of made) {
    if (distinct(members, "le") > 1) {
      throw badQuery("query", `${how.op} over \`le\`: buckets are cumulative; keep le, or take the _count`);
    }
    if (how.op === "sum" && distinct(members, "instrumentation") > 1) {
      const message = "two instrumentations may have counted the same events: name one, or keep the label in by (...)";
      throw badQuery("query", `sum over \`instrumentation\`: ${message}`);
    }
  }
  return made.map(({ labels, members }) => ({
    labels,
    values: steps(members).map((_, i) => {
      const present = members.map(({ values }) => values[i] ?? null).filter((value) => value !== null);
      return present.length === 0 ? null : reduce(present, how.op as keyof typeof REDUCE);
    }),
  }));
}

function distinct(members: readonly Series[], label: string): number {
  return new Set(members.map(({ labels }) => labels[label] ?? "")).size;
}

function steps(members: readonly Series[]): readonly unknown[] {
  return members[0]?.values ?? [];
}

const REDUCE = {
  sum: (values: readonly number[]) => values.reduce((a, b) => a + b, 0),
  avg: (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length,
  min: (values: readonly number[]) => values.reduce((a, b) => (b < a || Number.isNaN(a) ? b : a)),
  max: (values: readonly number[]) => values.reduce((a, b) => (b > a || Number.isNaN(a) ? b : a)),
  count: (values: readonly number[]) => values.length,
};

function reduce(values: readonly number[], op: keyof typeof REDUCE): number {
  return REDUCE[op](values);
}

/** The largest (smallest) at each step; others have no sample there. Full labels stay. */
function ranked(members: readonly Series[], { op, count }: Aggregate): Series[] {
  const sign = op === "topk" ? -1 : 1;
  const stays = members.map(() => new Set<number>());
  steps(members).forEach((_, i) => {
    const order = members
      .map(({ values }, at) => ({ at, value: values[i] ?? null }))
      .filter((each): each is { at: number; value: number } => each.value !== null)
      .sort((a, b) => (Number.isNaN(a.value) ? 1 : Number.isNaN(b.value) ? -1 : sign * (a.value - b.value)));
    for (const { at } of order.slice(0, Math.max(0, Math.floor(count)))) stays[at]?.add(i);
  });
  return members
    .map(({ labels, values }, at) => ({
      labels,
      values: values.map((value, i) => (stays[at]?.has(i) === true ? value : null)),
    }))
    .filter(({ values }) => values.some((value) => value !== null));
}

export type Value = number | Vector;
type Operator = Arithmetic | Comparison;

const OPERATE: Readonly<Record<Operator, (a: number, b: number) => number | boolean>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
  "^": (a, b) => a ** b,
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  ">": (a, b) => a > b,
  "<": (a, b) => a < b,
  ">=": (a, b) => a >= b,
  "<=": (a, b) => a <= b,
};

/** @throws InputError for a comparison of numbers without bool, and for vectors that do not pair one to one */
export function binary(op: Operator, bool: boolean, left: Value, right: Value): Value {
  if (typeof left === "number" && typeof right === "number") {
    const result = OPERATE[op](left, right);
    if (typeof result === "boolean" && !bool) throw badQuery("query", "comparisons of two numbers need bool");
    return Number(result);
  }
  /** A comparison keeps what it is true of; with bool, or of arithmetic, the name goes: it is something else now. */
  const of = (a: number | null, b: number | null, kept: number | null): number | null => {
    if (a === null || b === null) return null;
    const result = OPERATE[op](a, b);
    if (typeof result === "number") return result;
    return bool ? Number(result) : result ? kept : null;
  };
  const isFilter = !bool && typeof OPERATE[op](0, 0) === "boolean";
  const named = (labels: Labels): Labels => (isFilter ? labels : without(labels, "__name__"));
  if (typeof right === "number") {
    return (left as Vector).map(({ labels, values }) => ({
      labels: named(labels),
      values: values.map((value) => of(value, right, value)),
    }));
  }
  if (typeof left === "number") {
    return right.map(({ labels, values }) => ({
      labels: named(labels),
      values: values.map((value) => of(left, value, value)),
    }));
  }
  const others = new Map(right.map((series) => [identity(without(series.labels, "__name__")), series]));
  const firsts = new Set(left.map((series) => identity(without(series.labels, "__name__"))));
  if (others.size < right.length || firsts.size < left.length) {
    throw badQuery("query", `${op}: several series have the same labels but for the name: they do not pair one to one`);
  }
  return left.flatMap(({ labels, values }) => {
    const other = others.get(identity(without(labels, "__name__")));
    if (other === undefined) return [];
    const paired = values.map((value, i) => of(value, other.values[i] ?? null, value));
    return [{ labels: named(labels), values: paired }];
  });
}

interface Bucket {
  readonly upper: number;
  readonly values: readonly (number | null)[];
}

/** histogram_quantile: of cumulative buckets by `le`, straight within the bucket. */
export function histogramQuantile(q: number, vector: Vector): Vector {
  const byRest = new Map<string, { labels: Labels; buckets: Bucket[] }>();
  for (const { labels, values } of vector) {
    const { le } = labels;
    if (le === undefined) continue;
    const upper = le === "+Inf" ? Infinity : Number(le);
    if (Number.isNaN(upper)) continue;
    const rest = without(labels, "le", "__name__");
    const key = identity(rest);
    const group = byRest.get(key);
    if (group === undefined) byRest.set(key, { labels: rest, buckets: [{ upper, values }] });
    else group.buckets.push({ upper, values });
  }
  return [...byRest.values()].map(({ labels, buckets }) => {
    buckets.sort((a, b) => a.upper - b.upper);
    const values = (buckets[0]?.values ?? []).map((_, i) => {
      const present = buckets
        .map(({ upper, values: each }) => ({ upper, count: each[i] ?? null }))
        .filter((each): each is { upper: number; count: number } => each.count !== null);
      return present.length === 0 ? null : quantileOf(q, present);
    });
    return { labels, values };
  });
}

function quantileOf(q: number, buckets: readonly { upper: number; count: number }[]): number {
  if (Number.isNaN(q)) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  const last = buckets.at(-1);
  if (last?.upper !== Infinity || buckets.length < 2 || last.count === 0) return NaN;
  const rank = q * last.count;
  // Above zero: the smallest value lies in the first bucket that holds any.
  const at = buckets.findIndex(({ count }) => count > 0 && count >= rank);
  const below = buckets[at - 1];
  const bucket = buckets[at];
  if (bucket === undefined || bucket === last) return buckets.at(-2)?.upper ?? NaN;
  if (below === undefined && bucket.upper <= 0) return bucket.upper;
  const start = below?.upper ?? 0;
  const before = below?.count ?? 0;
  return start + (bucket.upper - start) * ((rank - before) / (bucket.count - before));
}
