/**
 * rollup-sql.ts: the statements that make minutes from raw rows, and hours from minutes.
 *
 * Both aggregate in the order of the source's key, so that what they hold in memory is a few groups and not an hour: measured,
 * an hour of 31 million buckets in 140 MB, of which most are the buffers of the columns written, at 0.1 to 0.13 CPU seconds a
 * million buckets. In no order it took 480 MB.
 */
import { KIND_COVERAGE, MAX_KEYS } from "../core/window.ts";
import { WINDOWS_1H, WINDOWS_1M } from "./tables.ts";

const KEYS = Array.from({ length: MAX_KEYS }, (_, i) => `k${i + 1}`).join(", ");

export const ROLLUP_SETTINGS = {
  optimize_aggregation_in_order: 1,
  aggregation_in_order_max_block_bytes: 1_000_000,
  max_threads: 1,
  max_block_size: 4096,
  preferred_block_size_bytes: 100_000,
  max_read_buffer_size: 65_536,
  min_insert_block_size_rows: 8192,
  max_insert_block_size: 8192,
  min_insert_block_size_bytes: 4_000_000,
};

/** What is merged alike from raw rows and from minutes; `rows` differs. */
const COMMON = ["kind", "spec", "generation", "host", "ts", "tenant", "zone", KEYS];
const MERGED = [
  "bucket",
  "count",
  "value",
  "value_min",
  "value_max",
  "rows",
  "partial",
  "gaps",
  "reasons",
  "reason_counts",
  "dropped",
  "events",
];

/** The generation of an hour's rows: each hour of a statement has its own, from the first's upwards. */
const GENERATION = "{generation:UInt64} + toUInt64(intDiv(toUnixTimestamp(hour) - {first:UInt32}, 3600))";

/**
 * Minutes of one spec from raw rows, of one hour or of several that follow each other in one day.
 *
 * Parameters: spec, from and to (epoch seconds, whole minutes), first (the hour of the first generation), generation.
 */
export const MINUTES_FROM_RAW = `
  INSERT INTO ${WINDOWS_1M.name} (${[...COMMON, ...MERGED, "mask"].join(", ")})
  SELECT kind, spec, ${GENERATION}, host, minute, tenant, zone, ${KEYS},
    merged.1, merged.2, total, least_value, greatest_value, row_count, partials, gap_count, why.1, why.2, lost, seen, covered
  FROM (
    SELECT kind, spec, host, toStartOfHour(ts) AS hour, toStartOfMinute(ts) AS minute, tenant, zone, ${KEYS},
      sumMap(bucket, count) AS merged,
      sum(value) AS total,
      min(value) AS least_value,
      max(value) AS greatest_value,
      count() AS row_count,
      toUInt32(countIf(kind = ${KIND_COVERAGE} AND status = 'partial')) AS partials,
      toUInt32(countIf(kind = ${KIND_COVERAGE} AND status = 'gap')) AS gap_count,
      sumMap(if(reason = '', [], [reason]), if(reason = '', [], [toUInt64(1)])) AS why,
      sum(dropped) AS lost,
      sum(events) AS seen,
      groupBitOrIf(bitShiftLeft(toUInt64(1), toSecond(ts)), kind = ${KIND_COVERAGE} AND status != 'gap') AS covered
    FROM windows
    WHERE spec = {spec:String} AND toStartOfHour(ts) >= toStartOfHour(toDateTime({from:UInt32}, 'UTC'))
      AND toStartOfHour(ts) < toDateTime({to:UInt32}, 'UTC') AND ts >= toDateTime({from:UInt32}, 'UTC') AND ts < toDateTime({to:UInt32}, 'UTC')
    GROUP BY spec, toStartOfHour(ts), tenant, zone, ${KEYS}, host, minute, kind
  )`;

/**
 * Hours of one spec from their minutes, of one hour or of several that follow each other in one day.
 *
 * Parameters: spec, from and to (epoch seconds, whole hours), source (generation of the first hour's minutes; those of the next
 * hours follow it), first (as from), generation.
 */
