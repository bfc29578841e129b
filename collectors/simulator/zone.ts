/**
 * zone.ts: one simulated zone: who owns it, what runs there, and from when to when.
 */
import { hashText, mix } from "./random.ts";
import { GLOBAL_ROLE, type Role, type Service } from "./services.ts";

export interface Process {
  readonly service: Service;
  readonly pid: number;
  readonly ppid: number;
}

export interface SimZone {
  /** Kernel id: given anew when the host boots. */
  id: number;
  /** The uuid, or "global". */
  readonly name: string;
  readonly uuid: string;
  readonly alias: string;
  readonly role: Role;
  readonly processes: readonly Process[];
  /** Where the zone's own randomness begins. */
  readonly seed: number;
  /** In true time; minus infinity: since before the simulation. */
  readonly bornMs: number;
  diedMs: number;
  /** The owner now; "" for the global zone. */
  ownerUuid: string;
}

export interface ZoneInit {
  readonly id: number;
  readonly name: string;
  readonly uuid: string;
  readonly alias: string;
  readonly role: Role;
  readonly ownerUuid: string;
  readonly bornMs: number;
  readonly fleetSeed: number;
}

export function makeZone(init: ZoneInit): SimZone {
  const { fleetSeed, ...rest } = init;
  const seed = hashText(init.uuid, fleetSeed);
  const processes = init.role.services.map((service, i): Process => {
    const pid = 1000 + (mix(seed, i) % 90_000);
    return { service, pid, ppid: service.parent === "svc.startd" ? 900 + init.id : pid - 3 };
  });
  return { ...rest, seed, processes, diedMs: Infinity };
}

export function globalZone(fleetSeed: number, hostName: string): SimZone {
  return makeZone({
    id: 0,
    name: "global",
    uuid: `global@${hostName}`,
    alias: "global",
    role: GLOBAL_ROLE,
    ownerUuid: "",
    bornMs: -Infinity,
    fleetSeed,
  });
}

/** Whether the zone runs throughout the second that begins at `ms`. */
export function runsAt(zone: SimZone, ms: number): boolean {
  return zone.bornMs <= ms && ms < zone.diedMs;
}
