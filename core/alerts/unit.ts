/**
 * unit.ts: what the numbers of a rule are in, for core/units.ts; the same for those who evaluate it and for those who read it.
 *
 * Base units of the metric, but percent for what is stored as time on CPU, as everywhere that a person reads it.
 */
import type { Metric } from "../metric.ts";
import type { Condition } from "./rule.ts";

export interface UnitGround {
  readonly metric: Pick<Metric, "type" | "scope" | "unit" | "fields">;
  /** The field whose distribution is kept; null: scalars. */
  readonly numeric: string | null;
  /** Whether buckets are of equal width (lquantize). */
  readonly isLinear: boolean;
}

/** Of the value and the threshold; "share" is a fraction of 1. */
export function unitOfCondition(condition: Condition, { metric, numeric, isLinear }: UnitGround): string {
  switch (condition.kind) {
    case "quantile":
      return unitOfValues({ metric, numeric });
    case "rate":
    case "scalar":
      if (metric.type === "percent") return "%";
      if (condition.kind === "scalar") return metric.scope === "interval" ? `${metric.unit}/s` : metric.unit;
      return metric.type === "size" ? "bytes/s" : `${metric.unit}/s`;
    case "mass":
      return condition.as === "share" ? "share" : metric.unit;
    case "share":
    case "coverage":
      return "share";
    case "burn":
      return "times the allowed rate";
    case "shape":
      return isLinear ? "steps" : "decades";
    case "absent":
      return "";
    case "drops":
      return "events/s";
  }
}

/** Of `over`, `low` and `high`: what the distribution is of. */
export function unitOfValues({ metric, numeric }: Pick<UnitGround, "metric" | "numeric">): string {
  return metric.fields.find(({ name }) => name === numeric)?.type ?? metric.unit;
}
