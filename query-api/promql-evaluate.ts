/**
 * promql-evaluate.ts: an expression, evaluated over the steps of a query; what reads is an argument.
 *
 * A sum by some labels, straight over what is read, asks for those labels only: the engine adds the rest up, which gives the same sums,
 * since increments add, and a hundred times fewer numbers to carry.
 */
import type { Expr, RangeFunction, Selector } from "./promql-syntax.ts";
import { badQuery } from "./promql-syntax.ts";
import { aggregate, binary, histogramQuantile, type Value, type Vector } from "./promql-vectors.ts";

/** Reads one selector. @param keep labels that are needed; null: all */
export type Select = (selector: Selector, of: RangeFunction | null, keep: readonly string[] | null) => Promise<Vector>;

/** @throws InputError for what has no meaning */
export async function evaluate(expr: Expr, select: Select): Promise<Value> {
  switch (expr.kind) {
    case "number":
      return expr.value;
    case "selector":
    case "range":
      return read(expr, select, null);
    case "quantile": {
      const of = vector(await evaluate(expr.of, select), "histogram_quantile");
      return histogramQuantile(expr.q, of);
    }
    case "aggregate": {
      const { of } = expr;
      const adds = expr.op === "sum" && !expr.without;
      if (adds && (of.kind === "selector" || of.kind === "range")) {
        return aggregate(await read(of, select, expr.labels), expr);
      }
      return aggregate(vector(await evaluate(of, select), expr.op), expr);
    }
    case "binary": {
      const left = await evaluate(expr.left, select);
      return binary(expr.op, expr.bool, left, await evaluate(expr.right, select));
    }
  }
}

function read(
  expr: Extract<Expr, { kind: "selector" | "range" }>,
  select: Select,
  keep: readonly string[] | null,
): Promise<Vector> {
  if (expr.kind === "range") return select(expr.of, expr.name, keep);
  if (expr.rangeMs === null) return select(expr, null, keep);
  throw badQuery("query", `${expr.text} is a range vector: put it into rate(), increase() or avg_over_time()`);
}

function vector(value: Value, what: string): Vector {
  if (typeof value !== "number") return value;
  throw badQuery("query", `${what} of a number`);
}
