/**
 * retention.ts: lets go of what has been kept long enough, by whole days, and never of what is not safely in the next tier.
 *
 * A day of raw rows goes when all its hours are in both roll-ups, row for row; a day of minutes when they are in the hours.
 * Each goes in steps that a run takes one at a time: sealed (readers turn away), dropped (after the grace), told to be dropped.
 * Dropping a partition needs no disk, so a full one empties. What an hour's retention ends simply ends, by months.
 */
import type { StoreClient, StoreOptions } from "./client.ts";
import { deleteRows, digits, dropPartition, type Form } from "./ddl.ts";
import {
  ATTEMPT,
  DAY_SEC,
  DROPPED,
  firstHour,
  HOURS,
  mark,
  MINUTES,
  readUnits,
  SEALED,
  type Generation,
  type Mark,
  type RollupTier,
  type Unit,
} from "./rollup-units.ts";
import { ROLLUPS, WINDOWS, WINDOWS_1H, WINDOWS_1M, type Retention, type Table } from "./tables.ts";

export interface Retained {
  /** Partitions dropped. */
  readonly dropped: number;
  /** Days that are old enough to go but are not yet in the next tier. */
  readonly waiting: number;
  /** Generations deleted that nobody reads. */
  readonly swept: number;
}

interface RetainerOptions {
  readonly store: StoreClient;
  readonly form: Form;
  /** Asked at each run: it may be changed meanwhile. */
  readonly retention: () => Retention;
  readonly retentionOf?: (spec: string) => number | undefined;
  readonly now: () => number;
  readonly graceMs: number;
  readonly leaseMs: number;
  readonly calls: StoreOptions;
}

export class Retainer {
  readonly #options: RetainerOptions;

  constructor(options: RetainerOptions) {
    this.#options = options;
  }

  async run(): Promise<Retained> {
    const swept = await this.#sweep();
    const { rawDays, minuteDays, hourDays } = this.#options.retention();
    const raw = await this.#letGo(await this.#units(WINDOWS, rawDays), WINDOWS, MINUTES);
    const oldMinutes = await this.#units(WINDOWS_1M, minuteDays);
    const minutes = await this.#letGo(oldMinutes, WINDOWS_1M, HOURS);
    const ended = await this.#end(await this.#units(WINDOWS_1H, hourDays));
    await this.#forget();
    return { dropped: raw.dropped + minutes.dropped + ended, waiting: raw.waiting + minutes.waiting, swept };
  }

