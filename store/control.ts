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
  /** The highest version seen: those of other processes and of earlier days count, since their clocks may have been ahead. */
  #version = 0;
  #revision = 0;

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

  /** Rises with every change that readers can see: what is derived from the rows holds until then. */
  get revision(): number {
    return this.#revision;
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
    // Versions rise even when the clock does not, so the last write of a row wins: a revocation must not lose to what it revokes.
    const version = (this.#version = Math.max(Date.now(), this.#version + 1));
    await this.#store.insertRows(
      this.#name,
      rows.map((row) => ({ ...this.#toStore(row), version })),
    );
    for (const row of rows) this.#take(row, version);
  }

  /** Lets rows go from memory; the caller has deleted them from the store. One that a refresh brings back goes with the next. */
  forget(keys: readonly string[]): void {
    for (const key of keys) if (this.#rows.delete(key)) this.#revision += 1;
  }

  /** Reads what other processes wrote. @param isChanged whether a table may hold anything new (store/changes.ts); default: it may */
  async refresh(isChanged: (table: string) => boolean = () => true): Promise<void> {
    if (!isChanged(this.#name)) return;
    const stored = await this.#store.query<Record<string, unknown>>(`SELECT * FROM ${this.#name} FINAL`);
    for (const each of stored) this.#take(this.#fromStore(each), Number(each["version"]));
  }

  /** Shows a row, unless a newer one is there: a slow write or refresh must not bring an older row back. */
  #take(row: Row, version: number): void {
    this.#version = Math.max(this.#version, version);
    const key = this.#keyOf(row);
    const was = this.#rows.get(key);
    if (was !== undefined && (version < was.version || (version === was.version && equal(was.row, row)))) return;
    this.#rows.set(key, { row, version });
    this.#revision += 1;
  }
}

/** Whether two rows say the same; of equal versions by two processes the store keeps one, which may not be ours. */
function equal(a: object, b: object): boolean {
  const other = b as Record<string, unknown>;
  return Object.entries(a).every(([name, value]) => {
    const same = Object.is(value, other[name]);
    return same || (typeof value === "object" && JSON.stringify(value) === JSON.stringify(other[name]));
  });
}