export const HOUR_FROM_MINUTES = `
  INSERT INTO ${WINDOWS_1H.name} (${[...COMMON, ...MERGED, "masks"].join(", ")})
  SELECT kind, spec, ${GENERATION}, host, hour, tenant, zone, ${KEYS},
    merged.1, merged.2, total, least_value, greatest_value, row_count, partials, gap_count, why.1, why.2, lost, seen, covered
  FROM (
    SELECT kind, spec, host, toStartOfHour(ts) AS hour, tenant, zone, ${KEYS},
      sumMap(bucket, count) AS merged,
      sum(value) AS total,
      min(value_min) AS least_value,
      max(value_max) AS greatest_value,
      sum(rows) AS row_count,
      toUInt32(sum(partial)) AS partials,
      toUInt32(sum(gaps)) AS gap_count,
      sumMap(reasons, reason_counts) AS why,
      sum(dropped) AS lost,
      sum(events) AS seen,
      if(kind = ${KIND_COVERAGE}, groupArrayInsertAt(0, 60)(mask, toMinute(ts)), []) AS covered
    FROM ${WINDOWS_1M.name}
    WHERE spec = {spec:String}
      AND toStartOfHour(ts) >= toDateTime({from:UInt32}, 'UTC') AND toStartOfHour(ts) < toDateTime({to:UInt32}, 'UTC')
      AND generation = {source:UInt64} + toUInt64(intDiv(toUnixTimestamp(toStartOfHour(ts)) - {first:UInt32}, 3600))
    GROUP BY spec, toStartOfHour(ts), generation, tenant, zone, ${KEYS}, host, hour, kind
  )`;

/**
 * How many raw rows generations have merged, by hour, told by the rows that they wrote. Hours without rows are left out.
 *
 * Parameters: spec, from and to (epoch seconds, whole hours), generation (of the first hour; those of the next follow it).
 */
export function rowsMerged(table: string): string {
  const hour = "toUnixTimestamp(toStartOfHour(ts))";
  return `SELECT ${hour} AS h, toFloat64(sum(rows)) AS merged FROM ${table}
    WHERE spec = {spec:String} AND ts >= toDateTime({from:UInt32}, 'UTC') AND ts < toDateTime({to:UInt32}, 'UTC')
      AND generation = {generation:UInt64} + toUInt64(intDiv(${hour} - {from:UInt32}, 3600))
    GROUP BY h`;
}

/**
 * Gathers units that one statement can make: hours of one spec and day that follow each other, of as many rows as one hour may have.
 *
 * @param units of which those of one spec descend
 * @returns ascending each
 */
export function gathered<T extends { readonly spec: string; readonly hour: number; readonly rawRows: number }>(
  units: readonly T[],
): T[][] {
  const groups: T[][] = [];
  let rows = 0;
  for (const unit of [...units].sort((a, b) => (a.spec === b.spec ? a.hour - b.hour : a.spec < b.spec ? -1 : 1))) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    const follows = last?.spec === unit.spec && last.hour + 3600 === unit.hour && unit.hour % 86_400 !== 0;
    if (group !== undefined && follows && rows + unit.rawRows <= MAX_ROWS) {
      group.push(unit);
      rows += unit.rawRows;
    } else {
      groups.push([unit]);
      rows = unit.rawRows;
    }
  }
  // The newest first: those are asked for most.
  return groups.sort((a, b) => (b[0]?.hour ?? 0) - (a[0]?.hour ?? 0));
}

/**
 * Cuts an hour into parts of whole minutes, so that no statement takes long: its answer would be given up.
 *
 * @returns epoch seconds, [from, to) each
 */
export function slices(hour: number, rawRows: number): [number, number][] {
  const wanted = Math.ceil(rawRows / MAX_ROWS);
  const count = [1, 2, 3, 4, 6, 10, 15, 30].find((each) => each >= wanted) ?? 60;
  const sec = 3600 / count;
  return Array.from({ length: count }, (_, i) => [hour + i * sec, hour + (i + 1) * sec]);
}

/** Raw rows of one statement: some ten seconds of one core. */
const MAX_ROWS = 8_000_000;