  /** What is known of the hours of a table that are older than it is kept, or have been until lately. */
  async #units(table: Table, days: number): Promise<Unit[]> {
    const { store, calls } = this.#options;
    const toTs = this.#before(days);
    const fromTs = Math.min(await firstHour(store, table.name, calls), Math.max(0, toTs - LATELY_SEC));
    return readUnits(store, { fromTs, toTs }, calls);
  }

  /** The begin of the first day that is kept. */
  #before(days: number): number {
    return Math.max(0, Math.floor(this.#options.now() / 1000 / DAY_SEC - days) * DAY_SEC);
  }

  /** Takes each day of `source` one step further. @param tier whose marks tell how far a day has come */
  async #letGo(units: readonly Unit[], source: Table, tier: RollupTier): Promise<{ dropped: number; waiting: number }> {
    let dropped = 0;
    let waiting = 0;
    for (const [day, ofDay] of byDay(units)) {
      const step = nextStep(ofDay, tier, this.#options.now(), this.#options.graceMs);
      if (step === "wait") waiting += 1;
      if (step === "seal") await this.#mark(ofDay, tier, SEALED);
      if (step === "told" && !(await this.#isThere(source, day))) await this.#mark(ofDay, tier, DROPPED);
      if (step === "drop" || (step === "told" && (await this.#isThere(source, day)))) {
        await this.#drop(source, yyyymmdd(day));
        dropped += 1;
      }
    }
    return { dropped, waiting };
  }

  async #mark(units: readonly Unit[], tier: RollupTier, state: number): Promise<void> {
    const atMs = this.#options.now();
    const marks = units.flatMap((unit): Mark[] => {
      const last = lastOf(unit, tier);
      if (last === null || last.state >= state) return [];
      const { spec, hour } = unit;
      return [{ spec, hour, tier, generation: last.generation, rows: last.rows, state, atMs }];
    });
    await mark(this.#options.store, marks, this.#options.calls);
  }

  async #isThere(table: Table, day: number): Promise<boolean> {
    const [row] = await this.#options.store.query<{ found: number }>(
      `SELECT toUInt8(count() > 0) AS found FROM (
         SELECT 1 FROM ${table.name} WHERE ts >= toDateTime({day:UInt32}, 'UTC')
           AND ts < toDateTime({day:UInt32} + ${DAY_SEC}, 'UTC') LIMIT 1)`,
      { day },
      this.#options.calls,
    );
    return row?.found === 1;
  }

  async #drop(table: Table, partition: number): Promise<void> {
    await this.#options.store.command(dropPartition(table, partition, this.#options.form), {}, this.#options.calls);
  }

  /** What is older than the last tier is kept ends: months of hours and of marks, days of raw rows that came too late. */
  async #end(units: readonly Unit[]): Promise<number> {
    const firstKept = yyyymm(this.#before(this.#options.retention().hourDays));
    const ended = units.filter(({ hour }) => yyyymm(hour) < firstKept);
    const days = new Set(ended.filter(({ rawRows }) => rawRows > 0).map(({ hour }) => yyyymmdd(hour)));
    const months = new Set(ended.filter(({ hours }) => hours !== null).map(({ hour }) => yyyymm(hour)));
    for (const day of days) await this.#drop(WINDOWS, day);
    for (const month of months) {
      await this.#drop(WINDOWS_1H, month);
      // Last, since it is what a run after a crash finds the others by.
      await this.#drop(ROLLUPS, month);
    }
    return days.size + months.size;
  }

  /**
   * Deletes roll-ups of specs that no instrumentation wants for so long, a month at once. Raw rows stay for their day's end: other
   * specs share their partition, and rewriting it costs more than the disk. Nobody can read any of them meanwhile, since a read
   * never goes back further than its instrumentation's retention (query-api/planner.ts).
   */
  async #forget(): Promise<void> {
    const { retentionOf, now, form, calls, store, retention } = this.#options;
    if (retentionOf === undefined) return;
    // Where raw rows are still there the roll-ups stay as well: one without the other would look like a loss.
    const rawGoneTs = this.#before(retention().rawDays + 1);
    const months = await store.query<{ spec: string; ts: number }>(
      "SELECT DISTINCT spec, toUnixTimestamp(toDateTime(toStartOfMonth(hour), 'UTC')) AS ts FROM rollups",
      {},
      calls,
    );
    for (const { spec, ts } of months) {
      const sec = retentionOf(spec);
      const toTs = nextMonth(ts);
      if (sec === undefined || toTs > Math.min(rawGoneTs, now() / 1000 - sec)) continue;
      const days = await store.query<{ day: number }>(
        `SELECT DISTINCT toYYYYMMDD(ts) AS day FROM ${WINDOWS_1M.name} WHERE spec = {spec:String}
         AND ts >= toDateTime({from:UInt32}, 'UTC') AND ts < toDateTime({to:UInt32}, 'UTC')`,
        { spec, from: ts, to: toTs },
        calls,
      );
      const partitions = [
        ...days.map(({ day }) => [WINDOWS_1M, day] as const),
        [WINDOWS_1H, yyyymm(ts)] as const,
        // Last, since it is what a run after a crash finds the others by.
        [ROLLUPS, yyyymm(ts)] as const,
      ];
      for (const [table, partition] of partitions) {
        await store.command(deleteRows(table, partition, "spec = {spec:String}", form), { spec }, calls);
      }
    }
  }

  /** Deletes the rows of generations that a newer one has replaced, or that were never committed, once no reader can want them. */
  async #sweep(): Promise<number> {
    const { now, graceMs, leaseMs, store, calls } = this.#options;
    const found = await store.query<{ spec: string; tier: number; h: number; all: [number, number, number][] }>(
      `SELECT spec, tier, h, groupArray((g, s, a)) AS all FROM (
         SELECT spec, tier, toUnixTimestamp(hour) AS h, toFloat64(generation) AS g, max(state) AS s, toFloat64(max(at_ms)) AS a
         FROM rollups GROUP BY spec, tier, hour, generation
       ) GROUP BY spec, tier, h HAVING count() > 1 OR max(s) = ${ATTEMPT}`,
      {},
      calls,
    );
    const dead = found.flatMap(({ spec, tier, h, all }) =>
      deadOf(all, now(), graceMs, leaseMs).map((generation): Dead => ({ spec, tier, hour: h, generation })),
    );
    const minutes = dead.filter(({ tier }) => tier === MINUTES);
    const hours = dead.filter(({ tier }) => tier === HOURS);
    await this.#deleteDead(WINDOWS_1M, minutes, yyyymmdd);
    await this.#deleteDead(WINDOWS_1H, hours, yyyymm);
    // Last: without their marks nobody would find the rows again.
    await this.#deleteDead(ROLLUPS, dead, yyyymm);
    return dead.length;
  }

  /** One mutation for many, since each rewrites its partition. */
  async #deleteDead(table: Table, dead: readonly Dead[], partitionOf: (ts: number) => number): Promise<void> {
    const { form, store, calls } = this.#options;
    const byPartition = new Map<number, Dead[]>();
    for (const each of dead) {
      const partition = partitionOf(each.hour);
      byPartition.set(partition, [...(byPartition.get(partition) ?? []), each]);
    }
    for (const [partition, all] of byPartition) {
      for (let at = 0; at < all.length; at += AT_ONCE) {
        const some = all.slice(at, at + AT_ONCE);
        const list = some.map(({ generation }) => digits(generation)).join(", ");
        // Two jobs might give one number to attempts at two specs.
        const where = `generation IN (${list}) AND has({pairs:Array(String)}, concat(toString(generation), ' ', spec))`;
        const pairs = some.map(({ generation, spec }) => `${generation} ${spec}`);
        await store.command(deleteRows(table, partition, where, form), { pairs }, calls);
      }
    }
  }
}

