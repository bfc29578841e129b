/**
 * bench/query.ts: how long answers take through the API, alone and for eight clients at once, what they take when the data are ten
 * times as many, and what two other stores take for the same questions.
 *
 * "first" is asked with no columns kept in the API's memory (query-api/column-blocks.ts), as whoever opens a page first does; which
 * tables have past days is known from the second question on (query-api/known-units.ts). "again" and "at once" as everybody after that. The client is a process of its own.
 *
 * One minute of the common workload (ten series of one tenant, each on a host of its own) is repeated with fresh noise: a day of seconds,
 * and, before it, days with one window a minute, whose hours are as large as those of seconds. Then the job of store/rollups.ts runs.
 * Growth is other tenants' data, on hosts of their own, in the same spec. Everything is asked over HTTP as that tenant.
 *
 * The peers have the same minute, repeated: an hour of seconds, and before it a sample a minute, which is less than we have. They
 * have no other tenants' data, and no 30 days: filling them would take them longer than the whole bench.
 *
 * Run: node --import tsx bench/query.ts [DAYS] [GROWTH] [RUNS]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServices, type Services } from "../cli/services.ts";
import { BatchBuilder } from "../core/batch-builder.ts";
import { blocksOf } from "../query-api/column-blocks.ts";
import { silentLog } from "../server/log.ts";
import { Rollups } from "../store/rollups.ts";
import { WINDOWS } from "../store/tables.ts";
import { encodeStored } from "../wire/batch.ts";
import { Asker, type Asked } from "./asker.ts";
import { machine, percentile } from "./machine.ts";
import { nativeRequests, vmrangeRequests } from "./peers/encode.ts";
import { startPrometheus, startVictoria, type Peer } from "./peers/peer.ts";
import { remoteWriteHeaders } from "./peers/remote-write.ts";
import { makeWorkload, type Workload } from "./peers/workload.ts";

const DAYS = Number(process.argv[2] ?? 30);
const GROWTH = Number(process.argv[3] ?? 10);
const RUNS = Number(process.argv[4] ?? 40);
const CLIENTS = 8;
const TENANT = "11111111-1111-4111-8111-111111111111";
const HOUR = 3600;
const DAY = 24 * HOUR;
/** The end of all data: whole hours, all of which are closed. */
const TO = Math.floor((Date.now() / 1000 - 120) / HOUR) * HOUR;
const SLOW = { settings: { max_execution_time: 600, max_threads: 3 } };
/** A peer's sample before the last hour. */
const COARSE_SEC = 60;

interface Row {
  readonly name: string;
  readonly aimMs: number;
  /** Of ours. */
  readonly path: (instrumentation: string) => string;
  /** What is posted there; absent: it is got. */
  readonly body?: (instrumentation: string) => string;
  /** Of a peer, with what it calls the metric; undefined: it has not got the data. */
  readonly peer?: (peer: Peer) => string;
}

const native = "latency_ns";
const buckets = "latency_ns_bucket";
/** Of every second: a rate needs two samples. */
const overTime = (peer: Peer, fromTs: number, stepSec: number): string => {
  const window = Math.max(stepSec, 2);
  const query =
    peer.name === "Prometheus"
      ? `sum(increase(${native}[${window}s]))`
      : `sum by (vmrange) (increase(${buckets}[${stepSec}s]))`;
  return `/api/v1/query_range?query=${encodeURIComponent(query)}&start=${fromTs}&end=${TO - 1}&step=${stepSec}`;
};
const byZone = (peer: Peer): string => {
  const query =
    peer.name === "Prometheus"
      ? `sum by (zone) (histogram_count(increase(${native}[10m])))`
      : `sum by (zone) (increase(${buckets}[10m]))`;
  return `/api/v1/query?query=${encodeURIComponent(query)}&time=${TO - 600}`;
};
const heatmap = (id: string, fromTs: number, columns: number): string =>
  `/v1/instrumentations/${id}/heatmap?from=${fromTs}&to=${TO}&columns=${columns}`;

