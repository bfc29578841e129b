/**
 * fit.ts: where a zone of a given size fits, by what is left on each host. A host of which something is not known that was asked for fits
 * nothing, and says so.
 *
 * The page answers by it at each keystroke, and the API in a file.
 */
import type { CapacityFit, CapacityHeadroom, HostRoom } from "./capacity.ts";

/** A zone to be placed: percent of one CPU, bytes of memory, bytes of disk; 0 where it does not matter. */
export interface ZoneSize {
  readonly cpu: number;
  readonly memory: number;
  readonly disk: number;
}

export function fitInto(headroom: CapacityHeadroom, zone: ZoneSize): CapacityFit {
  const { fromTs, toTs, missing, basis } = headroom;
  const hosts = headroom.hosts.map((each) => fitOn(each, zone));
  return {
    ...{ fromTs, toTs, missing, basis, zone },
    total: hosts.reduce((sum, { zones }) => sum + (zones ?? 0), 0),
    hosts: hosts.sort((a, b) => (b.zones ?? -1) - (a.zones ?? -1) || (a.host < b.host ? -1 : 1)),
  };
}

function fitOn({ host, cpu, memory, pool }: HostRoom, zone: ZoneSize): CapacityFit["hosts"][number] {
  const wanted = [
    { name: "cpu", free: cpu.free, size: zone.cpu },
    { name: "memory", free: memory.free, size: zone.memory },
    { name: "disk", free: pool.free, size: zone.disk },
  ].filter(({ size }) => size > 0);
  const unknown = wanted.filter(({ free }) => free === null).map(({ name }) => name);
  if (unknown.length > 0 || wanted.length === 0) return { host, zones: null, limitedBy: null, unknown };
  const counts = wanted.map(({ name, free, size }) => ({ name, zones: Math.max(0, Math.floor((free ?? 0) / size)) }));
  const [least] = counts.sort((a, b) => a.zones - b.zones);
  return { host, zones: least?.zones ?? null, limitedBy: least?.name ?? null, unknown };
}
