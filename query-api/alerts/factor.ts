/**
 * factor.ts: the unit that a rule's numbers are in: the metric's base unit, but percent for what is stored as time on CPU, as everywhere that
 * a person reads it (query-api/series.ts).
 */
import type { Rule } from "../../core/alerts/rule.ts";
import { unitOfCondition } from "../../core/alerts/unit.ts";
import type { View } from "../view.ts";

/** From stored sums to the rule's numbers. */
export function factorOf({ condition }: Rule, { metric, spec }: Pick<View, "metric" | "spec">): number {
  if (metric.scope === "point") return 1;
  // Of what is counted over a tick, a reading is what came a second; a rate divides by seconds anyway.
  const perSec = condition.kind === "scalar" ? spec.granularitySec : 1;
  return (metric.type === "percent" ? 100 / 1e9 : 1) / perSec;
}

/** What a value of a rule is in, for core/units.ts. */
export function unitOf({ condition }: Rule, { metric, spec }: Pick<View, "metric" | "spec">): string {
  return unitOfCondition(condition, { metric, numeric: spec.numeric, isLinear: spec.scheme?.kind === "lquantize" });
}
