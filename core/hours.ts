/**
 * hours.ts: history by hours, as lines of JSON: what `isotherm import` reads and the simulator's history writes.
 *
 * Lines come in this order: metrics and zones before the hours that name them, and hours of one metric ascending. An hour's line
 * is whole: all hosts and all rows of one metric in one hour, since an hour is what is stored at once and never added to.
 * docs/capacity.md is the reference.
 */
import { bucketsOf, type Buckets } from "./histogram/buckets.ts";
import { InputError, type FieldError } from "./errors.ts";
import type { Spec } from "./instrumentation.ts";

/** What the hours of a name are of: as an instrumentation is asked for, without a predicate. */
export interface MetricLine {
  readonly kind: "metric";
  readonly name: string;
  readonly metric: string;
  readonly decomposition?: readonly string[];
  readonly scheme?: string;
  readonly granularitySec?: number;
}

export interface TenantLine {
  readonly kind: "tenant";
  readonly id: string;
  readonly name: string;
}

export interface ZoneLine {
  readonly kind: "zone";
  readonly host: string;
  readonly zone: string;
  /** The tenant's id. */
  readonly owner: string;
  readonly alias: string;
}

export interface HourLine {
  readonly kind: "hour";
  /** A metric's name in this file. */
  readonly of: string;
  /** The hour's begin, epoch seconds. */
  readonly ts: number;
  /** By host: how many seconds of the hour, from its begin on, were watched. A host that is not named was not watched. */
  readonly covered: Readonly<Record<string, number>>;
  readonly rows: readonly HourRow[];
}

/** One key's share of an hour. */
export interface HourRow {
  readonly host: string;
  /** Where the metric has zones. */
  readonly zone?: string;
  /** The discrete fields of the decomposition but the zone. */
  readonly keys?: Readonly<Record<string, string>>;
  /** Of an interval metric the sum over the hour, of a point metric the sum of its readings; digits above 2^53. */
  readonly value?: number | string;
  /** The least and the greatest reading, or sum of a window. */
  readonly min?: number;
  readonly max?: number;
  /** How many windows or readings were added up; as many as were watched unless said otherwise. */
  readonly rows?: number;
  /** Of a distribution: bucket indexes of the scheme, ascending, and their counts. */
  readonly bucket?: readonly number[];
  readonly count?: readonly number[];
}

export type HistoryLine = MetricLine | TenantLine | ZoneLine | HourLine;

/** What a row holds once it has been checked. */
export interface CheckedRow {
  readonly host: string;
  readonly zone: string;
  /** In the order of the spec's keys. */
  readonly keys: readonly string[];
  readonly value: bigint;
  readonly min: bigint;
  readonly max: bigint;
  readonly rows: number;
  readonly bucket: readonly number[];
  readonly count: readonly number[];
}

/** Ticks of each host that were watched, and the rows. */
export interface CheckedHour {
  readonly ts: number;
  readonly ticks: ReadonlyMap<string, number>;
  readonly rows: readonly CheckedRow[];
}

const INT64_MAX = 2n ** 63n - 1n;
const HOUR_SEC = 3600;

/** @throws InputError naming each wrong field */
export function checkHour(line: HourLine, spec: Spec, where: string): CheckedHour {
  const errors: FieldError[] = [];
  const wrong = (field: string, message: string): void => {
    if (errors.length < 10) errors.push({ field, code: "BAD_HISTORY", message });
  };
  if (!Number.isSafeInteger(line.ts) || line.ts < 0 || line.ts % HOUR_SEC !== 0 || line.ts >= 2 ** 32) {
    wrong("ts", "expected the epoch second at which an hour begins");
  }
  const ticks = new Map<string, number>();
  const { covered, rows: given } = line as { covered?: unknown; rows?: unknown };
  if (typeof covered !== "object" || covered === null) wrong("covered", "expected seconds by host");
  if (!Array.isArray(given)) wrong("rows", "expected a list");
  if (errors.length > 0) throw new InputError(`read ${where}`, errors);
  for (const [host, seconds] of Object.entries(line.covered)) {
    if (!Number.isSafeInteger(seconds) || seconds < 0 || seconds > HOUR_SEC)
      wrong(`covered.${host}`, "expected 0 to 3600");
    else ticks.set(host, Math.floor(seconds / spec.granularitySec));
  }
  const rows: CheckedRow[] = [];
  const seen = new Set<string>();
  const buckets = spec.scheme === null ? null : bucketsOf(spec.scheme);
  line.rows.forEach((row, i) => {
    const checked = checkRow(row, spec, buckets, ticks, (field, message) => wrong(`rows[${i}].${field}`, message));
    if (checked === undefined) return;
    const key = [checked.host, checked.zone, ...checked.keys].join("\0");
    if (seen.has(key)) wrong(`rows[${i}]`, "expected each host, zone and keys once");
    seen.add(key);
    rows.push(checked);
  });
  if (errors.length > 0) throw new InputError(`read ${where}`, errors);
  return { ts: line.ts, ticks, rows };
}

function checkRow(
  row: HourRow,
  spec: Spec,
  buckets: Buckets | null,
  ticks: ReadonlyMap<string, number>,
  wrong: (field: string, message: string) => void,
): CheckedRow | undefined {
  if (typeof row !== "object" || (row as unknown) === null) {
    wrong("", "expected an object");
    return undefined;
  }
  const covered = ticks.get(row.host) ?? 0;
  if (covered === 0) {
    wrong("host", "expected a host that was watched in this hour");
    return undefined;
  }
  const { zone = "", keys = {}, rows = covered } = row;
  if (typeof zone !== "string" || spec.zoned !== (zone !== "")) {
    wrong("zone", spec.zoned ? "expected the zone's name" : "expected none: the metric has no zones");
  }
  const names = Object.keys(keys);
  if (names.length !== spec.keys.length || !spec.keys.every((key) => typeof keys[key] === "string")) {
    wrong("keys", `expected texts for ${spec.keys.length === 0 ? "no fields" : spec.keys.join(", ")}`);
  }
  if (!Number.isSafeInteger(rows) || rows < 1) wrong("rows", "expected a whole number from 1");
  const about = { host: row.host, zone, keys: spec.keys.map((key) => keys[key] ?? ""), rows };
  if (buckets !== null) {
    const { bucket = [], count = [] } = row;
    const { first, last } = buckets;
    const rising = bucket.every((each, i) => each > (bucket[i - 1] ?? -Infinity));
    if (!rising || !bucket.every((each) => Number.isInteger(each) && each >= first && each <= last)) {
      wrong("bucket", `expected rising indexes from ${first} to ${last}`);
    }
    if (count.length !== bucket.length || !count.every((each) => Number.isSafeInteger(each) && each > 0)) {
      wrong("count", "expected a whole number above 0 for each bucket");
    }
    return { ...about, bucket, count, value: 0n, min: 0n, max: 0n };
  }
  const value = exactInteger(row.value);
  if (value === undefined) {
    wrong("value", "expected a whole number of 64 bits, as digits in quotes above 2^53");
    return undefined;
  }
  const mean = value / BigInt(Math.max(1, rows));
  const [min, max] = [exactInteger(row.min) ?? mean, exactInteger(row.max) ?? mean];
  return { ...about, bucket: [], count: [], value, min, max };
}

function exactInteger(value: unknown): bigint | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  if (typeof value !== "string" || !/^-?\d{1,19}$/.test(value)) return undefined;
  const exact = BigInt(value);
  return exact <= INT64_MAX && exact >= -INT64_MAX ? exact : undefined;
}
