/**
 * uploader.ts: the spool to ingest, in order, one batch at a time, until acknowledged.
 *
 *   done      remove, next                        renew     go on under a new name
 *   refused   set aside, a gap                    else      keep, wait, try again
 *
 * What each answer means is said in ingest-client.ts. Batches wait for reports that carry zones; see host-reports.ts.
 */
import type { HostReport } from "../core/host-status.ts";
import type { CoverageRow } from "../core/window.ts";
import { HostReports } from "./host-reports.ts";
import { IngestClient, type Verdict } from "./ingest-client.ts";
import { Once } from "./once.ts";
import { pause } from "./pause.ts";
import type { FrozenBatch, Spool } from "./spool.ts";

export interface UploaderOptions {
  readonly ingestUrl: string;
  readonly token: string;
  readonly spool: Spool;
  readonly requestTimeoutMs?: number;
  /** A batch was refused for good: its coverage becomes a gap. */
  readonly onRefused: (coverage: readonly CoverageRow[]) => void;
  readonly onAlarm: (facts: Record<string, unknown>, message: string) => void;
}

export class Uploader {
  readonly #options: UploaderOptions;
  readonly #stop = new AbortController();
  readonly #client: IngestClient;
  readonly #reports: HostReports;
  readonly #said = new Once();
  #wake: (() => void) | undefined;
  #running: Promise<void> | undefined;
  /** The last batch could not be delivered. */
  #stuck = false;

  constructor(options: UploaderOptions) {
    this.#options = options;
    const { signal } = this.#stop;
    const onTrouble = (message: string): void => this.#raise(message);
    this.#client = new IngestClient({ ...options, signal, onTrouble });
    // Apart from batches: a wait of the one is no wait of the other.
    this.#reports = new HostReports(new IngestClient({ ...options, signal, onTrouble }), signal);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** There is something to send. */
  wake(): void {
    this.#wake?.();
  }

  report(host: string, report: HostReport): void {
    this.#reports.add(host, report);
  }

  /** Sends what is spooled, for at most `withinMs`, then stops. */
  async close(withinMs: number): Promise<void> {
    const deadline = Date.now() + withinMs;
    while (this.#options.spool.length > 0 && Date.now() < deadline && !this.#stuck) {
      await pause(20, this.#stop.signal);
    }
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const batch = this.#options.spool.head();
      if (batch === undefined) {
        await this.#idle();
        continue;
      }
      await this.#reports.zonesSent();
      if (this.#isStopped()) return;
      const verdict = await this.#sendBatch(batch);
      this.#stuck = typeof verdict === "object";
      if (typeof verdict === "object") await pause(verdict.retryMs, this.#stop.signal);
    }
  }

  /** A method, because the compiler would otherwise remember what it was before an await. */
  #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  async #sendBatch(batch: FrozenBatch): Promise<Verdict> {
    const { spool, onRefused } = this.#options;
    const headers = {
      "content-type": "application/vnd.apache.arrow.stream",
      "isotherm-stream": batch.stream,
      "isotherm-seq": String(batch.seq),
      "isotherm-rows": String(batch.rows),
      "content-digest": batch.digest,
    };
    const verdict = await this.#client.call("/v1/batches", "POST", headers, batch.bytes);
    if (verdict === "done") spool.remove(batch);
    else if (verdict === "renew") spool.renew();
    else if (verdict === "refused") {
      spool.remove(batch);
      // Its number was never stored, and ingest would wait for it.
      spool.renew();
      onRefused(batch.coverage);
    }
    return verdict;
  }

  /** Says a thing once, not at every try. */
  #raise(message: string): void {
    if (!this.#said.first(message, Date.now())) return;
    const { spool } = this.#options;
    this.#options.onAlarm({ waitingBatches: spool.length, waitingBytes: spool.bytes }, message);
  }

  #idle(): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#wake = undefined;
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#wake = done;
      signal.addEventListener("abort", done);
    });
  }
}
