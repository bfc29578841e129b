/**
 * admission.ts: what a flood costs others: one collector's acknowledgements alone, and beside another that floods.
 *
 *   node --import tsx bench/admission.ts [--streams N]
 *
 * Engine, ingest and the quiet collector run here, the flood in a process of its own that begins its next batch the moment the last
 * was answered, on N streams at once (default 24), and cares for no Retry-After. The figure is the ratio of the medians.
 */
import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { BatchBuilder } from "../core/batch-builder.ts";
import { startIngest } from "../ingest/service.ts";
import { silentLog } from "../server/log.ts";
import { Metrics } from "../server/metrics.ts";
import { createStoreClient } from "../store/client.ts";
import { startEngine } from "../store/engine.ts";
import { migrate } from "../store/migrations.ts";
import { openState } from "../store/state.ts";
import { encodeBatch } from "../wire/batch.ts";
import { machine, percentile } from "./machine.ts";

interface Order {
  readonly url: string;
  readonly token: string;
  readonly streams: number;
  readonly keys: number;
}

const QUIET_BATCHES = 30;
const FLOOD_KEYS = 8_000;

if (process.send === undefined) await main();
else process.once("message", (order: Order) => void flood(order));

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { streams: { type: "string", default: "24" } } });
  const dataDir = await mkdtemp(join(tmpdir(), "isotherm-bench-"));
  const engine = await startEngine({ dataDir });
  const store = createStoreClient(engine);
  await migrate(store, Date.now());
  const state = await openState(store, () => undefined);
  const common = { store, state, log: silentLog(), metrics: new Metrics() };
  const ingest = await startIngest({ ...common, host: "127.0.0.1", port: 0 });
  const { tokens } = state;
  const { url } = ingest;
  const quiet = await tokens.create("collector", "", "quiet");
  const wild = await tokens.create("collector", "", "flood");
  process.stdout.write(`${machine()}\n`);
  await latencies(url, quiet, "warm");
  const alone = await latencies(url, quiet, "alone");
  const child = fork(fileURLToPath(import.meta.url));
  child.send({ url, token: wild, streams: Number(values.streams), keys: FLOOD_KEYS } satisfies Order);
  await once(child, "message");
  const from = performance.now();
  const beside = await latencies(url, quiet, "beside");
  const seconds = (performance.now() - from) / 1000;
  const counted = once(child, "message");
  child.send("end");
  const [{ stored, refused }] = (await counted) as [{ stored: number; refused: number }];
  const figure = (times: readonly number[], q: number): string => percentile(times, q).toFixed(1).padStart(8);
  process.stdout.write(
    [
      `flood: ${values.streams} streams, about ${((stored * FLOOD_KEYS) / seconds / 1000).toFixed(0)}k rows/s stored, ${refused} refusals`,
      "                median, ms  99 %, ms",
      `alone           ${figure(alone, 0.5)}  ${figure(alone, 0.99)}`,
      `beside a flood  ${figure(beside, 0.5)}  ${figure(beside, 0.99)}`,
      `ratio of medians ${(percentile(beside, 0.5) / percentile(alone, 0.5)).toFixed(2)}`,
      "",
    ].join("\n"),
  );
  await once(child, "exit");
  await ingest.close();
  state.close();
  await store.close();
  await engine.close();
  await rm(dataDir, { recursive: true, force: true });
}

/** Milliseconds to each acknowledgement. */
async function latencies(url: string, token: string, stream: string): Promise<number[]> {
  const times: number[] = [];
  for (let seq = 1; seq <= QUIET_BATCHES; seq++) {
    const from = performance.now();
    const status = await post(url, token, stream, seq, batchOf(20));
    if (status !== 200) throw new Error(`the quiet collector was answered ${status}`);
    times.push(performance.now() - from);
  }
  return times;
}

async function flood({ url, token, streams, keys }: Order): Promise<void> {
  let over = false;
  let refused = 0;
  let stored = 0;
  process.on("message", () => (over = true));
  const body = batchOf(keys);
  const one = async (stream: string): Promise<void> => {
    let seq = 1;
    while (!over) {
      if ((await post(url, token, stream, seq, body)) === 200) {
        seq += 1;
        stored += 1;
        if (stored === 1) process.send?.("flooding");
      } else {
        refused += 1;
        await new Promise((wake) => setTimeout(wake, 10));
      }
    }
  };
  await Promise.all(Array.from({ length: streams }, (_, i) => one(`flood-${i}`)));
  process.send?.({ stored, refused });
  process.disconnect();
}

function batchOf(keys: number): { bytes: Uint8Array<ArrayBuffer>; rows: number; digest: string } {
  const builder = new BatchBuilder();
  const about = { spec: "bench", enabling: "e", host: "cn-01", tick: 1, ts: 1_700_000_000, zone: "global" };
  for (let i = 0; i < keys; i++)
    builder.addWindow({ ...about, keys: [`p${i}`], bucket: [1, 2, 3], count: [1, 2, 3], value: 0 });
  const bytes = encodeBatch(builder.finish());
  return { bytes, rows: keys, digest: createHash("sha256").update(bytes).digest("base64") };
}

async function post(
  url: string,
  token: string,
  stream: string,
  seq: number,
  { bytes, rows, digest }: ReturnType<typeof batchOf>,
): Promise<number> {
  const response = await fetch(`${url}/v1/batches`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/vnd.apache.arrow.stream",
      "isotherm-stream": stream,
      "isotherm-seq": String(seq),
      "isotherm-rows": String(rows),
      "content-digest": `sha-256=:${digest}:`,
    },
    body: bytes,
  });
  await response.arrayBuffer();
  return response.status;
}
