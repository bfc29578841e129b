/**
 * host-reporter.ts: what ingest is told of a host, and when: changes soon, the rest now and then.
 *
 * Zones are told only when they have changed since they were last told, because whoever takes them in has to wait for the disk;
 * rates and counters ride along every `everyMs`.
 */
import type { HostDetail, HostReport } from "../core/host-status.ts";
import type { HostZone } from "./zones.ts";

export interface HostReporterOptions {
  readonly collector: string;
  readonly everyMs: number;
  readonly now: () => number;
  readonly detail: () => HostDetail;
  readonly send: (report: HostReport) => void;
}

/** Changes come in bursts. */
const SOON_MS = 200;

export class HostReporter {
  readonly #options: HostReporterOptions;
  #timer: NodeJS.Timeout | undefined;
  #soon = false;
  #closed = false;
  #state: HostReport["state"] = "down";
  #reason = "not connected yet";
  #platform = "";
  #toldZones = "";

  constructor(options: HostReporterOptions) {
    this.#options = options;
    // Hosts that come up together need not report together for ever.
    this.#timer = setTimeout(() => this.#send(), Math.random() * options.everyMs);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  up(platform: string): void {
    this.#state = "up";
    this.#reason = "";
    this.#platform = platform;
    this.#send();
  }

  down(reason: string): void {
    const short = reason.slice(0, 500);
    if (this.#state === "down" && this.#reason === short) return;
    this.#state = "down";
    this.#reason = short;
    this.#send();
  }

  /** @returns whether they were news, and have been sent */
  zones(zones: readonly HostZone[]): boolean {
    const told = JSON.stringify(zones);
    if (told === this.#toldZones) return false;
    this.#toldZones = told;
    this.#send(zones);
    return true;
  }

  /** Something of the detail has changed. */
  touch(): void {
    if (this.#soon || this.#closed) return;
    this.#soon = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#send(), SOON_MS);
  }

  #send(zones?: readonly HostZone[]): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#soon = false;
    const { collector, now, detail, send, everyMs } = this.#options;
    const about = {
      collector,
      atMs: Math.round(now()),
      state: this.#state,
      reason: this.#reason,
      platform: this.#platform,
      detail: detail(),
    };
    send(zones === undefined ? about : { ...about, zones });
    this.#timer = setTimeout(() => this.#send(), everyMs);
  }
}
