/**
 * changes.ts: which control tables hold something that has not been read yet, told by one cheap statement for all of them.
 *
 * A mark is a sum of digests over all versions of all rows. It is read before the rows, so a mark that is the same again means that
 * nothing has been written since. It may change without a write, when the store merges versions away: then a table is read for nothing.
 */
import type { StoreClient } from "./client.ts";
import { TABLES } from "./tables.ts";

/** Those whose newest version of a row wins. */
const CONTROL = TABLES.filter(({ newest }) => newest === "version");

export class Changes {
  readonly #store: StoreClient;
  /** As of the last read of all tables that succeeded. */
  #marks = new Map<string, string>();

  constructor(store: StoreClient) {
    this.#store = store;
  }

  /**
   * Has tables read again.
   *
   * @param read given which of them may hold anything new: one that has no mark always may
   */
  async read(read: (isChanged: (table: string) => boolean) => Promise<void>): Promise<void> {
    const marks = await this.#read();
    await read((table) => {
      const mark = marks.get(table);
      return mark === undefined || mark !== this.#marks.get(table);
    });
    this.#marks = marks;
  }

  async #read(): Promise<Map<string, string>> {
    const parts = CONTROL.map(
      ({ name, orderBy }) =>
        `SELECT '${name}' AS name, concat(toString(count()), ' ', toString(sum(cityHash64(version, ${orderBy.join(", ")})))) AS mark
         FROM ${name}`,
    );
    const rows = await this.#store.query<{ name: string; mark: string }>(parts.join(" UNION ALL "));
    return new Map(rows.map(({ name, mark }) => [name, mark]));
  }
}
