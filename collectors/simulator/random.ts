/**
 * random.ts: randomness that can be asked again: everything simulated is a function of a seed and of what is asked for.
 *
 * A second of a host is drawn from a generator seeded by (seed, series, second), so any program, at any time and in any
 * order, finds the same events there. Nothing here is fit for secrets.
 */

/** Mixes two 32-bit integers into one (the finaliser of MurmurHash3). */
export function mix(a: number, b: number): number {
  let h = Math.imul(a ^ Math.imul(b, 0xcc9e2d51), 0x1b873593) + 0x9e3779b9;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export function hashText(text: string, seed = 0): number {
  let h = seed;
  for (let i = 0; i < text.length; i++) h = mix(h, text.charCodeAt(i));
  return h;
}

/** A number in [0, 1) that belongs to `(a, b)`. */
export function unit(a: number, b: number): number {
  return mix(a, b) / 4_294_967_296;
}

/** A uuid (version 4 in form) that belongs to `(a, b)`. */
export function uuidOf(a: number, b: number): string {
  const hex = [0, 1, 2, 3].map((i) => mix(mix(a, b), i).toString(16).padStart(8, "0")).join("");
  const variant = "89ab"[mix(a, b) & 3] ?? "8";
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** Smooth noise in [-1, 1]: random heights every `period`, joined by a curve without corners. */
export function wave(seed: number, at: number, period: number): number {
  const cell = Math.floor(at / period);
  const x = at / period - cell;
  const from = unit(seed, cell);
  const to = unit(seed, cell + 1);
  return 2 * (from + (to - from) * x * x * (3 - 2 * x)) - 1;
}

/** Numbers in [0, 1) that are the same each time (mulberry32: 32 bits of state, as good as a picture or a test needs, and fast). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A stream of random numbers, and what is drawn from them. */
export class Random {
  readonly #unit: () => number;

  constructor(seed: number) {
    this.#unit = seeded(seed);
  }

  /** In (0, 1): never 0, so its logarithm is finite. */
  next(): number {
    return this.#unit() + 2 ** -33;
  }

  /** The distance to the next event of a Poisson process of rate 1. */
  exponential(): number {
    return -Math.log(this.next());
  }

  /** Nearly normal, within 3.4 deviations: the sum of four uniforms, which is enough for a count's noise. */
  normal(): number {
    return (this.next() + this.next() + this.next() + this.next() - 2) * 1.732_050_8;
  }
}
