/**
 * aggregation.ts: what an instrumentation counts, as D: the keys and the aggregating function.
 */
import type { Field } from "../core/metric.ts";
import type { Scheme } from "../core/histogram/scheme.ts";
import { printExpression } from "./ast.ts";
import { operandExpression, type Operand } from "./condition.ts";

/** `@rows[zonename, (int64_t)pid] = ...`, with a key a line where one line is too short; without keys, `@rows = ...`. */
export function rowsStatement(rows: string, keys: readonly Operand[], value: string): string {
  if (keys.length === 0) return `${rows} = ${value}`;
  const texts = keys.map((key) => printExpression(operandExpression(key)));
  const line = `${rows}[${texts.join(", ")}] = ${value}`;
  return line.length <= 100 ? line : `${rows}[${texts.join(",\n\t    ")}] =\n\t    ${value}`;
}

/** The distribution of a numeric field; `edges` is kstat's, and has no function in D. */
export function distributionOf(d: string, field: Field, scheme: Exclude<Scheme, { kind: "edges" }>): string {
  switch (scheme.kind) {
    case "quantize":
      return `quantize(${d})`;
    case "lquantize":
      return `lquantize(${clamp(d, field, scheme.limit)}, ${scheme.base}, ${scheme.limit}, ${scheme.step})`;
    case "llquantize":
      return `llquantize(${d}, ${scheme.factor}, ${scheme.low}, ${scheme.high}, ${scheme.steps})`;
  }
}

/**
 * lquantize cuts its argument to 32 bits (dtrace.c, dtrace_aggregate_lquantize), so that 5 s in ns would count as 0.7 s. What
 * lies above the limit is in the last bucket anyway: cap it there.
 */
function clamp(d: string, field: Field, limit: number): string {
  if (field.type !== "time" && field.type !== "size") return d;
  return `(int64_t)(${d}) < ${limit} ? (int64_t)(${d}) : ${limit}`;
}
