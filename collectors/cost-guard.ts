/**
 * cost-guard.ts: when an enabling costs its host, or its collector, more than it is worth, and when it may try again.
 *
 *   enabled ── drops in 3 of 5 ticks | unresponsive | lag > 30 s | events above budget ──▶ disabled
 *      ▲                                                                                      │
 *      └───────── after 1, then 5, then 30 minutes; after that only by hand ──────────────────┘
 *
 * By hand: the instrumentation is deleted and made again. An hour without a fall forgives earlier ones.
 *
 * Lag is how long ago, by the host's own clock, the window ended that has just arrived. It is corrected for the clock's offset,
 * which is asked for again before anybody is disabled, since a clock may be stepped. History that is told as fast as it can be
 * read lies far behind too, but it catches up: lag counts only once it has not shrunk for `STUCK_MS`.
 */

/** The limits of facts/security.md, "Cost caps"; the budget is a judgement: 2 us a probe make half a CPU. */
export interface GuardLimits {
  readonly maxLagMs: number;
  readonly maxEventsPerSec: number;
  readonly retryMs: readonly number[];
}

export const GUARD_LIMITS: GuardLimits = {
  maxLagMs: 30_000,
  maxEventsPerSec: 250_000,
  retryMs: [60_000, 300_000, 1_800_000],
};

export type FallCause = "drops" | "lag" | "overhead" | "unresponsive";

export interface Fall {
  readonly cause: FallCause;
  readonly reason: string;
}

export interface GuardTick {
  readonly nowMs: number;
  readonly drops: boolean;
  readonly lagMs: number;
  /** When the clock's offset, which is in `lagMs`, was asked for. */
  readonly clockAskedMs: number;
  readonly eventsPerSec: number;
}

const TICKS = 5;
const TICKS_WITH_DROPS = 3;
const STUCK_MS = 15_000;
/** Less is jitter. */
const PROGRESS_MS = 500;
const FORGIVEN_MS = 3_600_000;

export class CostGuard {
  readonly #limits: GuardLimits;
  readonly #drops: boolean[] = [];
  #ticksOverBudget = 0;
  /** The smallest lag since it went above the limit, and when it was reached. */
  #lag: { sinceMs: number; leastMs: number; leastAtMs: number } | undefined;
  #falls = 0;
  #lastFallMs = 0;

  constructor(limits: GuardLimits = GUARD_LIMITS) {
    this.#limits = limits;
  }

  /** @returns why it has to stop, if it has to; call `fall` then */
  tick(tick: GuardTick): Fall | undefined {
    return this.#checkDrops(tick) ?? this.#checkBudget(tick) ?? this.#checkLag(tick);
  }

  /** Lag is above the limit, and the clock has not been asked since. */
  get wantsClock(): boolean {
    return this.#lag !== undefined;
  }

  /** It has to stop. @returns for how long; null: until somebody starts it by hand */
  fall(nowMs: number): number | null {
    if (nowMs - this.#lastFallMs > FORGIVEN_MS) this.#falls = 0;
    const retryMs = this.#limits.retryMs[this.#falls] ?? null;
    this.#falls += 1;
    // What it stands still for is no good conduct.
    this.#lastFallMs = nowMs + (retryMs ?? 0);
    this.restart();
    return retryMs;
  }

  /** Another program: what the last one did is not held against it. */
  restart(): void {
    this.#drops.length = 0;
    this.#ticksOverBudget = 0;
    this.#lag = undefined;
  }

  #checkDrops({ drops }: GuardTick): Fall | undefined {
    this.#drops.push(drops);
    if (this.#drops.length > TICKS) this.#drops.shift();
    const spoilt = this.#drops.filter(Boolean).length;
    if (spoilt < TICKS_WITH_DROPS) return undefined;
    return { cause: "drops", reason: `drops in ${spoilt} of ${this.#drops.length} ticks` };
  }

  #checkBudget({ eventsPerSec }: GuardTick): Fall | undefined {
    this.#ticksOverBudget = eventsPerSec > this.#limits.maxEventsPerSec ? this.#ticksOverBudget + 1 : 0;
    if (this.#ticksOverBudget < TICKS) return undefined;
    const reason = `${Math.round(eventsPerSec)} events/s: the budget is ${this.#limits.maxEventsPerSec}`;
    return { cause: "overhead", reason };
  }

  #checkLag({ nowMs, lagMs, clockAskedMs }: GuardTick): Fall | undefined {
    if (lagMs <= this.#limits.maxLagMs) {
      this.#lag = undefined;
      return undefined;
    }
    const lag = (this.#lag ??= { sinceMs: nowMs, leastMs: lagMs, leastAtMs: nowMs });
    if (lagMs < lag.leastMs - PROGRESS_MS) {
      lag.leastMs = lagMs;
      lag.leastAtMs = nowMs;
    }
    if (nowMs - lag.leastAtMs < STUCK_MS || clockAskedMs < lag.sinceMs) return undefined;
    return { cause: "lag", reason: `${Math.round(lagMs / 1000)} s behind, and not catching up` };
  }
}
