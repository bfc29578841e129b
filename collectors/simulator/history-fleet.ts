/**
 * history-fleet.ts: the hosts and zones of a simulated history, and what is true of each: the levels, growths, seasons and limits that
 * a reader of the history should find.
 */
import { EVEN, FLAT, MILD, NIGHTLY, OFFICE, type Growth, type Quantity } from "./history-model.ts";
import { hashText, mix, unit, uuidOf } from "./random.ts";
import { makeTenants, type Tenant } from "./tenants.ts";

export interface HistoryOptions {
  readonly days: number;
  readonly hosts: number;
  readonly zonesPerHost: number;
  readonly seed: number;
  readonly nowMs: number;
}

export interface HistoryZone {
  readonly host: string;
  readonly zone: string;
  readonly alias: string;
  readonly owner: string;
  readonly role: string;
  /** Percent of one CPU. */
  readonly cpu: Quantity;
  readonly cpuCap: number;
  /** Bytes. */
  readonly memory: Quantity;
  readonly memoryLimit: number;
  /** The median latency of its system calls, ns. */
  readonly latency: Quantity;
}

export interface HistoryHost {
  readonly host: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Bytes allocated in its pool. */
  readonly pool: Quantity;
  readonly poolBytes: number;
  /** Bytes a second, in each direction. */
  readonly nic: Quantity;
  readonly nicBytes: number;
  /** Busy share of each disk, percent. */
  readonly disk: Quantity;
  readonly disks: number;
  readonly zones: readonly HistoryZone[];
  /** Hours in which nobody watched it: epoch seconds, [from, to) each. */
  readonly outages: readonly (readonly [number, number])[];
}

export interface HistoryFleet {
  readonly fromTs: number;
  readonly endTs: number;
  readonly tenants: readonly Tenant[];
  readonly hosts: readonly HistoryHost[];
}

export const GIB = 2 ** 30;
const TIB = 2 ** 40;
const HOUR_SEC = 3600;
const DAY_SEC = 86_400;
/** The newest hour that ended so long ago is the last: what `isotherm import` takes. */
const UNTIL_SEC = 48 * HOUR_SEC;

interface Role {
  readonly name: string;
  readonly cpu: number;
  readonly cpuGrowth: Growth;
  readonly season: readonly number[];
  readonly cap: number;
  readonly memory: number;
  readonly memoryGrowth: Growth;
  readonly memoryLimit: number;
  readonly latencyNs: number;
  readonly latencyGrowth: Growth;
}

const linear = (perMonth: number): Growth => ({ kind: "linear", perMonth });
const compound = (perMonth: number): Growth => ({ kind: "compound", perMonth });

const ROLES: readonly Role[] = [
  {
    ...{ name: "web", cpu: 220, cpuGrowth: linear(7), season: OFFICE, cap: 420 },
    ...{ memory: 3 * GIB, memoryGrowth: FLAT, memoryLimit: 8 * GIB, latencyNs: 60_000, latencyGrowth: FLAT },
  },
  {
    ...{ name: "db", cpu: 120, cpuGrowth: linear(1), season: MILD, cap: 800 },
    ...{ memory: 20 * GIB, memoryGrowth: compound(0.04), memoryLimit: 28 * GIB },
    ...{ latencyNs: 250_000, latencyGrowth: FLAT },
  },
  {
    ...{ name: "cache", cpu: 60, cpuGrowth: FLAT, season: MILD, cap: 200 },
    ...{ memory: 12 * GIB, memoryGrowth: FLAT, memoryLimit: 16 * GIB, latencyNs: 8_000, latencyGrowth: FLAT },
  },
  {
    // The noisy neighbour: quiet by day, and at night it takes the host.
    ...{ name: "batch", cpu: 140, cpuGrowth: FLAT, season: NIGHTLY, cap: 1600 },
    ...{ memory: 6 * GIB, memoryGrowth: FLAT, memoryLimit: 12 * GIB, latencyNs: 900_000, latencyGrowth: FLAT },
  },
  {
    ...{ name: "api", cpu: 130, cpuGrowth: compound(0.05), season: OFFICE, cap: 320 },
    ...{ memory: 6 * GIB, memoryGrowth: linear(0.1 * GIB), memoryLimit: 9 * GIB },
    ...{ latencyNs: 90_000, latencyGrowth: compound(0.03) },
  },
  {
    ...{ name: "idle", cpu: 3, cpuGrowth: FLAT, season: EVEN, cap: 100 },
    ...{ memory: 0.5 * GIB, memoryGrowth: FLAT, memoryLimit: 2 * GIB, latencyNs: 30_000, latencyGrowth: FLAT },
  },
];

