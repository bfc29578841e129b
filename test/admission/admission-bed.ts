/**
 * admission-bed.ts: engine and ingest with limits of one's choice, and several collectors, each with its token.
 */
import { createHash } from "node:crypto";
import { BatchBuilder } from "../../core/batch-builder.ts";
import type { Batch } from "../../core/window.ts";
import { startIngest, type IngestService } from "../../ingest/service.ts";
import { silentLog } from "../../server/log.ts";
import { Metrics } from "../../server/metrics.ts";
import type { StoreClient } from "../../store/client.ts";
import { migrate } from "../../store/migrations.ts";
import { openState, type State } from "../../store/state.ts";
import { encodeBatch } from "../../wire/batch.ts";
import { startTestEngine } from "../store/engine-fixture.ts";

export type Limits = Pick<
  Parameters<typeof startIngest>[0],
  "admission" | "tenantLimits" | "feedTimings" | "feedOptions"
>;

export interface Bed {
  readonly store: StoreClient;
  readonly state: State;
  readonly metrics: Metrics;
  readonly ingest: IngestService;
  /** Another ingest on the same engine. */
  ingestWith(limits: Limits, store?: StoreClient): Promise<IngestService>;
  close(): Promise<void>;
}

export async function startBed(limits: Limits = {}): Promise<Bed> {
  const engine = await startTestEngine();
  const store = engine.client;
  await migrate(store, Date.now());
  const state = await openState(store, () => undefined);
  const ingests: IngestService[] = [];
  const metrics = new Metrics();
  const start = async (own: Limits, on: StoreClient, its: Metrics): Promise<IngestService> => {
    const common = { state, log: silentLog(), host: "127.0.0.1", port: 0 };
    const ingest = await startIngest({ ...common, store: on, metrics: its, ...own });
    ingests.push(ingest);
    return ingest;
  };
  return {
    store,
    state,
    metrics,
    ingest: await start(limits, store, metrics),
    ingestWith: (own, on = store) => start(own, on, new Metrics()),
    close: async () => {
      for (const ingest of ingests) await ingest.close();
      state.close();
      await engine.close();
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly code: string;
  readonly retryAfter: string | null;
}

/** Posts a batch as a collector does. */
export async function post(url: string, token: string, stream: string, seq: number, body: FrozenBody): Promise<Answer> {
  const response = await fetch(`${url}/v1/batches`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/vnd.apache.arrow.stream",
      "isotherm-stream": stream,
      "isotherm-seq": String(seq),
      "isotherm-rows": String(body.rows),
      "content-digest": body.digest,
    },
    body: body.bytes,
  });
  const answer = (await response.json()) as { code?: string; outcome?: string };
  return {
    status: response.status,
    code: answer.code ?? answer.outcome ?? "",
    retryAfter: response.headers.get("retry-after"),
  };
}

export interface FrozenBody {
  readonly rows: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly digest: string;
}

export function frozen(batch: Batch): FrozenBody {
  const bytes = encodeBatch(batch);
  const digest = createHash("sha256").update(bytes).digest("base64");
  return { rows: batch.rows, bytes, digest: `sha-256=:${digest}:` };
}

export interface BatchOrder {
  readonly spec?: string;
  readonly host?: string;
  readonly tick?: number;
  readonly ts: number;
  /** Keys of each zone: a text, and what was counted in which bucket. */
  readonly zones: Readonly<
    Record<string, readonly (readonly [key: string, ...entries: (readonly [number, number])[]])[]>
  >;
}

/** One window with its coverage. */
export function window({ spec = "s", host = "cn-01", tick = 1, ts, zones }: BatchOrder): Batch {
  const builder = new BatchBuilder();
  const about = { spec, enabling: `${spec}@${host}`, host, tick, ts };
  let events = 0;
  for (const [zone, keys] of Object.entries(zones)) {
    for (const [key, ...entries] of keys) {
      const bucket = entries.map(([b]) => b);
      const count = entries.map(([, c]) => c);
      events += count.reduce((a, b) => a + b, 0);
      builder.addWindow({ ...about, zone, keys: [key, "read"], bucket, count, value: 0 });
    }
  }
  const times = { endedMs: ts * 1000, receivedMs: ts * 1000, elapsedNs: 1e9 };
  builder.addCoverage({ ...about, status: "ok", reason: "", dropped: 0, events, ...times, detail: "" });
  return builder.finish();
}
