/**
 * shapes.ts: the answers of the capacity routes as JSON schemas: the same as the interfaces of core/capacity.ts.
 */
import { Type, type Static } from "typebox";
import type * as api from "../../core/capacity.ts";
import { number, object, orNull, text, words, type Is } from "../shape-parts.ts";
import { Heatmap } from "../shapes-values.ts";

const numberOrNull = orNull(Type.Number());
const band = object({ low: number(), mid: number(), high: number() });
const missing = Type.Array(Type.String(), { description: "metrics that would be needed and that nothing measures" });
const resource = words<api.Resource>("cpu", "memory", "pool", "disk", "nic");
const by = words<api.CapacityBy>("zone", "tenant", "host", "device");
const basis = words<api.Basis>("used", "committed");
const range = { fromTs: number("epoch seconds"), toTs: number("exclusive"), missing };

const OUTLOOK = {
  known: number("the share of the hours that is known"),
  sinceTs: orNull(Type.Number(), "the first hour that is known"),
  past: Type.Array(numberOrNull, {
    description: "each day's busiest hour so far: 24 hours each, the last ends with the range; null: not known",
  }),
  refused: orNull(object({ code: text(), message: text() }), "why there is no forecast"),
  form: orNull(words<"linear" | "scaled" | "log">("linear", "scaled", "log")),
  level: orNull(Type.Number(), "now, without season"),
  growth: orNull(band, "in 30 days"),
  growthShare: orNull(band, "as a share of the level"),
  confidence: numberOrNull,
  horizonDays: orNull(Type.Number(), "no further than the history is long"),
  reaches: orNull(
    object({
      limit: number(),
      reached: Type.Boolean(),
      earliestTs: numberOrNull,
      expectedTs: numberOrNull,
      latestTs: orNull(Type.Number(), "null: not within the horizon"),
    }),
  ),
  backTest: orNull(
    object({
      folds: number(),
      horizonDays: number(),
      points: number("held-back hours"),
      error: number("mean absolute"),
      naiveError: number("of last week's value of the same hour"),
      ratio: orNull(Type.Number(), "error / naiveError: below 1 is better"),
      relativeError: numberOrNull,
      coverage: number("the share of held-back hours in the band"),
    }),
  ),
  season: Type.Array(Type.Number(), { description: "by hour of the week from Monday 00:00 UTC" }),
  days: Type.Array(object({ ts: number(), low: number(), mid: number(), high: number() }), {
    description: "each day's busiest hour; of more than 60 days each week's",
  }),
};

export const CapacityGrowth = object({
  ...range,
  resource,
  by,
  unit: text(),
  keys: number("how many there are"),
  items: Type.Array(object({ key: text(), label: text(), limit: numberOrNull, ...OUTLOOK })),
});

export const InstrumentationForecast = object({
  instrumentation: text(),
  metric: text(),
  unit: text(),
  fromTs: number(),
  toTs: number(),
  items: Type.Array(object({ q: numberOrNull, ...OUTLOOK })),
});

const room = object({
  unit: text(),
  capacity: numberOrNull,
  used: orNull(Type.Number(), "95th percentile of the hours"),
  peak: numberOrNull,
  committed: orNull(Type.Number(), "the sum of caps and limits"),
  free: numberOrNull,
});

export const CapacityHeadroom = object({
  ...range,
  basis,
  hosts: Type.Array(object({ host: text(), cpu: room, memory: room, pool: room, nic: room })),
});

export const CapacityFit = object({
  ...range,
  basis,
  zone: object({ cpu: number(), memory: number(), disk: number() }),
  total: number("zones that all hosts take together"),
  hosts: Type.Array(
    object({
      host: text(),
      zones: orNull(Type.Number(), "null: something is not known"),
      limitedBy: orNull(Type.String()),
      unknown: Type.Array(Type.String()),
    }),
  ),
});

export const CapacityConsumers = object({
  ...range,
  resource,
  by,
  unit: text(),
  total: numberOrNull,
  items: Type.Array(
    object({ key: text(), label: text(), mean: number(), p95: number(), peak: number(), share: number() }),
  ),
  other: numberOrNull,
});

const neighbour = object({
  zone: text(),
  label: text(),
  then: number("in the worst hours"),
  usual: number("median"),
  correlation: numberOrNull,
});

export const CapacityNeighbours = object({
  ...range,
  hosts: Type.Array(
    object({
      host: text(),
      worstHours: number(),
      hours: number(),
      when: Type.Array(Type.Number(), { description: "of the worst hours, by hour of the day (UTC)" }),
      waiters: Type.Array(neighbour),
      consumers: Type.Array(neighbour),
    }),
  ),
});

const part = object({ hours: number(), mean: numberOrNull, p95: numberOrNull });

export const CapacityHours = object({
  ...range,
  resource,
  by,
  unit: text(),
  working: object({ fromHour: number(), toHour: number(), days: text(), offsetMinutes: number() }),
  items: Type.Array(
    object({ key: text(), label: text(), working: part, night: part, weekend: part, idleRatio: numberOrNull }),
  ),
});

export const InstrumentationMonths = object({
  instrumentation: text(),
  metric: text(),
  unit: text(),
  q: Type.Array(Type.Number()),
  months: Type.Array(
    object({ ts: number(), hours: number("watched"), total: numberOrNull, values: Type.Array(numberOrNull) }),
  ),
});

export const CapacityHeatmap = object({
  resource: words<"cpus" | "disks">("cpus", "disks"),
  missing,
  heatmap: orNull(Heatmap),
});

export const CapacityReport = object({
  ...range,
  madeMs: number(),
  of: text("the tenant's name, or all"),
  growth: Type.Array(CapacityGrowth),
  consumers: CapacityConsumers,
  headroom: orNull(CapacityHeadroom, "null: for operators only"),
  neighbours: orNull(CapacityNeighbours, "null: for operators only"),
});

/** Fails to compile where a shape lacks what its interface has, or has it otherwise. */
export type CapacityShapes = [
  Is<Static<typeof CapacityGrowth>, api.CapacityGrowth>,
  Is<Static<typeof InstrumentationForecast>, api.InstrumentationForecast>,
  Is<Static<typeof CapacityHeadroom>, api.CapacityHeadroom>,
  Is<Static<typeof CapacityFit>, api.CapacityFit>,
  Is<Static<typeof CapacityConsumers>, api.CapacityConsumers>,
  Is<Static<typeof CapacityNeighbours>, api.CapacityNeighbours>,
  Is<Static<typeof CapacityHours>, api.CapacityHours>,
  Is<Static<typeof InstrumentationMonths>, api.InstrumentationMonths>,
  Is<Static<typeof CapacityHeatmap>, api.CapacityHeatmap>,
  Is<Static<typeof CapacityReport>, api.CapacityReport>,
];