interface Dead {
  readonly spec: string;
  readonly tier: number;
  /** Epoch seconds. */
  readonly hour: number;
  readonly generation: number;
}

/** Generations of one statement: their names travel in its URL. */
const AT_ONCE = 100;

/** Days that have been dropped are looked at for so long: until they are marked so. */
const LATELY_SEC = 14 * DAY_SEC;

type Step = "wait" | "rest" | "seal" | "drop" | "told";

/** How a day of a tier's source goes on. */
function nextStep(all: readonly Unit[], tier: RollupTier, nowMs: number, graceMs: number): Step {
  // An imported hour has never had a source (cli/import-store.ts): the others of its day do not wait for it.
  const units = all.filter((unit) => lastOf(unit, tier)?.state !== DROPPED);
  if (units.length === 0) return "rest";
  const last = units.map((unit) => lastOf(unit, tier));
  const sealed = last.every((each) => (each?.state ?? ATTEMPT) >= SEALED);
  const sinceMs = Math.max(...last.map((each) => each?.atMs ?? nowMs));
  const old = sealed && nowMs - sinceMs >= graceMs;
  if (tier === MINUTES) {
    // Fewer raw rows than were merged: this day has been dropped.
    if (sealed && units.some(({ rawRows, minutes }) => rawRows < (minutes?.rows ?? 0))) {
      return old ? "told" : "rest";
    }
    if (!units.every(isWhole)) return "wait";
  } else if (!units.every(({ minutes, hours }) => minutes !== null && hours?.rows === minutes.rows)) return "wait";
  if (!sealed) return "seal";
  if (!old) return "rest";
  return tier === MINUTES ? "drop" : "told";
}

/** Whether both roll-ups have every raw row that there is. */
function isWhole({ rawRows, minutes, hours }: Unit): boolean {
  return minutes?.rows === rawRows && hours?.rows === rawRows;
}

function lastOf(unit: Unit, tier: RollupTier): Generation | null {
  return tier === MINUTES ? unit.minutes : unit.hours;
}

/** Generations that are not read: by state and age the newest is. */
function deadOf(
  all: readonly (readonly [generation: number, state: number, atMs: number])[],
  nowMs: number,
  graceMs: number,
  leaseMs: number,
): number[] {
  const read = [...all].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0];
  return all
    .filter(([generation, state, atMs]) => {
      if (state === ATTEMPT) return nowMs - atMs > leaseMs;
      // From when the newer one was there.
      return read !== undefined && generation !== read[0] && nowMs - Math.max(atMs, read[2]) > graceMs;
    })
    .map(([generation]) => generation);
}

function byDay(units: readonly Unit[]): Map<number, Unit[]> {
  const days = new Map<number, Unit[]>();
  for (const unit of units) {
    const day = Math.floor(unit.hour / DAY_SEC) * DAY_SEC;
    const list = days.get(day);
    if (list === undefined) days.set(day, [unit]);
    else list.push(unit);
  }
  return days;
}

function yyyymmdd(ts: number): number {
  return Number(new Date(ts * 1000).toISOString().slice(0, 10).replaceAll("-", ""));
}

function yyyymm(ts: number): number {
  return Math.floor(yyyymmdd(ts) / 100);
}

/** The begin of the month after the one that begins at `ts`. */
function nextMonth(ts: number): number {
  const at = new Date(ts * 1000);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1) / 1000;
}
