/**
 * uploader.ts: the spool to ingest, in order, one batch at a time, until acknowledged.
 *
 *   200              remove, next                     409   another stream of numbers: go on under a new name
 *   400 413 415 422  refused for good: set aside, a gap     401 403   keep, raise the alarm, try again
 *   429 503, none    keep, back off (Retry-After wins)
 *
 * Reports of hosts go before batches: rows can be attributed only once their zones' owners are known.
 */
import type { CoverageRow } from "../core/window.ts";
import { errorChain } from "../core/errors.ts";
import { Backoff } from "./backoff.ts";
import { pause } from "./pause.ts";
import type { FrozenBatch, Spool } from "./spool.ts";

export interface HostReport {
  readonly collector: string;
  readonly atMs: number;
  readonly state: "up" | "down" | "removed";
  readonly reason: string;
  readonly platform: string;
  readonly zones?: readonly { name: string; owner: string; alias: string; state: string }[];
}

export interface UploaderOptions {
  readonly ingestUrl: string;
  readonly token: string;
  readonly spool: Spool;
  readonly requestTimeoutMs?: number;
  /** A batch was refused for good: its coverage becomes a gap. */
  readonly onRefused: (coverage: readonly CoverageRow[]) => void;
  readonly onAlarm: (facts: Record<string, unknown>, message: string) => void;
}

type Verdict = "done" | "renew" | "refused" | { readonly retryMs: number };

export class Uploader {
  readonly #options: UploaderOptions;
  readonly #backoff = new Backoff({ minMs: 500, maxMs: 30_000 });
  /** The newest report of each host that ingest does not have yet. */
  readonly #reports = new Map<string, HostReport>();
  readonly #stop = new AbortController();
  #wake: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #alarm = "";

  constructor(options: UploaderOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** There is something to send. */
  wake(): void {
    this.#wake?.();
  }

  report(host: string, report: HostReport): void {
    const was = this.#reports.get(host);
    // A later report without zones must not hide the owners that an unsent one carries.
    const zones = report.zones ?? was?.zones;
    this.#reports.set(host, zones === undefined ? report : { ...report, zones });
    this.wake();
  }

  /** Sends what is spooled, for at most `withinMs`, then stops. */
  async close(withinMs: number): Promise<void> {
    const deadline = Date.now() + withinMs;
    while (this.#options.spool.length > 0 && Date.now() < deadline && this.#alarm === "") {
      await pause(20, this.#stop.signal);
    }
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const retryMs = await this.#step();
      if (retryMs > 0) await pause(retryMs, this.#stop.signal);
    }
  }

  /** Sends one thing, or waits until there is one. @returns how long to wait before the next */
  async #step(): Promise<number> {
    const [report] = this.#reports;
    const batch = this.#options.spool.head();
    if (report === undefined && batch === undefined) {
      await this.#idle();
      return 0;
    }
    const verdict = report === undefined ? await this.#sendBatch(batch as FrozenBatch) : await this.#sendReport(report);
    if (typeof verdict === "object") return verdict.retryMs;
    this.#backoff.reset();
    this.#alarm = "";
    return 0;
  }

  async #sendReport([host, report]: [string, HostReport]): Promise<Verdict> {
    const url = `${this.#options.ingestUrl}/v1/hosts/${encodeURIComponent(host)}`;
    const headers = { "content-type": "application/json" };
    const verdict = await this.#call(url, "PUT", headers, JSON.stringify(report));
    if (typeof verdict !== "object" && this.#reports.get(host) === report) this.#reports.delete(host);
    return verdict;
  }

  async #sendBatch(batch: FrozenBatch): Promise<Verdict> {
    const headers = {
      "content-type": "application/vnd.apache.arrow.stream",
      "isotherm-stream": batch.stream,
      "isotherm-seq": String(batch.seq),
      "isotherm-rows": String(batch.rows),
      "content-digest": batch.digest,
    };
    const verdict = await this.#call(`${this.#options.ingestUrl}/v1/batches`, "POST", headers, batch.bytes);
    if (verdict === "done") this.#options.spool.remove(batch);
    else if (verdict === "renew") this.#options.spool.renew();
    else if (verdict === "refused") {
      this.#options.spool.remove(batch);
      // Its number was never stored, and ingest would wait for it.
      this.#options.spool.renew();
      this.#options.onRefused(batch.coverage);
    }
    return verdict;
  }

  async #call(
    url: string,
    method: string,
    headers: Record<string, string>,
    body: string | Uint8Array<ArrayBuffer>,
  ): Promise<Verdict> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(this.#options.requestTimeoutMs ?? 30_000)]);
    try {
      const authorization = `Bearer ${this.#options.token}`;
      const response = await fetch(url, { method, headers: { ...headers, authorization }, body, signal });
      const text = await response.text();
      return this.#judge(response.status, response.headers, text);
    } catch (error) {
      if (this.#stop.signal.aborted) return { retryMs: 0 };
      this.#raise(`ingest does not answer: ${errorChain(error)}`);
      return { retryMs: this.#backoff.next() };
    }
  }

  #judge(status: number, headers: Headers, text: string): Verdict {
    if (status >= 200 && status < 300) return "done";
    this.#raise(`ingest answered ${status}: ${text.slice(0, 300)}`);
    if (status === 409) return "renew";
    if (status === 400 || status === 413 || status === 415 || status === 422) return "refused";
    const retryAfterMs = Number(headers.get("retry-after") ?? 0) * 1000;
    return { retryMs: Math.max(retryAfterMs, this.#backoff.next()) };
  }

  /** Says a thing once, not at every try. */
  #raise(message: string): void {
    if (message === this.#alarm) return;
    this.#alarm = message;
    const { spool } = this.#options;
    this.#options.onAlarm({ waitingBatches: spool.length, waitingBytes: spool.bytes }, message);
  }

  #idle(): Promise<void> {
    if (this.#stop.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#wake = undefined;
        this.#stop.signal.removeEventListener("abort", done);
        resolve();
      };
      this.#wake = done;
      this.#stop.signal.addEventListener("abort", done);
    });
  }
}
