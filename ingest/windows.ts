/**
 * windows.ts: ingest's two statements: store a batch, and find how far a stream has come.
 */
import { OperationalError } from "../core/errors.ts";
import type { AttributedBatch } from "../core/window.ts";
import type { StoreClient } from "../store/client.ts";
import { encodeStored } from "../wire/batch.ts";
import type { StreamStore } from "./streams.ts";

export class WindowsTable implements StreamStore {
  readonly #store: StoreClient;

  constructor(store: StoreClient) {
    this.#store = store;
  }

  /** Resolves once the engine has the rows on disk, all of them or (when it throws) perhaps none. */
  async insert(batch: AttributedBatch, stream: string, seq: number): Promise<void> {
    await this.#store.insertArrow("windows", encodeStored(batch, stream, seq), {
      queryId: `${prefixOf(stream)}${seq}`,
    });
  }

  /**
   * @throws OperationalError STORE_UNAVAILABLE while an insert of the stream still runs: one whose caller has given up may yet end
   *   well, and the data do not say so before
   */
  async highestSeq(stream: string): Promise<number> {
    // The embedded engine knows an id as log_comment only.
    const [running] = await this.#store.query<{ inserts: number }>(
      `SELECT toUInt32(count()) AS inserts FROM system.processes
       WHERE startsWith(query_id, {prefix:String}) OR startsWith(Settings['log_comment'], {prefix:String})`,
      { prefix: prefixOf(stream) },
    );
    if ((running?.inserts ?? 0) > 0) {
      throw new OperationalError("STORE_UNAVAILABLE", "find a stream's last batch: an insert of it still runs");
    }
    const [row] = await this.#store.query<{ seq: string }>(
      "SELECT toString(max(seq)) AS seq FROM windows WHERE stream = {stream:String}",
      { stream },
    );
    return Number(row?.seq ?? 0);
  }
}

/** A stream's name has no slash. */
function prefixOf(stream: string): string {
  return `insert/${stream}/`;
}
