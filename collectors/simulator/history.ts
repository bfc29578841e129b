/**
 * history.ts: years of a simulated fleet by hours, as the lines that `isotherm import` reads (core/hours.ts).
 *
 * The simulator's other mode prints each second as dtrace and kstat would; two years of that are sixty million seconds a host. This one
 * has the same metrics as their hours would be rolled up to: counters as sums, gauges as sums of readings, distributions as counts.
 */
import type { HistoryLine, HourLine, HourRow, MetricLine } from "../../core/hours.ts";
import { bucketsOf, type Buckets } from "../../core/histogram/buckets.ts";
import { LATENCY_SCHEME, formatScheme } from "../../core/histogram/scheme.ts";
import { historyFleet, type HistoryHost, type HistoryOptions, type HistoryZone } from "./history-fleet.ts";
import { expectedAt, HOUR_SEC, valueAt } from "./history-model.ts";
import { normalTail } from "./lognormal.ts";
import { mix, unit } from "./random.ts";

/** Gauges are looked at once a minute. */
const GAUGE_SEC = 60;
const READINGS = HOUR_SEC / GAUGE_SEC;
const SIGMA = 0.7;
/** System calls of a zone, a second, for each percent of CPU. */
const CALLS_PER_PERCENT = 0.4;

export const HISTORY_METRICS: readonly MetricLine[] = [
  { kind: "metric", name: "cpu", metric: "cpu.usage" },
  { kind: "metric", name: "wait", metric: "cpu.waittime" },
  { kind: "metric", name: "cap", metric: "cpu.cap", granularitySec: GAUGE_SEC },
  { kind: "metric", name: "rss", metric: "memory.rss", granularitySec: GAUGE_SEC },
  { kind: "metric", name: "limit", metric: "memory.rss_limit", granularitySec: GAUGE_SEC },
  { kind: "metric", name: "cpus", metric: "cpu.cpus", decomposition: ["utilization"] },
  { kind: "metric", name: "ram", metric: "memory.host", decomposition: ["space"], granularitySec: GAUGE_SEC },
  { kind: "metric", name: "pool", metric: "zfs.pool", decomposition: ["zpool", "space"], granularitySec: GAUGE_SEC },
  { kind: "metric", name: "disk", metric: "disk.busy", decomposition: ["disk"] },
  { kind: "metric", name: "disks", metric: "disk.busy", decomposition: ["busytime"] },
  { kind: "metric", name: "nic", metric: "nic.phys", decomposition: ["nic", "direction"] },
  { kind: "metric", name: "speed", metric: "nic.phys_speed", decomposition: ["nic"], granularitySec: GAUGE_SEC },
  {
    ...{ kind: "metric", name: "calls", metric: "syscall.ops", decomposition: ["latency"] },
    scheme: formatScheme(LATENCY_SCHEME),
  },
];

/** Lines in the order that an import wants: metrics, tenants, zones, then hour by hour. */
export function* historyLines(options: HistoryOptions): Generator<HistoryLine> {
  const { fromTs, endTs, tenants, hosts } = historyFleet(options);
  yield* HISTORY_METRICS;
  for (const { id, name } of tenants) yield { kind: "tenant", id, name };
  for (const { zones } of hosts) {
    for (const { host, zone, owner, alias } of zones) yield { kind: "zone", host, zone, owner, alias };
  }
  for (let ts = fromTs; ts < endTs; ts += HOUR_SEC) {
    const watched = hosts.filter(({ outages }) => !outages.some(([from, to]) => ts >= from && ts < to));
    const covered = Object.fromEntries(watched.map(({ host }) => [host, HOUR_SEC]));
    const rows = new Map(HISTORY_METRICS.map(({ name }): [string, HourRow[]] => [name, []]));
    for (const each of watched) addHost(rows, each, ts);
    for (const { name } of HISTORY_METRICS) {
      yield { kind: "hour", of: name, ts, covered, rows: rows.get(name) ?? [] } satisfies HourLine;
    }
  }
}

type Rows = ReadonlyMap<string, HourRow[]>;

