/**
 * neighbours.ts: who waited while who consumed.
 *
 * On each host the worst hours are the twentieth part in which its zones waited most for a CPU, if they waited more than usual then.
 * The waiters are those whose waiting was above their median in those hours, and the consumers those whose usage was. That a zone
 * used much when others waited does not prove that it was the cause; the correlation over all hours beside it says whether it
 * was like that every time.
 */
import type { CapacityNeighbours, Neighbour, NoisyHost } from "../../core/capacity.ts";
import { quantileOf } from "../../core/forecast/order.ts";
import type { Range } from "../sql.ts";
import type { Names } from "./growth.ts";
import { HOUR_SEC, planHours, rankKeys, readHourly, type Hourly, type Reads } from "./hourly.ts";
import type { FindView } from "./limits.ts";
import { keySql, RESOURCES } from "./sources.ts";
import { added, rankCorrelation, summaryOf } from "./statistics.ts";

const WORST = 0.05;
const MAX_ZONES = 300;
/** Of the hosts' own length. */
const SHOWN = 5;

export async function readNeighbours(
  reads: Reads,
  find: FindView,
  names: Names,
  range: Range,
): Promise<CapacityNeighbours> {
  const { use, wait } = RESOURCES.cpu;
  const [usage, waiting] = [find(use), wait === undefined ? null : find(wait)];
  const missing = [...(usage === null ? [use.metric] : []), ...(waiting === null ? [wait?.metric ?? ""] : [])];
  if (usage === null || waiting === null) return { ...range, missing, hosts: [] };
  const at = await planHours(reads, waiting, range);
  const key = keySql(waiting, "cpu", "zone");
  // Who waits most, and who uses most, need not be the same.
  const waiters = await rankKeys(reads, at, key, "size", MAX_ZONES);
  const usageAt = await planHours(reads, usage, range);
  const users = await rankKeys(reads, usageAt, key, "size", MAX_ZONES);
  const zones = [...new Set([...waiters.keys, ...users.keys].map((each) => each.key))];
  const waited = await readHourly(reads, at, key, zones);
  const used = await readHourly(reads, usageAt, key, zones);
  const hosts = noisyHosts(waited, used, (zone) => names.labelOf("zone", zone));
  return { fromTs: at.fromTs, toTs: at.toTs, missing, hosts };
}

/** The noisiest first. */
export function noisyHosts(waited: Hourly, used: Hourly, labelOf: (zone: string) => string): NoisyHost[] {
  const byHost = new Map<string, string[]>();
  for (const [zone, hosts] of waited.hostsOf) {
    for (const host of new Set(hosts)) byHost.set(host, [...(byHost.get(host) ?? []), zone]);
  }
  return [...byHost]
    .flatMap(([host, zones]) => {
      const found = noisyHost(host, zones, waited, used, labelOf);
      return found === null ? [] : [found];
    })
    .sort((a, b) => excess(b.waiters) - excess(a.waiters) || (a.host < b.host ? -1 : 1));
}

function noisyHost(
  host: string,
  zones: readonly string[],
  waited: Hourly,
  used: Hourly,
  labelOf: (zone: string) => string,
): NoisyHost | null {
  const waits = zones.map((zone) => waited.series.get(zone) ?? new Float64Array(0));
  const total = added(waits, waited.hours);
  const known = total.filter((each) => !Number.isNaN(each)).sort();
  if (known.length < 24) return null;
  const worst = quantileOf(known, 1 - WORST);
  if (!(worst > 2 * quantileOf(known, 0.5))) return null;
  const isWorst = (i: number): boolean => (total[i] ?? NaN) >= worst;
  const one = (zone: string, values: Float64Array, others: Float64Array): Neighbour | null => {
    const then = summaryOf(values, isWorst);
    const usual = summaryOf(values);
    if (then === null || usual === null || then.mean <= usual.p50) return null;
    const correlation = rankCorrelation(values, others);
    return { zone, label: labelOf(zone), then: then.mean, usual: usual.p50, correlation };
  };
  const pick = (of: Hourly): Neighbour[] =>
    zones
      .flatMap((zone, i) => {
        const others = added(
          waits.filter((_, j) => j !== i),
          waited.hours,
        );
        const found = one(zone, of.series.get(zone) ?? new Float64Array(0), others);
        return found === null ? [] : [found];
      })
      .sort((a, b) => b.then - b.usual - (a.then - a.usual))
      .slice(0, SHOWN);
  const when = new Array<number>(24).fill(0);
  let worstHours = 0;
  for (let i = 0; i < total.length; i++) {
    if (!isWorst(i)) continue;
    const hour = Math.floor((waited.fromTs + i * HOUR_SEC) / HOUR_SEC) % 24;
    when[hour] = (when[hour] ?? 0) + 1;
    worstHours += 1;
  }
  return {
    ...{ host, worstHours, hours: known.length, when: when.map((each) => each / worstHours) },
    waiters: pick(waited),
    consumers: pick(used),
  };
}

function excess(all: readonly Neighbour[]): number {
  return all.reduce((sum, { then, usual }) => sum + then - usual, 0);
}
