/**
 * host-reports.ts: reports of hosts on their way to ingest: the newest of each host, a few at a time.
 *
 * Reports that carry zones go first, and batches wait for them (uploader.ts): rows can be attributed only once their zones'
 * owners are known. The others wait for nobody, and nobody waits for them.
 */
import type { HostReport } from "../core/host-status.ts";
import type { IngestClient } from "./ingest-client.ts";
import { pause } from "../core/pause.ts";

const AT_ONCE = 8;

export class HostReports {
  readonly #client: IngestClient;
  readonly #signal: AbortSignal;
  /** The newest report of each host that ingest does not have yet. */
  readonly #waiting = new Map<string, HostReport>();
  readonly #underWay = new Map<string, HostReport>();
  /** Hosts with owners that ingest does not know yet. */
  readonly #withZones = new Set<string>();
  #watchers: { readonly hosts: Set<string>; readonly resolve: () => void }[] = [];

  constructor(client: IngestClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
    signal.addEventListener("abort", () => {
      for (const { resolve } of this.#watchers) resolve();
    });
  }

  /**
   * Settles once ingest knows the owners that were reported until now, or when the signal is aborted. What is reported
   * meanwhile is not waited for: hosts that keep coming up must not keep rows of others from going.
   */
  zonesSent(): Promise<void> {
    const { size } = this.#withZones;
    if (size === 0 || this.#signal.aborted) return Promise.resolve();
    return new Promise((resolve) => this.#watchers.push({ hosts: new Set(this.#withZones), resolve }));
  }

  add(host: string, report: HostReport): void {
    this.#waiting.set(host, merged(report, this.#waiting.get(host)));
    if (report.zones !== undefined) this.#withZones.add(host);
    this.#fill();
  }

  #fill(): void {
    while (this.#underWay.size < AT_ONCE && !this.#signal.aborted) {
      const next = this.#next();
      if (next === undefined) return;
      const [host, report] = next;
      this.#waiting.delete(host);
      this.#underWay.set(host, report);
      void this.#send(host, report);
    }
  }

  /** Of one host, one report at a time: a later one must not overtake an earlier. */
  #next(): [string, HostReport] | undefined {
    const free = [...this.#waiting].filter(([host]) => !this.#underWay.has(host));
    return free.find(([, { zones }]) => zones !== undefined) ?? free[0];
  }

  #sent(host: string): void {
    this.#withZones.delete(host);
    this.#watchers = this.#watchers.filter(({ hosts, resolve }) => {
      hosts.delete(host);
      if (hosts.size > 0) return true;
      resolve();
      return false;
    });
  }

  async #send(host: string, report: HostReport): Promise<void> {
    const headers = { "content-type": "application/json" };
    const path = `/v1/hosts/${encodeURIComponent(host)}`;
    const verdict = await this.#client.call({ path, method: "PUT", headers, body: JSON.stringify(report) });
    if (verdict.kind === "retry") await pause(verdict.retryMs, this.#signal);
    this.#underWay.delete(host);
    if (verdict.kind === "retry") {
      // What came meanwhile is newer, but may be without the zones of this one.
      const newer = this.#waiting.get(host);
      this.#waiting.set(host, newer === undefined ? report : merged(newer, report));
    }
    if (this.#waiting.get(host)?.zones === undefined) this.#sent(host);
    this.#fill();
  }
}

/** A later report without zones must not hide the owners that an unsent one carries. */
function merged(newer: HostReport, older: HostReport | undefined): HostReport {
  const zones = newer.zones ?? older?.zones;
  return zones === undefined ? newer : { ...newer, zones };
}
