/**
 * quota.ts: how much each collector and each tenant may bring in a second.
 *
 * A quota is a set of token buckets: rows, bytes and keys. A batch is let in while every bucket holds something, and may take
 * more than is there: the debt is waited for by the next batch. So no batch is too large to ever come in, and over any time
 * longer than the burst the rate is the one that was set.
 */

/** What may come in a second; Infinity: no limit. */
export interface Rates {
  readonly rowsPerSec: number;
  readonly bytesPerSec: number;
  /** Texts that a batch brings in its key columns, each counted once a batch: what makes dictionaries grow. */
  readonly keysPerSec: number;
}

/** What something costs, in the units of Rates. */
export interface Cost {
  readonly rows?: number;
  readonly bytes?: number;
  readonly keys?: number;
}

/** A bucket that was idle holds this many seconds' worth. */
const BURST_SEC = 5;
/** Books of more names than this forget those that owe nothing. */
const MAX_NAMES = 10_000;

export class TokenBucket {
  #perSec: number;
  readonly #now: () => number;
  #level: number;
  #atMs: number;

  /** @param now epoch ms; going back is taken as standing still */
  constructor(perSec: number, now: () => number) {
    this.#perSec = perSec;
    this.#now = now;
    this.#level = perSec * BURST_SEC;
    this.#atMs = now();
  }

  /** From now on; what it holds, or owes, stays. */
  setRate(perSec: number): void {
    this.#fill();
    if (this.#perSec === Infinity) this.#level = perSec * BURST_SEC;
    this.#perSec = perSec;
  }

  /** Milliseconds until it holds anything: 0 while it does. */
  waitMs(): number {
    if (this.#perSec === Infinity) return 0;
    this.#fill();
    return this.#level > 0 ? 0 : Math.ceil(((1 - this.#level) / this.#perSec) * 1000);
  }

  /** Takes what is there, and what is not as a debt. */
  take(amount: number): void {
    if (this.#perSec === Infinity) return;
    this.#fill();
    this.#level -= amount;
  }

  get isFull(): boolean {
    if (this.#perSec === Infinity) return true;
    this.#fill();
    return this.#level >= this.#perSec * BURST_SEC;
  }

  #fill(): void {
    const nowMs = this.#now();
    const elapsedMs = Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    this.#level = Math.min(this.#perSec * BURST_SEC, this.#level + (this.#perSec * elapsedMs) / 1000);
  }
}

interface Buckets {
  readonly rows: TokenBucket;
  readonly bytes: TokenBucket;
  readonly keys: TokenBucket;
}

/** The buckets of all collectors, or of all tenants. */
export class QuotaBook {
  #rates: Rates;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Buckets>();

  constructor(rates: Rates, now: () => number = Date.now) {
    this.#rates = rates;
    this.#now = now;
  }

  /** From now on, for names that are known already too. */
  setRates(rates: Rates): void {
    this.#rates = rates;
    for (const { rows, bytes, keys } of this.#buckets.values()) {
      rows.setRate(rates.rowsPerSec);
      bytes.setRate(rates.bytesPerSec);
      keys.setRate(rates.keysPerSec);
    }
  }

  /** Milliseconds until a name may bring more; 0 while it may. */
  waitMs(name: string): number {
    const buckets = this.#buckets.get(name);
    return buckets === undefined ? 0 : Math.max(buckets.rows.waitMs(), buckets.bytes.waitMs(), buckets.keys.waitMs());
  }

  charge(name: string, { rows = 0, bytes = 0, keys = 0 }: Cost): void {
    const buckets = this.#open(name);
    buckets.rows.take(rows);
    buckets.bytes.take(bytes);
    buckets.keys.take(keys);
  }

  #open(name: string): Buckets {
    let buckets = this.#buckets.get(name);
    if (buckets === undefined) {
      if (this.#buckets.size >= MAX_NAMES) this.#forgetFull();
      const { rowsPerSec, bytesPerSec, keysPerSec } = this.#rates;
      const bucket = (perSec: number): TokenBucket => new TokenBucket(perSec, this.#now);
      buckets = { rows: bucket(rowsPerSec), bytes: bucket(bytesPerSec), keys: bucket(keysPerSec) };
      this.#buckets.set(name, buckets);
    }
    return buckets;
  }

  /** A full bucket says what a new one would say. */
  #forgetFull(): void {
    for (const [name, { rows, bytes, keys }] of this.#buckets) {
      if (rows.isFull && bytes.isFull && keys.isFull) this.#buckets.delete(name);
    }
  }
}
