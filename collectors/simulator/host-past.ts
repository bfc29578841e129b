/**
 * host-past.ts: how much of the past each program of a host has told.
 *
 * Back-fill happens once: after a program has caught up with now, a later run of it starts in the present, so that an
 * outage stays a gap and no second is told twice. A run that ended before it had caught up leaves the rest to the next.
 */
export class HostPast {
  readonly #backfillMs: number;
  readonly #toldMs = new Map<string, number>();

  constructor(backfillMs: number) {
    this.#backfillMs = backfillMs;
  }

  /** @returns true time from which `what` is to be told */
  tellFrom(what: string, nowMs: number): number {
    const told = this.#toldMs.get(what) ?? -Infinity;
    return told === Infinity ? nowMs : Math.min(nowMs, Math.max(nowMs - this.#backfillMs, told));
  }

  /** @param ms true time; Infinity: `what` has caught up */
  toldUntil(what: string, ms: number): void {
    if (this.#toldMs.get(what) !== Infinity) this.#toldMs.set(what, ms);
  }
}
