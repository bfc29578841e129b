/**
 * neighbours.ts: who waited while who consumed, host by host: two metrics of one resource, both by zone, set against each other.
 *
 * A zone's host is where it is now. The global zone is left out: every host has one of that name, and a sum over all of them
 * says nothing of any.
 */
import type { BreakdownPart, ZoneInfo } from "../../core/api.ts";

export interface Resource {
  readonly name: string;
  /** Time that threads or operations waited for it, ns. */
  readonly waited: string;
  readonly used: string;
  /** What was used, as a share of time (ns of one CPU) or an amount. */
  readonly usedUnit: "share" | "bytes";
}

export const RESOURCES: readonly Resource[] = [
  { name: "CPU", waited: "cpu.waittime", used: "cpu.usage", usedUnit: "share" },
  { name: "ZFS", waited: "zfs.zone_wait", used: "zfs.zone_bytes", usedUnit: "bytes" },
];

export interface ZoneAmount {
  readonly zone: ZoneInfo;
  /** A second of the range. */
  readonly perSec: number;
}

export interface HostNeighbours {
  readonly host: string;
  /** The most first. */
  readonly waited: readonly ZoneAmount[];
  readonly used: readonly ZoneAmount[];
}

/** Hosts on which somebody waited, the longest wait first. @param seconds the length of the range */
export function neighboursOf(
  zones: readonly ZoneInfo[],
  waited: readonly BreakdownPart[],
  used: readonly BreakdownPart[],
  seconds: number,
): HostNeighbours[] {
  const byName = new Map(zones.map((zone) => [zone.zone, zone]));
  const amounts = (parts: readonly BreakdownPart[]): ZoneAmount[] =>
    parts.flatMap(({ key, total }) => {
      const zone = byName.get(key);
      return zone === undefined || key === "global" || total <= 0 ? [] : [{ zone, perSec: total / seconds }];
    });
  const waiting = amounts(waited);
  const using = amounts(used);
  const hosts = [...new Set(waiting.map(({ zone }) => zone.host))];
  return hosts
    .map((host): HostNeighbours => {
      const here = (all: readonly ZoneAmount[]): ZoneAmount[] =>
        all.filter(({ zone }) => zone.host === host).sort((a, b) => b.perSec - a.perSec);
      return { host, waited: here(waiting), used: here(using) };
    })
    .sort((a, b) => sumOf(b.waited) - sumOf(a.waited));
}

function sumOf(amounts: readonly ZoneAmount[]): number {
  return amounts.reduce((sum, { perSec }) => sum + perSec, 0);
}
