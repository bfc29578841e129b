/**
 * bench/ingest.ts: what a histogram costs on its whole way, printed text to acknowledged rows, against two other stores.
 *
 *   this process:  printed frames ▶ FrameReader ▶ batcher ▶ spool ▶ HTTP ▶ ingest (digest, verify, decode, owners) ▶ engine process
 *   the others:    remote write requests, encoded beforehand ▶ Prometheus (native histograms), VictoriaMetrics (vmrange)
 *
 * Ours counts the CPU of everything: collector and ingest (this process) and the engine; theirs that of the server alone.
 * The engine's own ceiling is the same rows, encoded beforehand, straight into the same table in the same batches. Bytes on disk
 * are those of what each has after it has merged what it got. Rounds are interleaved; medians.
 *
 * Run: node --import tsx bench/ingest.ts [ROUNDS]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServices } from "../cli/services.ts";
import { FrameReader, type Frame } from "../collectors/frames.ts";
import { printDistribution, printKey } from "../collectors/simulator/print-distribution.ts";
import { startDelivery } from "../collectors/spool-delivery.ts";
import { BatchBuilder } from "../core/batch-builder.ts";
import { LATENCY_SCHEME } from "../core/histogram/scheme.ts";
import type { CoverageRow } from "../core/window.ts";
import { silentLog } from "../server/log.ts";
import type { StoreClient } from "../store/client.ts";
import { encodeStored } from "../wire/batch.ts";
import { machine, percentile } from "./machine.ts";
import { nativeRequests, vmrangeRequests } from "./peers/encode.ts";
import { cpuSeconds, diskBytes, startPrometheus, startVictoria, type Peer } from "./peers/peer.ts";
import { remoteWriteHeaders } from "./peers/remote-write.ts";
import { makeWorkload, type Workload } from "./peers/workload.ts";

const ROUNDS = Number(process.argv[2] ?? 3);
const SIZE = { hosts: 25, zones: 40, metrics: 8, seconds: 40 };
const NONCE = "0123456789abcdef0123456789abcdef";

interface Cost {
  readonly cpuSec: number;
  readonly wallSec: number;
  readonly diskBytes: number;
}

/** One frame a host and metric and second, as the host would print it. */
function printFrames(workload: Workload): Buffer[][] {
  const perSource = workload.size.zones;
  return workload.windows.map((second, at) => {
    const frames: Buffer[] = [];
    for (let from = 0; from < second.length; from += 1) {
      const series = workload.series[from];
      if (series === undefined || series.metric !== 0 || from % (perSource * workload.size.metrics) !== 0) continue;
      for (let metric = 0; metric < workload.size.metrics; metric++) {
        let text = `@begin ${NONCE} ${at + 1} ${1_767_225_600_000_000_000n + BigInt(at) * 1_000_000_000n}\n`;
        let events = 0;
        for (let zone = 0; zone < perSource; zone++) {
          const i = from + zone * workload.size.metrics + metric;
          const window = second[i];
          const { zone: name } = workload.series[i] ?? { zone: "" };
          if (window === undefined) continue;
          const [first = 0] = window.bucket;
          const last = window.bucket.at(-1) ?? 0;
          // dtrace prints the zero rows between the first and the last as well.
          const bucket = Array.from({ length: last - first + 1 }, (_, k) => first + k);
          const count = bucket.map((index) => window.count[window.bucket.indexOf(index)] ?? 0);
          events += window.count.reduce((sum, each) => sum + each, 0);
          text += `@row "${printKey(name)}"${printDistribution(LATENCY_SCHEME, bucket, count)}@end\n`;
        }
        frames.push(Buffer.from(`${text}@done ${NONCE} ${at + 1} ${events}\n`, "latin1"));
      }
    }
    return frames;
  });
}

