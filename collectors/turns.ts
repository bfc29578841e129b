/**
 * turns.ts: at most so many at once, first come first served.
 *
 * A collector that starts calls hundreds of hosts. Were it to shake hands with all of them at the same moment, each handshake
 * would take as long as all together, none would be done before its timeout, and all would be tried again.
 */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** Runs when it is its turn. @returns what `run` does; rejects as it does */
  async take<T>(run: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await run();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
