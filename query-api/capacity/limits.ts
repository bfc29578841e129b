/**
 * limits.ts: what each key may use, by the newest readings in the range: its cap, its memory limit, its pool's size, its link's speed.
 *
 * The limit of a tenant is the sum of its zones', and is not known if one of them has none; that of a host is the machine's.
 */
import type { CapacityBy, Resource } from "../../core/capacity.ts";
import type { Range } from "../sql.ts";
import { columnOf, Params, reading, windowsFilter } from "../sql.ts";
import type { View } from "../view.ts";
import { nameOf, once, planHours, type HourPlan, type Reads } from "./hourly.ts";
import { CPUS, HOST_MEMORY, NIC_SPEED, POOL_SPACE, RESOURCES, type Need } from "./sources.ts";

/** Limits change seldom: the newest reading of the last week holds. */
export const LOOK_BACK_SEC = 7 * 86_400;

export type FindView = (need: Need) => View | null;

export interface Limits {
  readonly byKey: ReadonlyMap<string, number>;
  readonly missing: readonly string[];
}

export async function readLimits(
  reads: Reads,
  find: FindView,
  resource: Resource,
  by: CapacityBy,
  range: Range,
  zonesOf: (tenant: string) => number,
): Promise<Limits> {
  const last = { fromTs: Math.max(range.fromTs, range.toTs - LOOK_BACK_SEC), toTs: range.toTs };
  const newest = async (need: Need, key: (view: View) => string): Promise<Limits> => {
    const view = find(need);
    if (view === null) return { byKey: new Map(), missing: [need.metric] };
    const at = await planHours(reads, view, last);
    const found = await readNewest(reads, at, key(view));
    const whole = found.filter(({ key: name, things }) => by !== "tenant" || things >= zonesOf(name));
    return { byKey: new Map(whole.map(({ key: name, total }) => [name, total])), missing: [] };
  };
  if (resource === "disk") return { byKey: new EveryKey(100), missing: [] };
  if (resource === "pool") {
    return newest(POOL_SPACE, (view) => `concat(toString(host), ' ', toString(${columnOf(view, "zpool")}))`);
  }
  if (resource === "nic") {
    const { byKey, missing } = await newest(
      NIC_SPEED,
      (view) => `concat(toString(host), ' ', toString(${columnOf(view, "nic")}))`,
    );
    // A link carries as much in each direction.
    const both = [...byKey].flatMap(([key, value]): [string, number][] => [
      [`${key} in`, value],
      [`${key} out`, value],
    ]);
    return { byKey: new Map(both), missing };
  }
  if (by === "host")
    return resource === "memory" ? newest(HOST_MEMORY, () => "toString(host)") : cpusOf(reads, find, last);
  const { limit } = RESOURCES[resource];
  if (limit === undefined) return { byKey: new Map(), missing: [] };
  return newest(limit, () => `toString(${by})`);
}

/** The newest hour's mean of each thing, added up by key; things that have gone for a day are none. */
export function readNewest(reads: Reads, at: HourPlan, key: string): Promise<Newest[]> {
  return once(reads, `newest ${nameOf(at)} ${key}`, () => readLast(reads, at, key));
}

interface Newest {
  readonly key: string;
  readonly total: number;
  readonly things: number;
}

async function readLast({ store, signal }: Reads, { view, plan }: HourPlan, key: string): Promise<Newest[]> {
  if (plan.segments.length === 0) return [];
  const params = new Params();
  const things = ["host", "zone", ...view.spec.keys.map((_, i) => `k${i + 1}`)].join(", ");
  const rows = plan.segments
    .map(
      (segment) =>
        `SELECT ${key} AS key, ${things}, toStartOfHour(ts) AS h, sum(value) AS v, sum(${segment.table === "windows" ? "1" : "rows"}) AS n
         FROM ${segment.table} WHERE ${windowsFilter(view, segment, params)} GROUP BY key, ${things}, h`,
    )
    .join(" UNION ALL ");
  return store.query<Newest>(
    `SELECT key, sum(mean) AS total, toUInt32(count()) AS things FROM (
       SELECT key, mean, last, max(last) OVER (PARTITION BY key) AS newest FROM (
         SELECT key, ${things}, argMax(m, h) AS mean, max(h) AS last FROM (
           SELECT key, ${things}, h, toFloat64(sum(v)) / sum(n) AS m FROM (${rows}) GROUP BY key, ${things}, h
         ) GROUP BY key, ${things}
       )
     ) WHERE last >= newest - INTERVAL 1 DAY GROUP BY key`,
    params.values,
    reading(signal),
  );
}

/** 100 % for each CPU: a distribution of their utilization has one observation of each a tick. */
export async function cpusOf(reads: Reads, find: FindView, range: Range): Promise<Limits> {
  const view = find(CPUS);
  if (view === null) return { byKey: new Map(), missing: [CPUS.metric] };
  const { plan } = await planHours(reads, view, range);
  if (plan.segments.length === 0) return { byKey: new Map(), missing: [] };
  const params = new Params();
  const rows = plan.segments
    .map(
      (segment) =>
        `SELECT toString(host) AS host, sum(arraySum(count)) AS c, sum(${segment.table === "windows" ? "1" : "rows"}) AS n
         FROM ${segment.table} WHERE ${windowsFilter(view, segment, params)} GROUP BY host`,
    )
    .join(" UNION ALL ");
  // By windows that were merged: where the CPU is a key too each has rows of its own.
  const perCpu = view.spec.keys.includes("cpu");
  const cpus = perCpu ? "NULL" : "round(toFloat64(sum(c)) / sum(n))";
  const answer = await reads.store.query<{ host: string; cpus: number | null }>(
    `SELECT host, ${cpus} AS cpus FROM (${rows}) GROUP BY host`,
    params.values,
    reading(reads.signal),
  );
  return {
    byKey: new Map(answer.flatMap(({ host, cpus: n }): [string, number][] => (n === null ? [] : [[host, n * 100]]))),
    missing: [],
  };
}

/** The same for whoever is asked for. */
class EveryKey extends Map<string, number> {
  readonly #value: number;

  constructor(value: number) {
    super();
    this.#value = value;
  }

  override get(_key: string): number {
    return this.#value;
  }
}
