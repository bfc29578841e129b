/**
 * rates.ts: so many at once, and one more each so often, for each of many callers.
 */
import { LRUCache } from "lru-cache";

export interface RateLimits {
  /** So many at once. */
  readonly burst: number;
  /** One more each so many milliseconds. */
  readonly refillMs: number;
}

/** Callers that are remembered: the least recently seen is forgotten first. */
const MAX_CALLERS = 20_000;

export class Rates {
  readonly #limits: RateLimits;
  readonly #now: () => number;
  /** When each caller will have its whole burst again, epoch ms: a token bucket in one number (GCRA). */
  readonly #fullMs = new LRUCache<string, number>({ max: MAX_CALLERS });

  constructor(limits: RateLimits, now: () => number = Date.now) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Counts one. @returns 0; or after how many ms to come again, and then it was not counted */
  take(caller: string): number {
    const { burst, refillMs } = this.#limits;
    const now = this.#now();
    const fullMs = Math.max(now, this.#fullMs.get(caller) ?? now) + refillMs;
    const overMs = fullMs - now - burst * refillMs;
    if (overMs > 0) return overMs;
    this.#fullMs.set(caller, fullMs);
    return 0;
  }
}
