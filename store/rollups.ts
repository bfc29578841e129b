/**
 * rollups.ts: the job that keeps the roll-ups up to date and lets go of what has been kept long enough.
 *
 * Every closed hour of every spec whose raw rows are not all rolled up, be it new or changed by a late batch, is made again
 * from raw: announced, written, counted, committed (store/rollup-units.ts says why that is exact). The job may die at any
 * statement and begins again; two jobs on one store do some work twice and no harm, and mostly not even that, since an announced
 * attempt is left to who announced it for a while.
 */
import { errorCode, InputError, OperationalError } from "../core/errors.ts";
import type { StoreClient, StoreOptions } from "./client.ts";
import { EMBEDDED, type Form } from "./ddl.ts";
import { Retainer, type Retained } from "./retention.ts";
import { gathered, HOUR_FROM_MINUTES, MINUTES_FROM_RAW, ROLLUP_SETTINGS, rowsMerged, slices } from "./rollup-sql.ts";
import {
  ATTEMPT,
  COMMITTED,
  firstHour,
  HOUR_SEC,
  HOURS,
  mark,
  MINUTES,
  rawGone,
  readUnits,
  type Mark,
  type RollupTier,
  type Unit,
} from "./rollup-units.ts";
import { DEFAULT_RETENTION, type Retention, WINDOWS, WINDOWS_1H, WINDOWS_1M } from "./tables.ts";

export interface RollupsOptions {
  readonly store: StoreClient;
  readonly form?: Form;
  readonly retention?: Retention;
  /** The longest retention that any instrumentation of a spec asks for, seconds; undefined: as the tiers have it. */
  readonly retentionOf?: (spec: string) => number | undefined;
  /** Called after each run, and with what made one fail. */
  readonly onRun?: (report: RunReport) => void;
  readonly onError?: (error: unknown) => void;
  readonly now?: () => number;
  readonly random?: () => number;
  /** Time between runs; each is moved at random by up to a quarter. */
  readonly everyMs?: number;
  /** How long after its end an hour is first rolled up: what comes later makes it again. */
  readonly closeDelayMs?: number;
  /** An attempt that somebody announced is left to them for so long; none may take longer than half of it. */
  readonly leaseMs?: number;
  /** How long a read may rely on what it once found: raw rows, or a generation. */
  readonly graceMs?: number;
  /** An hour that late rows have changed is made again no sooner than this after the last time; until then raw is read. */
  readonly againAfterMs?: number;
  /** Time between looks at what is old enough to go. */
  readonly retainEveryMs?: number;
}

export interface RunReport extends Retained {
  /** Units written, of both tiers. */
  readonly computed: number;
  /** Units that failed, and are tried again by the next run. */
  readonly failed: number;
  /** Raw rows merged into minutes. */
  readonly rows: number;
  readonly tookMs: number;
}

const DEFAULTS = {
  form: EMBEDDED,
  retention: DEFAULT_RETENTION,
  everyMs: 60_000,
  closeDelayMs: 60_000,
  leaseMs: 60 * 60_000,
  graceMs: 10 * 60_000,
  againAfterMs: 10 * 60_000,
  retainEveryMs: 10 * 60_000,
};

/** The planner relies on a day of raw rows, and a tier must outlive the one that it is made of. */
function checkRetention({ rawDays, minuteDays, hourDays }: Retention): void {
  if (rawDays >= 1 && minuteDays >= rawDays && hourDays >= minuteDays) return;
  const message = `expected days of raw rows, minutes and hours that rise from 1, got ${rawDays}, ${minuteDays}, ${hourDays}`;
  throw new InputError(`set the retention: ${message}`, [{ field: "retention", code: "BAD_RANGE", message }]);
}

