/**
 * aggregation-frame.ts: the rows of the frame that is being read, and what they add up to.
 *
 * Rows are told apart by their keys as printed: the same twice means damage. Keys that only become equal by cleaning (one
 * process named "a", another "a" and a control character) are no damage, or any tenant could spoil a frame: they are added
 * up.
 */
import { createHash } from "node:crypto";

import { text } from "./aggregation-bytes.ts";

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

/** A row's keys, which programs print tick after tick. */
export interface KnownKeys {
  /** What tells rows apart: the keys as printed. */
  readonly raw: string;
  readonly keys: readonly string[];
  /** The cleaned keys as one string. */
  readonly id: string;
}

interface OpenRow {
  readonly keys: readonly string[];
  bucket: number[];
  count: number[];
  value: number | bigint;
}

export class OpenFrame {
  readonly tick: number;
  /** The host's clock at the tick. */
  readonly wallNs: bigint;
  readonly rows: OpenRow[] = [];
  /** The sum of all counts and scalars. */
  sum = 0;
  readonly #seen = new Set<string>();
  readonly #byKeys = new Map<string, OpenRow>();
  #entries = 0;

  constructor(tick: number, wallNs: bigint) {
    this.tick = tick;
    this.wallNs = wallNs;
  }

  /** Whether the frame is at its limit. */
  get full(): boolean {
    return this.#seen.size >= MAX_FRAME_ROWS || this.#entries >= MAX_FRAME_ENTRIES;
  }

  /** @returns false where these keys were in this frame before */
  claim(known: KnownKeys): boolean {
    const size = this.#seen.size;
    return this.#seen.add(known.raw).size > size;
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

  #add({ id, keys }: KnownKeys, bucket: number[], count: number[], value: number | bigint): void {
    const same = this.#byKeys.get(id);
    if (same !== undefined) {
      addInto(same, bucket, count, value);
      return;
    }
    const row = { keys, bucket, count, value };
    this.#byKeys.set(id, row);
    this.rows.push(row);
  }
}

/** Keys as printed; long ones by digest, so that a frame full of them stays small. */
export function rawKeys(bytes: Uint8Array, from: number, to: number): string {
  if (to - from <= 256) return text(bytes, from, to);
  return createHash("sha256").update(bytes.subarray(from, to)).digest("base64");
}

function addInto(row: OpenRow, bucket: readonly number[], count: readonly number[], value: number | bigint): void {
  const tally = new Map(row.bucket.map((index, i) => [index, row.count[i] ?? 0]));
  bucket.forEach((index, i) => tally.set(index, (tally.get(index) ?? 0) + (count[i] ?? 0)));
  row.bucket = [...tally.keys()].sort((a, b) => a - b);
  row.count = row.bucket.map((index) => tally.get(index) ?? 0);
  const sum = BigInt(row.value) + BigInt(value);
  row.value = sum <= Number.MAX_SAFE_INTEGER ? Number(sum) : sum;
}
