/**
 * headroom.ts: what is left on each host.
 *
 * used is the 95th percentile of the hours of the range: a host is bought for its busy hours, and not for one mad one. committed is
 * what has been promised: the caps and limits of its zones. What is not measured is not known.
 */
import type { Basis, CapacityHeadroom, HostRoom, Room } from "../../core/capacity.ts";
import type { Range } from "../sql.ts";
import { planHours, rankKeys, readHourly, type Reads } from "./hourly.ts";
import { LOOK_BACK_SEC, readLimits, readNewest, type FindView, type Limits } from "./limits.ts";
import { keySql, RESOURCES } from "./sources.ts";
import { summaryOf, type Summary } from "./statistics.ts";
import type { CapacityBy, Resource } from "../../core/capacity.ts";

const MAX_KEYS = 1000;

export interface HeadroomRequest {
  readonly range: Range;
  readonly basis: Basis;
}

export async function readHeadroom(
  reads: Reads,
  find: FindView,
  { range, basis }: HeadroomRequest,
): Promise<CapacityHeadroom> {
  const missing = new Set<string>();
  const used = async (resource: Resource, by: CapacityBy): Promise<Map<string, Summary>> =>
    readUsed(reads, find, resource, by, range, missing);
  const limits = async (resource: Resource, by: CapacityBy): Promise<Limits["byKey"]> => {
    const found = await readLimits(reads, find, resource, by, range, () => 0);
    for (const each of found.missing) missing.add(each);
    return found.byKey;
  };
  // Two at a time: the engine's lanes are for others too.
  const [cpu, memory] = await Promise.all([used("cpu", "host"), used("memory", "host")]);
  const [pool, nic] = await Promise.all([used("pool", "device"), used("nic", "device")]);
  const [cpus, ram] = await Promise.all([limits("cpu", "host"), limits("memory", "host")]);
  const [pools, links] = await Promise.all([limits("pool", "device"), limits("nic", "device")]);
  const [caps, sizes] = await Promise.all([
    promisedOn(reads, find, "cpu", range, missing),
    promisedOn(reads, find, "memory", range, missing),
  ]);
  const capacity = { cpu: cpus, memory: ram };
  const promised = { cpu: caps, memory: sizes };
  const hosts = new Set([
    ...[cpu, memory].flatMap((all) => [...all.keys()]),
    ...[pool, nic].flatMap((all) => [...all.keys()].map(hostOf)),
    ...[capacity.cpu, capacity.memory].flatMap((all) => [...all.keys()]),
  ]);
  const room = (resource: "cpu" | "memory", host: string): Room =>
    roomOf(
      RESOURCES[resource].unit,
      capacity[resource].get(host),
      (resource === "cpu" ? cpu : memory).get(host),
      promised[resource].get(host),
      basis,
    );
  return {
    ...range,
    basis,
    missing: [...missing].sort(),
    hosts: [...hosts].sort().map((host): HostRoom => ({
      host,
      cpu: room("cpu", host),
      memory: room("memory", host),
      pool: best("bytes", pool, pools, host, "most"),
      nic: best("bytes/s", nic, links, host, "least"),
    })),
  };
}

async function readUsed(
  reads: Reads,
  find: FindView,
  resource: Resource,
  by: CapacityBy,
  range: Range,
  missing: Set<string>,
): Promise<Map<string, Summary>> {
  const { use } = RESOURCES[resource];
  const view = find(use);
  if (view === null) {
    missing.add(use.metric);
    return new Map();
  }
  const key = keySql(view, resource, by);
  const at = await planHours(reads, view, range);
  const { keys } = await rankKeys(reads, at, key, "size", MAX_KEYS);
  const hourly = await readHourly(
    reads,
    at,
    key,
    keys.map((each) => each.key),
  );
  return new Map(
    [...hourly.series].flatMap(([name, values]): [string, Summary][] => {
      const summary = summaryOf(values);
      return summary === null ? [] : [[name, summary]];
    }),
  );
}

/** The sum of the limits of a host's zones now. */
async function promisedOn(
  reads: Reads,
  find: FindView,
  resource: "cpu" | "memory",
  range: Range,
  missing: Set<string>,
): Promise<Map<string, number>> {
  const { limit } = RESOURCES[resource];
  const view = limit === undefined ? null : find(limit);
  if (view === null) {
    if (limit !== undefined) missing.add(limit.metric);
    return new Map();
  }
  const last = { fromTs: Math.max(range.fromTs, range.toTs - LOOK_BACK_SEC), toTs: range.toTs };
  const at = await planHours(reads, view, last);
  const newest = await readNewest(reads, at, "toString(host)");
  return new Map(newest.map(({ key, total }) => [key, total]));
}

function roomOf(
  unit: string,
  capacity: number | undefined,
  used: Summary | undefined,
  committed: number | undefined,
  basis: Basis,
): Room {
  const taken = basis === "used" ? used?.p95 : committed;
  return {
    ...{ unit, capacity: capacity ?? null, used: used?.p95 ?? null, peak: used?.peak ?? null },
    committed: committed ?? null,
    free: capacity === undefined || taken === undefined ? null : Math.max(0, capacity - taken),
  };
}

/** Of a host's devices the one with most room (a pool: a zone needs one) or with least (a link: what goes by it goes by all). */
function best(
  unit: string,
  used: ReadonlyMap<string, Summary>,
  capacity: ReadonlyMap<string, number>,
  host: string,
  which: "most" | "least",
): Room {
  const rooms = [...used]
    .filter(([key]) => hostOf(key) === host)
    // What has been allocated is what is allocated now: its greatest hour, since pools do not breathe with the day.
    .map(([key, summary]) =>
      roomOf(
        unit,
        capacity.get(key),
        which === "most" ? { ...summary, p95: summary.peak } : summary,
        undefined,
        "used",
      ),
    )
    .sort((a, b) => (b.free ?? -1) - (a.free ?? -1));
  return (which === "most" ? rooms[0] : rooms.at(-1)) ?? roomOf(unit, undefined, undefined, undefined, "used");
}

function hostOf(device: string): string {
  return device.split(" ", 1)[0] ?? "";
}
