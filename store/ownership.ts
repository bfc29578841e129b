/**
 * ownership.ts: whose a zone was, and when.
 *
 * Ownership is an interval [fromMs, toMs) in time on one host, because zones change owner and their ids are reused. A
 * window belongs to whoever owned its zone when it began. The first sight of a zone opens its interval at 0: nobody has seen
 * it with another owner, and late windows must not fall into quarantine for having happened before the look.
 */
import { OPERATOR, QUARANTINE } from "../core/window.ts";
import type { StoreClient } from "./client.ts";
import { ControlTable } from "./control.ts";

export interface OwnershipRow {
  readonly zone: string;
  readonly host: string;
  readonly fromMs: number;
  /** Exclusive; 0 while the interval is open. */
  readonly toMs: number;
  /** The tenant's id. */
  readonly owner: string;
  readonly alias: string;
  readonly state: string;
}

/** A zone as a host reports it. */
export interface SeenZone {
  readonly name: string;
  readonly owner: string;
  readonly alias: string;
  readonly state: string;
}

export class Ownership {
  readonly #table: ControlTable<OwnershipRow>;
  /** Intervals by host and zone, ascending in time; rebuilt when the table changes. */
  #index = new Map<string, OwnershipRow[]>();
  #indexed = -1;
  /** The time of the newest report of each host. */
  readonly #reportedMs = new Map<string, number>();
  /** Reports are handled one after another, so that two of one host cannot open an interval twice. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(store: StoreClient) {
    this.#table = new ControlTable<OwnershipRow>(
      store,
      "ownership",
      (row) => `${row.zone}\0${row.host}\0${row.fromMs}`,
      fromStore,
      toStore,
    );
  }

  async refresh(isChanged?: (table: string) => boolean): Promise<void> {
    await this.#table.refresh(isChanged);
    this.#reindex();
  }

  /**
   * The tenant whose windows these were: OPERATOR for the global zone unless it is listed, and for rows without a zone.
   *
   * @returns QUARANTINE for a zone that nobody is known to have owned then
   */
  ownerAt(host: string, zone: string, atMs: number): string {
    const intervals = this.#index.get(`${host}\0${zone}`) ?? [];
    const found = intervals.find((row) => row.fromMs <= atMs && (row.toMs === 0 || atMs < row.toMs));
    // A global zone is listed only where it is the host's one zone, as on Linux.
    return found?.owner ?? (zone === "global" || zone === "" ? OPERATOR : QUARANTINE);
  }

  /** Rises with every change. */
  get revision(): number {
    return this.#table.revision;
  }

  /** Intervals that are open now. */
  current(): OwnershipRow[] {
    return this.#table.all().filter((row) => row.toMs === 0);
  }

  all(): OwnershipRow[] {
    return this.#table.all();
  }

  /**
   * Takes in what a host reported: all its zones at a time. A report that a newer one has overtaken says nothing.
   *
   * @returns the number of intervals opened or closed
   */
  report(host: string, zones: readonly SeenZone[], atMs: number): Promise<number> {
    const run = this.#queue.then(() => this.#apply(host, zones, atMs));
    this.#queue = run.catch(() => undefined);
    return run;
  }

  async #apply(host: string, zones: readonly SeenZone[], atMs: number): Promise<number> {
    const newestMs = this.#reportedMs.get(host) ?? -Infinity;
    if (atMs < newestMs && newestMs - atMs < OVERTAKEN_MS) return 0;
    const open = new Map(
      this.current()
        .filter((row) => row.host === host)
        .map((row) => [row.zone, row]),
    );
    const changes: OwnershipRow[] = [];
    for (const zone of zones) {
      const was = open.get(zone.name);
      open.delete(zone.name);
      const seen = { zone: zone.name, host, owner: zone.owner, alias: zone.alias, state: zone.state };
      if (was === undefined) {
        changes.push({ ...seen, fromMs: this.#opening(host, zone, atMs), toMs: 0 });
      } else if (was.owner !== zone.owner) {
        changes.push({ ...was, toMs: atMs }, { ...seen, fromMs: atMs, toMs: 0 });
      } else if (was.alias !== zone.alias || was.state !== zone.state) {
        changes.push({ ...seen, fromMs: was.fromMs, toMs: 0 });
      }
    }
    for (const gone of open.values()) changes.push({ ...gone, toMs: atMs });
    await this.#table.put(changes);
    this.#reportedMs.set(host, atMs);
    this.#reindex();
    return changes.length;
  }

  /**
   * From when a zone that was not open belongs to who it is seen with: from ever at first sight; from where its last interval
   * began where the owner is the same, since nobody else has been seen with it (a host that lists no zones for a moment would
   * else leave windows without an owner); from now on otherwise.
   */
  #opening(host: string, { name, owner }: SeenZone, atMs: number): number {
    const last = this.#index.get(`${host}\0${name}`)?.at(-1);
    if (last === undefined) return 0;
    return last.owner === owner ? last.fromMs : atMs;
  }

  #reindex(): void {
    if (this.#indexed === this.#table.revision) return;
    this.#indexed = this.#table.revision;
    const index = new Map<string, OwnershipRow[]>();
    for (const row of this.#table.all()) {
      const key = `${row.host}\0${row.zone}`;
      const rows = index.get(key);
      if (rows === undefined) index.set(key, [row]);
      else rows.push(row);
    }
    for (const rows of index.values()) rows.sort((a, b) => a.fromMs - b.fromMs);
    this.#index = index;
  }
}

/** An older report than this below the newest is no late one: the clock was set back, and is believed. */
export const OVERTAKEN_MS = 600_000;

function fromStore(row: Record<string, unknown>): OwnershipRow {
  return {
    zone: String(row["zone"]),
    host: String(row["host"]),
    fromMs: Number(row["from_ms"]),
    toMs: Number(row["to_ms"]),
    owner: String(row["owner"]),
    alias: String(row["alias"]),
    state: String(row["state"]),
  };
}

function toStore(row: OwnershipRow): Record<string, unknown> {
  return {
    zone: row.zone,
    host: row.host,
    from_ms: row.fromMs,
    to_ms: row.toMs,
    owner: row.owner,
    alias: row.alias,
    state: row.state,
  };
}
