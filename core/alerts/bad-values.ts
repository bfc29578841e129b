/**
 * bad-values.ts: which values a condition is about: the band that an alert's selection has.
 */
import type { Condition } from "./rule.ts";

/** [low, high) in base units; null: open. */
export interface BadValues {
  readonly low: number | null;
  readonly high: number | null;
}

export function badValuesOf(condition: Condition): BadValues {
  switch (condition.kind) {
    case "share":
    case "burn":
      return { low: condition.over, high: null };
    case "mass":
      return { low: condition.low, high: condition.high };
    case "quantile": {
      const { direction, value } = condition.threshold;
      return direction === "above" ? { low: value, high: null } : { low: null, high: value };
    }
    default:
      return { low: null, high: null };
  }
}
