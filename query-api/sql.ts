/**
 * sql.ts: the parts of which reading queries are put together, and what each may cost.
 *
 * Every value is a bound parameter; the text holds nothing but names from this file. A filter always binds the view's
 * tenant, and reads of windows and of coverage both go through one here.
 */
import type { Predicate } from "../core/predicate.ts";
import { KIND_COVERAGE, KIND_WINDOW } from "../core/window.ts";
import type { StoreOptions } from "../store/client.ts";
import type { Presence } from "./expected.ts";
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

/**
 * What one read may cost. A read beyond it is refused with QUERY_TOO_LARGE or STORE_TIMEOUT, never cut short: an answer that lacks
 * rows would look exact. The time is below that after which a silent connection is closed (server/http.ts).
 */
const LIMITS = {
  max_execution_time: 30,
  max_memory_usage: 1 << 29,
  max_rows_to_read: 4_000_000_000,
  max_rows_to_group_by: 2_000_000,
  group_by_overflow_mode: "throw",
  max_result_rows: 2_000_000,
  result_overflow_mode: "throw",
  max_threads: 2,
};

/** The options of a read: its limits, and what ends it. */
export function reading(signal: AbortSignal | undefined): StoreOptions {
  return signal === undefined ? { settings: LIMITS } : { settings: LIMITS, signal };
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

/** The WHERE of a read of coverage, on the hosts that the reader has zones on, while it has. */
export function coverageFilter(view: View, range: Range, presence: Presence, params: Params): string {
  const terms = [
    `kind = ${KIND_COVERAGE}`,
    `spec = ${params.bind(view.instrumentation.spec, "String")}`,
    "tenant = ''",
    rangeFilter(range, params),
    presenceFilter(presence, view.spec.granularitySec, params),
  ];
  return terms.join(" AND ");
}

/** Whether a granule's row is of a host at a time at which it is expected: they have a moment in common. */
function presenceFilter({ always, partly }: Presence, granularitySec: number, params: Params): string {
  const whole = `host IN ${params.bind(always, "Array(String)")}`;
  if (partly.length === 0) return whole;
  const hosts = params.bind(
    partly.map((each) => each.host),
    "Array(String)",
  );
  const from = params.bind(
    partly.map((each) => each.fromMs),
    "Array(UInt64)",
  );
  const to = params.bind(
    partly.map((each) => Math.min(each.toMs, Number.MAX_SAFE_INTEGER)),
    "Array(UInt64)",
  );
  const step = params.bind(granularitySec, "UInt32");
  const begins = "toUnixTimestamp(ts) * 1000";
  const ends = `(toUnixTimestamp(ts) + ${step}) * 1000`;
  return `(${whole} OR arrayExists((h, f, t) -> h = host AND ${begins} < t AND f < ${ends}, ${hosts}, ${from}, ${to}))`;
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