export class Rollups {
  readonly #options: RollupsOptions & typeof DEFAULTS;
  #retention: Retention;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #retainer: Retainer;
  readonly #stop = new AbortController();
  readonly #calls: StoreOptions = { signal: this.#stop.signal };
  /** Attempts of this job that came to nothing: nobody else is at work on them. */
  readonly #own = new Set<number>();
  #newest = 0;
  #retainedMs: number;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: RollupsOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#retention = this.#options.retention;
    checkRetention(this.#retention);
    this.#now = options.now ?? Date.now;
    this.#random = options.random ?? Math.random;
    // The first run looks too, unless there are to be no looks at all.
    this.#retainedMs = this.#options.retainEveryMs === Infinity ? this.#now() : -Infinity;
    this.#retainer = new Retainer({
      ...this.#options,
      retention: () => this.#retention,
      now: this.#now,
      calls: this.#calls,
    });
  }

  /** How long the tiers are kept, from the next look on. @returns what makes it so @throws InputError */
  retaining(retention: Retention): () => void {
    checkRetention(retention);
    return () => void (this.#retention = retention);
  }

  /** Runs from now on by itself. */
  start(): void {
    const next = (): void => {
      if (this.#stop.signal.aborted) return;
      const waitMs = this.#options.everyMs * (0.75 + this.#random() / 2);
      this.#timer = setTimeout(() => {
        this.#running = this.#attempt().then(next);
      }, waitMs);
      this.#timer.unref();
    };
    next();
  }

  /** Ends what is under way where it stands, which costs nothing but its repetition. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#stop.abort();
    await this.#running;
  }

  async #attempt(): Promise<void> {
    try {
      this.#options.onRun?.(await this.runOnce());
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#options.onError?.(error);
    }
  }

  /** Rolls up what is due, then drops what is old. @throws OperationalError of the store when nothing more can be done */
  async runOnce(): Promise<RunReport> {
    const startedMs = performance.now();
    const tally = { computed: 0, failed: 0, rows: 0 };
    const due = await this.#due();
    for (let at = 0; at < due.length; at += BATCH) {
      for (const attempts of await this.#announce(due.slice(at, at + BATCH))) await this.#makeAll(attempts, tally);
    }
    const retained = await this.#retain();
    return { ...tally, ...retained, tookMs: performance.now() - startedMs };
  }

  async #retain(): Promise<Retained> {
    if (this.#now() - this.#retainedMs < this.#options.retainEveryMs) return { dropped: 0, waiting: 0, swept: 0 };
    const retained = await this.#retainer.run();
    this.#retainedMs = this.#now();
    return retained;
  }

  /** Closed hours whose roll-ups lack rows, the newest first: those are asked for most. */
  async #due(): Promise<Unit[]> {
    const { store, closeDelayMs, againAfterMs } = this.#options;
    const nowMs = this.#now();
    const toTs = Math.floor((nowMs - closeDelayMs) / 1000 / HOUR_SEC) * HOUR_SEC;
    const fromTs = await firstHour(store, WINDOWS.name, this.#calls);
    if (fromTs >= toTs) return [];
    const units = await readUnits(store, { fromTs, toTs }, this.#calls);
    const stale = units.filter(
      (unit) =>
        !rawGone(unit) &&
        unit.rawRows > 0 &&
        !isCurrent(unit) &&
        (minutesAreCurrent(unit) || nowMs - (unit.minutes?.atMs ?? -Infinity) >= againAfterMs),
    );
    const taken = stale.length === 0 ? new Set<string>() : await this.#taken(fromTs, nowMs);
    return stale
      .filter(({ spec, hour }) => !taken.has(`${hour} ${spec}`))
      .sort((a, b) => b.hour - a.hour || (a.spec < b.spec ? -1 : 1));
  }

  /** Units that another job has announced and not yet committed. */
  async #taken(fromTs: number, nowMs: number): Promise<Set<string>> {
    const rows = await this.#options.store.query<{ spec: string; h: number; g: number }>(
      `SELECT spec, toUnixTimestamp(hour) AS h, toFloat64(generation) AS g FROM rollups
       WHERE hour >= toDateTime({from:UInt32}, 'UTC')
       GROUP BY spec, hour, tier, generation
       HAVING max(state) = ${ATTEMPT} AND max(at_ms) > {since:Int64}`,
      { from: fromTs, since: nowMs - this.#options.leaseMs },
      this.#calls,
    );
    return new Set(rows.filter(({ g }) => !this.#own.has(g)).map(({ spec, h }) => `${h} ${spec}`));
  }

  /** @returns attempts that one statement can make, together */
  async #announce(units: readonly Unit[]): Promise<Attempt[][]> {
    const atMs = this.#now();
    // Hours whose minutes hold have their generations from elsewhere, and are made one by one.
    const groups = [
      ...gathered(units.filter((unit) => !minutesAreCurrent(unit))),
      ...units.filter(minutesAreCurrent).map((unit) => [unit]),
    ].map((group): Attempt[] => {
      const [minutes, hours] = [this.#generations(atMs, group.length), this.#generations(atMs, group.length)];
      return group.map((unit, i) => ({ unit, atMs, minutes: minutes + i, hours: hours + i }));
    });
    const announced = groups.flat().flatMap(({ unit, minutes, hours }): Mark[] => {
      const of = (tier: RollupTier, generation: number): Mark => {
        this.#own.add(generation);
        return { spec: unit.spec, hour: unit.hour, tier, generation, state: ATTEMPT, rows: 0, atMs };
      };
      return minutesAreCurrent(unit) ? [of(HOURS, hours)] : [of(MINUTES, minutes), of(HOURS, hours)];
    });
    await mark(this.#options.store, announced, this.#calls);
    return groups;
  }

  /**
   * The first of so many numbers in a row, unlike those of any other attempt, and rising: milliseconds and ten bits of chance fit a
   * double.
   */
  #generations(atMs: number, count: number): number {
    const first = Math.max(this.#newest + 1, Math.floor(atMs) * 1024 + Math.floor(this.#random() * 1024));
    this.#newest = first + count - 1;
    return first;
  }

  /** Together, which costs little more than one; if that fails one by one, so that one unit's failure leaves the others. */
  async #makeAll(attempts: readonly Attempt[], tally: Tally): Promise<void> {
    if (attempts.length > 1) {
      try {
        await this.#make(attempts, tally);
        return;
      } catch (error) {
        if (isFatal(error)) throw error;
      }
    }
    for (const attempt of attempts) {
      try {
        await this.#make([await this.#again(attempt, attempts.length > 1)], tally);
      } catch (error) {
        if (isFatal(error)) throw error;
        tally.failed += 1;
        this.#options.onError?.(error);
      }
    }
  }

  /** An attempt with generations of its own, since rows of its first ones may be there. */
  async #again(attempt: Attempt, isNew: boolean): Promise<Attempt> {
    if (!isNew) return attempt;
    const [[fresh] = []] = await this.#announce([attempt.unit]);
    if (fresh === undefined) throw new Error("an announced unit has an attempt");
    return fresh;
  }

  /** @param attempts of units side by side, ascending; more than one: none of whose minutes hold */
  async #make(attempts: readonly Attempt[], tally: Tally): Promise<void> {
    const [first] = attempts;
    if (first === undefined) return;
    let source = first.unit.minutes?.generation ?? 0;
    if (!minutesAreCurrent(first.unit)) {
      const made = await this.#minutes(attempts);
      source = first.minutes;
      tally.computed += made.length;
      tally.rows += made.reduce((sum, { rows }) => sum + rows, 0);
    }
    await this.#hours(attempts, source);
    tally.computed += attempts.length;
  }

  async #minutes(attempts: readonly Attempt[]): Promise<Mark[]> {
    const range = rangeOf(attempts);
    const { spec, from, to } = range;
    const generation = attempts[0]?.minutes ?? 0;
    const [only, ...more] = attempts;
    const parts = only !== undefined && more.length === 0 ? slices(only.unit.hour, only.unit.rawRows) : [[from, to]];
    for (const [begin, end] of parts) {
      const params = { spec, from: begin, to: end, first: from, generation };
      await this.#options.store.command(MINUTES_FROM_RAW, params, this.#writing());
    }
    return this.#commit(attempts, MINUTES);
  }

  /** @param source the generation of the first unit's minutes */
  async #hours(attempts: readonly Attempt[], source: number): Promise<void> {
    const range = rangeOf(attempts);
    const params = { ...range, first: range.from, source, generation: attempts[0]?.hours ?? 0 };
    await this.#options.store.command(HOUR_FROM_MINUTES, params, this.#writing());
    await this.#commit(attempts, HOURS);
  }

  #writing(): StoreOptions {
    return { ...this.#calls, settings: ROLLUP_SETTINGS };
  }

  /** Says what the rows written have merged, and makes them the ones that are read. A sealed unit stays sealed. */
  async #commit(attempts: readonly Attempt[], tier: RollupTier): Promise<Mark[]> {
    const { store, leaseMs } = this.#options;
    const table = tier === MINUTES ? WINDOWS_1M.name : WINDOWS_1H.name;
    const generationOf = (attempt: Attempt): number => (tier === MINUTES ? attempt.minutes : attempt.hours);
    const range = rangeOf(attempts);
    const [first] = attempts;
    const params = { ...range, generation: first === undefined ? 0 : generationOf(first) };
    const answer = await store.query<{ h: number; merged: number }>(rowsMerged(table), params, this.#calls);
    const rows = new Map(answer.map(({ h, merged }) => [h, merged]));
    const atMs = this.#now();
    const committed = attempts.map((attempt): Mark => {
      const { unit } = attempt;
      // Past its lease its rows may be swept away as those of a dead job.
      if (leaseMs > 0 && atMs - attempt.atMs > leaseMs / 2) {
        throw new OperationalError("ROLLUP_TOO_SLOW", `roll up ${unit.spec} at ${unit.hour}`);
      }
      const was = (tier === MINUTES ? unit.minutes : unit.hours)?.state ?? COMMITTED;
      const { spec, hour } = unit;
      const generation = generationOf(attempt);
      return { spec, hour, tier, generation, state: Math.max(COMMITTED, was), rows: rows.get(hour) ?? 0, atMs };
    });
    await mark(store, committed, this.#calls);
    for (const { generation } of committed) this.#own.delete(generation);
    return committed;
  }
}

function rangeOf(attempts: readonly Attempt[]): { spec: string; from: number; to: number } {
  const [first, last] = [attempts[0]?.unit, attempts.at(-1)?.unit];
  return { spec: first?.spec ?? "", from: first?.hour ?? 0, to: (last?.hour ?? 0) + HOUR_SEC };
}

/** Without a store there is nothing more to do, nor after a bug. */
function isFatal(error: unknown): boolean {
  const code = errorCode(error);
  return code === undefined || code === "STORE_UNAVAILABLE" || code === "STORE_ABORTED";
}

type Tally = { -readonly [K in "computed" | "failed" | "rows"]: RunReport[K] };

interface Attempt {
  readonly unit: Unit;
  readonly atMs: number;
  /** Generations. */
  readonly minutes: number;
  readonly hours: number;
}

/** Units announced at once. */
const BATCH = 50;

function minutesAreCurrent({ rawRows, minutes }: Unit): boolean {
  return minutes !== null && minutes.rows === rawRows;
}

function isCurrent(unit: Unit): boolean {
  return minutesAreCurrent(unit) && unit.hours !== null && unit.hours.rows === unit.rawRows;
}
