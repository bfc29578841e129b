/**
 * fake-selections.ts: what the API answers of a rectangle, counted from the model of fake-model.ts: for tests that know the sums.
 */
import type {
  AnsweredSelection,
  ComparedPart,
  InstrumentationPreview,
  SelectionComparison,
  SelectionDifference,
} from "../../core/api.ts";
import type { Predicate } from "../../core/predicate.ts";
import type { Selection } from "../../core/selection.ts";
import { BUCKETS, fakeBreakdown, fakeHeatmap, readWhere, SCHEME } from "./fake-model.ts";

export interface PairBody {
  readonly a: Selection;
  readonly b?: Selection;
  readonly against: SelectionComparison["against"];
  readonly tenant?: string;
  readonly limit?: number;
}

const KEYS = ["zonename", "execname", "syscall"];
export const BEFORE_SEC = { hour: 3600, day: 86_400, week: 604_800 } as const;

interface Side {
  readonly from: number;
  readonly to: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly where: Predicate;
}

export function fakeComparison(body: PairBody): SelectionComparison {
  const { a, b, against, tenant, limit = 50 } = body;
  const sides = sidesOf(body);
  const sums = (by: string, { from, to, where, ...band }: Side): Map<string, number> =>
    new Map(fakeBreakdown(by, from, to, where, tenant ?? null, band).map(({ key, total }) => [key, total]));
  const total = (of: Map<string, number>): number => [...of.values()].reduce((all, each) => all + each, 0);
  const counted = KEYS.map((by) => {
    const here = sums(by, sides.a);
    const there = sums(by, sides.b);
    // With "rest", what is outside A.
    if (against === "rest") for (const [key, count] of here) there.set(key, (there.get(key) ?? 0) - count);
    return { by, here, there };
  });
  const [first] = counted;
  if (first === undefined) throw new Error("the model has no keys");
  const [totalA, totalB] = [total(first.here), total(first.there)];
  const shares = (one: number, other: number): Omit<ComparedPart, "key"> => {
    const [shareA, shareB] = [totalA === 0 ? null : one / totalA, totalB === 0 ? null : other / totalB];
    return {
      a: one,
      b: other,
      shareA,
      shareB,
      difference: shareA === null || shareB === null ? null : shareA - shareB,
    };
  };
  return {
    against,
    a: answered(a),
    b: answered(b ?? a),
    exact: true,
    totalA,
    totalB,
    comparisons: counted.map(({ by, here, there }) => {
      const all = [...new Set([...here.keys(), ...there.keys()])]
        .map((key): ComparedPart => ({ key, ...shares(here.get(key) ?? 0, there.get(key) ?? 0) }))
        .sort((one, other) => Math.abs(other.difference ?? 0) - Math.abs(one.difference ?? 0));
      const rest = all.slice(limit);
      const sum = (side: "a" | "b"): number => rest.reduce((of, part) => of + part[side], 0);
      return { by, values: all.length, parts: all.slice(0, limit), other: shares(sum("a"), sum("b")) };
    }),
  };
}

export function fakeDifference(body: PairBody, nowSec: number): SelectionDifference {
  const { a, b } = sidesOf(body);
  const read = ({ from, to, where, low, high }: Side) =>
    fakeHeatmap(from, to, 1, where, body.tenant ?? null, nowSec).columns.map((column) => {
      const cells = Array.from(column.bucket, (bucket, i) => [bucket, column.count[i] ?? 0] as const).filter(
        ([bucket]) =>
          (BUCKETS.lowOf(bucket) ?? 0) >= (low ?? 0) && (BUCKETS.highOf(bucket) ?? Infinity) <= (high ?? Infinity),
      );
      const total = column.total === null ? null : cells.reduce((all, [, count]) => all + count, 0);
      return { column, cells: new Map(cells), total };
    });
  const [one, other] = [read(a), read(b)];
  const both = one.map((each, i) => each.total !== null && (other[i]?.total ?? null) !== null);
  const sum = (side: typeof one): number =>
    side.reduce((all, { total }, i) => all + (both[i] === true ? (total ?? 0) : 0), 0);
  const [totalA, totalB] = [sum(one), sum(other)];
  const sideOf = ({ column: { ts, reporting, expected }, total }: (typeof one)[number]) => ({
    ts,
    reporting,
    expected,
    total,
  });
  return {
    against: body.against as SelectionDifference["against"],
    a: answered(body.a),
    b: answered(body.b ?? body.a),
    exact: true,
    scheme: SCHEME,
    unit: "ns",
    stepSec: 1,
    totalA,
    totalB,
    columns: one.map((here, i) => {
      const there = other[i] ?? here;
      const head = { a: sideOf(here), b: sideOf(there) };
      if (both[i] !== true) return { ...head, bucket: null, count: null, share: null };
      const bucket = [...new Set([...here.cells.keys(), ...there.cells.keys()])].sort((x, y) => x - y);
      const [x, y] = [here.cells, there.cells];
      return {
        ...head,
        bucket,
        count: bucket.map((each) => (x.get(each) ?? 0) - (y.get(each) ?? 0)),
        share: bucket.map((each) => (x.get(each) ?? 0) / totalA - (y.get(each) ?? 0) / totalB),
      };
    }),
  };
}

export function fakePreview(by: string): InstrumentationPreview {
  return {
    dryRun: true,
    instrumentation: {
      metric: "syscall.ops",
      label: "",
      predicate: {},
      decomposition: ["execname", "latency", "syscall", by],
      keys: [...KEYS, by],
      numeric: "latency",
      scheme: SCHEME,
      granularitySec: 1,
      retentionSec: 86_400,
      idleMaxSec: 600,
      owner: "operator",
      standing: false,
    },
    cost: "high",
    source: "dtrace",
    program: "",
    probes: ["syscall:::entry", "syscall:::return"],
    estimate: { eventsPerSec: 2240, basis: "most" },
    equal: [],
    hosts: { supported: 3, unsupported: 0, unknown: 0, full: 0 },
    warnings: [{ code: "MANY_KEYS", message: "many combinations: each second keeps the largest" }],
    caps: { instrumentations: null, enablingsPerHost: 20 },
    refused: null,
  };
}

function sidesOf({ a, b, against }: PairBody): { readonly a: Side; readonly b: Side } {
  const one = sideOf(a);
  if (against === "selection") return { a: one, b: sideOf(b ?? a) };
  if (against === "rest") return { a: one, b: { ...one, low: null, high: null, where: readWhere(null) } };
  const sec = BEFORE_SEC[against];
  return { a: one, b: { ...one, from: one.from - sec, to: one.to - sec } };
}

function sideOf({ from, to, low, high, where }: Selection): Side {
  return { from, to: to ?? from, low, high, where: readWhere(JSON.stringify(where)) };
}

function answered({ from, to, low, high, where }: Selection): AnsweredSelection {
  const about = { instrumentation: "ops", metric: "syscall.ops", unit: "ns", tier: "1s", dropped: 0 };
  return { ...about, fromTs: from, toTs: to ?? from, low, high, where, watchedSec: (to ?? from) - from };
}
