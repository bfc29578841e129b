/**
 * bench/collector.ts: what one collector process costs with hundreds of hosts: CPU, memory, columns, lag.
 *
 *   3 simulator processes ◀──ssh── this process: the collector alone ──HTTP──▶ sink process
 *
 * The sink decodes and counts and stores nothing, so what is measured is the collector. All of them share the machine's cores.
 * Run: node --import tsx bench/collector.ts [HOSTS] [SECONDS]
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance, monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { startSimulator } from "../cli/simulator-process.ts";
import { startCollector } from "../collectors/collector.ts";
import { parseKnownHosts } from "../collectors/known-hosts.ts";
import { makeKeyPair } from "../collectors/ssh.ts";
import type { Assignment } from "../core/instrumentation.ts";
import { silentLog } from "../server/log.ts";
import type { SinkOrder, SinkTally } from "./collector-sink.ts";
import { machine, percentile } from "./machine.ts";

const HOSTS = Number(process.argv[2] ?? 500);
const SECONDS = Number(process.argv[3] ?? 30);
const ZONES = 2;
const SIMULATORS = 3;
const UP_MS = 45_000;

const assignment = (n: number, metric: string, decomposition: string[]): Assignment => ({
  id: String(n).padStart(16, "0"),
  metric,
  predicate: {},
  decomposition,
  scheme: null,
  granularitySec: 1,
  scope: "all",
  requestedBy: "bench",
});
const ASSIGNMENTS = [assignment(1, "syscall.ops", ["latency"]), assignment(2, "cpu.usage", ["cpumode"])];

const sink = fork(fileURLToPath(new URL("./collector-sink.ts", import.meta.url)), {
  stdio: ["ignore", "inherit", "inherit", "ipc"],
});
const [{ port }] = (await once(sink, "message")) as [{ port: number }];
const order = (each: SinkOrder): void => void sink.send(each);
const tally = async (): Promise<SinkTally> => {
  order({ type: "tally" });
  const [answer] = (await once(sink, "message")) as [SinkTally];
  return answer;
};
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const keys = makeKeyPair();
// One process of simulated hosts is busier than the collector that watches them, so there are several.
const simulators = await Promise.all(
  Array.from({ length: SIMULATORS }, (_, i) =>
    startSimulator({
      hosts: Math.floor((HOSTS + i) / SIMULATORS),
      zonesPerHost: ZONES,
      tenants: 20,
      seed: i + 1,
      clientPublicKey: keys.publicKey,
      ledger: false,
    }),
  ),
);
const hosts = simulators.flatMap((simulator, i) =>
  simulator.hosts.map((host) => ({ ...host, name: `s${i}-${host.name}` })),
);
const knownHosts = parseKnownHosts(hosts.map(({ name, port: at, hostKey }) => `[${name}]:${at} ${hostKey}`).join("\n"));
order({ type: "assign", assignments: ASSIGNMENTS });
const url = `http://127.0.0.1:${port}`;
const startedMs = performance.now();
const spoolDirectory = await mkdtemp(join(tmpdir(), "isotherm-bench-"));
const collector = await startCollector({
  name: "bench",
  spoolDirectory,
  hosts: hosts.map(({ name, port: at }) => ({
    name,
    platform: "smartos",
    target: { host: name, address: "127.0.0.1", port: at, username: "isotherm", privateKey: keys.privateKey },
  })),
  knownHosts: () => knownHosts,
  ingestUrl: url,
  queryUrl: url,
  token: "bench",
  log: silentLog(),
});
for (;;) {
  await wait(250);
  order({ type: "reset" });
  await wait(1_250);
  const now = await tally();
  if (now.columns >= HOSTS * ASSIGNMENTS.length || performance.now() - startedMs > UP_MS) break;
}
const upMs = performance.now() - startedMs;

order({ type: "reset" });
const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
const before = process.cpuUsage();
const fromMs = performance.now();
let rssMax = 0;
while (performance.now() - fromMs < SECONDS * 1000) {
  await wait(500);
  rssMax = Math.max(rssMax, process.memoryUsage.rss());
}
const cpu = process.cpuUsage(before);
const elapsedSec = (performance.now() - fromMs) / 1000;
delay.disable();
const result = await tally();

const at = (values: readonly number[]): string =>
  [0.5, 0.95, 0.99].map((q) => `p${100 * q} ${Math.round(percentile(values, q))} ms`).join(", ");
const lines: [string, string][] = [
  ["machine", machine()],
  [
    "workload",
    `${HOSTS} hosts, ${ZONES} zones each; ${ASSIGNMENTS.map((each) => each.metric).join(", ")}; ${SECONDS} s`,
  ],
  ["all hosts measuring", `${(upMs / 1000).toFixed(1)} s after the start (${result.hostsUp} up)`],
  ["collector CPU", `${((100 * (cpu.user + cpu.system)) / 1e6 / elapsedSec).toFixed(0)} % of a core`],
  ["collector RSS", `${Math.round(rssMax / 2 ** 20)} MiB at most`],
  [
    "event loop delay",
    `p50 ${(delay.percentile(50) / 1e6 - 10).toFixed(1)} ms, p99 ${(delay.percentile(99) / 1e6 - 10).toFixed(1)} ms`,
  ],
  [
    "columns delivered",
    `${result.columns} of ${Math.round(HOSTS * ASSIGNMENTS.length * elapsedSec)}, ${result.gaps} gaps`,
  ],
  [
    "rows, batches",
    `${result.rows} rows in ${result.batches} batches, ${(result.bytes / 2 ** 20 / elapsedSec).toFixed(1)} MiB/s`,
  ],
  ["tick to whole frame", at(result.frameMs)],
  ["tick to ingest", at(result.lagMs)],
];
for (const [name, value] of lines) process.stdout.write(`${name.padEnd(20)} ${value}\n`);
await collector.close(0);
await rm(spoolDirectory, { recursive: true, force: true });
await Promise.all(simulators.map((simulator) => simulator.close()));
sink.disconnect();
