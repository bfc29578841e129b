/**
 * value-text.ts: a value of an alert rule as people read it: with its unit, and in words where it is no amount. The page and the command
 * line say the same.
 */
import { formatQuantity, formatShare } from "../units.ts";
import type { Condition } from "./rule.ts";
import { unitOfCondition, type UnitGround } from "./unit.ts";

/** A value of a rule with its unit; a dash where it is not known. @param ground null: what it measures is not known */
export function valueText(value: number | null, condition: Condition, ground: UnitGround | null): string {
  if (value === null) return "–";
  if (condition.kind === "absent") return value > 0.5 ? "nobody watched" : "watched";
  // Of the factor of its windows: what the unit says in words would be said in each line.
  if (condition.kind === "burn") return `${formatQuantity(value, "")} ×`;
  return amountWords(value, ground === null ? "" : unitOfCondition(condition, ground));
}

/** Shares as percent; others with their unit. */
export function amountWords(value: number, unit: string): string {
  if (unit === "share") return formatShare(value, 1);
  return formatQuantity(value, unit).trim();
}
