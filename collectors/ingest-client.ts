/**
 * ingest-client.ts: one call to ingest, and what its answer means for the sender.
 *
 *   200              done                             409   not what ingest expects: renew
 *   400 413 415 422  refused for good                 401 403   keep, raise the alarm, try again
 *   429 503, none    keep, back off: exponential with full jitter, and not before Retry-After
 *
 * An answer that was cut, and a 200 that ingest cannot have given (a proxy's page), are no answers: the call is repeated.
 */
import { errorChain } from "../core/errors.ts";
import { Backoff } from "./backoff.ts";

export type Verdict =
  | { readonly kind: "done" }
  | { readonly kind: "renew" }
  | { readonly kind: "refused"; readonly status: number; readonly answer: string }
  | { readonly kind: "retry"; readonly retryMs: number; readonly denied: boolean };

export interface Call {
  readonly path: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array<ArrayBuffer>;
  /** What a good answer's text is like; anything by default. */
  readonly answer?: RegExp;
}

/** A secret, or what reads it before each use: it may be rotated while the process runs. */
export type Secret = string | (() => string);

export function textOf(secret: Secret): string {
  return typeof secret === "string" ? secret : secret();
}

export interface IngestClientOptions {
  readonly ingestUrl: string;
  readonly token: Secret;
  readonly requestTimeoutMs?: number;
  readonly retryMinMs?: number;
  readonly retryMaxMs?: number;
  readonly signal: AbortSignal;
  /** Called for every answer but the good ones; `denied`: the token is not accepted. */
  readonly onTrouble: (message: string, denied: boolean) => void;
}

const MAX_RETRY_AFTER_MS = 300_000;

export class IngestClient {
  readonly #options: IngestClientOptions;
  readonly #backoff: Backoff;

  constructor(options: IngestClientOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ minMs: options.retryMinMs ?? 500, maxMs: options.retryMaxMs ?? 30_000 });
  }

  /** Never rejects. */
  async call({ path, method, headers, body, answer }: Call): Promise<Verdict> {
    const { ingestUrl, token, requestTimeoutMs = 30_000, signal: stop } = this.#options;
    const signal = AbortSignal.any([stop, AbortSignal.timeout(requestTimeoutMs)]);
    try {
      const all = { ...headers, authorization: `Bearer ${textOf(token)}` };
      const response = await fetch(`${ingestUrl}${path}`, { method, headers: all, body, signal });
      const text = await response.text();
      if (response.ok && answer?.test(text) === false)
        return this.#retry(`something else than ingest answers: ${clip(text)}`);
      return this.#judge(response.status, response.headers, text);
    } catch (error) {
      if (stop.aborted) return { kind: "retry", retryMs: 0, denied: false };
      return this.#retry(`ingest does not answer: ${errorChain(error)}`);
    }
  }

  #judge(status: number, headers: Headers, text: string): Verdict {
    if (status >= 200 && status < 300) {
      this.#backoff.reset();
      return { kind: "done" };
    }
    const message = `ingest answered ${status}: ${clip(text)}`;
    if (status === 401 || status === 403) return this.#retry(message, 0, true);
    const isFinal = status === 409 || REFUSALS.has(status);
    if (!isFinal) return this.#retry(message, retryAfterMs(headers.get("retry-after")));
    this.#options.onTrouble(message, false);
    return status === 409 ? { kind: "renew" } : { kind: "refused", status, answer: clip(text) };
  }

  #retry(message: string, atLeastMs = 0, denied = false): Verdict {
    this.#options.onTrouble(message, denied);
    return { kind: "retry", retryMs: Math.max(atLeastMs, this.#backoff.next()), denied };
  }
}

const REFUSALS: ReadonlySet<number> = new Set([400, 413, 415, 422]);

function clip(text: string): string {
  return text.slice(0, 300);
}

/** Seconds, or a date (RFC 9110, section 10.2.3); 0 for what is neither. */
function retryAfterMs(header: string | null): number {
  if (header === null) return 0;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS) : 0;
}
