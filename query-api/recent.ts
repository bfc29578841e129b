/**
 * recent.ts: the last two minutes in memory, as ingest stored them: what live columns are made of.
 *
 * One subscription to the feed serves all viewers. A column is *whole* here when everything stored for it must have passed
 * through: from two seconds after the subscription began, or after the feed's last gap, and within the time kept. For older
 * columns the store is asked.
 */
import { textAt } from "../core/batch-builder.ts";
import { matches, type Predicate } from "../core/predicate.ts";
import { KIND_COVERAGE, type AttributedBatch, type LiveFeed, type StoredBatch } from "../core/window.ts";
import type { ColumnCoverage } from "./columns.ts";

export interface Touched {
  readonly spec: string;
  readonly ts: number;
}

/** Rows [from, to) of a batch, which follow each other there: an object for each row of a fleet's two minutes is what fills a heap. */
interface Run {
  readonly batch: AttributedBatch;
  readonly from: number;
  readonly to: number;
}

interface RecentColumn {
  readonly windows: Run[];
  readonly coverage: Run[];
  rows: number;
}

export interface RecentCoverage extends ColumnCoverage {
  /** When the last window of the column ended, by its host's clock. */
  readonly endedMs: number | null;
}

const KEEP_SEC = 120;
/** A host's clock may be ahead by so much, and what it sends then be of a column that has not begun here. */
const WHOLE_AFTER_SEC = 2;
/** Rows kept at most; beyond it the oldest columns go, and the store answers for them. */
const MAX_ROWS = 2_000_000;

export class Recent {
  readonly #now: () => number;
  /** Columns by spec, then by ts. */
  readonly #columns = new Map<string, Map<number, RecentColumn>>();
  readonly #seen = new Set<string>();
  readonly #listeners = new Set<(touched: readonly Touched[]) => void>();
  readonly #gapListeners = new Set<(fromTs: number, toTs: number) => void>();
  #floorTs: number;
  #rows = 0;

  constructor(feed: LiveFeed, now: () => number = Date.now) {
    this.#now = now;
    this.#floorTs = Math.floor(now() / 1000) + WHOLE_AFTER_SEC;
    feed.subscribe(
      (stored) => this.#take(stored),
      (sinceMs) => this.#lose(sinceMs),
    );
  }

  /** Columns from here on are whole. */
  get floorTs(): number {
    return this.#floorTs;
  }

