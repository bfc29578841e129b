/**
 * clock.ts: true time and timers, as arguments, so that tests need not wait.
 *
 * Simulated hosts have clocks of their own (an offset against this one); the workload happens in true time.
 */

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls back once, `delayMs` from now. @returns cancels it */
  after(delayMs: number, callback: () => void): () => void;
}

/** The system's timers, and its time unless `now` gives another. */
export function systemClock(now: () => number = Date.now): Clock {
  return {
    now,
    after(delayMs, callback) {
      const timer = setTimeout(callback, Math.max(0, delayMs));
      return () => clearTimeout(timer);
    },
  };
}

/** Time that stands still until it is moved. */
export class ManualClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<{ readonly dueMs: number; readonly callback: () => void }>();

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Timers that are waiting: zero once everything has been closed. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time on, firing what falls due in order and at its own time. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#nowMs = Math.max(this.#nowMs, due.dueMs);
      due.callback();
    }
    this.#nowMs = endMs;
  }
}
