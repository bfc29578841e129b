/**
 * condition.ts: predicates and zones as D expressions.
 */
import type { Comparison, Constant, Predicate } from "../core/predicate.ts";
import { source, type Expression } from "./ast.ts";

/** How a field reads in the clause at hand, and whether it is a number. */
export interface Operand {
  readonly d: string;
  readonly type: "string" | "number";
}

export type OperandOf = (field: string) => Operand;

const OPERATORS: Readonly<Record<Comparison, string>> = { eq: "==", ne: "!=", lt: "<", le: "<=", gt: ">", ge: ">=" };

/** The terms that must all hold: the top of a tree is usually an `and`, and each term goes to the earliest clause it can. */
export function termsOf(predicate: Predicate): readonly Predicate[] {
  if (predicate.op === "true") return [];
  return predicate.op === "and" ? predicate.terms.flatMap(termsOf) : [predicate];
}

export function conditionOf(predicate: Predicate, operandOf: OperandOf): Expression {
  switch (predicate.op) {
    case "true":
      return { kind: "integer", value: 1 };
    case "and":
    case "or":
      return {
        kind: predicate.op === "and" ? "all" : "any",
        terms: predicate.terms.map((term) => conditionOf(term, operandOf)),
      };
    case "not":
      return { kind: "not", term: conditionOf(predicate.term, operandOf) };
    case "in":
      return {
        kind: "any",
        terms: predicate.values.map((value) => compare("==", operandOf(predicate.field), value)),
      };
    case "prefix":
      return prefix(operandOf(predicate.field), predicate.value);
    default:
      return compare(OPERATORS[predicate.op], operandOf(predicate.field), predicate.value);
  }
}

/** `(zonename == "a" || zonename == "b")`: always in parentheses, being an "any". */
export function zoneTest(zone: string, zones: readonly string[]): Expression {
  return { kind: "any", terms: zones.map((name) => compare("==", { d: zone, type: "string" }, name)) };
}

/** D compares strings whole; a prefix is the start of one (substr is an ordinary subroutine: it changes nothing). */
function prefix(operand: Operand, value: string): Expression {
  const start: Expression = {
    kind: "call",
    name: "substr",
    args: [source(operand.d), { kind: "integer", value: 0 }, { kind: "integer", value: value.length }],
  };
  return { kind: "compare", operator: "==", left: start, right: { kind: "string", value } };
}

function compare(operator: string, operand: Operand, value: Constant): Expression {
  return {
    kind: "compare",
    operator,
    left: operandExpression(operand),
    right: typeof value === "string" ? { kind: "string", value } : { kind: "integer", value },
  };
}

/**
 * A number is cast to a signed 64-bit one: in a comparison, since a time is unsigned in D and -1 would be the largest; in a
 * key, since the first use of an aggregation fixes its keys' types.
 */
export function operandExpression(operand: Operand): Expression {
  return operand.type === "string" ? source(operand.d) : { kind: "cast", type: "int64_t", of: source(operand.d) };
}
