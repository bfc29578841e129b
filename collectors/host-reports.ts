/**
 * host-reports.ts: reports of hosts on their way to ingest: the newest of each host, a few at a time.
 *
 * Reports that carry zones go first, and batches wait for them (uploader.ts): rows can be attributed only once their zones'
 * owners are known. The others wait for nobody, and nobody waits for them.
 */
import type { IngestClient } from "./ingest-client.ts";
import type { HostReport } from "./uploader.ts";
import { pause } from "./pause.ts";

const AT_ONCE = 8;

export class HostReports {
  readonly #client: IngestClient;
  readonly #signal: AbortSignal;
  readonly #onZonesSent: () => void;
  /** The newest report of each host that ingest does not have yet. */
  readonly #waiting = new Map<string, HostReport>();
  readonly #underWay = new Map<string, HostReport>();

  /** @param onZonesSent no zones are waiting any more */
  constructor(client: IngestClient, signal: AbortSignal, onZonesSent: () => void) {
    this.#client = client;
    this.#signal = signal;
    this.#onZonesSent = onZonesSent;
  }

  /** Whether there are owners that ingest does not know yet. */
  get hasZones(): boolean {
    return [...this.#waiting.values(), ...this.#underWay.values()].some(({ zones }) => zones !== undefined);
  }

  add(host: string, report: HostReport): void {
    this.#waiting.set(host, merged(report, this.#waiting.get(host)));
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

  async #send(host: string, report: HostReport): Promise<void> {
    const headers = { "content-type": "application/json" };
    const path = `/v1/hosts/${encodeURIComponent(host)}`;
    const verdict = await this.#client.call(path, "PUT", headers, JSON.stringify(report));
    if (typeof verdict === "object") await pause(verdict.retryMs, this.#signal);
    this.#underWay.delete(host);
    if (typeof verdict === "object") {
      // What came meanwhile is newer, but may be without the zones of this one.
      const newer = this.#waiting.get(host);
      this.#waiting.set(host, newer === undefined ? report : merged(newer, report));
    }
    if (report.zones !== undefined && !this.hasZones) this.#onZonesSent();
    this.#fill();
  }
}

/** A later report without zones must not hide the owners that an unsent one carries. */
function merged(newer: HostReport, older: HostReport | undefined): HostReport {
  const zones = newer.zones ?? older?.zones;
  return zones === undefined ? newer : { ...newer, zones };
}
