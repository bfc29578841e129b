/**
 * backoff.ts: how long to wait before the next try: exponential with full jitter, so that a fleet that lost one peer does
 * not come back in step.
 */
export interface BackoffOptions {
  readonly minMs: number;
  readonly maxMs: number;
  readonly random?: () => number;
}

export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** Milliseconds to wait after one more failure. */
  next(): number {
    const { minMs, maxMs, random = Math.random } = this.#options;
    const ceiling = Math.min(maxMs, minMs * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 30);
    return Math.round(minMs / 2 + random() * (ceiling - minMs / 2));
  }

  reset(): void {
    this.#failures = 0;
  }
}
