/**
 * bench/kstat.ts: how fast kstat's lines are read, held against merely counting the newlines of the same bytes.
 *
 * The workload is a host with 100 zones whose counters all move every second. Each round runs the tasks one after the other
 * on the same chunks, and ratios are taken round by round. Run: node --import tsx bench/kstat.ts
 */
import { cpus } from "node:os";

import { KstatParser, type KstatSample } from "../collectors/kstat-parser.ts";
import { KstatWindows } from "../collectors/kstat-windows.ts";
import { parseSpec } from "../core/instrumentation.ts";
import { metricName } from "../core/metric.ts";
import { catalogue } from "../d-scripts/catalogue.ts";

const ROUNDS = 21;
const WARM_UP = 5;
const CHUNK = 64 * 1024;
const ZONES = 100;
const SAMPLES = 20;

const CLASSES: readonly (readonly [module: string, klass: string, statistics: string])[] = [
  [
    "caps",
    "zone_caps",
    "above_base_sec above_sec baseline below_sec bursting_sec effective maxusage nwait usage value",
  ],
  ["link", "net", "ierrors ifspeed ipackets64 link_state obytes64 oerrors opackets64 rbytes64"],
  [
    "memory_cap",
    "zone_memory_cap",
    "anon_alloc_fail anonpgin execpgin fspgin n_pf_throttle n_pf_throttle_usec nover pagedout pgpgin physcap rss swap swapcap",
  ],
  [
    "zone_vfs",
    "zone_vfs",
    "100ms_ops 10ms_ops 10s_ops 1s_ops delay_cnt delay_time nread nwritten rcnt reads rlentime rtime wcnt wlentime writes wtime",
  ],
  ["zone_zfs", "zone_zfs", "nread nwritten rcnt reads rlentime rtime waittime wcnt wlentime writes wtime"],
  [
    "zones",
    "zone_misc",
    "avenrun_15min avenrun_1min avenrun_5min boot_time forkfail_cap forkfail_misc forkfail_nomem forkfail_noproc init_pid " +
      "init_restarts nested_interp nsec_sys nsec_user nsec_waitrq run_queue run_ticks",
  ],
];

function uuid(zone: number): string {
  return `${(zone * 2654435761).toString(16).padStart(8, "0").slice(-8)}-53c1-4e2b-9f0a-${String(zone).padStart(12, "0")}`;
}

function printed(sample: number): string {
  let text = `${1_795_000_000 + sample}\n`;
  for (const [module, klass, statistics] of CLASSES) {
    for (let zone = 1; zone <= ZONES; zone++) {
      const name =
        module === "link" ? `z${zone}_net0` : module === "caps" ? `cpucaps_zone_${zone}` : uuid(zone).slice(0, 30);
      const prefix = `${module}:${module === "link" ? 0 : zone}:${name}:`;
      const values = new Map([
        ["class", klass],
        ["crtime", `${100 + zone}.${String(zone).padStart(9, "0")}`],
        ["snaptime", `${200 + sample}.${String(zone * 1000).padStart(9, "0")}`],
        ["zonename", uuid(zone)],
      ]);
      statistics
        .split(" ")
        .forEach((each, i) => values.set(each, String((zone * 1_000_003 + sample) * (10 ** (i % 7) + sample))));
      for (const [statistic, value] of [...values].sort((a, b) => (a[0] < b[0] ? -1 : 1))) {
        text += `${prefix}${statistic}\t${value}\n`;
      }
    }
  }
  return `${text}\n`;
}

function chunksOf(bytes: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK) chunks.push(bytes.subarray(at, at + CHUNK));
  return chunks;
}

function parse(chunks: readonly Buffer[], onSample: (sample: KstatSample) => void): void {
  const parser = new KstatParser({
    onSample,
    onProblem: (problem) => {
      throw new Error(`${problem.kind}: ${problem.sample}`);
    },
  });
  for (const chunk of chunks) parser.push(chunk);
  parser.end();
}

/** Every kstat metric that there is, by zone and whatever else it can be broken down by. */
function allWindows(): KstatWindows[] {
  return [...catalogue.values()].flatMap(({ metric, recipe }) => {
    if (recipe.kind !== "kstat") return [];
    const decomposition = metric.fields.map((field) => field.name);
    return [new KstatWindows({ metric, recipe }, parseSpec({ metric: metricName(metric), decomposition }, metric))];
  });
}

function countNewlines(chunks: readonly Buffer[]): number {
  let lines = 0;
  for (const chunk of chunks) for (let i = 0; i < chunk.length; i++) if (chunk[i] === 10) lines++;
  return lines;
}

function secondsOf(task: () => void): number {
  const start = process.hrtime.bigint();
  task();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}

const bytes = Buffer.from(Array.from({ length: SAMPLES }, (_, sample) => printed(sample)).join(""));
const chunks = chunksOf(bytes);
const lines = countNewlines(chunks);
const windows = allWindows();
const tasks: readonly (readonly [name: string, task: () => void])[] = [
  ["samples parsed", () => parse(chunks, () => undefined)],
  [
    `and ${windows.length} metrics' windows made`,
    () => {
      const fresh = allWindows();
      parse(chunks, (sample) => fresh.forEach((each) => each.take(sample, null)));
    },
  ],
  ["newlines counted", () => countNewlines(chunks)],
];
const rounds: number[][] = [];
for (let round = 0; round < WARM_UP + ROUNDS; round++) {
  const seconds = tasks.map(([, task]) => secondsOf(task));
  if (round >= WARM_UP) rounds.push(seconds);
}

console.log(`${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} logical; node ${process.version}`);
console.log(
  `${SAMPLES} samples of ${ZONES} zones: ${lines} lines, ${(bytes.length / 1e6).toFixed(1)} MB, chunks of 64 kB;`,
);
console.log(`medians of ${ROUNDS} interleaved rounds after ${WARM_UP} to warm up\n`);
tasks.forEach(([name], i) => {
  const seconds = median(rounds.map((round) => round[i] ?? NaN));
  const ratio = median(rounds.map((round) => (round[i] ?? NaN) / (round.at(-1) ?? NaN)));
  console.log(
    `${name.padEnd(32)} ${(lines / seconds / 1e6).toFixed(2).padStart(7)} M lines/s   ` +
      `${(bytes.length / 1e6 / seconds).toFixed(0).padStart(5)} MB/s   time ratio to newlines ${ratio.toFixed(2)}`,
  );
});
