/**
 * rollup-units.ts: what is known of each hour of each spec, and from which tables it may be read.
 *
 * The unit of a roll-up is (tier, spec, hour). An attempt writes its rows with a generation of its own, and one insert into
 * `rollups` then commits it; rows of a generation that is not committed, or no longer the newest, are never read. So no
 * crash at any line shows half an attempt.
 *
 *   ATTEMPT ──▶ COMMITTED ──▶ SEALED ──grace──▶ source dropped ──▶ DROPPED
 *
 * ATTEMPT stands before any row is written, so that what a crash leaves behind is known. SEALED says that the source (raw for
 * minutes, minutes for hours) is about to go: new readers stop relying on it, those under way have the grace. DROPPED says
 * that it has gone, and that raw rows found there are late ones, to be added.
 *
 * Whether a generation is up to date is a matter of counting: it says how many raw rows it merged, and raw rows are only ever
 * added, so equal numbers are equal sets. Fewer raw rows than merged means that raw rows have gone; the generation then holds.
 */
import type { StoreClient, StoreOptions } from "./client.ts";

export const ATTEMPT = 0;
export const COMMITTED = 1;
export const SEALED = 2;
export const DROPPED = 3;

export const HOUR_SEC = 3600;
export const DAY_SEC = 86_400;

/** Seconds that a row of a tier spans: what `rollups.tier` has. */
export type RollupTier = 60 | 3600;
export const MINUTES: RollupTier = 60;
export const HOURS: RollupTier = 3600;

export interface Generation {
  /** Below 2^53. */
  readonly generation: number;
  readonly state: number;
  /** Raw rows merged, windows and coverage. */
  readonly rows: number;
  /** When it entered its state, epoch ms. */
  readonly atMs: number;
}

export interface Unit {
  readonly spec: string;
  /** Its begin, epoch seconds. */
  readonly hour: number;
  readonly rawRows: number;
  readonly minutes: Generation | null;
  readonly hours: Generation | null;
}

/** From where an hour may be read. */
export interface Sources {
  /** All raw rows are there, and will be for as long as a read may take. */
  readonly raw: boolean;
  /** Raw rows that no roll-up has and that came after all others were dropped. */
  readonly late: boolean;
  /** The generation that has all rows but the late ones. */
  readonly minutes: number | null;
  readonly hours: number | null;
}

const NOTHING: Sources = { raw: true, late: false, minutes: null, hours: null };

export function sourcesOf(unit: Unit | undefined): Sources {
  if (unit === undefined) return NOTHING;
  const { rawRows, minutes, hours } = unit;
  if (minutes === null) return NOTHING;
  const gone = rawGone(unit);
  const rows = gone ? minutes.rows : rawRows;
  const hoursHold = hours !== null && (hours.state === DROPPED || hours.rows === rows);
  const minutesHold = minutes.rows === rows;
  return {
    raw: !gone && !(minutes.state === SEALED && minutesHold),
    late: minutes.state === DROPPED && rawRows > 0,
    minutes: minutesHold && !(hoursHold && hours.state >= SEALED) ? minutes.generation : null,
    hours: hoursHold ? hours.generation : null,
  };
}

/** Whether raw rows that have been rolled up are no longer there: the unit can then never be made again. */
export function rawGone({ rawRows, minutes }: Unit): boolean {
  return minutes !== null && (minutes.state === DROPPED || rawRows < minutes.rows);
}

/** The first hour that a table has rows of, epoch seconds; Infinity for an empty table. Costs nothing: parts know their ends. */
export async function firstHour(store: StoreClient, table: string, options: StoreOptions = {}): Promise<number> {
  const [row] = await store.query<{ rows: number; ts: number }>(
    `SELECT toFloat64(count()) AS rows, toUnixTimestamp(min(ts)) AS ts FROM ${table}`,
    {},
    options,
  );
  return row === undefined || row.rows === 0 ? Infinity : Math.floor(row.ts / HOUR_SEC) * HOUR_SEC;
}

/**
 * How many raw rows each hour of [fromTs, toTs) has; hours without any are left out. The projection `by_hour` answers.
 *
 * @param fromTs whole hours, as is toTs
 */
