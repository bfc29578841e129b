/**
 * predicate-text.ts: a predicate as people read it: `execname = postgres and latency ≥ 100 ms`.
 */
import type { Field } from "../../core/metric.ts";
import type { PredicateJson } from "../../core/predicate.ts";
import { formatQuantity } from "../../core/units.ts";
import { fieldName } from "./names.ts";

const SIGNS: Readonly<Record<string, string>> = {
  eq: "=",
  ne: "≠",
  lt: "<",
  le: "≤",
  gt: ">",
  ge: "≥",
  prefix: "begins with",
};

/** @param fields of the metric, for their units; @returns "" where everything counts */
export function predicateText(predicate: PredicateJson, fields: readonly Field[]): string {
  const [entry] = Object.entries(predicate);
  if (entry === undefined) return "";
  const [operator, operand] = entry;
  if (operator === "not") return `not (${predicateText(operand as PredicateJson, fields)})`;
  if (operator === "and" || operator === "or") {
    const terms = (operand as readonly PredicateJson[]).map((term) => {
      const text = predicateText(term, fields);
      return "and" in term || "or" in term ? `(${text})` : text;
    });
    return terms.join(` ${operator} `);
  }
  const [name, value]: readonly [string, unknown] = operand as [string, string];
  const field = fields.find((each) => each.name === name);
  const words = (Array.isArray(value) ? value : [value]).map((each) => valueText(each, field));
  return `${fieldName(name)} ${operator === "in" ? "=" : (SIGNS[operator] ?? operator)} ${words.join(" or ")}`;
}

function valueText(value: unknown, field: Field | undefined): string {
  return typeof value === "number" && field?.arity === "numeric" ? formatQuantity(value, field.type) : String(value);
}
