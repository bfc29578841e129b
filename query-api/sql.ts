/**
 * sql.ts: the parts of which reading queries are put together, and what each may cost.
 *
 * Every value that comes from outside is a bound parameter; the text holds nothing but names from this file, and the numbers of a
 * plan (query-api/planner.ts), which are too many for a URL. A filter always binds the view's tenant, and reads of windows and
 * of coverage both go through one here.
 */
import type { Predicate } from "../core/predicate.ts";
import { KIND_COVERAGE, KIND_WINDOW } from "../core/window.ts";
import type { StoreOptions } from "../store/client.ts";
import { digits } from "../store/ddl.ts";
import type { Presence } from "./expected.ts";
import type { View } from "./view.ts";

export interface Range {
  /** Epoch seconds, half-open. */
  readonly fromTs: number;
  readonly toTs: number;
}

export type SegmentTable = "windows" | "windows_1m" | "windows_1h";

/** A part of a read that one table answers. */
export interface Segment {
  readonly table: SegmentTable;
  /** Ascending and disjoint. */
  readonly ranges: readonly Range[];
  /** Of roll-ups: only rows of these. */
  readonly generations: readonly number[];
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
  // What small reads have unpacked stays so for a while: looking closer at the same hour unpacks nothing again.
  use_uncompressed_cache: 1,
  // No projection holds rows. To find that out costs each scan a sixth of its planning.
  optimize_use_projections: 0,
  // Two years of generations are 300 KB of text.
  max_query_size: 1 << 21,
};

/** The options of a read: its limits, and what ends it. */
export function reading(signal: AbortSignal | undefined): StoreOptions {
  return signal === undefined ? { settings: LIMITS } : { settings: LIMITS, signal };
}

/** The same for one that counts rows by hour: a projection answers that. */
export function counting(signal: AbortSignal | undefined): StoreOptions {
  const options = reading(signal);
  return { ...options, settings: { ...options.settings, optimize_use_projections: 1 } };
}

/** The WHERE of a read of windows, of one segment. */
export function windowsFilter(view: View, segment: Segment, params: Params): string {
  const terms = [
    `kind = ${KIND_WINDOW}`,
    ...segmentFilter(view, segment, params),
    // Rows without an owner are operators' business.
    view.tenant === null ? "1" : `tenant = ${params.bind(view.tenant, "String")}`,
    predicateSql(view.where, (field) => columnOf(view, field), params),
  ];
  return terms.join(" AND ");
}

/** The WHERE of a read of coverage, of one segment; whose hosts' is decided by `presentSql`. */
export function coverageFilter(view: View, segment: Segment, params: Params): string {
  return [`kind = ${KIND_COVERAGE}`, "tenant = ''", ...segmentFilter(view, segment, params)].join(" AND ");
}

function segmentFilter(view: View, { ranges, generations, table }: Segment, params: Params): string[] {
  const [first] = ranges;
  const last = ranges.at(-1);
  if (first === undefined || last === undefined) return ["0"];
  const terms = [
    `spec = ${params.bind(view.instrumentation.spec, "String")}`,
    rangeFilter({ fromTs: first.fromTs, toTs: last.toTs }),
  ];
  if (ranges.length > 1) terms.push(`(${ranges.map(rangeFilter).join(" OR ")})`);
  if (table !== "windows") terms.push(`generation IN (${generations.map(digits).join(", ")})`);
  return terms;
}

function rangeFilter({ fromTs, toTs }: Range): string {
  return `ts >= toDateTime(${digits(fromTs)}, 'UTC') AND ts < toDateTime(${digits(toTs)}, 'UTC')`;
}

/** The begin of a row's column, epoch seconds. */
export function columnSql(stepSec: number): string {
  return `toUInt32(intDiv(toUnixTimestamp(ts), ${digits(stepSec)}) * ${digits(stepSec)})`;
}

/**
 * Which seconds of a minute a host counts in for a reader: an expression of 60 bits, 0 for none.
 *
 * A second counts if its granule and the time in which the host is expected have a moment in common.
 *
 * @param begin the minute's begin, an expression of epoch seconds
 */
export function presentSql(
  { always, partly }: Presence,
  granularitySec: number,
  begin: string,
  params: Params,
): string {
  const whole = `host IN ${params.bind(always, "Array(String)")}`;
  if (partly.length === 0) return `if(${whole}, ${WHOLE_MINUTE}, toUInt64(0))`;
  const hosts = params.bind(
    partly.map((each) => each.host),
    "Array(String)",
  );
  // The first and the last second that count, epoch seconds.
  const from = params.bind(
    partly.map((each) => Math.floor(each.fromMs / 1000) - granularitySec + 1),
    "Array(Int64)",
  );
  const to = params.bind(
    partly.map((each) => Math.min(Math.ceil(each.toMs / 1000) - 1, 2 ** 32)),
    "Array(Int64)",
  );
  // Held to the minute's ends, since both sides of the `if` below are computed: no shift may be below 0.
  const low = `least(60, greatest(0, f - toInt64(${begin})))`;
  const high = `greatest(-1, least(59, t - toInt64(${begin})))`;
  const bits = `bitShiftLeft(toUInt64(1), ${high} + 1) - bitShiftLeft(toUInt64(1), ${low})`;
  const one = `if(h != host OR ${high} < ${low}, toUInt64(0), toUInt64(${bits}))`;
  return `if(${whole}, ${WHOLE_MINUTE}, arrayReduce('groupBitOr', arrayMap((h, f, t) -> ${one}, ${hosts}, ${from}, ${to})))`;
}

/** The begin of a row's minute, epoch seconds. */
export const MINUTE = "(intDiv(toUnixTimestamp(ts), 60) * 60)";

/** Whether the second of a raw row of coverage counts. */
export function secondCountsSql(view: View, presence: Presence, params: Params): string {
  if (presence.partly.length === 0) return `host IN ${params.bind(presence.always, "Array(String)")}`;
  return `bitTest(${presentSql(presence, view.spec.granularitySec, MINUTE, params)}, toSecond(ts))`;
}

const WHOLE_MINUTE = `toUInt64(${(1n << 60n) - 1n})`;

/** The column that holds a key of the view's spec; from a fixed list, never from the request. */
export function columnOf(view: View, field: string): string {
  if (field === "zonename") return "zone";
  const index = view.spec.keys.indexOf(field);
  if (index < 0) throw new Error(`${field} is no key of spec ${view.instrumentation.spec}`);
  return `k${index + 1}`;
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
