/**
 * fleet.ts: simulated SmartOS hosts behind real ssh servers, with a workload worth looking at and a ledger of it.
 *
 * A first-class mode of the product: the demo, the tests and the benches run against it. All is a function of the seed
 * (host keys and ports apart), so the same fleet can be had again.
 */
import { systemClock, type Clock } from "./clock.ts";
import { SimHost } from "./host.ts";
import { Ledger } from "./ledger.ts";
import type { FleetOptions, Incident } from "./options.ts";
import { hashText, mix, uuidOf } from "./random.ts";
import { ROLES } from "./services.ts";
import { makeTenants, type Tenant } from "./tenants.ts";
import { makeZone, type SimZone } from "./zone.ts";

const DEFAULT_LEDGER_ENTRIES = 100_000;

export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const fleet = new Fleet(options);
  await fleet.listen();
  return fleet;
}

export class Fleet {
  readonly hosts: readonly SimHost[];
  readonly tenants: readonly Tenant[];
  readonly ledger: Ledger;
  readonly #clock: Clock;
  readonly #seed: number;
  readonly #incidents: Incident[];
  #zonesMade = 0;

  constructor(options: FleetOptions) {
    this.#clock = options.clock ?? systemClock(options.now);
    this.#seed = options.seed ?? 1;
    this.#incidents = [options.incident ?? []].flat();
    const keep = options.ledger ?? true;
    this.ledger = new Ledger(keep === true ? DEFAULT_LEDGER_ENTRIES : keep === false ? 0 : keep);
    this.tenants = makeTenants(options.tenants ?? 3);
    const limits = {
      leaseMs: options.leaseMs ?? 5000,
      maxPieceBytes: options.maxPieceBytes ?? 32_768,
      queueBytes: options.queueBytes ?? 4_194_304,
      stallMs: options.stallMs ?? 30_000,
    };
    this.hosts = Array.from({ length: options.hosts ?? 3 }, (_, i) => {
      const name = `cn-${String(i + 1).padStart(2, "0")}`;
      const init = {
        name,
        fleetSeed: this.#seed,
        clock: this.#clock,
        ledger: this.ledger,
        limits,
        backfillSec: options.backfillSec ?? 0,
        clientPublicKey: options.clientPublicKey,
        incidents: this.#incidents,
      };
      return new SimHost(init, mix(this.#seed, hashText(name)));
    });
    // By host and within it by role, so that each tenant has some of everything.
    for (const host of this.hosts) {
      for (let i = 0; i < (options.zonesPerHost ?? 4); i++) this.#addZone(host, { bornMs: -Infinity });
    }
  }

  async listen(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.listen()));
  }

  /** Ends every command, connection and server. */
  async close(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.close()));
  }

  /** @throws RangeError where there is no such host */
  host(name: string): SimHost {
    const found = this.hosts.find((each) => each.name === name);
    if (found === undefined) throw new RangeError(`there is no host ${name}`);
    return found;
  }

  /** A zone by its name, wherever it is. */
  zone(name: string): SimZone {
    const found = this.hosts.flatMap((each) => each.zones).find((each) => each.name === name);
    if (found === undefined) throw new RangeError(`there is no zone ${name}`);
    return found;
  }

  /** The zones that run now, without the global ones. */
  get zones(): SimZone[] {
    const alive = this.hosts.flatMap((host) => host.zones.filter((zone) => zone.diedMs === Infinity));
    return alive.filter((zone) => zone.name !== "global");
  }

  /** Boots a new zone; it counts from the next second on. */
  createZone(
    hostName: string,
    zone: { readonly owner?: string; readonly role?: string; readonly alias?: string; readonly name?: string } = {},
  ): SimZone {
    return this.#addZone(this.host(hostName), { ...zone, bornMs: this.#clock.now() });
  }

  destroyZone(name: string): void {
    this.zone(name).diedMs = this.#clock.now();
  }

  /** From now on the zone is somebody else's. */
  setOwner(zoneName: string, ownerUuid: string): void {
    this.zone(zoneName).ownerUuid = ownerUuid;
  }

  addIncident(incident: Incident): void {
    this.#incidents.push(incident);
    this.hosts.forEach((host) => host.events.forget());
  }

  #addZone(
    host: SimHost,
    zone: {
      readonly bornMs: number;
      readonly owner?: string;
      readonly role?: string;
      readonly alias?: string;
      readonly name?: string;
    },
  ): SimZone {
    const ordinal = this.#zonesMade++;
    const role = ROLES.find((each) => each.name === zone.role) ?? ROLES[ordinal % ROLES.length];
    if (role === undefined) throw new RangeError("there are no roles");
    const uuid = uuidOf(this.#seed, ordinal);
    const made = makeZone({
      id: Math.max(...host.zones.map((each) => each.id)) + 1,
      name: zone.name ?? uuid,
      uuid,
      alias: zone.alias ?? `${role.name}-${Math.floor(ordinal / ROLES.length)}`,
      role,
      // Not in step with the roles, so that tenants have different mixtures of them.
      ownerUuid: zone.owner ?? this.tenants[(ordinal + Math.floor(ordinal / 4)) % this.tenants.length]?.id ?? "",
      bornMs: zone.bornMs,
      fleetSeed: this.#seed,
    });
    host.zones.push(made);
    host.events.forget();
    return made;
  }
}
