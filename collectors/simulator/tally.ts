/**
 * tally.ts: counts by bucket, dense and used again every tick: a map would be most of a tick's cost.
 */
export class Tally {
  /** By bucket; simulated values are never negative, nor are their buckets. */
  #counts = new Float64Array(256);
  #first = Infinity;
  #last = -Infinity;

  add(bucket: number, count: number): void {
    if (bucket >= this.#counts.length) this.#grow(bucket);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count;
    if (bucket < this.#first) this.#first = bucket;
    if (bucket > this.#last) this.#last = bucket;
  }

  /** What was added since the last call: ascending, without zeros. */
  take(): { readonly bucket: number[]; readonly count: number[] } {
    const bucket: number[] = [];
    const count: number[] = [];
    for (let at = this.#first; at <= this.#last; at++) {
      const n = this.#counts[at] ?? 0;
      if (n === 0) continue;
      bucket.push(at);
      count.push(n);
      this.#counts[at] = 0;
    }
    this.#first = Infinity;
    this.#last = -Infinity;
    return { bucket, count };
  }

  #grow(bucket: number): void {
    const counts = new Float64Array(Math.max(bucket + 1, 2 * this.#counts.length));
    counts.set(this.#counts);
    this.#counts = counts;
  }
}
