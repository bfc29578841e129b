/**
 * guesses.ts: how many wrong tokens one address may send.
 *
 * A token has 256 random bits, so nobody guesses one; what a flood of wrong ones costs is what answering them costs, and silence
 * about it. Above the rate an address is told 429 for what is wrong. What is right always passes: behind a proxy many people have
 * one address, and a neighbour's guessing must not lock them out. A token that has ended is no guess: a page left open and a
 * collector whose token was revoked send theirs for hours.
 */
import { OperationalError } from "../core/errors.ts";
import { Rates, type RateLimits } from "./rates.ts";

export const GUESS_LIMITS: RateLimits = { burst: 30, refillMs: 2_000 };

export class Guesses {
  readonly #rates: Rates;
  #wrong = 0;

  constructor(limits: RateLimits = GUESS_LIMITS, now: () => number = Date.now) {
    this.#rates = new Rates(limits, now);
  }

  /** Wrong tokens since the start. */
  get wrong(): number {
    return this.#wrong;
  }

  /**
   * Counts a wrong token.
   *
   * @throws OperationalError TOO_MANY_GUESSES above the rate; a guess that is refused counts for no more
   */
  count(address: string): void {
    this.#wrong += 1;
    const overMs = this.#rates.take(networkOf(address));
    if (overMs === 0) return;
    throw new OperationalError("TOO_MANY_GUESSES", "expected a valid token; too many were wrong", {
      info: { retryAfterSec: Math.ceil(overMs / 1000) },
    });
  }
}

/** An IPv6 client has 2^64 addresses of its own: they count as one. */
function networkOf(address: string): string {
  if (!address.includes(":") || address.includes(".")) return address;
  const [head = "", tail] = address.split("::");
  const parts = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  const filled =
    tail === undefined ? parts : [...parts, ...Array<string>(8 - parts.length - rest.length).fill("0"), ...rest];
  return filled.slice(0, 4).join(":");
}