const QUESTIONS: readonly Row[] = [
  {
    name: "heatmap 1 h at 1 s",
    aimMs: 60,
    path: (id) => heatmap(id, TO - HOUR, HOUR),
    peer: (peer) => overTime(peer, TO - HOUR, 1),
  },
  {
    name: "heatmap 24 h at 5 min",
    aimMs: 60,
    path: (id) => heatmap(id, TO - DAY, 600),
    peer: (peer) => overTime(peer, TO - DAY, 300),
  },
  { name: `heatmap ${DAYS} days`, aimMs: 100, path: (id) => heatmap(id, TO - DAYS * DAY, 600) },
  {
    name: "breakdown of 10 min",
    aimMs: 30,
    path: (id) => `/v1/instrumentations/${id}/breakdown?by=zonename&from=${TO - 1200}&to=${TO - 600}`,
    peer: byZone,
  },
  {
    name: "selection of 10 min",
    aimMs: 30,
    path: () => "/v1/selections/breakdown",
    body: (id) => JSON.stringify({ selection: { instrumentation: id, from: TO - 1200, to: TO - 600 }, by: "zonename" }),
    peer: byZone,
  },
];

const directory = await mkdtemp(join(tmpdir(), "isotherm-bench-"));
const services = await startServices({
  dataDir: directory,
  host: "127.0.0.1",
  port: 0,
  webDir: null,
  simulated: false,
  signInCode: null,
  log: silentLog(),
  retention: { rawDays: 90, minuteDays: 90, hourDays: 730 },
});

const workload = makeWorkload({ hosts: 10, zones: 1, metrics: 1, seconds: 60 });

/** The tenant, its zones and hosts, and the minute that all data are made of. @returns the instrumentation and its spec */
async function prepare({ state, store, query }: Services): Promise<string> {
  await state.tenants.put([{ id: TENANT, name: "bench", createdMs: 1 }]);
  for (const { host, zone } of workload.series) {
    await state.ownership.report(host, [{ name: zone, owner: TENANT, alias: zone, state: "running" }], Date.now());
  }
  const { id } = await query.instrumentations.ensureStanding({ metric: "syscall.ops", decomposition: ["latency"] });
  const builder = new BatchBuilder();
  workload.windows.forEach((second, at) => {
    second.forEach((window, i) => {
      const { host, zone } = workload.series[i] ?? { host: "", zone: "" };
      const about = { spec: id, enabling: host, host, tick: at + 1, ts: at };
      builder.addWindow({ ...about, zone, keys: [], ...window, value: 0 });
      const events = window.count.reduce((sum, each) => sum + each, 0);
      const times = { endedMs: 0, receivedMs: 0, elapsedNs: 1e9 };
      builder.addCoverage({ ...about, status: "ok", reason: "", dropped: 0, events, detail: "", ...times });
    });
  });
  const batch = builder.finish();
  const tenant = { values: ["", TENANT], codes: Int32Array.from(batch.kind) };
  await store.command("CREATE TABLE minute AS windows");
  await store.insertArrow("minute", encodeStored({ ...batch, tenant }, "bench", 1));
  return id;
}

/** @param others 0: the tenant's own; from 1: further copies, of other tenants on other hosts */
async function fill({ store }: Services, others: { first: number; count: number }): Promise<number> {
  const [template] = await store.query<{ n: number }>("SELECT toUInt32(sum(length(bucket))) AS n FROM minute");
  const isOther = "o > 0";
  const made: Readonly<Record<string, string>> = {
    ts: "ts + toIntervalMinute(m)",
    host: `if(${isOther}, concat(toString(host), '-', toString(o)), toString(host))`,
    zone: `if(kind = 1 AND ${isOther}, concat(toString(zone), '-', toString(o)), toString(zone))`,
    tenant: `if(kind = 1 AND ${isOther}, concat('tenant-', toString(o)), toString(tenant))`,
    // The noise that a count of its size has.
    count: "arrayMap(c -> toUInt32(greatest(1, round(c + sqrt(c) * 2 * (randCanonical(c + m + o) - 0.5)))), count)",
  };
  const columns = WINDOWS.columns.map(({ name }) => (made[name] === undefined ? name : `${made[name]} AS ${name}_`));
  const from = (seconds: string): string =>
    `INSERT INTO windows (${WINDOWS.columns.map(({ name }) => name).join(", ")}) SELECT ${columns.join(", ")}
     FROM minute CROSS JOIN (SELECT toUInt32({from:UInt32} / 60 + number) AS m FROM numbers({minutes:UInt32})) AS minutes
     CROSS JOIN (SELECT toUInt32(number + {first:UInt32}) AS o FROM numbers({count:UInt32})) AS tenants WHERE ${seconds}`;
  for (let day = TO - DAYS * DAY; day < TO - DAY; day += DAY) {
    // A day of the store's is one of UTC, so at most two partitions.
    await store.command(from("toUnixTimestamp(ts) = 0"), { from: day, minutes: 1440, ...others }, SLOW);
  }
  for (let hour = TO - DAY; hour < TO; hour += HOUR) {
    await store.command(from("1"), { from: hour, minutes: 60, ...others }, SLOW);
  }
  return ((template?.n ?? 0) * 1440 * others.count * (1 + (DAYS - 1) / 60)) / 1e6;
}

