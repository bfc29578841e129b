/**
 * shapes-instrumentations.ts: answers about what can be measured, what is, and on which hosts.
 */
import { Type } from "typebox";
import type * as api from "../core/api.ts";
import { number, object, orNull, text, words } from "./shape-parts.ts";

const TYPE = words("number", "percent", "size", "time", "subsecond", "string");
const AUDIENCE = words("tenant", "operator");

export const MetricInfo = object({
  name: text("module.stat"),
  module: text(),
  stat: text(),
  label: text(),
  unit: text("what one counts"),
  type: TYPE,
  scope: words("interval", "point"),
  source: words("dtrace", "kstat"),
  audience: AUDIENCE,
  cost: words("free", "low", "medium", "high"),
  fields: Type.Array(
    object({
      name: text(),
      label: text(),
      arity: words("discrete", "numeric"),
      type: TYPE,
      audience: AUDIENCE,
      scheme: Type.Optional(text("default bucket scheme of a numeric field")),
    }),
  ),
});

const PREDICATE = Type.Unsafe<api.InstrumentationInfo["predicate"]>({
  type: "object",
  description: "one operator an object: eq, ne, lt, le, gt, ge, in, prefix, not, and, or; {} for all",
});

const InstrumentationInfo = object({
  id: text(),
  metric: text(),
  label: text(),
  predicate: PREDICATE,
  decomposition: Type.Array(Type.String()),
  keys: Type.Array(Type.String(), { description: "its discrete fields, zonename first" }),
  numeric: orNull(Type.String(), "the field whose distribution is kept; null: scalars"),
  scheme: orNull(Type.String()),
  granularitySec: number(),
  retentionSec: number(),
  idleMaxSec: number("seconds without a reader until it is deleted; 0: it stays"),
  owner: text("operator, or a tenant's id"),
  standing: Type.Boolean({ description: "from configuration" }),
  createdMs: number(),
});

const STATE = words("starting", "running", "resting", "unsupported", "disabled", "down");
const CAUSE = Type.Unsafe<api.InstrumentationState["cause"]>({ type: "string", description: "a stable word" });
const ENABLING = {
  state: STATE,
  cause: CAUSE,
  reason: text(),
  sinceMs: number(),
  retryAtMs: orNull(Type.Number()),
  eventsPerSec: orNull(Type.Number()),
  dropsPerSec: orNull(Type.Number()),
  dtraceCpu: Type.Optional(number("seconds of CPU a second")),
  losses: Type.Record(Type.String(), Type.Number()),
  unknownSample: text(),
};

const COST = words("free", "low", "medium", "high");

export const InstrumentationSummary = object({
  ...InstrumentationInfo.properties,
  cost: COST,
  ageSec: number(),
  idleExpiresMs: orNull(Type.Number(), "when it ends unless somebody reads it; null: it stays, or is being watched"),
  expiresMs: orNull(Type.Number(), "when it ends whoever reads it; null: no such limit"),
});

export const InstrumentationDetail = object({
  ...InstrumentationSummary.properties,
  program: orNull(Type.String(), "the D program; null for kstat metrics"),
  states: Type.Array(object({ state: STATE, cause: CAUSE, reason: text(), hosts: number() })),
  hosts: Type.Optional(Type.Array(object({ host: text(), ...ENABLING }), { description: "operators only" })),
});

export const HostInfo = object({
  name: text(),
  collector: text(),
  platform: text("the platform image"),
  state: words("up", "down", "removed"),
  reason: text(),
  sinceMs: number(),
  seenMs: number(),
  zones: number(),
  dtrace: text(),
  bootSec: number(),
  clockOffsetMs: orNull(Type.Number()),
  enablings: Type.Array(object({ spec: text(), metric: text(), ...ENABLING })),
  metrics: Type.Array(
    object({
      metric: text(),
      supported: orNull(Type.Boolean()),
      reason: text(),
      missing: Type.Array(Type.String()),
    }),
  ),
});

const { id: _id, createdMs: _createdMs, ...DRAFT } = InstrumentationInfo.properties;

export const InstrumentationPreview = object({
  dryRun: Type.Literal(true),
  instrumentation: object(DRAFT),
  cost: COST,
  source: words("dtrace", "kstat"),
  program: orNull(Type.String(), "what SmartOS hosts would run; null for kstat metrics"),
  probes: Type.Array(Type.String()),
  estimate: object({
    eventsPerSec: orNull(Type.Number(), "of the caller's zones; null: nothing alike is measured"),
    basis: orNull(words("same", "most"), "by an equal predicate, or by none: then at most so many"),
  }),
  equal: Type.Array(Type.String(), { description: "the caller's instrumentations that count the same" }),
  hosts: object({
    supported: number(),
    unsupported: number(),
    unknown: number(),
    full: number("supported, but with as many enablings as a host may have"),
    list: Type.Optional(
      Type.Array(
        object({
          host: text(),
          supported: orNull(Type.Boolean()),
          reason: text(),
          enablings: number(),
          shared: Type.Boolean({ description: "it counts the same there already" }),
          eventsPerSec: orNull(Type.Number()),
        }),
        { description: "operators only" },
      ),
    ),
  }),
  warnings: Type.Array(object({ code: text(), message: text() })),
  caps: object({
    instrumentations: orNull(object({ used: number(), most: number() }), "null: operators have no cap"),
    enablingsPerHost: number(),
  }),
  refused: orNull(Type.String(), "the code with which it would be refused now; null: it would not"),
});

const { fields: METRIC_FIELDS, ...METRIC } = MetricInfo.properties;

export const Metadata = object({
  modules: Type.Array(object({ name: text(), label: text(), metrics: Type.Array(Type.String()) })),
  metrics: Type.Array(
    object({
      ...METRIC,
      fields: Type.Array(object({ ...METRIC_FIELDS.items.properties, operators: Type.Array(Type.String()) })),
      schemes: words("any", "own"),
    }),
  ),
  types: Type.Unsafe<api.Metadata["types"]>(
    Type.Record(
      Type.String(),
      object({ label: text(), unit: text(), base: Type.Number({ enum: [2, 10] }), power: number() }),
      { description: "how values of each type read: value x base^power is in `unit`" },
    ),
  ),
  schemes: Type.Array(
    object({ kind: text(), parameters: Type.Array(Type.String()), label: text(), choosable: Type.Boolean() }),
  ),
  predicate: object({
    operators: Type.Array(object({ name: text(), label: text(), operand: text() })),
    maxDepth: number(),
    maxNodes: number(),
    maxIn: number(),
    string: text("regular expression of a string constant"),
  }),
  costs: Type.Array(object({ name: COST, label: text() })),
  transformations: Type.Array(
    object({
      name: text(),
      label: text(),
      method: words("GET", "POST"),
      path: text(),
      applies: words("all", "distribution", "scalar"),
      choices: Type.Optional(Type.Record(Type.String(), Type.Array(Type.String()))),
    }),
  ),
  granularitiesSec: Type.Array(Type.Number()),
  limits: object({
    keys: number(),
    columns: number(),
    instrumentationsPerTenant: number(),
    enablingsPerHost: number(),
  }),
});
