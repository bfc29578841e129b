/**
 * bench/ingest.ts: what a histogram costs on its whole way, printed text to acknowledged rows, against two other stores.
 *
 *   collectors:  printed frames ▶ FrameReader ▶ batcher ▶ spool ▶ HTTP ▶ services: ingest (digest, verify, decode, owners) ▶ engine
 *   the others:  remote write requests, encoded beforehand ▶ Prometheus (native histograms), VictoriaMetrics (vmrange)
 *
 * Ours counts the CPU of everything: collectors, ingest, engine and its merges, each a process of its own, and says which stage
 * took it; theirs that of the server alone, so "ingest and engine" is the row to hold against them where only storing is meant. The
 * engine's own ceiling is the same rows, encoded beforehand, straight into the same table in batches of the same size. Bytes on
 * disk are those of what each has after it has merged what it got. Roll-ups are not in it: bench/query.ts tells their price. All are
 * warm: each first gets some seconds that do not count. Rounds are interleaved; medians.
 *
 * Twice: one collector of 25 hosts for 40 s, and eight of 25 hosts each for 5 s, which is as many histograms, of a fleet of 200 hosts.
 *
 * Run: node --import tsx bench/ingest.ts [ROUNDS] [alone]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BatchBuilder } from "../core/batch-builder.ts";
import { createStoreClient, type StoreClient } from "../store/client.ts";
import { encodeStored } from "../wire/batch.ts";
import { machine, percentile } from "./machine.ts";
import { nativeRequests, vmrangeRequests } from "./peers/encode.ts";
import { cpuSeconds, diskBytes, startPrometheus, startVictoria, type Peer } from "./peers/peer.ts";
import { remoteWriteHeaders } from "./peers/remote-write.ts";
import { makeWorkload, type Workload } from "./peers/workload.ts";
import { printFrames, type FrameFile } from "./pipeline/frames.ts";
import {
  Child,
  type CollectorOrder,
  type RunOrder,
  type RunReport,
  type ServicesOrder,
  type ServicesReady,
} from "./pipeline/processes.ts";

const ROUNDS = Number(process.argv[2] ?? 3);
const isAlone = process.argv[3] === "alone";
const SIZE = { hosts: 25, zones: 40, metrics: 8, seconds: 40 };
const WARM_SEC = 4;
/** The middle of a day (UTC), so that no round spans two. */
const ZERO_TS = Math.floor(Date.now() / 86_400_000) * 86_400 - 43_200;

interface Cost {
  readonly cpuSec: number;
  readonly wallSec: number;
  readonly diskBytes: number;
}

const STAGES = ["parse", "batch", "spool, send", "ingest", "engine"] as const;
type Stages = Readonly<Record<(typeof STAGES)[number], number>>;

interface Whole {
  readonly pipeline: Cost;
  /** CPU seconds. */
  readonly stages: Stages;
  readonly ceiling: Cost;
  readonly rowsPerInsert: number;
}