async function rollUp({ store }: Services): Promise<void> {
  // Made again at once: here nobody waits ten minutes for late rows.
  const rollups = new Rollups({ store, againAfterMs: 0, retainEveryMs: Infinity });
  for (let made = 1; made > 0;) {
    const { computed, failed } = await rollups.runOnce();
    if (failed > 0) throw new Error(`${failed} hours could not be rolled up`);
    made = computed;
  }
  await rollups.close();
  for (let quiet = 0; quiet < 3;) {
    const [row] = await store.query<{ n: number }>("SELECT toUInt32(count()) AS n FROM system.merges");
    quiet = row?.n === 0 ? quiet + 1 : 0;
    await new Promise((wake) => setTimeout(wake, 100));
  }
}

interface Figure {
  readonly p50: number;
  readonly p95: number;
  readonly kb: number;
}

const figure = ({ ms, kb }: Asked): Figure => ({
  p50: percentile(ms, 0.5),
  p95: percentile(ms, 0.95),
  kb,
});

const ofOurs = ({ path, body }: Row, id: string, headers: Record<string, string>) => ({
  url: services.query.url + path(id),
  headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
  ...(body === undefined ? {} : { body: body(id) }),
});

/** With nothing kept, each time. */
async function oursFirst(id: string, headers: Record<string, string>): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const row of QUESTIONS) {
    const all: Asked[] = [];
    for (let run = 0; run < RUNS; run++) {
      blocksOf(services.store).clear();
      all.push(await asker.ask({ ...ofOurs(row, id, headers), runs: 1, warmUps: 0, clients: 1 }));
    }
    // The first of all meets an engine that has not read the data yet.
    figures.push(figure({ ms: all.slice(1).flatMap((each) => each.ms), kb: all[0]?.kb ?? 0 }));
    console.log(`  ${row.name}, first: ${ms(figures.at(-1))}`);
  }
  return figures;
}

async function oursAgain(id: string, headers: Record<string, string>, clients: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  const runs = clients === 1 ? RUNS : Math.ceil(RUNS / 4);
  for (const row of QUESTIONS) {
    figures.push(figure(await asker.ask({ ...ofOurs(row, id, headers), runs, warmUps: 2, clients })));
    console.log(`  ${row.name}, ${clients} at once: ${ms(figures.at(-1))}`);
  }
  return figures;
}

/** The last hour by seconds, the day before it by minutes. */
function peerWorkload(): { workload: Workload; timeOf: (at: number) => number } {
  const coarse = (DAY - HOUR) / COARSE_SEC;
  const windows = Array.from(
    { length: coarse + HOUR },
    (_, at) => workload.windows[at % workload.windows.length] ?? [],
  );
  const timeOf = (at: number): number => 1000 * (at < coarse ? TO - DAY + at * COARSE_SEC : TO - HOUR + (at - coarse));
  return { workload: { ...workload, windows }, timeOf };
}

async function peerFigures(peer: Peer, requests: readonly Uint8Array<ArrayBuffer>[]): Promise<(Figure | null)[]> {
  for (const body of requests) {
    const response = await fetch(`${peer.url}/api/v1/write`, { method: "POST", headers: remoteWriteHeaders(), body });
    if (!response.ok) throw new Error(`${peer.name}: ${response.status} ${await response.text()}`);
  }
  await fetch(`${peer.url}/internal/force_flush`).catch(() => undefined);
  const figures: (Figure | null)[] = [];
  for (const { peer: path } of QUESTIONS) {
    if (path === undefined) figures.push(null);
    else {
      const question = { url: peer.url + path(peer), headers: {}, runs: Math.ceil(RUNS / 2), warmUps: 2, clients: 1 };
      figures.push(figure(await asker.ask(question)));
    }
  }
  return figures;
}

