/**
 * sql.ts: the only place where text of a reading query is put together.
 *
 * Every value is a bound parameter; the text holds nothing but names from this file. A filter always binds the view's
 * tenant, and reads of windows and of coverage both go through one here.
 */
import type { Predicate } from "../core/predicate.ts";
import { KIND_COVERAGE, KIND_WINDOW } from "../core/window.ts";
import type { View } from "./view.ts";

export interface Range {
  /** Epoch seconds, half-open. */
  readonly fromTs: number;
  readonly toTs: number;
}

export class Params {
  readonly values: Record<string, unknown> = {};
  #next = 0;

  /** Binds a value. @returns its placeholder */
  bind(value: unknown, type: string): string {
    const name = `p${this.#next++}`;
    this.values[name] = value;
    return `{${name}:${type}}`;
  }
}

/** The WHERE of a read of windows. */
export function windowsFilter(view: View, range: Range, params: Params): string {
  const terms = [
    `kind = ${KIND_WINDOW}`,
    `spec = ${params.bind(view.instrumentation.spec, "String")}`,
    rangeFilter(range, params),
    // Rows without an owner are operators' business.
    view.tenant === null ? "1" : `tenant = ${params.bind(view.tenant, "String")}`,
    predicateSql(view.where, (field) => columnOf(view, field), params),
  ];
  return terms.join(" AND ");
}

/** The WHERE of a read of coverage, on the hosts that the reader has zones on. */
export function coverageFilter(view: View, range: Range, hosts: readonly string[], params: Params): string {
  const terms = [
    `kind = ${KIND_COVERAGE}`,
    `spec = ${params.bind(view.instrumentation.spec, "String")}`,
    "tenant = ''",
    rangeFilter(range, params),
    `host IN ${params.bind(hosts, "Array(String)")}`,
  ];
  return terms.join(" AND ");
}

/** The column that holds a key of the view's spec; from a fixed list, never from the request. */
export function columnOf(view: View, field: string): string {
  if (field === "zonename") return "zone";
  const index = view.spec.keys.indexOf(field);
  if (index < 0) throw new Error(`${field} is no key of spec ${view.instrumentation.spec}`);
  return `k${index + 1}`;
}

function rangeFilter(range: Range, params: Params): string {
  const from = params.bind(range.fromTs, "UInt32");
  const to = params.bind(range.toTs, "UInt32");
  return `ts >= toDateTime(${from}, 'UTC') AND ts < toDateTime(${to}, 'UTC')`;
}

function predicateSql(predicate: Predicate, column: (field: string) => string, params: Params): string {
  const text = (value: unknown): string => params.bind(String(value), "String");
  switch (predicate.op) {
    case "true":
      return "1";
    case "and":
    case "or": {
      const terms = predicate.terms.map((term) => predicateSql(term, column, params));
      return `(${terms.join(predicate.op === "and" ? " AND " : " OR ")})`;
    }
    case "not":
      return `NOT (${predicateSql(predicate.term, column, params)})`;
    case "in":
      return `${column(predicate.field)} IN (${predicate.values.map(text).join(", ")})`;
    case "prefix":
      return `startsWith(${column(predicate.field)}, ${text(predicate.value)})`;
    case "eq":
      return `${column(predicate.field)} = ${text(predicate.value)}`;
    case "ne":
      return `${column(predicate.field)} != ${text(predicate.value)}`;
    default:
      throw new Error(`${predicate.op} compares numbers, and keys are text`);
  }
}