  /** Calls back with the columns that a stored batch added to. @returns the end of the subscription */
  onTouched(listener: (touched: readonly Touched[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Calls back with the columns, of all specs, that may have got more than passed through here: those in [fromTs, toTs) are as
   * the store has them, now or as soon as a batch touches them.
   *
   * @returns the end of the subscription
   */
  onGap(listener: (fromTs: number, toTs: number) => void): () => void {
    this.#gapListeners.add(listener);
    return () => this.#gapListeners.delete(listener);
  }

  /**
   * Counts by bucket in one column, of the rows that a reader may see and asked for.
   *
   * @param keyIndex where each key is found: -1 for the zone, else an index into `keys`
   */
  tally(
    spec: string,
    ts: number,
    tenant: string | null,
    where: Predicate,
    keyIndex: ReadonlyMap<string, number>,
  ): Map<number, number> {
    const tally = new Map<number, number>();
    for (const { batch, from, to } of this.#columns.get(spec)?.get(ts)?.windows ?? []) {
      const own = tenant === null ? -1 : batch.tenant.values.indexOf(tenant);
      for (let row = from; row < to; row++) {
        if (tenant !== null && batch.tenant.codes[row] !== own) continue;
        if (where.op !== "true" && !matches(where, (field) => keyText(batch, row, keyIndex.get(field)))) continue;
        const end = batch.offsets[row + 1] ?? 0;
        for (let at = batch.offsets[row] ?? 0; at < end; at++) {
          const bucket = batch.bucket[at] ?? 0;
          tally.set(bucket, (tally.get(bucket) ?? 0) + (batch.count[at] ?? 0));
        }
      }
    }
    return tally;
  }

  /** Columns of a spec that are in memory, from `fromTs` on, ascending. */
  columnsFrom(spec: string, fromTs: number): number[] {
    const columns = this.#columns.get(spec)?.keys() ?? [];
    return [...columns].filter((ts) => ts >= fromTs).sort((a, b) => a - b);
  }

  /**
   * What is known of one column on these hosts; undefined where no coverage row has come.
   *
   * A host that reports a column twice, as two enablings do while one takes over from the other, has reported it once.
   */
  coverage(spec: string, ts: number, hosts: ReadonlySet<string>): RecentCoverage | undefined {
    let endedMs = 0;
    let dropped = 0;
    const known = new Set<string>();
    const watched = new Set<string>();
    const reasons = new Map<string, number>();
    for (const { batch, row } of rowsOf(this.#columns.get(spec)?.get(ts)?.coverage ?? [])) {
      const host = textAt(batch.host, row);
      if (!hosts.has(host)) continue;
      known.add(host);
      if (textAt(batch.status, row) !== "gap") watched.add(host);
      dropped += Number(batch.dropped[row] ?? 0n);
      endedMs = Math.max(endedMs, Number(batch.endedMs[row] ?? 0n));
      const reason = textAt(batch.reason, row);
      if (reason !== "") reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    if (known.size === 0) return undefined;
    const [reason = ""] = [...reasons].sort((a, b) => b[1] - a[1])[0] ?? [];
    return { ticks: watched.size, dropped, reason, endedMs: endedMs === 0 ? null : endedMs };
  }

  #take({ stream, seq, batch }: StoredBatch): void {
    const id = `${stream}:${seq}`;
    if (this.#seen.has(id)) return;
    this.#seen.add(id);
    const touched = new Map<string, Touched>();
    // A host whose clock is far ahead: nobody looks there yet, and it would stay in memory until then.
    const endTs = Math.floor(this.#now() / 1000) + KEEP_SEC;
    for (let from = 0, to; from < batch.rows; from = to) {
      to = endOfRun(batch, from);
      const ts = batch.ts[from] ?? 0;
      if (ts > endTs) continue;
      const spec = textAt(batch.spec, from);
      const key = `${spec}:${ts}`;
      if (!touched.has(key)) touched.set(key, { spec, ts });
      if (ts < this.#floorTs) continue;
      const column = this.#open(spec, ts);
      (batch.kind[from] === KIND_COVERAGE ? column.coverage : column.windows).push({ batch, from, to });
      column.rows += to - from;
      this.#rows += to - from;
    }
    this.#forget();
    const list = [...touched.values()];
    for (const listener of this.#listeners) listener(list);
  }

  /** Batches stored since then did not come: nothing in memory is whole, until columns that began after now. */
  #lose(sinceMs: number): void {
    const toTs = Math.floor(this.#now() / 1000) + WHOLE_AFTER_SEC;
    this.#raiseFloor(toTs);
    const fromTs = Math.min(Math.floor(sinceMs / 1000), toTs) - KEEP_SEC;
    for (const listener of this.#gapListeners) listener(fromTs, toTs);
  }

  #open(spec: string, ts: number): RecentColumn {
    let columns = this.#columns.get(spec);
    if (columns === undefined) this.#columns.set(spec, (columns = new Map<number, RecentColumn>()));
    let column = columns.get(ts);
    if (column === undefined) columns.set(ts, (column = { windows: [], coverage: [], rows: 0 }));
    return column;
  }

  #forget(): void {
    this.#raiseFloor(Math.floor(this.#now() / 1000) - KEEP_SEC);
    while (this.#rows > MAX_ROWS) this.#raiseFloor(this.#floorTs + 1);
    // Batches repeat within seconds or not at all (the store answers "duplicate"), so the memory of them may be short.
    if (this.#seen.size > 10_000) this.#seen.delete(this.#seen.values().next().value ?? "");
  }

  #raiseFloor(floorTs: number): void {
    if (floorTs <= this.#floorTs) return;
    this.#floorTs = floorTs;
    for (const [spec, columns] of this.#columns) {
      for (const [ts, column] of columns) {
        if (ts >= floorTs) continue;
        this.#rows -= column.rows;
        columns.delete(ts);
      }
      if (columns.size === 0) this.#columns.delete(spec);
    }
  }
}

/** Where rows of the same column and kind end. */
function endOfRun({ rows, spec, ts, kind }: AttributedBatch, from: number): number {
  let to = from + 1;
  while (to < rows && spec.codes[to] === spec.codes[from] && ts[to] === ts[from] && kind[to] === kind[from]) to++;
  return to;
}

function* rowsOf(runs: readonly Run[]): Generator<{ batch: AttributedBatch; row: number }> {
  for (const { batch, from, to } of runs) for (let row = from; row < to; row++) yield { batch, row };
}

function keyText(batch: AttributedBatch, row: number, index: number | undefined): string | undefined {
  if (index === undefined) return undefined;
  const column = index < 0 ? batch.zone : batch.keys[index];
  return column === undefined ? undefined : textAt(column, row);
}
