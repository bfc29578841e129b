/**
 * host-link.ts: what is asked of a host over one connection, as long as that connection stands: who it is, what its clock
 * says, whose its zones are.
 *
 *   open ──who are you──▶ known ──zones──▶ ready ──every `zonesEveryMs`: zones; every minute: clock──▶ ready
 *     └──────────── no answer ─────────────┴──▶ the connection is closed; a new one gets a link of its own
 *
 * Everything asked belongs to one connection: an answer that comes after its end is not used.
 */
import { errorChain } from "../core/errors.ts";
import type { Channels } from "./channels.ts";
import { runShort } from "./command.ts";
import type { HostClock } from "./host-clock.ts";
import { readFacts, type HostFacts } from "./host-facts.ts";
import { readZones, type HostZone, type OwnerOf } from "./zones.ts";

export interface HostLinkOptions {
  readonly channels: Channels;
  readonly clock: HostClock;
  readonly zonesEveryMs: number;
  /** The zone of a host that has none to list; null: the host is asked. */
  readonly onlyZone: HostZone | null;
  readonly ownerOf: OwnerOf;
  readonly now: () => number;
  /** Called each time that the zones were listed, also when they are the same. */
  readonly onZones: (zones: readonly HostZone[]) => void;
  readonly onTrouble: (what: string, chain: string) => void;
}

const SHORT_MS = 15_000;
const CLOCK_EVERY_MS = 60_000;
/** Not more often, whoever wants to know. */
const LEAST_MS = 1_000;

export class HostLink {
  readonly #options: HostLinkOptions;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #asking = false;
  #zonesWanted = false;
  #clockWanted = false;
  #zonesAskedMs = 0;

  constructor(options: HostLinkOptions) {
    this.#options = options;
  }

  /** @throws OperationalError when the host does not answer as expected */
  async begin(): Promise<{ facts: HostFacts; zones: readonly HostZone[] }> {
    const facts = await this.#facts();
    const zones = await this.#zones();
    if (!this.#isClosed()) this.#again();
    return { facts, zones };
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** Somebody met a zone that is not in the list. */
  wantZones(): void {
    if (this.#zonesWanted) return;
    this.#zonesWanted = true;
    this.#again();
  }

  /** Somebody doubts the clock. */
  wantClock(): void {
    if (this.#clockWanted) return;
    this.#clockWanted = true;
    this.#again();
  }

  /** The next question, in its time: one at a time. */
  #again(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed() || this.#asking) return;
    const { now, clock, zonesEveryMs } = this.#options;
    const waitMs = (lastMs: number, everyMs: number, wanted: boolean): number =>
      lastMs + (wanted ? Math.min(LEAST_MS, everyMs) : everyMs) - now();
    const zonesMs = waitMs(this.#zonesAskedMs, zonesEveryMs, this.#zonesWanted);
    const clockMs = waitMs(clock.askedMs, CLOCK_EVERY_MS, this.#clockWanted);
    this.#timer = setTimeout(() => void this.#ask(clockMs < zonesMs), Math.max(0, Math.min(zonesMs, clockMs)));
  }

  async #ask(clock: boolean): Promise<void> {
    const { onZones, onTrouble } = this.#options;
    this.#asking = true;
    try {
      if (clock) await this.#facts();
      else {
        const zones = await this.#zones();
        if (!this.#isClosed()) onZones(zones);
      }
    } catch (error) {
      if (!this.#isClosed())
        onTrouble(clock ? "the clock cannot be read" : "zones cannot be listed", errorChain(error));
    }
    this.#asking = false;
    this.#again();
  }

  async #facts(): Promise<HostFacts> {
    const { channels, clock, now } = this.#options;
    this.#clockWanted = false;
    const sentMs = now();
    // Also when it fails: the next try has its time, too.
    clock.asked(sentMs);
    const facts = readFacts(await runShort(channels, "version", SHORT_MS), sentMs, now());
    if (facts.clockOffsetMs !== null) clock.measured(facts.clockOffsetMs, sentMs, (now() - sentMs) / 2);
    return facts;
  }

  async #zones(): Promise<readonly HostZone[]> {
    const { channels, now, onlyZone, ownerOf } = this.#options;
    this.#zonesWanted = false;
    this.#zonesAskedMs = now();
    if (onlyZone !== null) return [onlyZone];
    const zoneadm = await runShort(channels, "zones", SHORT_MS);
    return readZones(zoneadm, await runShort(channels, "vms", SHORT_MS), ownerOf);
  }

  /** A method, because the compiler would otherwise remember what it was before an await. */
  #isClosed(): boolean {
    return this.#closed;
  }
}
