/**
 * lease.ts: what only one process at a time may do (evaluate alerts and send), decided in a store that has no locks.
 *
 * The store can do two things that this needs: an insert that has been answered is seen by every later read, and a row has one
 * writer (each process writes its own row only). That is what Lamport's bakery asks for (L. Lamport, "A new solution of Dijkstra's
 * concurrent programming problem", CACM 17, 1974), so a lease is a bakery with the living:
 *
 *   outside ──▶ choosing ──▶ number = 1 + the largest seen ──▶ waiting ──▶ holding
 *      ▲          (said first, so that nobody passes one who is about to have a smaller number)   │
 *      └───────────────────────── released, or not confirmed in time ◀────────────────────────────┘
 *
 * It holds when every other living process is not choosing and has no number, or a larger (number, name). Without the word "choosing" two
 * that read before either wrote could both take number 1, and the one whose name is larger would hold before the other's row appeared:
 * test/alerts/lease.test.ts has that mutant.
 *
 * A process is dead for another once its row has not changed for TTL by the *other's* clock, counted from when it first saw it so. It stops by
 * itself once TTL - MARGIN have passed by its own clock since it *began* the last beat that was stored. The other saw that beat no
 * earlier than it was begun, so the one always stops before the other begins. Only the rates of the clocks need to agree, not their time.
 * What is begun just before the end must end within the margin: `mayBegin` asks for that.
 *
 * A process that is stopped (SIGSTOP, a paused machine) between `mayBegin` and its request can still send late; no lease can prevent that, and
 * the idempotency key is the same, so that the receiver can.
 */
import type { StoreClient } from "./client.ts";

const TTL_MS = 8_000;
const BEAT_MS = 1_000;
/** Between when a holder stops and another can begin. */
const MARGIN_MS = 2_000;

interface LeaseRow {
  readonly holder: string;
  readonly choosing: boolean;
  readonly number: number;
  readonly beat: number;
}

export interface LeaseOptions {
  readonly store: StoreClient;
  readonly name: string;
  /** Of this process, and of no other. */
  readonly holder: string;
  readonly onError: (error: unknown) => void;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
  readonly ttlMs?: number;
  readonly beatMs?: number;
}

export class Lease {
  readonly #options: LeaseOptions;
  readonly #now: () => number;
  readonly #ttlMs: number;
  /** When each other's row was first seen as it is. */
  readonly #seen = new Map<string, { readonly beat: number; readonly atMs: number }>();
  #number = 0;
  #beat = 0;
  #version = 0;
  /** When the last beat that was stored was begun. */
  #confirmedMs = -Infinity;
  #holding = false;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#ttlMs = options.ttlMs ?? TTL_MS;
  }

  start(): void {
    const run = (): void => {
      this.#running = this.beat().finally(() => {
        if (!this.#closed) this.#timer = setTimeout(run, this.#options.beatMs ?? BEAT_MS);
      });
    };
    run();
  }

  /** Whether what is begun now, and ends within `takesMs`, ends while nobody else can hold it. */
  mayBegin(takesMs = 0): boolean {
    return this.#holding && this.#now() + takesMs < this.#endMs;
  }

  get #marginMs(): number {
    return Math.min(MARGIN_MS, this.#ttlMs / 4);
  }

  /** One beat: says that it lives, takes a number if it has none, and looks whether it is its turn. Never throws. */
  async beat(): Promise<void> {
    try {
      if (this.#number === 0 || this.#now() > this.#endMs) await this.#choose();
      else await this.#renew(this.#number);
      if (this.#number === 0) return;
      const others = this.#living(await this.#read());
      const before = ({ number, holder }: LeaseRow): boolean =>
        number < this.#number || (number === this.#number && holder < this.#options.holder);
      this.#holding = !others.some((row) => row.choosing || (row.number !== 0 && before(row)));
    } catch (error) {
      // What was stored last still stands, until its time is over.
      this.#options.onError(error);
    }
  }

  /** Lets it go, so that the next need not wait. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
    this.#holding = false;
    await this.#write(false, 0).catch((error: unknown) => this.#options.onError(error));
  }

  async #choose(): Promise<void> {
    this.#holding = false;
    this.#number = 0;
    await this.#write(true, 0);
    const rows = await this.#read();
    await this.#renew(1 + rows.reduce((most, each) => Math.max(most, each.number), 0));
  }

  /** Writes a number before the row before it is over: stored later, it would be that of one whom others have passed as dead. */
  async #renew(number: number): Promise<void> {
    const endMs = this.#endMs;
    await this.#write(false, number);
    const inTime = this.#now() <= endMs;
    this.#number = inTime ? number : 0;
    this.#holding &&= inTime;
  }

  /** When others may take it for dead, less the margin. */
  get #endMs(): number {
    return this.#confirmedMs + this.#ttlMs - this.#marginMs;
  }

  async #write(choosing: boolean, number: number): Promise<void> {
    const { store, name, holder } = this.#options;
    const begun = this.#now();
    this.#beat += 1;
    this.#version = Math.max(Date.now(), this.#version + 1);
    await store.insertRows("leases", [{ name, holder, choosing, number, beat: this.#beat, version: this.#version }]);
    this.#confirmedMs = begun;
  }

  async #read(): Promise<LeaseRow[]> {
    const { store, name } = this.#options;
    const rows = await store.query<Record<string, unknown>>(
      `SELECT holder, choosing, toUInt32(number) AS number, toUInt32(beat) AS beat FROM leases FINAL WHERE name = {name:String}`,
      { name },
    );
    return rows.map((row) => ({
      holder: String(row["holder"]),
      choosing: row["choosing"] === true,
      number: Number(row["number"]),
      beat: Number(row["beat"]),
    }));
  }

  #living(rows: readonly LeaseRow[]): LeaseRow[] {
    const now = this.#now();
    return rows.filter(({ holder, beat, number, choosing }) => {
      if (holder === this.#options.holder) return false;
      const was = this.#seen.get(holder);
      if (was?.beat !== beat) {
        this.#seen.set(holder, { beat, atMs: now });
        return number !== 0 || choosing;
      }
      return now - was.atMs <= this.#ttlMs && (number !== 0 || choosing);
    });
  }
}

/** Rows of processes that are no more: each start has a name of its own. */
export async function sweepLeases(store: StoreClient, nowMs: number): Promise<void> {
  await store.command("ALTER TABLE leases DELETE WHERE version < {before:UInt64}", { before: nowMs - 86_400_000 });
}
