/**
 * windows.ts: ingest's statements: store a batch, find how far a stream has come, and what a stored batch was.
 */
import { OperationalError } from "../core/errors.ts";
import { KIND_RECEIPT, type AttributedBatch } from "../core/window.ts";
import type { StoreClient } from "../store/client.ts";
import { encodeStored } from "../wire/batch.ts";
import { withReceipt } from "./audit-receipt.ts";
import type { StreamStore } from "./streams.ts";

export class WindowsTable implements StreamStore {
  readonly #store: StoreClient;
  readonly #now: () => number;
  /** Inserts of this process whose outcome is not known, by stream: their ids, to be called off. */
  readonly #doubtful = new Map<string, Set<string>>();
  #attempts = 0;

  constructor(store: StoreClient, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
  }

  /**
   * Resolves once the engine has the rows on disk, all of them or (when it throws) perhaps none.
   *
   * @param digest of the bytes that the collector sent: the Content-Digest header
   */
  async insert(batch: AttributedBatch, stream: string, seq: number, digest: string): Promise<void> {
    const receipt = { digest, receivedMs: this.#now() };
    // Each try has an id of its own: one that was called off must not be taken for the next.
    const queryId = `${prefixOf(stream)}${seq}/${process.pid}-${this.#now()}-${(this.#attempts += 1)}`;
    const doubtful = this.#doubtful.get(stream) ?? new Set();
    this.#doubtful.set(stream, doubtful.add(queryId));
    await this.#store.insertArrow("windows", encodeStored(withReceipt(batch, receipt), stream, seq), { queryId });
    doubtful.delete(queryId);
    if (doubtful.size === 0) this.#doubtful.delete(stream);
  }

  /**
   * The data tell how an insert ended only once it has: one whose caller gave up may still be on its way to the store, or at
   * work there. So those are called off first, which a store that never got them remembers, and no insert may be running.
   *
   * @throws OperationalError STORE_UNAVAILABLE while an insert of the stream still runs
   */
  async highestSeq(stream: string): Promise<number> {
    await this.#callOff(stream);
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

  /** The Content-Digest that a stored batch came with; undefined for one from before receipts, or that retention has taken. */
  async digestOf(stream: string, seq: number): Promise<string | undefined> {
    const [row] = await this.#store.query<{ detail: string }>(
      `SELECT detail FROM windows
       WHERE spec = '' AND kind = ${KIND_RECEIPT} AND stream = {stream:String} AND seq = {seq:UInt64} LIMIT 1`,
      { stream, seq },
    );
    return row?.detail;
  }

  async #callOff(stream: string): Promise<void> {
    const doubtful = this.#doubtful.get(stream);
    for (const queryId of doubtful ?? []) {
      // The id is ours, and holds nothing that would end a string.
      await this.#store.command(`KILL QUERY WHERE query_id = '${queryId}' SYNC`);
      doubtful?.delete(queryId);
    }
    if (doubtful?.size === 0) this.#doubtful.delete(stream);
  }
}

/** A stream's name has no slash and no quote. */
function prefixOf(stream: string): string {
  return `insert/${stream}/`;
}
