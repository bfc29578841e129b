/**
 * ingest-client.ts: one call to ingest, and what its answer means for the sender.
 *
 *   200              done                             409   another stream of numbers: renew
 *   400 413 415 422  refused for good                 401 403   keep, raise the alarm, try again
 *   429 503, none    keep, back off (Retry-After wins)
 */
import { errorChain } from "../core/errors.ts";
import { Backoff } from "./backoff.ts";

export type Verdict = "done" | "renew" | "refused" | { readonly retryMs: number };

export interface IngestClientOptions {
  readonly ingestUrl: string;
  readonly token: string;
  readonly requestTimeoutMs?: number;
  readonly signal: AbortSignal;
  /** Called for every answer but the good ones. */
  readonly onTrouble: (message: string) => void;
}

const MAX_RETRY_AFTER_MS = 300_000;

export class IngestClient {
  readonly #options: IngestClientOptions;
  readonly #backoff = new Backoff({ minMs: 500, maxMs: 30_000 });

  constructor(options: IngestClientOptions) {
    this.#options = options;
  }

  async call(
    path: string,
    method: string,
    headers: Record<string, string>,
    body: string | Uint8Array<ArrayBuffer>,
  ): Promise<Verdict> {
    const { ingestUrl, token, requestTimeoutMs = 30_000, signal: stop, onTrouble } = this.#options;
    const signal = AbortSignal.any([stop, AbortSignal.timeout(requestTimeoutMs)]);
    try {
      const all = { ...headers, authorization: `Bearer ${token}` };
      const response = await fetch(`${ingestUrl}${path}`, { method, headers: all, body, signal });
      const text = await response.text();
      return this.#judge(response.status, response.headers, text);
    } catch (error) {
      if (stop.aborted) return { retryMs: 0 };
      onTrouble(`ingest does not answer: ${errorChain(error)}`);
      return { retryMs: this.#backoff.next() };
    }
  }

  #judge(status: number, headers: Headers, text: string): Verdict {
    if (status >= 200 && status < 300) {
      this.#backoff.reset();
      return "done";
    }
    this.#options.onTrouble(`ingest answered ${status}: ${text.slice(0, 300)}`);
    if (status === 409) return "renew";
    if (status === 400 || status === 413 || status === 415 || status === 422) return "refused";
    return { retryMs: Math.max(retryAfterMs(headers.get("retry-after")), this.#backoff.next()) };
  }
}

/** Seconds, or a date (RFC 9110, section 10.2.3); 0 for what is neither. */
function retryAfterMs(header: string | null): number {
  if (header === null) return 0;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS) : 0;
}