export async function readRawRows(
  store: StoreClient,
  scope: { readonly spec: string; readonly fromTs: number; readonly toTs: number },
  options: StoreOptions = {},
): Promise<Map<number, number>> {
  const hour = "toStartOfHour(ts)";
  const rows = await store.query<{ h: number; n: number }>(
    `SELECT toUnixTimestamp(${hour}) AS h, toFloat64(count()) AS n FROM windows
     WHERE spec = {spec:String} AND ${hour} >= toDateTime({from:UInt32}, 'UTC') AND ${hour} < toDateTime({to:UInt32}, 'UTC')
     GROUP BY ${hour}`,
    { spec: scope.spec, from: scope.fromTs, to: scope.toTs },
    options,
  );
  return new Map(rows.map(({ h, n }) => [h, n]));
}

interface UnitColumns {
  readonly spec: string;
  readonly tier: number;
  readonly hours: readonly number[];
  readonly states: readonly number[];
  readonly generations: readonly number[];
  readonly rows: readonly number[];
  readonly at: readonly number[];
}

/**
 * Reads what is known of the hours in [fromTs, toTs), of one spec or of all.
 *
 * Rows and generations are not read at one instant. That is harmless: a row that came in between makes them unlike, and the
 * hour is read from raw.
 *
 * @param fromTs whole hours, as is toTs
 */
export async function readUnits(
  store: StoreClient,
  scope: { readonly spec?: string; readonly fromTs: number; readonly toTs: number },
  options: StoreOptions = {},
): Promise<Unit[]> {
  const spec = scope.spec === undefined ? "spec != ''" : "spec = {spec:String}";
  const within = (hour: string): string =>
    `${spec} AND ${hour} >= toDateTime({from:UInt32}, 'UTC') AND ${hour} < toDateTime({to:UInt32}, 'UTC')`;
  const answer = await store.query<UnitColumns>(
    // The projection `by_hour` answers for windows: the condition is on what it has.
    `SELECT spec, tier, groupArray(h) AS hours, groupArray(best.1) AS states, groupArray(toFloat64(best.2)) AS generations,
       groupArray(toFloat64(best.3)) AS rows, groupArray(toFloat64(best.4)) AS at
     FROM (
       SELECT toString(spec) AS spec, tier, toUnixTimestamp(hour) AS h, max((state, generation, rows, at_ms)) AS best
       FROM rollups WHERE state > 0 AND ${within("hour")}
       GROUP BY spec, tier, hour
       UNION ALL
       SELECT toString(spec) AS spec, toUInt16(0) AS tier, toUnixTimestamp(toStartOfHour(ts)) AS h,
         (toUInt8(0), toUInt64(0), count(), toInt64(0)) AS best
       FROM windows WHERE ${within("toStartOfHour(ts)")}
       GROUP BY spec, toStartOfHour(ts)
     ) GROUP BY spec, tier`,
    { spec: scope.spec ?? "", from: scope.fromTs, to: scope.toTs },
    options,
  );
  return unitsOf(answer);
}

function unitsOf(answer: readonly UnitColumns[]): Unit[] {
  const units = new Map<string, { -readonly [K in keyof Unit]: Unit[K] }>();
  for (const { spec, tier, hours, states, generations, rows, at } of answer) {
    hours.forEach((hour, i) => {
      const key = `${hour} ${spec}`;
      let unit = units.get(key);
      if (unit === undefined) units.set(key, (unit = { spec, hour, rawRows: 0, minutes: null, hours: null }));
      if (tier === 0) unit.rawRows = rows[i] ?? 0;
      else {
        const newest = {
          generation: generations[i] ?? 0,
          state: states[i] ?? 0,
          rows: rows[i] ?? 0,
          atMs: at[i] ?? 0,
        };
        if (tier === MINUTES) unit.minutes = newest;
        else unit.hours = newest;
      }
    });
  }
  return [...units.values()];
}

/** What is written to `rollups`. */
export interface Mark extends Generation {
  readonly spec: string;
  readonly hour: number;
  readonly tier: RollupTier;
}

/** One insert, hence all of the marks or none. */
export async function mark(store: StoreClient, marks: readonly Mark[], options: StoreOptions = {}): Promise<void> {
  if (marks.length === 0) return;
  const rows = marks.map(({ atMs, ...rest }) => ({ ...rest, at_ms: Math.floor(atMs) }));
  await store.insertRows("rollups", rows, options);
}
