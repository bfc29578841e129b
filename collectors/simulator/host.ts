/**
 * host.ts: one simulated SmartOS machine: its zones, its clock, its ssh server, and what a test may do to it.
 */
import type { Clock } from "./clock.ts";
import type { CommandHost, CommandLimits, Running } from "./command.ts";
import type { Fault, PlannedFault } from "./faults.ts";
import { HostEvents } from "./host-events.ts";
import { HostPast } from "./host-past.ts";
import { KstatCounters } from "./kstat-counters.ts";
import type { Ledger } from "./ledger.ts";
import type { Incident } from "./options.ts";
import { mix } from "./random.ts";
import { makeKeys, startSshServer, type Exec, type SshServer } from "./ssh-server.ts";
import { startVerb } from "./verbs.ts";
import { globalZone, runsAt, type SimZone } from "./zone.ts";

export interface SimHostInit {
  readonly name: string;
  readonly fleetSeed: number;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly limits: CommandLimits;
  readonly backfillSec: number;
  readonly clientPublicKey: string;
  /** Shared by the fleet, which may add to it. */
  readonly incidents: readonly Incident[];
}

const DAY_MS = 86_400_000;
const PLATFORM = "joyent_20250103T000000Z";

export class SimHost implements CommandHost {
  readonly name: string;
  readonly seed: number;
  readonly phaseMs: number;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly limits: CommandLimits;
  readonly zones: SimZone[];
  readonly events: HostEvents;
  /** `ssh-ed25519 AAAA...` */
  readonly hostKey: string;
  /** The commands that are running now. */
  readonly running = new Set<Running>();
  /** The host's clock against true time; ms. Settable: a step of the clock. */
  clockOffsetMs = 0;
  bootMs: number;
  /** How many programs the wrapper runs on one channel; 0: a wrapper that cannot. */
  share = 16;
  off = "";
  /** Settable: what its platform image is like. */
  readonly lacking = new Set<string>();
  readonly compileFaults = new Map<string, string>();
  readonly #secretKey: string;
  readonly #init: SimHostInit;
  readonly #past: HostPast;
  readonly #faults: PlannedFault[] = [];
  #counters: KstatCounters;
  /** By the host's own clock, when it booted; a later step does not change it. */
  #bootEpochSec: number;
  #server: SshServer | undefined;

  constructor(init: SimHostInit, seed: number) {
    this.#init = init;
    this.name = init.name;
    this.seed = seed;
    this.phaseMs = mix(seed, 101) % 1000;
    this.clock = init.clock;
    this.ledger = init.ledger;
    this.limits = init.limits;
    this.zones = [globalZone(init.fleetSeed, init.name)];
    this.events = new HostEvents({ name: init.name, seed, zones: this.zones, incidents: init.incidents });
    this.#past = new HostPast(init.backfillSec * 1000);
    const firstMs = init.clock.now() - init.backfillSec * 1000;
    this.bootMs = Math.floor(firstMs - 2 * DAY_MS - (mix(seed, 102) % (30 * DAY_MS)));
    this.#bootEpochSec = Math.floor(this.bootMs / 1000);
    this.#counters = new KstatCounters(this.events, Math.floor(firstMs / 1000) - 4);
    ({ private: this.#secretKey, public: this.hostKey } = makeKeys());
  }

  /** 0 until the host listens. */
  get port(): number {
    return this.#server?.port ?? 0;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#server?.connections ?? 0;
  }

  /** While true, the host hangs up on new connections. */
  set refusing(refusing: boolean) {
    if (this.#server !== undefined) this.#server.refusing = refusing;
  }

  async listen(): Promise<void> {
    this.#server = await startSshServer({
      hostKey: this.#secretKey,
      clientPublicKey: this.#init.clientPublicKey,
      onExec: (exec) => this.#onExec(exec),
    });
  }

  async close(): Promise<void> {
    this.#stopAll();
    await this.#server?.close();
  }

  /** Makes the kill switch's file; `switchOn` removes it. */
  switchOff(): void {
    this.off = "/var/run/isotherm.off";
    this.running.forEach((running) => running.switchOff());
  }

  switchOn(): void {
    this.off = "";
  }

  /** Cuts the connections; what ran on them ends. */
  dropConnections(): void {
    this.#server?.drop();
    this.#stopAll();
  }

  /** Goes down and comes up at once, with a new boot time, new zone ids and counters that start at zero. */
  reboot(): void {
    this.dropConnections();
    const nowMs = this.clock.now();
    this.bootMs = nowMs;
    this.#bootEpochSec = Math.floor((nowMs + this.clockOffsetMs) / 1000);
    this.#counters = new KstatCounters(this.events, Math.floor((nowMs - this.phaseMs) / 1000) - 1);
    const living = this.zones.filter((zone) => zone.name !== "global" && runsAt(zone, nowMs));
    // In another order than before: ids are given as zones boot.
    living.reverse().forEach((zone, i) => (zone.id = i + 1));
  }

  /** @param times how many runs it spoils; `spec` narrows it to runs of one spec */
  fail(fault: Fault, { times = 1, spec }: { readonly times?: number; readonly spec?: string } = {}): void {
    this.#faults.push(spec === undefined ? { fault, left: times } : { fault, left: times, spec });
  }

  takeFault(spec: string): Fault | undefined {
    const planned = this.#faults.find((each) => each.left > 0 && (each.spec === undefined || each.spec === spec));
    if (planned === undefined) return undefined;
    planned.left -= 1;
    return planned.fault;
  }

  tellFrom(what: string): number {
    return Math.max(this.bootMs, this.#past.tellFrom(what, this.clock.now()));
  }

  toldUntil(what: string, ms: number): void {
    this.#past.toldUntil(what, ms);
  }

  #onExec(exec: Exec): void {
    const running = startVerb(this, this.#counters, this.#version(), exec);
    if (running === undefined) return;
    this.running.add(running);
    exec.onClose(() => this.running.delete(running));
  }

  #version(): string {
    const nowMs = this.clock.now() + this.clockOffsetMs;
    const now = `${Math.floor(nowMs / 1000)}.${String(Math.floor((nowMs % 1000) * 1e6)).padStart(9, "0")}`;
    const lines = [`hostname ${this.name}`, `boot ${this.#bootEpochSec}`, `now ${now}`, `platform ${PLATFORM}`];
    return ["wrapper 2", `share ${this.share}`, ...lines, "dtrace 1.13.1"].map((line) => `${line}\n`).join("");
  }

  #stopAll(): void {
    this.running.forEach((running) => running.stop());
    this.running.clear();
  }
}
