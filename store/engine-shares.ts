/**
 * engine-shares.ts: what each reading statement may take of the machine, so that inserts always find room.
 *
 * Threads: a statement alone has all of them, each that joins has fewer, so that eight endless ones hold about twice as many
 * threads as one. Memory: what the running statements may use never adds up to more than the budget, whatever they ask for,
 * so the engine's own limit, which would hit an insert as well as a query, is not reached. ClickHouse has controls for both
 * (concurrent_threads_soft_limit, memory overcommit); in an embedded engine the first is not there, and the second was seen
 * to refuse inserts.
 */

export interface ShareLimits {
  readonly lanes: number;
  /** Threads of one statement that runs alone. */
  readonly threads: number;
  /** Memory that all reading statements may use together. */
  readonly budgetBytes: number;
}

export interface Share {
  readonly threads: number;
  readonly memoryBytes: number;
  /** What it would have had alone: a refusal below that asks for later, not for less. */
  readonly aloneBytes: number;
}

/** The share of what is left that the next statement gets, unless equal parts are larger. */
const NEXT = 0.3;

export class Shares {
  readonly #limits: ShareLimits;
  readonly #running = new Set<Share>();

  constructor(limits: ShareLimits) {
    this.#limits = limits;
  }

  take(): Share {
    const { lanes, threads, budgetBytes } = this.#limits;
    const others = this.#running.size;
    let left = budgetBytes;
    for (const share of this.#running) left -= share.memoryBytes;
    const part = (of: number, free: number): number => Math.floor(of * Math.max(NEXT, 1 / Math.max(1, free)));
    const share = {
      threads: others === 0 ? threads : Math.max(1, Math.floor((2 * threads) / (others + 2))),
      memoryBytes: part(left, lanes - others),
      aloneBytes: part(budgetBytes, lanes),
    };
    this.#running.add(share);
    return share;
  }

  giveBack(share: Share): void {
    this.#running.delete(share);
  }
}
