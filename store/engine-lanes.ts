/**
 * engine-lanes.ts: how many statements run at once, and how many may wait.
 *
 * Each running statement holds one thread of libuv's pool of 16, so the lanes together stay well below that: what is left
 * serves KILL QUERY, compression and files. Whoever finds the queue full, or waits too long in it, is told to come back
 * (ClickHouse's 202), which costs nobody memory.
 */
import { EngineException } from "./engine-exception.ts";

export interface LaneLimits {
  readonly queueLength: number;
  readonly queueMs: number;
}

interface Waiter<T> {
  readonly give: (lane: T) => void;
}

export class Lanes<T> {
  readonly #free: T[];
  readonly #limits: LaneLimits;
  readonly #waiting = new Set<Waiter<T>>();

  constructor(lanes: readonly T[], limits: LaneLimits) {
    this.#free = [...lanes];
    this.#limits = limits;
  }

  /** Runs `work` with a lane of its own, first come, first served; an abort leaves the queue at once. */
  async use<R>(signal: AbortSignal, work: (lane: T) => Promise<R>): Promise<R> {
    const lane = this.#free.pop() ?? (await this.#wait(signal));
    try {
      return await work(lane);
    } finally {
      this.#giveBack(lane);
    }
  }

  #giveBack(lane: T): void {
    const [first] = this.#waiting;
    if (first === undefined) this.#free.push(lane);
    else first.give(lane);
  }

  #wait(signal: AbortSignal): Promise<T> {
    const { queueLength, queueMs } = this.#limits;
    if (this.#waiting.size >= queueLength) throw tooMany(`${queueLength} are waiting already`);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", abort);
        this.#waiting.delete(waiter);
      };
      const waiter: Waiter<T> = {
        give: (lane) => {
          leave();
          resolve(lane);
        },
      };
      const refuse = (error: EngineException): void => {
        leave();
        reject(error);
      };
      const timer = setTimeout(() => refuse(tooMany(`waited ${queueMs} ms`)), queueMs);
      const abort = (): void => refuse(new EngineException(394, "QUERY_WAS_CANCELLED", "Query was cancelled"));
      signal.addEventListener("abort", abort, { once: true });
      this.#waiting.add(waiter);
      if (signal.aborted) abort();
    });
  }
}

function tooMany(why: string): EngineException {
  return new EngineException(202, "TOO_MANY_SIMULTANEOUS_QUERIES", `Too many simultaneous queries: ${why}`);
}
