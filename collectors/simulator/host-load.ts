/**
 * host-load.ts: the state of a whole host in a second: what its zones together do to the disk, the CPU and the network.
 *
 * Zones share the disk's queue, so one that copies its data away makes the others wait: their time at the disk grows as
 * 1 / (1 - utilisation).
 */
import { activityOf } from "./activity.ts";
import type { Incident } from "./options.ts";
import { diskFactor, type Conditions } from "./profile.ts";
import { mix, unit, wave } from "./random.ts";
import type { SimZone } from "./zone.ts";

export interface HostLoad {
  readonly conditions: Conditions;
  /** 0 to 0.95. */
  readonly diskUtilisation: number;
  readonly cpuUtilisation: number;
  /** Of each zone, by its index in the list given. */
  readonly activity: Float64Array;
  /** What slower disks leave of the rates of those who wait for them: 0 to 1. */
  readonly diskThrottle: number;
}

/** Utilisation when every zone is at its ordinary activity. */
const ORDINARY_DISK = 0.36;
const ORDINARY_CPU = 0.34;
const TXG_PERIOD_SEC = 5;

export function hostLoad(
  hostSeed: number,
  hostName: string,
  zones: readonly SimZone[],
  sec: number,
  incidents: readonly Incident[],
): HostLoad {
  const activity = Float64Array.from(zones, (zone) => activityOf(zone.seed, zone.role.name, sec));
  const strength = (kind: Incident["kind"]): number =>
    Math.max(0, ...incidents.map((incident) => (incident.kind === kind ? strengthOf(incident, hostName, sec) : 0)));
  const slowDisk = strength("slow-disk");
  const busyCpu = strength("saturated-cpu");
  const own = 0.92 + 0.16 * unit(hostSeed, 7) + 0.05 * wave(mix(hostSeed, 8), sec, 30);
  const diskUtilisation = Math.min(0.93, ORDINARY_DISK * own * demand(zones, activity, "diskDemand") + 0.3 * slowDisk);
  const cpuUtilisation = Math.min(0.97, ORDINARY_CPU * own * demand(zones, activity, "cpuDemand") + 0.75 * busyCpu);
  const syncing = (sec + (hostSeed % TXG_PERIOD_SEC)) % TXG_PERIOD_SEC === 0;
  const slowness = (own * (1 + 9 * slowDisk) * (syncing ? 1.2 : 1)) / (1 - diskUtilisation);
  const disk = Math.max(0, Math.round(Math.log(slowness) / Math.log(diskFactor(1))));
  return {
    conditions: {
      disk,
      cpu: cpuLevel(cpuUtilisation),
      lossPercent: Math.min(15, Math.round(12 * strength("dropped-packets"))),
      syncing,
    },
    diskUtilisation,
    cpuUtilisation,
    activity,
    diskThrottle: 1 / (1 + 0.008 * Math.max(0, slowness - 2)),
  };
}

/** How far a demand is above the ordinary: 1 when all zones are at ordinary activity. */
function demand(zones: readonly SimZone[], activity: Float64Array, of: "diskDemand" | "cpuDemand"): number {
  let now = 0;
  let ordinary = 0;
  zones.forEach((zone, i) => {
    now += zone.role[of] * (activity[i] ?? 0);
    ordinary += zone.role[of];
  });
  return ordinary === 0 ? 0 : now / ordinary;
}

/** Below half of the CPU nobody waits; then ever more do. */
function cpuLevel(utilisation: number): number {
  return Math.max(0, Math.min(12, Math.round(((utilisation - 0.5) / 0.45) * 12)));
}

/** 0 outside the incident, 1 within; it builds up over eight seconds and is over in four. */
function strengthOf(incident: Incident, hostName: string, sec: number): number {
  if (incident.host !== undefined && incident.host !== hostName) return 0;
  const into = sec - incident.fromMs / 1000;
  const left = incident.toMs / 1000 - sec;
  if (into < 0 || left <= 0) return 0;
  return Math.min(1, (into + 1) / 8, left / 4);
}
