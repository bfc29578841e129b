/**
 * bench/scaling.ts: the figures that docs/scaling.md computes with: what a histogram costs ingest, the engine and the disk of each
 * tier.
 *
 * One hour of one host (40 zones x 8 metrics at 1 s, the common workload) is encoded as a collector does, taken in as ingest
 * does, stored in the tables of the product in batches of 10 s, merged and rolled up. CPU is user and system time of
 * each process. Run: node --import tsx bench/scaling.ts [SECONDS of the hour]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BatchBuilder } from "../core/batch-builder.ts";
import type { Batch } from "../core/window.ts";
import { verifyBatch } from "../ingest/arrow-verifier.ts";
import { attribute } from "../ingest/attribution.ts";
import { createStoreClient } from "../store/client.ts";
import { startEngine } from "../store/engine.ts";
import { migrate } from "../store/migrations.ts";
import { Rollups } from "../store/rollups.ts";
import { decodeBatch, encodeBatch, encodeStored } from "../wire/batch.ts";
import { machine } from "./machine.ts";
import { cpuSeconds } from "./peers/peer.ts";
import { makeWorkload, type Window } from "./peers/workload.ts";

const SECONDS = Number(process.argv[2] ?? 3600);
const SIZE = { hosts: 1, zones: 40, metrics: 8 };
const BATCH_SEC = 10;
/** A day ago, on the hour: closed, and not old enough to go. */
const FROM = Math.floor(Date.now() / 3_600_000 - 24) * 3600;

const dataDir = await mkdtemp(join(tmpdir(), "isotherm-bench-"));
const engine = await startEngine({ dataDir });
const { url, username, password, database } = engine;
const store = createStoreClient({ url, username, password, database, requestTimeoutMs: 600_000 });
await migrate(store, Date.now());

const own = (): number => (process.cpuUsage().user + process.cpuUsage().system) / 1e6;
const engines = (): number => cpuSeconds(engine.pid ?? 0);
let [histograms, buckets, wireBytes, ingestSec, insertSec] = [0, 0, 0, 0, 0];

for (let from = 0; from < SECONDS; from += BATCH_SEC) {
  const workload = makeWorkload({ ...SIZE, seconds: BATCH_SEC }, 42);
  // The shapes are those of the seed; every batch draws its own noise.
  const again = makeWorkload({ ...SIZE, seconds: BATCH_SEC }, 1000 + from);
  const batch = batchOf(
    workload,
    workload.windows.map((second, at) => second.map((each, i) => noisy(each, again.windows[at]?.[i]))),
    from,
  );
  histograms += workload.histograms;
  const bytes = encodeBatch(batch);
  wireBytes += bytes.length;
  let at = own();
  verifyBatch(bytes, batch.rows);
  const { attributed } = attribute(decodeBatch(bytes), () => "tenant");
  const rows = encodeStored(attributed, "bench", from + 1);
  ingestSec += own() - at;
  at = engines();
  await store.insertArrow("windows", rows);
  insertSec += engines() - at;
}

let at = engines();
await store.command("OPTIMIZE TABLE windows FINAL");
const mergeSec = engines() - at;
at = engines();
const report = await new Rollups({ store }).runOnce();
const rollSec = engines() - at;
const disk = await store.query<{ table: string; rows: number; bytes: number }>(
  `SELECT table, toFloat64(sum(rows)) AS rows, toFloat64(sum(bytes_on_disk)) AS bytes FROM system.parts
   WHERE active AND table LIKE 'windows%' GROUP BY table ORDER BY table`,
);

console.log(machine());
const us = (sec: number): string => `${((sec / histograms) * 1e6).toFixed(2)} us a histogram`;
console.log(
  `${histograms} histograms, ${(buckets / histograms).toFixed(1)} non-zero buckets each, in ${SECONDS / BATCH_SEC} batches`,
);
console.log(`wire            ${(wireBytes / histograms).toFixed(1)} B a histogram`);
console.log(`ingest          ${us(ingestSec)} (verify, decode, owners, encode)`);
console.log(`engine, insert  ${us(insertSec)}`);
console.log(`engine, merge   ${us(mergeSec)} (all of the hour once)`);
console.log(`engine, roll-up ${us(rollSec)} (${report.computed} units, ${report.failed} failed)`);
for (const { table, rows, bytes } of disk) {
  console.log(
    `disk ${table.padEnd(11)}${rows} rows, ${(bytes / rows).toFixed(1)} B a row, ${(bytes / histograms).toFixed(3)} B a raw histogram`,
  );
}
await store.close();
await engine.close();
await rm(dataDir, { recursive: true, force: true });

function batchOf(
  workload: ReturnType<typeof makeWorkload>,
  windows: readonly (readonly Window[])[],
  from: number,
): Batch {
  const builder = new BatchBuilder();
  windows.forEach((second, s) => {
    const tick = from + s + 1;
    const place = { enabling: "enabling", host: "cn-001", tick, ts: FROM + from + s };
    second.forEach(({ bucket, count }, i) => {
      const { zone, metric } = workload.series[i] ?? { zone: "", metric: 0 };
      buckets += bucket.length;
      builder.addWindow({ ...place, spec: `spec${metric}`, zone, keys: ["read"], bucket, count, value: 0 });
    });
    const endedMs = (place.ts + 1) * 1000;
    const quality = {
      dropped: 0,
      events: second.length,
      endedMs,
      receivedMs: endedMs + 3 + (tick % 7),
      elapsedNs: 1e9,
      detail: "",
    };
    for (let metric = 0; metric < SIZE.metrics; metric++) {
      builder.addCoverage({ ...place, ...quality, spec: `spec${metric}`, status: "ok", reason: "" });
    }
  });
  return builder.finish();
}

/** A window with each count moved by what another draw says, within the root of the count. */
function noisy(window: Window, other: Window | undefined): Window {
  const count = window.count.map((n, i) =>
    Math.max(1, n + Math.round(Math.sqrt(n) * (((other?.count[i] ?? 1) % 7) / 3 - 1))),
  );
  return { bucket: window.bucket, count };
}
