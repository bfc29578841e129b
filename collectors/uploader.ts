/**
 * uploader.ts: the spool to ingest, in order, one batch at a time, until acknowledged.
 *
 *   done      remove, next                        renew     go on under a new name
 *   refused   leave it out, tell the owner        retry     keep, wait, try again
 *
 * What each answer means is said in ingest-client.ts. Batches wait for reports that carry zones; see host-reports.ts.
 */
import type { HostReport } from "../core/host-status.ts";
import { HostReports } from "./host-reports.ts";
import { IngestClient, type Secret, type Verdict } from "./ingest-client.ts";
import { Once } from "./once.ts";
import { pause } from "../core/pause.ts";
import type { FrozenBatch, Spool } from "./spool.ts";

export interface UploaderOptions {
  readonly ingestUrl: string;
  readonly token: Secret;
  readonly spool: Spool;
  readonly requestTimeoutMs?: number;
  /** Bounds of the pause after a failure: 0.5 s and 30 s by default. */
  readonly retryMinMs?: number;
  readonly retryMaxMs?: number;
  /** A batch was refused for good: ingest will never have it. */
  readonly onRefused: (batch: FrozenBatch, status: number, answer: string) => void;
  /** Said once an hour; `denied`: ingest does not accept the token, and only a person can help. */
  readonly onAlarm: (facts: Record<string, unknown>, message: string, denied: boolean) => void;
  /** Ingest has answered, or not, after so long. */
  readonly onAnswer?: (batch: FrozenBatch, verdict: Verdict, tookMs: number) => void;
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
  #denied = false;
  #underWay: FrozenBatch | undefined;

  constructor(options: UploaderOptions) {
    this.#options = options;
    const { signal } = this.#stop;
    const onTrouble = (message: string, denied: boolean): void => this.#raise(message, denied);
    this.#client = new IngestClient({ ...options, signal, onTrouble });
    // Apart from batches: a wait of the one is no wait of the other.
    this.#reports = new HostReports(new IngestClient({ ...options, signal, onTrouble }), signal);
  }

  /** The last batch was not delivered because ingest does not accept the token. */
  get isDenied(): boolean {
    return this.#denied;
  }

  /** When the newest window of the batch under way ended, epoch ms; undefined: none is. */
  get sinceMs(): number | undefined {
    return this.#underWay === undefined ? undefined : endedMsOf(this.#underWay);
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
      this.#underWay = batch;
      if (batch === undefined) {
        await this.#idle();
        continue;
      }
      await this.#reports.zonesSent();
      if (this.#isStopped()) return;
      const verdict = await this.#sendBatch(batch);
      this.#stuck = verdict.kind === "retry";
      this.#denied = verdict.kind === "retry" && verdict.denied;
      if (verdict.kind === "retry") await pause(verdict.retryMs, this.#stop.signal);
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
      "isotherm-after": String(batch.after),
      "isotherm-rows": String(batch.rows),
      "content-digest": batch.digest,
    };
    const call = { path: "/v1/batches", method: "POST", headers, body: batch.bytes, answer: OUTCOME };
    const begun = performance.now();
    const verdict = await this.#client.call(call);
    this.#options.onAnswer?.(batch, verdict, performance.now() - begun);
    if (verdict.kind === "done") spool.remove(batch);
    else if (verdict.kind === "renew") spool.renew();
    else if (verdict.kind === "refused") {
      spool.refuse(batch);
      onRefused(batch, verdict.status, verdict.answer);
    }
    return verdict;
  }

  /** Says a thing once, not at every try. */
  #raise(message: string, denied: boolean): void {
    if (!this.#said.first(message, Date.now())) return;
    const { spool } = this.#options;
    this.#options.onAlarm({ waitingBatches: spool.length, waitingBytes: spool.bytes }, message, denied);
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

/** When the newest of a batch's windows ended, epoch ms. */
export function endedMsOf({ coverage }: FrozenBatch): number {
  return coverage.reduce((newest, { endedMs }) => Math.max(newest, endedMs), 0);
}

/** Were anything with a 200 taken for an acknowledgement, a proxy's page would lose a batch. */
const OUTCOME = /"outcome"/;
