/**
 * windows.ts: ingest's two statements: store a batch, and find how far a stream has come.
 */
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
    await this.#store.insertArrow("windows", encodeStored(batch, stream, seq));
  }

  async highestSeq(stream: string): Promise<number> {
    const [row] = await this.#store.query<{ seq: string }>(
      "SELECT toString(max(seq)) AS seq FROM windows WHERE stream = {stream:String}",
      { stream },
    );
    return Number(row?.seq ?? 0);
  }
}
