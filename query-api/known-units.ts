/**
 * known-units.ts: what is known of the hours of a range, of which whole days of the past are asked for once.
 *
 *   range ──▶ past days: marks ──▶ the same as remembered? ──no──▶ the look at their hours (store/rollup-units.ts)
 *         └─▶ the rest:  the look at its hours, side by side with the marks
 *
 * The look costs as much as there are parts of the table, which a month has dozens of; a day's mark costs nearly nothing: how many
 * rows the table has of that day, of any spec, which the heads of its parts say, and a digest of the day's roll-ups. Raw rows are
 * only ever added, and go only once the roll-ups say so, so equal marks are equal hours. A mark is read before what it stands for.
 */
import type { StoreClient, StoreOptions } from "../store/client.ts";
import { DAY_SEC, readUnits, type Unit } from "../store/rollup-units.ts";
import type { Range } from "./sql.ts";

type Units = Map<number, Unit>;

interface Remembered {
  readonly mark: string;
  readonly units: readonly Unit[];
}

/** Of two days or fewer the look itself is as cheap. */
const WORTH_DAYS = 3;
/** Two years of five specs. */
const MAX_DAYS = 3650;

const byStore = new WeakMap<StoreClient, Map<string, Remembered>>();

/**
 * @param range whole hours
 * @param pastTs whole days: before it rows are rare enough for days to be remembered
 */
export async function knownUnits(
  store: StoreClient,
  spec: string,
  range: Range,
  pastTs: number,
  options: StoreOptions,
): Promise<Units> {
  const look = (part: Range): Promise<Unit[]> =>
    part.fromTs < part.toTs ? readUnits(store, { spec, ...part }, options) : Promise.resolve([]);
  const past = {
    fromTs: Math.ceil(range.fromTs / DAY_SEC) * DAY_SEC,
    toTs: Math.floor(Math.min(range.toTs, pastTs) / DAY_SEC) * DAY_SEC,
  };
  if (past.toTs - past.fromTs < WORTH_DAYS * DAY_SEC) return byHour(await look(range));
  const [before, marks, after] = await Promise.all([
    look({ fromTs: range.fromTs, toTs: past.fromTs }),
    readMarks(store, spec, past, options),
    look({ fromTs: past.toTs, toTs: range.toTs }),
  ]);
  const memory = memoryOf(store);
  const units = [...before, ...after];
  const changed: number[] = [];
  for (let day = past.fromTs; day < past.toTs; day += DAY_SEC) {
    const remembered = memory.get(`${spec} ${day}`);
    // Of a day without a mark there is nothing.
    if (remembered?.mark !== marks.get(day)) changed.push(day);
    else units.push(...(remembered?.units ?? []));
  }
  const found = await look({ fromTs: changed[0] ?? 0, toTs: (changed.at(-1) ?? -DAY_SEC) + DAY_SEC });
  for (const day of changed) {
    const ofDay = found.filter(({ hour }) => hour >= day && hour < day + DAY_SEC);
    units.push(...ofDay);
    remember(memory, `${spec} ${day}`, marks.get(day), ofDay);
  }
  return byHour(units);
}

/** Of each day that has any row in either table; a day is the begin of one. */
async function readMarks(
  store: StoreClient,
  spec: string,
  { fromTs, toTs }: Range,
  options: StoreOptions,
): Promise<Map<number, string>> {
  // By the partitions' own key: only then do the heads of the parts answer.
  const rows = await store.query<{ d: number; mark: string }>(
    `SELECT d, arrayStringConcat(arraySort(groupArray(m)), ' ') AS mark FROM (
       SELECT toYYYYMMDD(ts) AS d, concat('rows ', toString(count())) AS m FROM windows
       WHERE toYYYYMMDD(ts) >= toYYYYMMDD(toDateTime({from:UInt32}, 'UTC')) AND toYYYYMMDD(ts) < toYYYYMMDD(toDateTime({to:UInt32}, 'UTC'))
       GROUP BY d
       UNION ALL
       SELECT toYYYYMMDD(hour) AS d, concat('tiers ', toString(sum(cityHash64(tier, hour, generation, state, rows, at_ms)))) AS m
       FROM rollups
       WHERE spec = {spec:String} AND hour >= toDateTime({from:UInt32}, 'UTC') AND hour < toDateTime({to:UInt32}, 'UTC') GROUP BY d
     ) GROUP BY d`,
    { spec, from: fromTs, to: toTs },
    options,
  );
  return new Map(rows.map(({ d, mark }) => [dayOf(d), mark]));
}

/** From 20261123 to its begin, epoch seconds. */
function dayOf(digits: number): number {
  return Date.UTC(Math.floor(digits / 10_000), (Math.floor(digits / 100) % 100) - 1, digits % 100) / 1000;
}

function memoryOf(store: StoreClient): Map<string, Remembered> {
  let memory = byStore.get(store);
  if (memory === undefined) byStore.set(store, (memory = new Map<string, Remembered>()));
  return memory;
}

/** The days that were read longest ago go first. @param mark undefined: the day has nothing any more */
function remember(
  memory: Map<string, Remembered>,
  key: string,
  mark: string | undefined,
  units: readonly Unit[],
): void {
  memory.delete(key);
  if (mark === undefined) return;
  memory.set(key, { mark, units });
  if (memory.size > MAX_DAYS) memory.delete(memory.keys().next().value ?? "");
}

function byHour(units: readonly Unit[]): Units {
  return new Map(units.map((unit) => [unit.hour, unit]));
}
