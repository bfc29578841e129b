/**
 * shapes-values.ts: answers about what was measured.
 */
import { Type } from "typebox";
import type * as api from "../core/api.ts";
import { number, object, orNull, text, words } from "./shape-parts.ts";

const values = Type.Array(orNull(Type.Number()));
const quantile = orNull(Type.Number());

const bucket = Type.Array(Type.Number(), { description: "indexes with a count, ascending" });
const count = Type.Array(Type.Number());
const weight = Type.Optional(Type.Array(Type.Number(), { description: "with weights=weight" }));

export const HeatmapColumn = object({
  ts: number("everything in [ts, ts + stepSec)"),
  reporting: number("hosts that reported the whole column; 0: no data, not zero"),
  expected: number("hosts that should have"),
  dropped: number("events known to be lost"),
  reason: text("why data are missing"),
  total: orNull(Type.Number(), "null where nothing was watched"),
  p50: quantile,
  p90: quantile,
  p99: quantile,
  p999: quantile,
  bucket,
  count,
  weight,
});

const READING = {
  instrumentation: text(),
  metric: text(),
  unit: text(),
  fromTs: number("epoch seconds"),
  toTs: number("exclusive"),
  stepSec: number(),
  tier: text("the coarsest of the store's tiers that answered: 1s, 1m or 1h"),
};

export const Heatmap = object({
  ...READING,
  scheme: text("of the buckets"),
  total: number(),
  columns: Type.Array(HeatmapColumn, { description: "one for each step, also where nothing is known" }),
  rows: Type.Optional(
    Type.Array(object({ first: number(), last: number(), low: orNull(Type.Number()), high: orNull(Type.Number()) }), {
      description: "with rows, low or high: what each row covers, the lowest first",
    }),
  ),
  leftOut: Type.Optional(object({ below: number(), above: number(), share: number() })),
  scale: Type.Optional(
    object({
      coloring: words("rank", "linear", "log"),
      of: words("count", "weight"),
      max: number(),
      stops: Type.Array(object({ place: number(), value: number() })),
    }),
  ),
  by: Type.Optional(text("with `by`: the key that the groups are by")),
  groups: Type.Optional(
    Type.Array(
      object({
        key: text(),
        isOther: Type.Boolean(),
        total: number(),
        columns: Type.Array(object({ bucket, count, weight })),
      }),
    ),
  ),
});

export const Breakdown = object({
  by: text(),
  fromTs: number(),
  toTs: number(),
  tier: text(),
  total: number("parts plus other"),
  other: number(),
  parts: Type.Array(object({ key: text(), total: number() }), { description: "the largest first" }),
});

export const Series = object({
  ...READING,
  times: Type.Array(Type.Number()),
  reporting: Type.Array(Type.Number()),
  expected: Type.Array(Type.Number()),
  dropped: Type.Array(Type.Number(), { description: "events lost, at least" }),
  reasons: Type.Array(text(), { description: "why a column is missing or partial; empty: nothing says so" }),
  series: Type.Array(object({ key: text(), isOther: Type.Boolean(), values }), {
    description: "the largest first; `isOther`: all the rest, which has no key",
  }),
});

const PART = object({ key: text(), total: number() });

const { ts, reporting, expected, dropped, reason, total } = HeatmapColumn.properties;

export const Quantiles = object({
  ...READING,
  scheme: text(),
  q: Type.Array(Type.Number(), { description: "as asked for: fractions of the events" }),
  total: number(),
  mean: orNull(Type.Number(), "each event taken for the middle of its bucket"),
  values,
  columns: Type.Array(object({ ts, reporting, expected, dropped, reason, total, mean: orNull(Type.Number()), values })),
});

export const CellDetail = object({
  instrumentation: text(),
  metric: text(),
  unit: text(),
  fromTs: number(),
  toTs: number(),
  tier: text(),
  low: orNull(Type.Number(), "the values that whole buckets cover; null for an open end"),
  high: orNull(Type.Number()),
  total: number(),
  keys: Type.Array(object({ by: text(), parts: Type.Array(PART), other: number() })),
});

export const WindowsPage = object({
  instrumentation: text(),
  metric: text(),
  scheme: orNull(Type.String()),
  fromTs: number(),
  toTs: number(),
  tier: text(),
  windows: Type.Array(
    object({
      ts: number(),
      durationSec: number(),
      keys: Type.Record(Type.String(), Type.String()),
      bucket: Type.Array(Type.Number()),
      count: Type.Array(Type.Number()),
      value: orNull(Type.Number(), "a scalar; null for a distribution"),
      host: Type.Optional(text("operators only")),
      tenant: Type.Optional(text("operators only")),
    }),
  ),
  next: orNull(Type.String(), "`after` of the next page; null: there is none"),
});

export const AnsweredSelection = object({
  instrumentation: text(),
  metric: text(),
  unit: text(),
  fromTs: number("what was added up"),
  toTs: number("exclusive"),
  low: orNull(Type.Number(), "edges of the buckets that were taken; null: open"),
  high: orNull(Type.Number()),
  where: Type.Unsafe<api.AnsweredSelection["where"]>({ type: "object" }),
  tier: text(),
  watchedSec: number("seconds of it in which some host was watched"),
  dropped: number("events known to be lost"),
});

export const SelectionBreakdown = object({
  selection: AnsweredSelection,
  exact: Type.Literal(true, { description: "integers added up: nothing is sampled, estimated or cut short" }),
  total: orNull(Type.Number(), "null: nothing was watched"),
  breakdowns: Type.Array(
    object({ by: text(), values: number(), total: number(), other: number(), parts: Type.Array(PART) }),
  ),
});

const SHARES = {
  a: number(),
  b: number(),
  shareA: orNull(Type.Number()),
  shareB: orNull(Type.Number()),
  difference: orNull(Type.Number(), "shareA - shareB"),
};
const SIDES = {
  a: AnsweredSelection,
  b: AnsweredSelection,
  exact: Type.Literal(true),
  totalA: orNull(Type.Number()),
  totalB: orNull(Type.Number()),
};

export const SelectionComparison = object({
  against: words("selection", "rest", "hour", "day", "week"),
  ...SIDES,
  comparisons: Type.Array(
    object({
      by: text(),
      values: number(),
      parts: Type.Array(object({ key: text(), ...SHARES }), { description: "the largest difference first" }),
      other: object(SHARES),
    }),
  ),
});

const SIDE = object({ ts: number(), reporting: number(), expected: number(), total: orNull(Type.Number()) });
const numbersOrNull = orNull(Type.Array(Type.Number()));

export const SelectionDifference = object({
  against: words("selection", "hour", "day", "week"),
  ...SIDES,
  scheme: text(),
  unit: text(),
  stepSec: number(),
  columns: Type.Array(object({ a: SIDE, b: SIDE, bucket: numbersOrNull, count: numbersOrNull, share: numbersOrNull })),
});
