/**
 * bench/load.ts: a fleet for a minute: 200 hosts x 40 zones x 8 metrics, a window of each every second, in real time.
 *
 * Eight collectors with 25 hosts each, whose ticks are spread over the second as in life, in front of one machine's services: text is
 * read, batched, made durable, sent, verified and stored, all in processes of their own. Prints what was lost (the store is held
 * against what the collectors counted), how long acknowledgements took, and what memory did.
 *
 * Run: node --import tsx bench/load.ts [SECONDS] [HOSTS]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStoreClient } from "../store/client.ts";
import { machine, percentile } from "./machine.ts";
import { cpuSeconds } from "./peers/peer.ts";
import { makeWorkload } from "./peers/workload.ts";
import { printFrames } from "./pipeline/frames.ts";
import {
  Child,
  residentMb,
  type CollectorOrder,
  type RunOrder,
  type RunReport,
  type ServicesOrder,
  type ServicesReady,
} from "./pipeline/processes.ts";

const SECONDS = Number(process.argv[2] ?? 60);
const HOSTS = Number(process.argv[3] ?? 200);
const COLLECTORS = 8;
/** The text of so many hosts and seconds serves for all. */
const PRINTED = { hosts: 5, zones: 40, metrics: 8, seconds: 8 };
const WARM_SEC = 5;

console.log(machine());
const directory = await mkdtemp(join(tmpdir(), "isotherm-load-"));
const file = printFrames(makeWorkload(PRINTED), join(directory, "frames"));
const services = new Child<ServicesOrder, ServicesReady>("services.ts");
const each = HOSTS / COLLECTORS;
const { zones, hosts: distinctHosts } = PRINTED;
const order = { dataDir: join(directory, "data"), hosts: HOSTS, zones, distinctHosts, collectors: COLLECTORS };
const { ingestUrl, tokens, enginePid, store: connection } = await services.ask(order);
const collectors = tokens.map(() => new Child<CollectorOrder | RunOrder, RunReport>("collector.ts"));
await Promise.all(
  collectors.map((collector, at) => {
    const [name, spoolDirectory] = [`load-${at}`, join(directory, `spool-${at}`)];
    const about = { name, spoolDirectory, ingestUrl, token: tokens[at] ?? "", file };
    return collector.ask({ ...about, fromSecond: 0, seconds: PRINTED.seconds, fromHost: at * each, hosts: each });
  }),
);

const zeroTs = Math.floor(Date.now() / 1000);
const run = (fromTick: number, ticks: number): Promise<RunReport[]> =>
  Promise.all(collectors.map((collector) => collector.ask({ fromTick, ticks, zeroTs, live: true })));
console.log(
  `${HOSTS} hosts x ${zones} zones x ${PRINTED.metrics} metrics for ${SECONDS} s from ${COLLECTORS} collectors: ${(HOSTS * zones * PRINTED.metrics).toLocaleString("en")} histograms a second\n`,
);
const warm = await run(1, WARM_SEC);

const groups = { services: [services.pid], engine: [enginePid], collectors: collectors.map(({ pid }) => pid) };
type Group = keyof typeof groups;
const names = Object.keys(groups) as Group[];
const memory = new Map<Group, number[]>(names.map((name) => [name, []]));
const look = (): void => {
  for (const name of names) memory.get(name)?.push(groups[name].reduce((sum, pid) => sum + residentMb(pid), 0));
};
const cpuOf = (name: Group): number => groups[name].reduce((sum, pid) => sum + cpuSeconds(pid), 0);
const before = new Map(names.map((name) => [name, cpuOf(name)]));
look();
const timer = setInterval(look, 1000);
const reports = await run(WARM_SEC + 1, SECONDS);
clearInterval(timer);
look();

const store = createStoreClient(connection);
const [held] = await store.query<{ rows: number; buckets: number; events: number; frames: number; gaps: number }>(
  `SELECT toFloat64(countIf(kind = 1)) AS rows, toFloat64(sum(length(bucket))) AS buckets,
     toFloat64(sum(arraySum(count))) AS events, toFloat64(countIf(kind = 0)) AS frames,
     toFloat64(countIf(status = 'gap')) AS gaps FROM windows`,
);
const [parts] = await store.query<{ inserts: number; active: number }>(
  "SELECT toUInt32(max(max_block_number)) AS inserts, toUInt32(countIf(active)) AS active FROM system.parts WHERE table = 'windows'",
);
const all = [...warm, ...reports];
const total = (of: (report: RunReport) => number, of1 = all): number =>
  of1.reduce((sum, report) => sum + of(report), 0);
console.log(`${"".padEnd(10)} ${"sent".padStart(14)} ${"stored".padStart(14)}`);
let lost = 0;
for (const name of ["rows", "buckets", "events", "frames"] as const) {
  const sent = total((report) => report.sent[name]);
  lost += Math.abs(sent - (held?.[name] ?? 0));
  console.log(
    `${name.padEnd(10)} ${sent.toLocaleString("en").padStart(14)} ${(held?.[name] ?? 0).toLocaleString("en").padStart(14)}`,
  );
}
console.log(
  lost === 0 && held?.gaps === 0 ? "nothing lost, no gaps\n" : `LOST or doubled; gaps: ${held?.gaps ?? "?"}\n`,
);

const ackMs = reports.flatMap((report) => report.ackMs);
const at = (q: number): string => percentile(ackMs, q).toFixed(0);
const batches = total((report) => report.batches, reports);
console.log(
  `acknowledged after the batch was made: median ${at(0.5)} ms, 99th ${at(0.99)} ms, worst ${at(1)} ms (${batches} batches, ${(total((report) => report.sent.rows, reports) / batches).toFixed(0)} windows each)`,
);
console.log(`inserts: ${parts?.inserts ?? 0} in all, ${parts?.active ?? 0} active parts at the end`);
for (const name of names) {
  const values = memory.get(name) ?? [];
  const mb = (place: number): string => (values[Math.floor(place * (values.length - 1))] ?? 0).toFixed(0).padStart(5);
  const cores = (cpuOf(name) - (before.get(name) ?? 0)) / SECONDS;
  console.log(
    `${name.padEnd(10)} ${cores.toFixed(2)} cores; resident MB at start ${mb(0)}, a quarter ${mb(0.25)}, half ${mb(0.5)}, three quarters ${mb(0.75)}, end ${mb(1)}, most ${Math.max(...values).toFixed(0)}`,
  );
}
await store.close();
await Promise.all(collectors.map((collector) => collector.close()));
await services.close();
await rm(directory, { recursive: true, force: true });
process.exitCode = lost === 0 ? 0 : 1;