export function historyFleet({ days, hosts, zonesPerHost, seed, nowMs }: HistoryOptions): HistoryFleet {
  const endTs = Math.floor((nowMs / 1000 - UNTIL_SEC) / HOUR_SEC) * HOUR_SEC;
  const fromTs = endTs - days * DAY_SEC;
  const tenants = makeTenants(3);
  return {
    fromTs,
    endTs,
    tenants,
    hosts: Array.from({ length: hosts }, (_, h): HistoryHost => {
      const host = `cn-${String(h + 1).padStart(2, "0")}`;
      const own = mix(hashText(host), seed);
      const of = quantityOf(own, endTs);
      return {
        host,
        cpus: 16,
        memoryBytes: 128 * GIB,
        pool: of(1, (5 + h) * TIB * 0.6, linear(0.09 * TIB), EVEN, 0.002),
        poolBytes: 8 * TIB,
        nic: of(2, 180e6, linear(5e6), OFFICE, 0.08),
        nicBytes: 1.25e9,
        disk: of(3, 22, linear(0.4), MILD, 0.08),
        disks: 4,
        zones: Array.from({ length: zonesPerHost }, (_, z) => zoneOf(h, z, host, own, endTs, tenants)),
        outages: outagesOf(own, fromTs, days),
      };
    }),
  };
}

function zoneOf(
  h: number,
  z: number,
  host: string,
  own: number,
  endTs: number,
  tenants: readonly Tenant[],
): HistoryZone {
  const role = ROLES[z % ROLES.length] as Role;
  const seed = mix(own, 100 + z);
  const of = quantityOf(seed, endTs);
  // No two zones are quite alike; the limits are, as those of a package are.
  const size = 0.85 + 0.3 * unit(seed, 9);
  const growing = (growth: Growth): Growth => (growth.kind === "linear" ? linear(growth.perMonth * size) : growth);
  return {
    host,
    zone: uuidOf(seed, 1),
    alias: `${role.name}-${h + 1}-${z + 1}`,
    owner: tenants[(h + z) % tenants.length]?.id ?? "",
    role: role.name,
    cpu: of(1, role.cpu * size, growing(role.cpuGrowth), role.season, 0.07),
    cpuCap: role.cap,
    memory: of(2, role.memory * size, growing(role.memoryGrowth), EVEN, 0.01),
    memoryLimit: role.memoryLimit,
    latency: of(3, role.latencyNs * size, growing(role.latencyGrowth), MILD, 0.03),
  };
}

function quantityOf(seed: number, endTs: number) {
  return (which: number, endLevel: number, growth: Growth, season: readonly number[], noise: number): Quantity => ({
    seed: mix(seed, which),
    ...{ endLevel, endTs, growth, season, noise },
  });
}

/** A day or so without sight, twice a year. */
function outagesOf(seed: number, fromTs: number, days: number): [number, number][] {
  return Array.from({ length: Math.floor(days / 180) }, (_, i) => {
    const from = fromTs + Math.floor((i * 180 + 20 + 140 * unit(seed, 50 + i)) * 24) * HOUR_SEC;
    return [from, from + Math.floor(12 + 24 * unit(seed, 60 + i)) * HOUR_SEC];
  });
}