function coverage(source: number, tick: number, ts: number, events: number, nowMs: number): CoverageRow {
  const host = `cn-${String(Math.floor(source / SIZE.metrics)).padStart(3, "0")}`;
  return {
    spec: `spec${source % SIZE.metrics}`,
    enabling: `e${source}`,
    host,
    tick,
    ts,
    status: "ok",
    reason: "",
    dropped: 0,
    events,
    endedMs: nowMs,
    receivedMs: nowMs,
    elapsedNs: 1e9,
    detail: "",
  };
}

/** The whole way, on a fresh store. */
async function ours(frames: readonly Buffer[][], workload: Workload): Promise<{ pipeline: Cost; ceiling: Cost }> {
  const directory = await mkdtemp(join(tmpdir(), "isotherm-bench-"));
  const log = silentLog();
  const options = { host: "127.0.0.1", port: 0, webDir: null, simulated: true, signInCode: null, log };
  const services = await startServices({ ...options, dataDir: join(directory, "data") });
  try {
    const { tokens, ownership } = services.state;
    const nowMs = Date.now();
    for (const host of new Set(workload.series.map((series) => series.host))) {
      const zones = new Set(workload.series.filter((series) => series.host === host).map(({ zone }) => zone));
      const seen = [...zones].map((name) => ({ name, owner: "owner", alias: name, state: "running" as const }));
      await ownership.report(host, seen, nowMs);
    }
    const delivery = await startDelivery({
      name: "bench",
      spoolDirectory: join(directory, "spool"),
      ingestUrl: services.ingest.url,
      token: await tokens.create("collector", "", "bench"),
      log,
      now: Date.now,
    });
    const enginePid = services.engine.pid ?? 0;
    const fromTs = Math.floor(nowMs / 1000) - SIZE.seconds - 10;
    const readers = (frames[0] ?? []).map((_, source) => {
      const spec = `spec${source % SIZE.metrics}`;
      const onFrame = (frame: Frame): void => {
        const ts = fromTs + frame.tick;
        const proof = coverage(source, frame.tick, ts, frame.events, nowMs);
        const rows = frame.rows.map(({ keys, bucket, count, value }) => ({
          ...proof,
          spec,
          zone: keys[0] ?? "",
          keys: [],
          bucket,
          count,
          value,
        }));
        delivery.batcher.add(rows, proof);
      };
      const onProblem = ({ kind, sample }: { kind: string; sample: string }): never => {
        throw new Error(`${kind}: ${sample}`);
      };
      return new FrameReader({ nonce: NONCE, keyTypes: ["string"], scheme: LATENCY_SCHEME, onFrame, onProblem });
    });
    const meter = start(enginePid, true);
    for (const second of frames) {
      second.forEach((bytes, source) => readers[source]?.push(bytes));
      delivery.batcher.flush();
      // As ticks come apart in life, a batch a second: not all of them at once into memory.
      while (delivery.spool.length > 4) await new Promise((wake) => setTimeout(wake, 1));
    }
    while (delivery.spool.length > 0) await new Promise((wake) => setTimeout(wake, 1));
    await mergesDone(services.store);
    const spent = meter();
    const stored = await check(services.store, workload);
    const pipeline = { ...spent, diskBytes: stored };
    await delivery.close(1000);
    const ceiling = await straightIn(services.store, enginePid, workload, fromTs);
    return { pipeline, ceiling };
  } finally {
    await services.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** CPU of the engine, and of this process too where it is part of the way. */
function start(pid: number, withSelf: boolean): () => Omit<Cost, "diskBytes"> {
  const cpu = cpuSeconds(pid);
  const self = process.cpuUsage();
  const from = performance.now();
  return () => {
    const own = process.cpuUsage(self);
    const selfSec = withSelf ? (own.user + own.system) / 1e6 : 0;
    return { cpuSec: cpuSeconds(pid) - cpu + selfSec, wallSec: (performance.now() - from) / 1000 };
  };
}

/** Merges are part of what an insert costs. */
async function mergesDone(store: StoreClient): Promise<void> {
  for (let quiet = 0; quiet < 3;) {
    const [row] = await store.query<{ n: number }>("SELECT toUInt32(count()) AS n FROM system.merges");
    quiet = row?.n === 0 ? quiet + 1 : 0;
    await new Promise((wake) => setTimeout(wake, 100));
  }
}

/** @returns bytes on disk; throws where the store does not hold what was sent */
async function check(store: StoreClient, workload: Workload): Promise<number> {
  const [sum] = await store.query<{ rows: number; buckets: number; events: number }>(
    `SELECT toFloat64(count()) AS rows, toFloat64(sum(length(bucket))) AS buckets, toFloat64(sum(arraySum(count))) AS events
     FROM windows WHERE kind = 1`,
  );
  let events = 0;
  for (const second of workload.windows) for (const { count } of second) for (const n of count) events += n;
  if (sum?.rows !== workload.histograms || sum.buckets !== workload.nonZeroBuckets || sum.events !== events) {
    throw new Error(
      `the store holds ${JSON.stringify(sum)}, not ${workload.histograms}, ${workload.nonZeroBuckets}, ${events}`,
    );
  }
  await store.command("OPTIMIZE TABLE windows FINAL");
  const [disk] = await store.query<{ bytes: number }>(
    "SELECT toFloat64(sum(bytes_on_disk)) AS bytes FROM system.parts WHERE active AND table = 'windows'",
  );
  return disk?.bytes ?? 0;
}

/** The engine's own ceiling: the same rows as bytes, a batch a second. */
async function straightIn(store: StoreClient, pid: number, workload: Workload, fromTs: number): Promise<Cost> {
  const tenant = { codes: new Int32Array(0), values: ["owner"] };
  const batches = workload.windows.map((second, at) => {
    const builder = new BatchBuilder();
    second.forEach(({ bucket, count }, i) => {
      const { host, zone, metric } = workload.series[i] ?? { host: "", zone: "", metric: 0 };
      const spec = `spec${metric}`;
      builder.addWindow({
        spec,
        enabling: `e${i}`,
        host,
        tick: at,
        ts: fromTs + at,
        zone,
        keys: [],
        bucket,
        count,
        value: 0,
      });
    });
    const batch = builder.finish();
    return encodeStored({ ...batch, tenant: { ...tenant, codes: new Int32Array(batch.rows) } }, "ceiling", at + 1);
  });
  await store.command("TRUNCATE TABLE windows");
  const meter = start(pid, false);
  for (const bytes of batches) await store.insertArrow("windows", bytes);
  await mergesDone(store);
  return { ...meter(), diskBytes: 0 };
}

async function theirs(
  peer: Peer,
  requests: readonly Uint8Array<ArrayBuffer>[],
  expected: (peer: Peer) => Promise<void>,
): Promise<Cost> {
  const from = performance.now();
  const cpu = cpuSeconds(peer.pid);
  for (const body of requests) {
    const response = await fetch(`${peer.url}/api/v1/write`, { method: "POST", headers: remoteWriteHeaders(), body });
    if (!response.ok) throw new Error(`${peer.name}: ${response.status} ${await response.text()}`);
  }
  const spent = { cpuSec: cpuSeconds(peer.pid) - cpu, wallSec: (performance.now() - from) / 1000 };
  await expected(peer);
  return { ...spent, diskBytes: await settledBytes(peer) };
}

/** Prometheus: a snapshot, which is a block without the log. VictoriaMetrics: after a flush and a merge. */
async function settledBytes(peer: Peer): Promise<number> {
  if (peer.name === "Prometheus") {
    const response = await fetch(`${peer.url}/api/v1/admin/tsdb/snapshot`, { method: "POST" });
    const { data } = (await response.json()) as { data: { name: string } };
    return diskBytes(join(peer.directory, "data", "snapshots", data.name));
  }
  await fetch(`${peer.url}/internal/force_flush`);
  await fetch(`${peer.url}/internal/force_merge`);
  await new Promise((wake) => setTimeout(wake, 3000));
  return diskBytes(join(peer.directory, "data"));
}

const workload = makeWorkload(SIZE);
const expectCount =
  (query: string, count: number) =>
  async (peer: Peer): Promise<void> => {
    const response = await fetch(`${peer.url}/api/v1/query?query=${encodeURIComponent(query)}`);
    const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
    const value = Number(data.result[0]?.value[1] ?? 0);
    if (value !== count) throw new Error(`${peer.name} holds ${value} of ${count} series`);
  };

console.log(machine());
console.log(
  `${workload.histograms} histograms, ${workload.nonZeroBuckets} non-zero buckets: ${workload.series.length} series x ${SIZE.seconds} s, one batch a second; medians of ${ROUNDS} rounds\n`,
);
const frames = printFrames(workload);
const textMb = frames.flat().reduce((sum, each) => sum + each.length, 0) / 1e6;
const fromMs = Date.now() - SIZE.seconds * 1000;
const native = nativeRequests(workload, fromMs);
const vmrange = vmrangeRequests(workload, fromMs);
const costs = new Map<string, Cost[]>();
const note = (name: string, cost: Cost): void => void costs.set(name, [...(costs.get(name) ?? []), cost]);
for (let round = 0; round < ROUNDS; round++) {
  const { pipeline, ceiling } = await ours(frames, workload);
  note("Isotherm, whole way", pipeline);
  note("its engine alone", ceiling);
  const prometheus = await startPrometheus();
  if (prometheus !== null) {
    note(
      "Prometheus, native",
      await theirs(prometheus, native, expectCount("count(latency_ns)", workload.series.length)),
    );
    await prometheus.close();
  }
  const victoria = await startVictoria();
  if (victoria !== null) {
    note("VictoriaMetrics", await theirs(victoria, vmrange, () => Promise.resolve()));
    await victoria.close();
  }
}

const median = (name: string, of: (cost: Cost) => number): number => percentile((costs.get(name) ?? []).map(of), 0.5);
console.log(`printed text: ${textMb.toFixed(0)} MB`);
console.log(`${"".padEnd(22)} histograms/CPU s  buckets/CPU s  histograms/s  B/bucket`);
for (const name of costs.keys()) {
  const perCpu = workload.histograms / median(name, (cost) => cost.cpuSec);
  const perSec = workload.histograms / median(name, (cost) => cost.wallSec);
  const bytes = median(name, (cost) => cost.diskBytes) / workload.nonZeroBuckets;
  console.log(
    `${name.padEnd(22)} ${thousands(perCpu).padStart(16)} ${thousands((perCpu * workload.nonZeroBuckets) / workload.histograms).padStart(14)}` +
      ` ${thousands(perSec).padStart(13)} ${bytes > 0 ? bytes.toFixed(2).padStart(9) : "        -"}`,
  );
}
const cpuOf = (name: string): number => median(name, (cost) => cost.cpuSec);
const wallOf = (name: string): number => median(name, (cost) => cost.wallSec);
const [us, engine] = ["Isotherm, whole way", "its engine alone"] as const;
for (const peer of ["Prometheus, native", "VictoriaMetrics"]) {
  if (costs.has(peer))
    console.log(`histograms per CPU second, ours / ${peer}: ${(cpuOf(peer) / cpuOf(us)).toFixed(2)}`);
  else console.log(`${peer}: not installed, left out`);
}
console.log(
  `share of the engine's own ceiling: ${((100 * wallOf(engine)) / wallOf(us)).toFixed(0)} % by time, ${((100 * cpuOf(engine)) / cpuOf(us)).toFixed(0)} % by CPU`,
);

function thousands(value: number): string {
  return `${(value / 1000).toFixed(0)} k`;
}
