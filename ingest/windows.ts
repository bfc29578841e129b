/**
 * windows.ts: ingest's statements: store batches, find how far a stream has come, and what a stored batch was.
 *
 * Batches of several streams may share an insert (insert-groups.ts). Its query id names each of them, so that whoever asks how one of
 * the streams stands finds the insert while it runs, and can call it off:
 *
 *     insert/STREAM=SEQ/STREAM=SEQ/PID-MS-NUMBER
 */
import { OperationalError } from "../core/errors.ts";
import { batchName, KIND_RECEIPT, type AttributedBatch } from "../core/window.ts";
import type { StoreClient } from "../store/client.ts";
import { encodeStoredRows } from "../wire/batch.ts";
import { receiptOf } from "./audit-receipt.ts";
import { joinBatches, JoinRoom, joinTexts } from "./batch-join.ts";
import { InsertGroups } from "./insert-groups.ts";
import type { StreamStore } from "./streams.ts";

interface Stored {
  readonly batch: AttributedBatch;
  readonly receipt: AttributedBatch;
  readonly stream: string;
  readonly seq: number;
  readonly rows: number;
  readonly entries: number;
  readonly day: number;
}

/** An insert that the store has answered. */
export interface Inserted {
  /** The store's own logs know it by this. */
  readonly queryId: string;
  readonly batches: readonly string[];
  readonly rows: number;
  readonly tookMs: number;
}

const DAY_SEC = 86_400;

export class WindowsTable implements StreamStore {
  readonly #store: StoreClient;
  readonly #now: () => number;
  readonly #onInserted: (facts: Inserted) => void;
  /** Inserts of this process whose outcome is not known, by stream: their ids, to be called off. */
  readonly #doubtful = new Map<string, Set<string>>();
  readonly #room = new JoinRoom();
  readonly #groups = new InsertGroups<Stored>((group) => this.#insertGroup(group));
  #attempts = 0;

  constructor(
    store: StoreClient,
    now: () => number = Date.now,
    onInserted: (facts: Inserted) => void = () => undefined,
  ) {
    this.#store = store;
    this.#now = now;
    this.#onInserted = onInserted;
  }

  /** Whether an insert is under way, or waits. */
  get isBusy(): boolean {
    return this.#groups.isBusy;
  }

  /** Batches that wait for an insert. */
  get waiting(): number {
    return this.#groups.waiting;
  }

  /**
   * Resolves once the engine has the rows on disk, all of them or (when it throws) perhaps none.
   *
   * @param digest of the bytes that the collector sent: the Content-Digest header
   */
  async insert(batch: AttributedBatch, stream: string, seq: number, digest: string): Promise<void> {
    const receipt = receiptOf(batch, { digest, receivedMs: this.#now() });
    const day = Math.floor((receipt.ts[0] ?? 0) / DAY_SEC);
    await this.#groups.add({ batch, receipt, stream, seq, rows: batch.rows + 1, entries: batch.bucket.length, day });
  }

  async #insertGroup(group: readonly Stored[]): Promise<void> {
    // Each try has an id of its own: one that was called off must not be taken for the next.
    const names = group.map(({ stream, seq }) => `${batchName(stream, seq)}/`).join("");
    const queryId = `insert/${names}${process.pid}-${this.#now()}-${(this.#attempts += 1)}`;
    for (const { stream } of group) {
      this.#doubtful.set(stream, (this.#doubtful.get(stream) ?? new Set()).add(queryId));
    }
    const begun = performance.now();
    await this.#store.insertArrow("windows", encodeGroup(group, this.#room), { queryId });
    for (const { stream } of group) this.#settle(stream, queryId);
    this.#onInserted({
      queryId,
      batches: group.map(({ stream, seq }) => batchName(stream, seq)),
      rows: group.reduce((sum, { rows }) => sum + rows, 0),
      tookMs: Math.round(performance.now() - begun),
    });
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
       WHERE arrayExists(
         id -> startsWith(id, 'insert/') AND (position(id, {name:String}) > 0 OR startsWith(id, {former:String})),
         [query_id, Settings['log_comment']])`,
      // `former`: as ingest named inserts when each was of one batch; one may still run when its successor starts.
      { name: `/${stream}=`, former: `insert/${stream}/` },
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
    for (const queryId of this.#doubtful.get(stream) ?? []) {
      // The id is ours, and holds nothing that would end a string: a stream's name has no slash, no quote and no equals sign.
      await this.#store.command(`KILL QUERY WHERE query_id = '${queryId}' SYNC`);
      this.#settle(stream, queryId);
    }
  }

  #settle(stream: string, queryId: string): void {
    const doubtful = this.#doubtful.get(stream);
    doubtful?.delete(queryId);
    if (doubtful?.size === 0) this.#doubtful.delete(stream);
  }
}

function encodeGroup(group: readonly Stored[], room: JoinRoom): Uint8Array {
  const all = joinBatches(
    group.flatMap(({ batch, receipt }) => [batch, receipt]),
    room,
  );
  const seqs = new BigUint64Array(all.rows);
  let at = 0;
  for (const { seq, rows } of group) seqs.fill(BigInt(seq), at, (at += rows));
  const streams = joinTexts(
    group.map(({ stream, rows }) => ({ codes: new Int32Array(rows), values: [stream] })),
    new Int32Array(all.rows),
  );
  return encodeStoredRows(all, streams, seqs);
}
