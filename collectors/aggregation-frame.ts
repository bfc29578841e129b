/**
 * aggregation-frame.ts: the rows of the frame that is being read, and what they add up to.
 *
 * Rows are told apart by their keys as printed: the same twice means damage. Keys that only become equal by cleaning (one
 * process named "a", another "a" and a control character) are no damage, or any tenant could spoil a frame: they are added
 * up.
 */
import type { KnownKeys } from "./aggregation-key-table.ts";

export interface FrameRow {
  /** In the program's order; cleaned (aggregation-keys.ts). */
  readonly keys: readonly string[];
  /** Ascending, without those of count 0; empty for a scalar. */
  readonly bucket: number[];
  readonly count: number[];
  /** The scalar; 0 for a distribution. A bigint above 2^53. */
  readonly value: number | bigint;
}

export const MAX_FRAME_ROWS = 100_000;
/** Buckets with a count, over all rows: 64 MB of them. */
const MAX_FRAME_ENTRIES = 4_000_000;

export class OpenFrame {
  /** From 1, and another for each frame. */
  readonly #serial: number;
  readonly tick: number;
  /** The host's clock at the tick. */
  readonly wallNs: bigint;
  readonly rows: FrameRow[] = [];
  /** The sum of all counts and scalars. */
  sum = 0;
  #claimed = 0;
  #entries = 0;

  constructor(serial: number, tick: number, wallNs: bigint) {
    this.#serial = serial;
    this.tick = tick;
    this.wallNs = wallNs;
  }

  /** Whether the frame is at its limit. */
  get full(): boolean {
    return this.#claimed >= MAX_FRAME_ROWS || this.#entries >= MAX_FRAME_ENTRIES;
  }

  /** @returns false where these keys were in this frame before */
  claim(known: KnownKeys): boolean {
    if (known.frame === this.#serial) return false;
    known.frame = this.#serial;
    this.#claimed++;
    return true;
  }

  addScalar(known: KnownKeys, value: number | bigint): void {
    this.sum += Number(value);
    this.#add(known, [], [], value);
  }

  /** Takes the arrays over. */
  addDistribution(known: KnownKeys, bucket: number[], count: number[]): void {
    if (bucket.length === 0) return;
    this.#entries += bucket.length;
    for (const n of count) this.sum += n;
    this.#add(known, bucket, count, 0);
  }

  #add({ group, keys }: KnownKeys, bucket: number[], count: number[], value: number | bigint): void {
    const row: FrameRow = { keys, bucket, count, value };
    const same = group.frame === this.#serial ? this.rows[group.row] : undefined;
    if (same !== undefined) {
      this.rows[group.row] = added(same, row);
      return;
    }
    group.frame = this.#serial;
    group.row = this.rows.length;
    this.rows.push(row);
  }
}

function added(one: FrameRow, other: FrameRow): FrameRow {
  const tally = new Map(one.bucket.map((index, i) => [index, one.count[i] ?? 0]));
  other.bucket.forEach((index, i) => tally.set(index, (tally.get(index) ?? 0) + (other.count[i] ?? 0)));
  const bucket = [...tally.keys()].sort((a, b) => a - b);
  const sum = BigInt(one.value) + BigInt(other.value);
  const value = sum <= Number.MAX_SAFE_INTEGER ? Number(sum) : sum;
  return { keys: one.keys, bucket, count: bucket.map((index) => tally.get(index) ?? 0), value };
}
