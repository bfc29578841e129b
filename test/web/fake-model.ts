/**
 * fake-model.ts: a small fleet whose latencies are known, for looking at the page and for tests of its pixels.
 *
 * Every second is a pure function of its time and the seed: asked twice it answers the same, and the sum over keys is the
 * column. A development aid: it measures nothing and stands in for no service in any other test.
 */
import { seeded } from "../../collectors/simulator/random.ts";
import type { Heatmap, HeatmapColumn, HeatmapGroup, TenantInfo } from "../../core/api.ts";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { fromTally } from "../../core/histogram/distribution.ts";
import { formatScheme, LATENCY_SCHEME } from "../../core/histogram/scheme.ts";
import type { Metric } from "../../core/metric.ts";
import { matches, parsePredicate, type Predicate } from "../../core/predicate.ts";
import { sumColumns } from "../../web/heatmap/column-window.ts";

export const SCHEME = formatScheme(LATENCY_SCHEME);
export const BUCKETS = bucketsOf(LATENCY_SCHEME);
export const HOSTS = 3;

interface Program {
  readonly execname: string;
  readonly zonename: string;
  readonly rate: number;
  /** Log-normal modes: share, median in ns, spread in e-folds. */
  readonly modes: readonly (readonly [share: number, medianNs: number, spread: number])[];
}

const ZONES = ["7b1c0f34-9a52-4e0e-8d5a-0c9f2a6c1e01", "b0e6a4d2-51f7-4b0c-93ce-6a1d0c7f2e02", "global"] as const;
export const TENANTS: readonly TenantInfo[] = [
  { id: "t-acme", name: "acme", zones: [{ name: ZONES[0], alias: "web-3" }] },
  { id: "t-birch", name: "birch", zones: [{ name: ZONES[1], alias: "db-1" }] },
];

const PROGRAMS: readonly Program[] = [
  {
    execname: "postgres",
    zonename: ZONES[1],
    rate: 900,
    modes: [
      [0.82, 21e3, 0.5],
      [0.178, 4.2e6, 0.55],
      [0.002, 90e6, 0.7],
    ],
  },
  {
    execname: "node",
    zonename: ZONES[0],
    rate: 640,
    modes: [
      [0.9, 9e3, 0.6],
      [0.1, 350e3, 0.8],
    ],
  },
  { execname: "nginx", zonename: ZONES[0], rate: 420, modes: [[1, 5e3, 0.45]] },
  {
    execname: "redis-server",
    zonename: ZONES[0],
    rate: 260,
    modes: [
      [0.97, 3.2e3, 0.35],
      [0.03, 60e3, 0.5],
    ],
  },
  { execname: "vminfod", zonename: ZONES[2], rate: 24, modes: [[1, 130e3, 0.9]] },
  { execname: "cron", zonename: ZONES[2], rate: 0.4, modes: [[1, 900e6, 0.9]] },
];

export const SYSCALL_OPS: Metric & { readonly name: string } = {
  name: "syscall.ops",
  module: "syscall",
  stat: "ops",
  label: "system calls",
  unit: "operations",
  type: "number",
  scope: "interval",
  source: "dtrace",
  audience: "tenant",
  cost: "high",
  fields: [
    { name: "zonename", label: "zone", arity: "discrete", type: "string", audience: "tenant" },
    { name: "execname", label: "program", arity: "discrete", type: "string", audience: "tenant" },
    { name: "syscall", label: "system call", arity: "discrete", type: "string", audience: "tenant" },
    { name: "pid", label: "process", arity: "discrete", type: "number", audience: "tenant" },
    { name: "latency", label: "latency", arity: "numeric", type: "time", audience: "tenant", scheme: SCHEME },
  ],
};

/** Seconds without data, as offsets in each 600 s; a slow disk for a while; a host away now and then. */
const GAP = { from: 205, to: 223 };
const SLOW = { from: 330, to: 372 };
const PARTIAL = { from: 420, to: 434 };

/** What a second holds, for the events that `where` and `tenant` let through. */
export function secondColumn(ts: number, where: Predicate, tenant: string | null): HeatmapColumn {
  const phase = ts % 600;
  if (phase >= GAP.from && phase < GAP.to) return gapColumn(ts, "ssh_down");
  const tally = new Map<number, number>();
  for (const program of visiblePrograms(where, tenant)) {
    for (const [bucket, count] of eventsOf(program, ts)) tally.set(bucket, (tally.get(bucket) ?? 0) + count);
  }
  const { bucket, count } = fromTally(tally);
  const part = { ...gapColumn(ts, ""), reporting: HOSTS, total: 0, bucket, count };
  const sum = sumColumns(ts, [part], BUCKETS);
  const partial = phase >= PARTIAL.from && phase < PARTIAL.to;
  return partial ? { ...sum, reporting: HOSTS - 1, dropped: 120 } : sum;
}