const line = (cells: readonly string[]): string =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(24) : cell.padStart(17))).join("");
const ms = (value: Figure | null | undefined): string =>
  value === null || value === undefined ? "-" : `${value.p95.toFixed(1)} (${value.p50.toFixed(1)})`;
const ratio = (a: number | undefined, b: number | undefined): string =>
  a === undefined || b === undefined ? "-" : `${(a / b).toFixed(2)}x`;
const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
  const from = performance.now();
  const result = await work();
  console.log(`${name}: ${((performance.now() - from) / 1000).toFixed(1)} s`);
  return result;
};

const asker = new Asker();
try {
  console.log(machine());
  const id = await prepare(services);
  const token = await services.state.tokens.create("tenant", TENANT, "bench");
  const headers = { authorization: `Bearer ${token}`, accept: "application/vnd.apache.arrow.stream, application/json" };
  const own = await step("fill", () => fill(services, { first: 0, count: 1 }));
  await step("roll up", () => rollUp(services));
  const first = await step("ask, nothing kept", () => oursFirst(id, headers));
  const alone = await step("ask again", () => oursAgain(id, headers, 1));
  const eight = await step(`ask, ${CLIENTS} at once`, () => oursAgain(id, headers, CLIENTS));
  const more = await step(`fill others`, () => fill(services, { first: 1, count: GROWTH - 1 }));
  await step("roll up", () => rollUp(services));
  const firstGrown = await step("ask, nothing kept", () => oursFirst(id, headers));
  const grown = await step("ask again", () => oursAgain(id, headers, 1));
  const eightGrown = await step(`ask, ${CLIENTS} at once`, () => oursAgain(id, headers, CLIENTS));

  const theirs = new Map<string, (Figure | null)[]>();
  const { workload: repeated, timeOf } = peerWorkload();
  for (const [start, encode] of [
    [startPrometheus, nativeRequests],
    [startVictoria, vmrangeRequests],
  ] as const) {
    const peer = await start();
    if (peer === null) continue;
    try {
      theirs.set(peer.name, await step(peer.name, () => peerFigures(peer, encode(repeated, timeOf))));
    } finally {
      await peer.close();
    }
  }

  console.log(
    `\n10 series of one tenant, ${DAYS} days, ${own.toFixed(0)} M buckets; grown to ${(own + more).toFixed(0)} M`,
  );
  console.log(
    `95th percentile (median), ms, of ${RUNS}; Prometheus and VictoriaMetrics with the tenant's data alone\n`,
  );
  const peers = [...theirs.keys()];
  const times = `${GROWTH}x data`;
  console.log(
    line([
      "",
      "aim",
      "first",
      "again",
      `${CLIENTS} at once`,
      `first, ${times}`,
      times,
      `${CLIENTS}, ${times}`,
      ...peers,
    ]),
  );
  QUESTIONS.forEach(({ name, aimMs }, i) => {
    const cells = [first, alone, eight, firstGrown, grown, eightGrown].map((figures) => ms(figures[i]));
    console.log(line([name, String(aimMs), ...cells, ...peers.map((peer) => ms(theirs.get(peer)?.[i]))]));
  });
  const heads = [
    "ratios of p95",
    "growth first",
    "growth",
    "8 / 1",
    `8 / 1, ${times}`,
    "peer / first",
    "peer / again",
    "KB",
  ];
  console.log(`\n${line(heads)}`);
  QUESTIONS.forEach(({ name }, i) => {
    const fastest = Math.min(...peers.flatMap((peer) => theirs.get(peer)?.[i]?.p95 ?? []));
    const beside = (figures: readonly Figure[]): string =>
      Number.isFinite(fastest) ? ratio(fastest, figures[i]?.p95) : "-";
    console.log(
      line([
        name,
        ratio(firstGrown[i]?.p95, first[i]?.p95),
        ratio(grown[i]?.p95, alone[i]?.p95),
        ratio(eight[i]?.p95, alone[i]?.p95),
        ratio(eightGrown[i]?.p95, grown[i]?.p95),
        beside(first),
        beside(alone),
        (alone[i]?.kb ?? 0).toFixed(0),
      ]),
    );
  });
  for (const name of ["Prometheus", "VictoriaMetrics"]) {
    if (!theirs.has(name)) console.log(`${name}: not installed, left out`);
  }
  console.log(machine());
} finally {
  asker.close();
  await services.close();
  await rm(directory, { recursive: true, force: true });
}
