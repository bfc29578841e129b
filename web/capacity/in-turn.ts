/**
 * in-turn.ts: questions one after the other, two at a time: each reads months of hours, and the engine's lanes are for others too.
 *
 * The first asked is the first answered, so what is at the top of the page comes first. What nobody wants any more leaves the queue.
 */
export class Turns {
  readonly #atOnce: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** @throws what `ask` throws; the signal's reason where it fired while waiting */
  async take<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#running >= this.#atOnce) await new Promise<void>((wake) => this.#waiting.push(wake));
    else this.#running += 1;
    try {
      signal.throwIfAborted();
      return await ask();
    } finally {
      // The turn is handed on, not given back, so that nobody new comes between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