export function fakeHeatmap(
  fromTs: number,
  toTs: number,
  stepSec: number,
  where: Predicate,
  tenant: string | null,
  nowSec: number,
): Heatmap {
  const columns: HeatmapColumn[] = [];
  for (let ts = fromTs; ts < toTs; ts += stepSec) {
    const known = Array.from({ length: stepSec }, (_, i) => ts + i).filter((second) => second < nowSec - 1);
    const parts = known.map((second) => secondColumn(second, where, tenant));
    columns.push(parts.length === 0 ? gapColumn(ts, "") : sumColumns(ts, parts, BUCKETS));
  }
  const total = columns.reduce((all, column) => all + (column.total ?? 0), 0);
  const head = { instrumentation: "ops", metric: "syscall.ops", scheme: SCHEME, unit: "ns", tier: "1s" };
  return { ...head, fromTs, toTs, stepSec, total, columns };
}

/** The same heatmap with the cells of some keys apart, and those of all others. */
export function fakeGroups(
  heatmap: Heatmap,
  by: string,
  keys: readonly string[],
  where: Predicate,
  tenant: string | null,
  nowSec: number,
): Heatmap {
  const { fromTs, toTs, stepSec } = heatmap;
  const groupOf = (key: string, isOther: boolean, test: object): HeatmapGroup => {
    const own = { op: "and" as const, terms: [where, readWhere(JSON.stringify(test))] };
    const { total, columns } = fakeHeatmap(fromTs, toTs, stepSec, own, tenant, nowSec);
    return { key, isOther, total, columns };
  };
  const groups = [
    ...keys.map((key) => groupOf(key, false, { eq: [by, key] })),
    groupOf("", true, { not: { in: [by, keys] } }),
  ];
  return { ...heatmap, by, groups };
}

/** Totals by a field, the largest first. */
export function fakeBreakdown(
  by: string,
  from: number,
  to: number,
  where: Predicate,
  tenant: string | null,
  band: { low: number | null; high: number | null } | null,
): { key: string; total: number }[] {
  const totals = new Map<string, number>();
  for (const program of visiblePrograms(where, tenant)) {
    const key = fieldValue(program, by);
    for (let ts = from; ts < to; ts++) {
      const phase = ts % 600;
      if (phase >= GAP.from && phase < GAP.to) continue;
      for (const [bucket, count] of eventsOf(program, ts)) {
        if (
          band !== null &&
          ((BUCKETS.highOf(bucket) ?? Infinity) <= (band.low ?? 0) ||
            (BUCKETS.lowOf(bucket) ?? 0) >= (band.high ?? Infinity))
        )
          continue;
        totals.set(key, (totals.get(key) ?? 0) + count);
      }
    }
  }
  return [...totals].map(([key, total]) => ({ key, total })).sort((a, b) => b.total - a.total);
}

export function readWhere(text: string | null): Predicate {
  return parsePredicate(text === null ? {} : JSON.parse(text), SYSCALL_OPS, "where");
}

export function gapColumn(ts: number, reason: string): HeatmapColumn {
  const none = { p50: null, p90: null, p99: null, p999: null };
  return { ts, reporting: 0, expected: HOSTS, dropped: 0, reason, total: null, ...none, bucket: [], count: [] };
}

function visiblePrograms(where: Predicate, tenant: string | null): Program[] {
  const zones = TENANTS.find((each) => each.id === tenant)?.zones.map((zone) => zone.name);
  return PROGRAMS.filter(
    (program) =>
      (zones === undefined || zones.some((name) => name === program.zonename)) &&
      matches(where, (field) => fieldValue(program, field)),
  );
}

function fieldValue(program: Program, field: string): string {
  if (field === "execname") return program.execname;
  if (field === "zonename") return program.zonename;
  return program.execname === "postgres" ? "fsync" : "read";
}

const known = new Map<string, ReadonlyMap<number, number>>();

function eventsOf(program: Program, ts: number): ReadonlyMap<number, number> {
  const key = `${program.execname} ${ts}`;
  let tally = known.get(key);
  if (tally === undefined) known.set(key, (tally = drawEvents(program, ts)));
  return tally;
}

function drawEvents(program: Program, ts: number): Map<number, number> {
  const tally = new Map<number, number>();
  const random = seeded(ts * 31 + program.execname.length * 7919 + program.execname.charCodeAt(0));
  const slow = ts % 600 >= SLOW.from && ts % 600 < SLOW.to && program.execname === "postgres" ? 9 : 1;
  const busy = 1 + 0.35 * Math.sin(ts / 47) + 0.1 * (random() - 0.5);
  for (const [share, medianNs, spread] of program.modes) {
    const expected = program.rate * share * busy;
    const events = Math.floor(expected) + (random() < expected % 1 ? 1 : 0);
    for (let i = 0; i < events; i++) {
      const value = medianNs * (medianNs > 1e6 ? slow : 1) * Math.exp(spread * normal(random));
      const bucket = BUCKETS.indexOf(Math.max(0, Math.round(value)));
      tally.set(bucket, (tally.get(bucket) ?? 0) + 1);
    }
  }
  return tally;
}

/** Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
