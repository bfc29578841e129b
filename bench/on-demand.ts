/**
 * bench/on-demand.ts: from asking for an instrumentation to its first column, and from deleting it to the end of the last dtrace.
 *
 * The whole path in one process: simulated hosts, collector, ingest, query API; the engine in its own, as always.
 * A first column is one in which a host has reported; a whole one has all of them. Both are read as a client reads them, by
 * asking for the heatmap until it has them (every 20 ms). That dtrace is gone is seen on the hosts themselves.
 *
 * Run: node --import tsx bench/on-demand.ts [HOSTS] [ROUNDS]
 */
import { performance } from "node:perf_hooks";
import type { Heatmap, HostInfo, InstrumentationInfo } from "../core/api.ts";
import { startStack } from "../test/e2e/stack.ts";
import { machine, percentile } from "./machine.ts";

const HOSTS = Number(process.argv[2] ?? 50);
const ROUNDS = Number(process.argv[3] ?? 20);

const stack = await startStack({ hosts: HOSTS, zonesPerHost: 4, tenants: 3, seed: 1, ledger: false });

async function until(ask: () => boolean | Promise<boolean>): Promise<number> {
  const fromMs = performance.now();
  while (!(await ask())) {
    if (performance.now() - fromMs > 30_000) throw new Error("not within 30 s");
    await new Promise((wake) => setTimeout(wake, 20));
  }
  return performance.now() - fromMs;
}

await until(async () => {
  const { hosts } = await stack.operator.json<{ hosts: HostInfo[] }>("/v1/hosts");
  return (
    hosts.length === HOSTS &&
    hosts.every((host) => host.state === "up" && host.metrics.every((each) => each.supported !== null))
  );
});

const firstMs: number[] = [];
const wholeMs: number[] = [];
const goneMs: number[] = [];
const idle = stack.fleet.hosts.reduce((sum, host) => sum + host.running.size, 0);
for (let round = 0; round < ROUNDS; round++) {
  const askedMs = performance.now();
  const { id } = await stack.operator.post<InstrumentationInfo>("/v1/instrumentations", {
    metric: "syscall.ops",
    decomposition: ["execname", "latency"],
  });
  const reporting = async (): Promise<number> => {
    const heatmap = await stack.operator.json<Heatmap>(`/v1/instrumentations/${id}/heatmap?from=-10&columns=100`);
    return Math.max(0, ...heatmap.columns.map((column) => column.reporting));
  };
  await until(async () => (await reporting()) > 0);
  firstMs.push(performance.now() - askedMs);
  await until(async () => (await reporting()) === HOSTS);
  wholeMs.push(performance.now() - askedMs);
  const deletedMs = performance.now();
  await stack.operator.fetch(`/v1/instrumentations/${id}`, { method: "DELETE" });
  await until(() => stack.fleet.hosts.reduce((sum, host) => sum + host.running.size, 0) <= idle);
  goneMs.push(performance.now() - deletedMs);
}

const figure = (values: readonly number[]): string =>
  `median ${Math.round(percentile(values, 0.5))} ms, p95 ${Math.round(percentile(values, 0.95))} ms`;
const lines: [string, string][] = [
  ["machine", machine()],
  ["workload", `${HOSTS} hosts, 4 zones each; syscall.ops by execname and latency; ${ROUNDS} rounds`],
  ["to the first column", figure(firstMs)],
  ["to all hosts in it", figure(wholeMs)],
  ["deleted to last exit", figure(goneMs)],
];
for (const [name, value] of lines) process.stdout.write(`${name.padEnd(21)} ${value}\n`);
await stack.close();
