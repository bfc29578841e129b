/**
 * ticks-seen.ts: which (second, host) have been seen: a bit each where they are few enough, else a number each.
 */

/** Eight megabytes of bits. */
const MAX_BITS = 1 << 26;

export class TicksSeen {
  readonly #fromTs: number;
  readonly #hosts: number;
  readonly #bits: Uint8Array | null;
  readonly #numbers = new Set<number>();

  /** @param hosts numbered from 0 up to and with it */
  constructor(fromTs: number, seconds: number, hosts: number) {
    this.#fromTs = fromTs;
    this.#hosts = hosts + 1;
    const bits = seconds * this.#hosts;
    this.#bits = bits > MAX_BITS ? null : new Uint8Array(Math.ceil(bits / 8));
  }

  /** @returns whether it was not seen before */
  add(ts: number, host: number): boolean {
    const number = (ts - this.#fromTs) * this.#hosts + host;
    if (this.#bits === null) {
      const was = this.#numbers.size;
      return this.#numbers.add(number).size > was;
    }
    const [at, bit] = [number >> 3, 1 << (number & 7)];
    const byte = this.#bits[at] ?? 0;
    if ((byte & bit) !== 0) return false;
    this.#bits[at] = byte | bit;
    return true;
  }
}
