/**
 * import-store.ts: hours of history into the hour tier, each whole or not at all.
 *
 * An imported hour is stored as one whose raw rows and minutes have been let go: rows of `windows_1h` under a generation, and two
 * marks in `rollups` that say DROPPED (store/rollup-units.ts). Every reader knows such hours, so nothing else changes. The steps are
 * those of the roll-up job, and so is what they promise: the attempt is announced, the rows are written, they are counted, and one
 * insert commits them. What a crash leaves behind is never read, and is swept by the job; a second run goes on, since what is
 * committed is known and compared with what comes again.
 *
 * Only hours that ended 48 hours ago are taken: of those ingest takes nothing any more, so that nothing is counted twice.
 */
import { OperationalError } from "../core/errors.ts";
import type { CheckedHour } from "../core/hours.ts";
import { LATE_SEC } from "../ingest/late.ts";
import type { StoreClient } from "../store/client.ts";
import {
  ATTEMPT,
  DROPPED,
  HOUR_SEC,
  HOURS,
  mark,
  MINUTES,
  readUnits,
  type Mark,
  type RollupTier,
} from "../store/rollup-units.ts";
import { WINDOWS_1H } from "../store/tables.ts";
import { encodeHours, rawRowsOf, type OwnerOf, type SpecHours } from "./import-rows.ts";

export interface ImportReport {
  /** Hours stored by this run, and those that were there already, the same. */
  hours: number;
  known: number;
  /** Rows of the hour tier written. */
  rows: number;
}

export class HourStore {
  readonly #store: StoreClient;
  readonly #nowMs: () => number;
  readonly report: ImportReport = { hours: 0, known: 0, rows: 0 };
  #newest = 0;

  constructor(store: StoreClient, nowMs: () => number = Date.now) {
    this.#store = store;
    this.#nowMs = nowMs;
  }

  /**
   * Stores hours, ascending in each part.
   *
   * @throws OperationalError IMPORT_TOO_NEW, IMPORT_CONFLICT; then nothing of these hours has been stored
   */
  async put(all: readonly SpecHours[], ownerOf: OwnerOf): Promise<void> {
    const unknown = await Promise.all(all.map(async (each) => ({ ...each, hours: await this.#unknown(each) })));
    const parts = unknown.filter(({ hours }) => hours.length > 0);
    if (parts.length === 0) return;
    const atMs = this.#nowMs();
    const generation = (this.#newest = Math.max(this.#newest + 1, atMs * 1024));
    const marks = (state: number, tier: RollupTier): Mark[] =>
      parts.flatMap(({ spec, hours }) =>
        hours.map((hour) => {
          const rows = state === ATTEMPT ? 0 : rawRowsOf(hour);
          return { spec, hour: hour.ts, tier, generation, state, rows, atMs };
        }),
      );
    await mark(this.#store, marks(ATTEMPT, HOURS));
    const { bytes, rows } = encodeHours(parts, generation, ownerOf);
    await this.#store.insertArrow(WINDOWS_1H.name, bytes);
    await Promise.all(parts.map((part) => this.#count(part, generation)));
    await mark(this.#store, [...marks(DROPPED, MINUTES), ...marks(DROPPED, HOURS)]);
    for (const { hours } of parts) this.report.hours += hours.length;
    this.report.rows += rows;
  }

  /** The hours that are not there yet. */
  async #unknown({ spec, hours }: SpecHours): Promise<readonly CheckedHour[]> {
    const first = hours[0]?.ts ?? 0;
    const last = hours.at(-1)?.ts ?? 0;
    if (last + HOUR_SEC > this.#nowMs() / 1000 - LATE_SEC) {
      const message = `import the hour ${isoOf(last)}: only hours that ended 48 hours ago are taken`;
      throw new OperationalError("IMPORT_TOO_NEW", message);
    }
    const units = await readUnits(this.#store, { spec, fromTs: first, toTs: last + HOUR_SEC });
    const there = new Map(units.map((unit) => [unit.hour, unit]));
    const again = hours.filter(({ ts }) => there.has(ts));
    if (again.length === 0) return hours;
    const sums = await this.#sums(
      spec,
      first,
      last,
      [...there.values()].flatMap((unit) => unit.hours?.generation ?? []),
    );
    for (const hour of again) {
      if (there.get(hour.ts)?.rawRows === 0 && (sums.get(hour.ts) ?? NOTHING) === sumOf(hour)) continue;
      const message = `import the hour ${isoOf(hour.ts)} of spec ${spec}: the store has it, and otherwise`;
      throw new OperationalError("IMPORT_CONFLICT", message);
    }
    this.report.known += again.length;
    return hours.filter(({ ts }) => !there.has(ts));
  }

  /** What is stored of hours, so far that two unlike hours have unlike sums but by design. */
  async #sums(spec: string, first: number, last: number, generations: readonly number[]): Promise<Map<number, string>> {
    if (generations.length === 0) return new Map();
    const rows = await this.#store.query<{ h: number; sums: string }>(
      `SELECT toUnixTimestamp(ts) AS h, concat(toString(count()), ' ', toString(sum(rows)), ' ', toString(sum(value)), ' ',
         toString(sum(arraySum(count))), ' ', toString(sum(arraySum((b, c) -> toInt64(b) * toInt64(c), bucket, count)))) AS sums
       FROM ${WINDOWS_1H.name}
       WHERE spec = {spec:String} AND ts >= toDateTime({first:UInt32}, 'UTC') AND ts <= toDateTime({last:UInt32}, 'UTC')
         AND generation IN (${[...new Set(generations)].map((each) => String(each)).join(", ")})
       GROUP BY h`,
      { spec, first, last },
    );
    return new Map(rows.map(({ h, sums }) => [h, sums]));
  }

  /** @throws OperationalError IMPORT_INCOMPLETE where not all rows arrived */
  async #count({ spec, hours }: SpecHours, generation: number): Promise<void> {
    const sums = await this.#sums(spec, hours[0]?.ts ?? 0, hours.at(-1)?.ts ?? 0, [generation]);
    for (const hour of hours) {
      // An hour in which nobody was watched has no rows.
      if ((sums.get(hour.ts) ?? NOTHING) === sumOf(hour)) continue;
      throw new OperationalError("IMPORT_INCOMPLETE", `import the hour ${isoOf(hour.ts)} of spec ${spec}`);
    }
  }
}

const NOTHING = "0 0 0 0 0";

function sumOf(hour: CheckedHour): string {
  let [value, count, weight] = [0n, 0, 0];
  let covered = 0;
  for (const ticks of hour.ticks.values()) if (ticks > 0) covered += 1;
  for (const row of hour.rows) {
    value += row.value;
    for (let i = 0; i < row.bucket.length; i++) {
      count += row.count[i] ?? 0;
      weight += (row.bucket[i] ?? 0) * (row.count[i] ?? 0);
    }
  }
  return [covered + hour.rows.length, rawRowsOf(hour), value, count, weight].join(" ");
}

function isoOf(ts: number): string {
  return `${new Date(ts * 1000).toISOString().slice(0, 13)}:00Z`;
}
