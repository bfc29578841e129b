/**
 * limits.ts: how many reads run at once, for one caller and for all, and how many may wait.
 *
 * What one read may cost is bounded by the engine (query-api/sql.ts) and by the number of columns (query-api/resolution.ts); this
 * bounds how many there are, so that one caller's loop leaves the engine to the others. Short waits are cheaper than a
 * client's second try, so a read waits for its turn; only a full queue, or a long wait, is answered 429.
 */
import { OperationalError } from "../core/errors.ts";

export interface ReadLimits {
  /** Reads of one tenant, or of one operator's token, at once. */
  readonly perCaller: number;
  /** Reads of all, at once. */
  readonly total: number;
  /** Reads of one caller that wait. */
  readonly waiting: number;
  readonly waitMs: number;
}

export const READ_LIMITS: ReadLimits = { perCaller: 6, total: 16, waiting: 32, waitMs: 5_000 };

/** Live viewers of one tenant; each costs a socket, and views that are alike share their work. */
export const MAX_VIEWERS_PER_TENANT = 50;
export const MAX_VIEWERS = 1000;

interface Waiter {
  readonly caller: string;
  readonly go: () => void;
}

export class ReadGate {
  #limits: ReadLimits;
  readonly #running = new Map<string, number>();
  readonly #waiting = new Set<Waiter>();
  #total = 0;

  constructor(limits: Partial<ReadLimits> = {}) {
    this.#limits = { ...READ_LIMITS, ...limits };
  }

  /** From now on; what runs and waits stays. */
  readonly limit = (limits: Partial<ReadLimits>): void => {
    this.#limits = { ...READ_LIMITS, ...limits };
  };

  get running(): number {
    return this.#total;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Waits for a turn: first come, first served among those whose caller has not as many running as it may.
   *
   * @returns what gives the turn back; called more than once it does nothing
   * @throws OperationalError TOO_MANY_READS; STORE_ABORTED where the caller went away
   */
  async enter(caller: string, signal: AbortSignal): Promise<() => void> {
    if (!this.#hasRoom(caller)) await this.#wait(caller, signal);
    else this.#take(caller);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#giveBack(caller);
    };
  }

  #hasRoom(caller: string): boolean {
    return this.#total < this.#limits.total && (this.#running.get(caller) ?? 0) < this.#limits.perCaller;
  }

  #take(caller: string): void {
    this.#total += 1;
    this.#running.set(caller, (this.#running.get(caller) ?? 0) + 1);
  }

  #giveBack(caller: string): void {
    this.#total -= 1;
    const left = (this.#running.get(caller) ?? 1) - 1;
    if (left === 0) this.#running.delete(caller);
    else this.#running.set(caller, left);
    for (const waiter of this.#waiting) {
      if (!this.#hasRoom(waiter.caller)) continue;
      waiter.go();
      return;
    }
  }

  #wait(caller: string, signal: AbortSignal): Promise<void> {
    const { waiting, waitMs } = this.#limits;
    const own = [...this.#waiting].filter((waiter) => waiter.caller === caller).length;
    if (own >= waiting) throw tooMany(`${waiting} are waiting already`);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", abort);
        this.#waiting.delete(waiter);
      };
      const waiter: Waiter = {
        caller,
        go: () => {
          leave();
          // Taken here, so that nobody comes in between.
          this.#take(caller);
          resolve();
        },
      };
      const abort = (): void => {
        leave();
        reject(new OperationalError("STORE_ABORTED", "wait for a read's turn"));
      };
      const timer = setTimeout(() => {
        leave();
        reject(tooMany(`none has ended for ${waitMs} ms`));
      }, waitMs);
      if (signal.aborted) {
        abort();
        return;
      }
      signal.addEventListener("abort", abort, { once: true });
      this.#waiting.add(waiter);
    });
  }
}

function tooMany(why: string): OperationalError {
  return new OperationalError("TOO_MANY_READS", `read values: ${why}`, { info: { retryAfterSec: 1 } });
}

/** Live viewers, counted by tenant. */
export class ViewerCaps {
  readonly #byTenant = new Map<string, number>();
  readonly #perTenant: number;

  constructor(perTenant = MAX_VIEWERS_PER_TENANT) {
    this.#perTenant = perTenant;
  }

  /**
   * @param tenant null: an operator, who is bounded by the total alone
   * @returns what lets the viewer go; called more than once it does nothing
   * @throws OperationalError TOO_MANY_VIEWERS
   */
  enter(tenant: string | null): () => void {
    if (tenant === null) return () => undefined;
    const count = this.#byTenant.get(tenant) ?? 0;
    if (count >= this.#perTenant) {
      const message = `watch live: a tenant has at most ${this.#perTenant} viewers`;
      throw new OperationalError("TOO_MANY_VIEWERS", message, { info: { retryAfterSec: 10 } });
    }
    this.#byTenant.set(tenant, count + 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const left = (this.#byTenant.get(tenant) ?? 1) - 1;
      if (left === 0) this.#byTenant.delete(tenant);
      else this.#byTenant.set(tenant, left);
    };
  }
}