/** The whole way, on a fresh store. */
async function ours(file: FrameFile, workload: Workload, collectors: number): Promise<Whole> {
  const directory = await mkdtemp(join(tmpdir(), "isotherm-bench-"));
  const { hosts, zones, seconds } = workload.size;
  const services = new Child<ServicesOrder, ServicesReady>("services.ts");
  const senders = Array.from(
    { length: collectors },
    () => new Child<CollectorOrder | RunOrder, RunReport>("collector.ts"),
  );
  try {
    const dataDir = join(directory, "data");
    const fleet = { hosts: hosts * collectors, zones, distinctHosts: hosts, collectors };
    const { ingestUrl, tokens, enginePid, store: connection } = await services.ask({ dataDir, ...fleet });
    const each = seconds / collectors;
    await Promise.all(
      senders.map((sender, at) => {
        const [name, spoolDirectory] = [`bench-${at}`, join(directory, `spool-${at}`)];
        const order = { name, spoolDirectory, ingestUrl, token: tokens[at] ?? "", file, hosts, fromHost: at * hosts };
        return sender.ask({ ...order, fromSecond: at * each, seconds: each });
      }),
    );
    const run = (fromTick: number, ticks: number): Promise<RunReport[]> =>
      Promise.all(senders.map((sender) => sender.ask({ fromTick, ticks, zeroTs: ZERO_TS, live: false })));
    await run(1, WARM_SEC);
    const store = createStoreClient(connection);
    // What made them warm does not count; the same text again would also compress too well. Ingest knows its streams by now.
    await store.command("TRUNCATE TABLE windows");
    const inserts = await insertsOf(store);
    const [servicesMeter, engineMeter] = [meterOf(services.pid), meterOf(enginePid)];
    const reports = await run(WARM_SEC + 1, each);
    const ingest = servicesMeter();
    await mergesDone(store);
    const engine = engineMeter();
    const rowsPerInsert = (sum(reports, (r) => r.sent.rows + r.sent.frames) / ((await insertsOf(store)) - inserts)) | 0;
    const parse = sum(reports, (r) => r.parseSec);
    const batch = sum(reports, (r) => r.batchSec);
    const collecting = sum(reports, (r) => r.cpuSec);
    const stages = {
      parse,
      batch,
      "spool, send": collecting - parse - batch,
      ingest: ingest.cpuSec,
      engine: engine.cpuSec,
    };
    const stored = await check(store, reports);
    const cpuSec = collecting + ingest.cpuSec + engine.cpuSec;
    const pipeline = { cpuSec, wallSec: ingest.wallSec, diskBytes: stored };
    const ceiling = await straightIn(store, enginePid, workload, collectors > 1 ? GROUPED : 1);
    await store.close();
    return { pipeline, stages, ceiling, rowsPerInsert };
  } finally {
    await Promise.all(senders.map((sender) => sender.close()));
    await services.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Batches of eight collectors that come in one insert, at most (ingest/insert-groups.ts). */
const GROUPED = 6;

/** CPU and time of a process from now on. */
function meterOf(pid: number): () => { cpuSec: number; wallSec: number } {
  const cpu = cpuSeconds(pid);
  const from = performance.now();
  return () => ({ cpuSec: cpuSeconds(pid) - cpu, wallSec: (performance.now() - from) / 1000 });
}

/** How many inserts the table has had: parts are numbered. */
async function insertsOf(store: StoreClient): Promise<number> {
  const [row] = await store.query<{ n: number }>(
    "SELECT toUInt32(max(max_block_number)) AS n FROM system.parts WHERE table = 'windows'",
  );
  return row?.n ?? 0;
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
async function check(store: StoreClient, reports: readonly RunReport[]): Promise<number> {
  const [found] = await store.query<{ rows: number; buckets: number; events: number; frames: number }>(
    `SELECT toFloat64(countIf(kind = 1)) AS rows, toFloat64(sum(length(bucket))) AS buckets,
       toFloat64(sum(arraySum(count))) AS events, toFloat64(countIf(kind = 0)) AS frames FROM windows`,
  );
  const sent = {
    rows: sum(reports, (r) => r.sent.rows),
    buckets: sum(reports, (r) => r.sent.buckets),
    events: sum(reports, (r) => r.sent.events),
    frames: sum(reports, (r) => r.sent.frames),
  };
  const differs = (["rows", "buckets", "events", "frames"] as const).some((name) => found?.[name] !== sent[name]);
  if (differs) throw new Error(`the store holds ${JSON.stringify(found)}, not ${JSON.stringify(sent)}`);
  await store.command("OPTIMIZE TABLE windows FINAL");
  const [disk] = await store.query<{ bytes: number }>(
    "SELECT toFloat64(sum(bytes_on_disk)) AS bytes FROM system.parts WHERE active AND table = 'windows'",
  );
  return disk?.bytes ?? 0;
}

function sum<T>(list: readonly T[], of: (each: T) => number): number {
  return list.reduce((total, each) => total + of(each), 0);
}

/** The engine's own ceiling: the same rows as bytes, some seconds an insert. */
async function straightIn(store: StoreClient, pid: number, workload: Workload, secondsEach: number): Promise<Cost> {
  const tenant = { codes: new Int32Array(0), values: ["owner"] };
  const batches: Uint8Array[] = [];
  let builder = new BatchBuilder();
  workload.windows.forEach((second, at) => {
    second.forEach(({ bucket, count }, i) => {
      const { host, zone, metric } = workload.series[i] ?? { host: "", zone: "", metric: 0 };
      const id = { spec: `spec${metric}`, enabling: `e${i}`, host, tick: at, ts: ZERO_TS + at };
      builder.addWindows(id, [{ zone, keys: [], bucket, count, value: 0 }]);
    });
    if ((at + 1) % secondsEach !== 0 && at + 1 < workload.windows.length) return;
    const batch = builder.finish();
    batches.push(
      encodeStored({ ...batch, tenant: { ...tenant, codes: new Int32Array(batch.rows) } }, "ceiling", at + 1),
    );
    builder = new BatchBuilder();
  });
  await store.command("TRUNCATE TABLE windows");
  for (const bytes of batches.slice(0, 2)) await store.insertArrow("windows", bytes);
  const meter = meterOf(pid);
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
  `${workload.histograms} histograms, ${workload.nonZeroBuckets} non-zero buckets: ${workload.series.length} series x ${SIZE.seconds} s, one batch a second of each collector; medians of ${ROUNDS} rounds`,
);
const directory = await mkdtemp(join(tmpdir(), "isotherm-frames-"));
const file = printFrames(workload, join(directory, "frames"));
console.log(`printed text: ${(diskBytes(directory) / 1e6).toFixed(0)} MB\n`);
const fromMs = Date.now() - SIZE.seconds * 1000;
const native = isAlone ? [] : nativeRequests(workload, fromMs);
const vmrange = isAlone ? [] : vmrangeRequests(workload, fromMs);
const costs = new Map<string, Cost[]>();
const stages = new Map<string, Whole[]>();
const note = <T>(map: Map<string, T[]>, name: string, each: T): void =>
  void map.set(name, [...(map.get(name) ?? []), each]);
for (let round = 0; round < ROUNDS; round++) {
  for (const collectors of [1, 8]) {
    const name = collectors === 1 ? "1 collector" : `${collectors} collectors`;
    const whole = await ours(file, workload, collectors);
    note(costs, `Isotherm, ${name}`, whole.pipeline);
    const storing = { ...whole.pipeline, cpuSec: whole.stages.ingest + whole.stages.engine };
    note(costs, ` ingest and engine, ${name}`, storing);
    note(costs, ` engine alone, ${name}`, whole.ceiling);
    note(stages, name, whole);
  }
  const prometheus = isAlone ? null : await startPrometheus();
  if (prometheus !== null) {
    const hold = expectCount("count(latency_ns)", workload.series.length);
    note(costs, "Prometheus, native", await theirs(prometheus, native, hold));
    await prometheus.close();
  }
  const victoria = isAlone ? null : await startVictoria();
  if (victoria !== null) {
    note(costs, "VictoriaMetrics", await theirs(victoria, vmrange, () => Promise.resolve()));
    await victoria.close();
  }
}
await rm(directory, { recursive: true, force: true });

const median = (name: string, of: (cost: Cost) => number): number => percentile((costs.get(name) ?? []).map(of), 0.5);
console.log(`${"".padEnd(34)} histograms/CPU s  buckets/CPU s  histograms/s  B/bucket`);
for (const name of costs.keys()) {
  const perCpu = workload.histograms / median(name, (cost) => cost.cpuSec);
  const perSec = workload.histograms / median(name, (cost) => cost.wallSec);
  const bytes = median(name, (cost) => cost.diskBytes) / workload.nonZeroBuckets;
  console.log(
    `${name.padEnd(34)} ${thousands(perCpu).padStart(16)} ${thousands((perCpu * workload.nonZeroBuckets) / workload.histograms).padStart(14)}` +
      ` ${thousands(perSec).padStart(13)} ${bytes > 0 ? bytes.toFixed(2).padStart(9) : "        -"}`,
  );
}
const cpuOf = (name: string): number => median(name, (cost) => cost.cpuSec);
const wallOf = (name: string): number => median(name, (cost) => cost.wallSec);
for (const [name, wholes] of stages) {
  const stage = (each: (typeof STAGES)[number]): number =>
    percentile(
      wholes.map((whole) => whole.stages[each]),
      0.5,
    );
  const micros = STAGES.map((each) => `${each} ${((1e6 * stage(each)) / workload.histograms).toFixed(1)}`).join(", ");
  const [us, engine] = [`Isotherm, ${name}`, ` engine alone, ${name}`];
  console.log(`\n${name}, CPU us a histogram: ${micros}`);
  console.log(
    `  ${percentile(
      wholes.map((whole) => whole.rowsPerInsert),
      0.5,
    )} rows an insert`,
  );
  console.log(
    `  share of the engine's own ceiling: ${((100 * wallOf(engine)) / wallOf(us)).toFixed(0)} % by time, ${((100 * cpuOf(engine)) / cpuOf(us)).toFixed(0)} % by CPU`,
  );
  for (const peer of ["Prometheus, native", "VictoriaMetrics"]) {
    if (!costs.has(peer)) continue;
    const storing = cpuOf(peer) / cpuOf(` ingest and engine, ${name}`);
    console.log(
      `  histograms per CPU second, ours / ${peer}: ${(cpuOf(peer) / cpuOf(us)).toFixed(2)}; without the collector: ${storing.toFixed(2)}`,
    );
  }
}
for (const peer of ["Prometheus, native", "VictoriaMetrics"]) {
  if (!costs.has(peer)) console.log(`${peer}: left out, or not installed`);
}

function thousands(value: number): string {
  return `${(value / 1000).toFixed(0)} k`;
}