function addHost(rows: Rows, host: HistoryHost, ts: number): void {
  const add = (of: string, row: HourRow): void => {
    rows.get(of)?.push(row);
  };
  const usage = host.zones.map((zone) => Math.min(zone.cpuCap, valueAt(zone.cpu, ts)));
  const load = usage.reduce((sum, each) => sum + each, 0) / (host.cpus * 100);
  host.zones.forEach((zone, i) => addZone(add, zone, usage[i] ?? 0, load, ts));
  const used = host.zones.reduce((sum, zone) => sum + valueAt(zone.memory, ts), 0);
  const gauge = (of: string, keys: Record<string, string>, value: number): void =>
    add(of, { host: host.host, keys, ...readings(value) });
  gauge("ram", { space: "total" }, host.memoryBytes);
  gauge("ram", { space: "free" }, Math.max(0, host.memoryBytes - used));
  const allocated = Math.min(host.poolBytes, valueAt(host.pool, ts));
  gauge("pool", { zpool: "zones", space: "allocated" }, allocated);
  gauge("pool", { zpool: "zones", space: "free" }, host.poolBytes - allocated);
  gauge("speed", { nic: "ixgbe0" }, host.nicBytes);
  for (const direction of ["in", "out"]) {
    const bytes = valueAt(host.nic, ts) * (direction === "in" ? 0.4 : 1);
    add("nic", { host: host.host, keys: { nic: "ixgbe0", direction }, value: Math.round(bytes * HOUR_SEC) });
  }
  const shares = Array.from({ length: host.disks }, (_, d) =>
    Math.min(100, valueAt({ ...host.disk, seed: mix(host.disk.seed, d) }, ts) * (0.8 + 0.4 * unit(host.disk.seed, d))),
  );
  shares.forEach((share, d) => {
    add("disk", { host: host.host, keys: { disk: `sd${d}` }, value: Math.round((share / 100) * HOUR_SEC * 1e9) });
  });
  add("disks", { host: host.host, ...shareCounts(shares) });
  // One CPU takes the interrupts: what a mean over sixteen hides.
  const cpus = Array.from({ length: host.cpus }, (_, c) =>
    c === 0 ? 97 : Math.min(100, 100 * load * (0.7 + 0.6 * unit(mix(host.disk.seed, 77), c))),
  );
  add("cpus", { host: host.host, ...shareCounts(cpus) });
}

function addZone(
  add: (of: string, row: HourRow) => void,
  zone: HistoryZone,
  usage: number,
  load: number,
  ts: number,
): void {
  const about = { host: zone.host, zone: zone.zone };
  const nsOf = (percent: number): number => Math.round((percent / 100) * HOUR_SEC * 1e9);
  add("cpu", { ...about, value: nsOf(usage) });
  // Threads wait once the host's CPUs are mostly busy.
  add("wait", { ...about, value: nsOf(usage * (0.002 + 2 * Math.max(0, load - 0.7))) });
  add("cap", { ...about, ...readings(zone.cpuCap) });
  add("rss", { ...about, ...readings(Math.min(zone.memoryLimit, valueAt(zone.memory, ts))) });
  add("limit", { ...about, ...readings(zone.memoryLimit) });
  if (zone.role === "web" || zone.role === "api")
    add("calls", { ...about, ...latencyCounts(expectedAt(zone.latency, ts), usage * CALLS_PER_PERCENT * HOUR_SEC) });
}

/** An hour of one gauge: digits where the sum is above 2^53. */
function readings(value: number): Pick<HourRow, "value" | "min" | "max" | "rows"> {
  const each = Math.round(value);
  const sum = BigInt(each) * BigInt(READINGS);
  return { value: sum > Number.MAX_SAFE_INTEGER ? String(sum) : Number(sum), min: each, max: each, rows: READINGS };
}

/** Shares in percent that held for the whole hour, one observation a second: lquantize(0,100,1). */
function shareCounts(shares: readonly number[]): { bucket: number[]; count: number[] } {
  const counts = new Map<number, number>();
  for (const share of shares) {
    const bucket = Math.floor(share) + 1;
    counts.set(bucket, (counts.get(bucket) ?? 0) + HOUR_SEC);
  }
  const bucket = [...counts.keys()].sort((a, b) => a - b);
  return { bucket, count: bucket.map((each) => counts.get(each) ?? 0) };
}

/** A lognormal of this median, as whole counts. */
function latencyCounts(medianNs: number, calls: number): { bucket: number[]; count: number[] } {
  // Steps of 1 %: the shapes are few, and made once.
  const step = Math.round(Math.log(medianNs) * 100);
  let masses = shapes.get(step);
  if (masses === undefined) shapes.set(step, (masses = massesOf(Math.exp(step / 100))));
  const [bucket, count]: [number[], number[]] = [[], []];
  for (const [index, mass] of masses) {
    const n = Math.round(mass * calls);
    if (n === 0) continue;
    bucket.push(index);
    count.push(n);
  }
  return { bucket, count };
}

const BUCKETS: Buckets = bucketsOf(LATENCY_SCHEME);
const shapes = new Map<number, readonly (readonly [number, number])[]>();

function massesOf(medianNs: number): [number, number][] {
  const below = (edge: number | null, open: number): number => {
    if (edge === null) return open;
    const z = (Math.log(edge) - Math.log(medianNs)) / SIGMA;
    return z < 0 ? normalTail(z) : 1 - normalTail(z);
  };
  const masses: [number, number][] = [];
  for (let index = 0; index <= BUCKETS.last; index++) {
    const mass = below(BUCKETS.highOf(index), 1) - below(BUCKETS.lowOf(index), 0);
    if (mass > 1e-6) masses.push([index, mass]);
  }
  return masses;
}
