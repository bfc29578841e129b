/**
 * tick-rates.ts: events and losses a second over the last ticks: what an enabling costs its host, as far as counts can tell.
 */
const TICKS = 10;

export class TickRates {
  readonly #granularitySec: number;
  readonly #events: number[] = [];
  readonly #dropped: number[] = [];

  constructor(granularitySec: number) {
    this.#granularitySec = granularitySec;
  }

  add(events: number, dropped: number): void {
    for (const [list, value] of [[this.#events, events] as const, [this.#dropped, dropped] as const]) {
      list.push(value);
      if (list.length > TICKS) list.shift();
    }
  }

  /** null before the first tick. */
  get eventsPerSec(): number | null {
    return this.#mean(this.#events);
  }

  get dropsPerSec(): number | null {
    return this.#mean(this.#dropped);
  }

  /** The enabling stands still: old rates say nothing any more. */
  clear(): void {
    this.#events.length = 0;
    this.#dropped.length = 0;
  }

  #mean(values: readonly number[]): number | null {
    if (values.length === 0) return null;
    const sum = values.reduce((total, value) => total + value, 0);
    return Math.round((10 * sum) / (values.length * this.#granularitySec)) / 10;
  }
}
