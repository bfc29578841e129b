/**
 * control.ts: small versioned tables held in memory: tenants, tokens, instrumentations, hosts, ownership.
 *
 * Reads are from memory; a write goes to the store first and then to memory, so what was answered is stored. Processes that
 * share a store see each other's writes at the next refresh, which the caller runs every two seconds: a token revoked
 * anywhere is refused everywhere within five.
 */
import type { StoreClient } from "./client.ts";

export class ControlTable<Row extends object> {
  readonly #store: StoreClient;
  readonly #name: string;
  readonly #keyOf: (row: Row) => string;
  readonly #fromStore: (row: Record<string, unknown>) => Row;
  readonly #toStore: (row: Row) => Record<string, unknown>;
  #rows = new Map<string, { row: Row; version: number }>();
  #version = 0;

  constructor(
    store: StoreClient,
    name: string,
    keyOf: (row: Row) => string,
    fromStore: (row: Record<string, unknown>) => Row,
    toStore: (row: Row) => Record<string, unknown>,
  ) {
    this.#store = store;
    this.#name = name;
    this.#keyOf = keyOf;
    this.#fromStore = fromStore;
    this.#toStore = toStore;
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key)?.row;
  }

  all(): Row[] {
    return [...this.#rows.values()].map(({ row }) => row);
  }

  /** Stores rows as the newest version of themselves, then shows them to readers. */
  async put(rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    // Versions rise within a process even when the clock does not, so the last write of a row wins.
    const version = (this.#version = Math.max(Date.now(), this.#version + 1));
    await this.#store.insertRows(
      this.#name,
      rows.map((row) => ({ ...this.#toStore(row), version })),
    );
    for (const row of rows) this.#rows.set(this.#keyOf(row), { row, version });
  }

  /** Reads what other processes wrote. */
  async refresh(): Promise<void> {
    const stored = await this.#store.query<Record<string, unknown>>(`SELECT * FROM ${this.#name} FINAL`);
    for (const each of stored) {
      const row = this.#fromStore(each);
      const version = Number(each["version"]);
      const key = this.#keyOf(row);
      // A refresh that was under way during a local write must not bring the older row back.
      if (version >= (this.#rows.get(key)?.version ?? 0)) this.#rows.set(key, { row, version });
    }
  }
}
