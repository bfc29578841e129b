/**
 * store-bed.ts: what the tests of delivery's last step share: an engine on a directory of its own that may be killed and started
 * again, ingest's real Streams and WindowsTable in front of it, and the oracle: what every batch must amount to.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BatchBuilder } from "../../core/batch-builder.ts";
import type { AttributedBatch, Batch } from "../../core/window.ts";
import { attribute } from "../../ingest/attribution.ts";
import { Streams, type BatchId, type Outcome } from "../../ingest/streams.ts";
import { WindowsTable } from "../../ingest/windows.ts";
import { createStoreClient, type StoreClient } from "../../store/client.ts";
import { startEngine, type Engine, type EngineOptions } from "../../store/engine.ts";
import { migrate } from "../../store/migrations.ts";

export const STREAM = "kill-1";
/** Noon (UTC), so that no batch spans two days. */
export const TS = 1_700_049_600;
const WINDOWS = 20;

export interface BedOptions {
  readonly dataDir?: string;
  readonly engine?: Partial<EngineOptions>;
  /** Between client and engine: the URL that ingest uses instead of the engine's. */
  readonly through?: (engineUrl: string) => Promise<string> | string;
  readonly requestTimeoutMs?: number;
}

export class StoreBed {
  readonly dataDir: string;
  readonly #options: BedOptions;
  engine!: Engine;
  /** Straight to the engine. */
  client!: StoreClient;
  /** As ingest has it. */
  #ingestClient!: StoreClient;
  table!: WindowsTable;
  /** Outlive engines, as ingest's do. */
  streams: Streams;

  static async open(options: BedOptions = {}): Promise<StoreBed> {
    const bed = new StoreBed(options.dataDir ?? (await mkdtemp(join(tmpdir(), "isotherm-store-"))), options);
    await bed.start();
    await migrate(bed.client, Date.now());
    return bed;
  }

  private constructor(dataDir: string, options: BedOptions) {
    this.dataDir = dataDir;
    this.#options = options;
    this.streams = this.#newStreams();
  }

  async start(): Promise<void> {
    const { engine, through, requestTimeoutMs } = this.#options;
    this.engine = await startEngine({ dataDir: this.dataDir, memoryBytes: 2 ** 30, threads: 1, ...engine });
    this.client = createStoreClient(this.engine);
    const { username, password, database } = this.engine;
    this.#ingestClient = createStoreClient({
      url: through === undefined ? this.engine.url : await through(this.engine.url),
      username,
      password,
      database,
      ...(requestTimeoutMs !== undefined && { requestTimeoutMs }),
    });
    this.table = new WindowsTable(this.#ingestClient);
  }

  /** Ends the engine, if it still runs, without starting it again. */
  async stop(): Promise<void> {
    await this.client.close();
    await this.#ingestClient.close();
    await this.engine.close();
  }

  /** Ingest has ended with the engine, and knows of no stream. */
  async startAnew(): Promise<void> {
    this.streams = this.#newStreams();
    await this.start();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  #newStreams(): Streams {
    return new Streams({
      highestSeq: (stream) => this.table.highestSeq(stream),
      digestOf: (stream, seq) => this.table.digestOf(stream, seq),
    });
  }

  submit(seq: number, stream = STREAM): Promise<Outcome> {
    const id = idOf(seq, stream);
    return this.streams.submit(id, () => this.table.insert(attributed(batchOf(seq)), stream, seq, id.digest));
  }

  /** As a collector does: until it is acknowledged. */
  async deliver(seq: number, stream = STREAM): Promise<Outcome> {
    for (let tries = 0; ; tries++) {
      try {
        return await this.submit(seq, stream);
      } catch (error) {
        if (tries === 200) throw error;
        await new Promise((wake) => setTimeout(wake, 25));
      }
    }
  }

  /** What is stored of each batch, ascending. */
  stored(stream = STREAM): Promise<Stored[]> {
    return this.client.query<Stored>(
      `SELECT toUInt32(seq) AS seq, toUInt32(countIf(kind = 1)) AS windows, toUInt32(countIf(kind = 0)) AS coverage,
         toUInt32(countIf(kind = 2)) AS receipts, toFloat64(sum(arraySum(count))) AS events
       FROM windows WHERE stream = {stream:String} GROUP BY seq ORDER BY seq`,
      { stream },
    );
  }

  /** @throws AssertionError unless batches 1 to `last` are there, each whole and once */
  async assertExact(last: number, stream = STREAM): Promise<void> {
    const expected = Array.from({ length: last }, (_, i) => expectedOf(i + 1));
    assert.deepEqual(await this.stored(stream), expected);
  }
}

export interface Stored {
  readonly seq: number;
  readonly windows: number;
  readonly coverage: number;
  readonly receipts: number;
  readonly events: number;
}

export function expectedOf(seq: number): Stored {
  return { seq, windows: WINDOWS, coverage: 1, receipts: 1, events: 3 * WINDOWS * seq };
}

export function idOf(seq: number, stream = STREAM): BatchId {
  return { stream, seq, after: seq - 1, digest: `sha-256=:${String(seq).padStart(43, "A")}=:` };
}

/** A batch whose counts tell its number. */
export function batchOf(seq: number, ts = TS): Batch {
  const builder = new BatchBuilder();
  const of = { spec: "spec", enabling: "enabling", host: "cn-01", tick: seq, ts };
  for (let i = 0; i < WINDOWS; i++) {
    const keys = [`key-${i}`];
    builder.addWindow({ ...of, zone: `zone-${i % 3}`, keys, bucket: [i, i + 1], count: [seq, 2 * seq], value: 0 });
  }
  const clocks = { endedMs: ts * 1000, receivedMs: ts * 1000, elapsedNs: 1e9 };
  builder.addCoverage({
    ...of,
    ...clocks,
    status: "ok",
    reason: "",
    dropped: 0,
    events: 3 * WINDOWS * seq,
    detail: "",
  });
  return builder.finish();
}

export function attributed(batch: Batch): AttributedBatch {
  return attribute(batch, () => "acme").attributed;
}
