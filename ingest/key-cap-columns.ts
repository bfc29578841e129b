/**
 * key-cap-columns.ts: a batch's columns again, without some rows and with some merged into one.
 *
 * Dictionaries are made anew: the texts of rows that are gone would else still travel to the store.
 */
import { MAX_ENTRY, OTHER_KEY, type AttributedBatch, type DictColumn } from "../core/window.ts";

export interface MergedRow {
  /** The row whose place it takes, and whose host, tick, zone and tenant it has. */
  readonly at: number;
  /** The rows that it is the sum of. */
  readonly rows: readonly number[];
  /** Which of k1..k6 the spec uses, as far as the window shows. */
  readonly fields: readonly boolean[];
}

/**
 * @param gone rows that are merged
 * @param merged what becomes of them, by `at`, which is itself among the gone
 */
export function gather(
  batch: AttributedBatch,
  gone: ReadonlySet<number>,
  merged: ReadonlyMap<number, MergedRow>,
): AttributedBatch {
  const from = new Int32Array(batch.rows - gone.size + merged.size);
  let rows = 0;
  for (let row = 0; row < batch.rows; row++) if (!gone.has(row) || merged.has(row)) from[rows++] = row;
  const entries = new Entries(batch);
  const value = new BigInt64Array(rows);
  from.forEach((row, i) => {
    const merge = merged.get(row);
    value[i] = merge === undefined ? (batch.value[row] ?? 0n) : sumOf(batch.value, merge.rows);
    if (merge === undefined) entries.copy(row);
    else entries.add(merge.rows);
  });
  return {
    rows,
    kind: take(batch.kind, from, new Uint8Array(rows)),
    spec: texts(batch.spec, from),
    enabling: texts(batch.enabling, from),
    host: texts(batch.host, from),
    tick: take(batch.tick, from, new Uint32Array(rows)),
    ts: take(batch.ts, from, new Uint32Array(rows)),
    tenant: texts(batch.tenant, from),
    zone: texts(batch.zone, from),
    keys: batch.keys.map((column, k) => texts(column, from, (row) => merged.get(row)?.fields[k] === true)),
    ...entries.finish(),
    value,
    status: texts(batch.status, from),
    reason: texts(batch.reason, from),
    dropped: take(batch.dropped, from, new BigUint64Array(rows)),
    events: take(batch.events, from, new BigUint64Array(rows)),
    endedMs: take(batch.endedMs, from, new BigInt64Array(rows)),
    receivedMs: take(batch.receivedMs, from, new BigInt64Array(rows)),
    elapsedNs: take(batch.elapsedNs, from, new BigUint64Array(rows)),
    detail: texts(batch.detail, from),
  };
}

function sumOf(value: BigInt64Array, rows: readonly number[]): bigint {
  return rows.reduce((sum, row) => sum + (value[row] ?? 0n), 0n);
}

function take<T extends Record<number, number | bigint>>(source: T, from: Int32Array, into: T): T {
  for (let i = 0; i < from.length; i++) into[i] = source[from[i] ?? 0] as number & bigint;
  return into;
}

/** @param isOther whether a row's text is the reserved one */
function texts(column: DictColumn, from: Int32Array, isOther?: (row: number) => boolean): DictColumn {
  const codes = new Int32Array(from.length);
  const values: string[] = [];
  const codeOf = new Int32Array(column.values.length).fill(-1);
  let other = -1;
  from.forEach((row, i) => {
    if (isOther?.(row) === true) {
      if (other < 0) other = values.push(OTHER_KEY) - 1;
      codes[i] = other;
      return;
    }
    const old = column.codes[row] ?? 0;
    if ((codeOf[old] ?? -1) < 0) codeOf[old] = values.push(column.values[old] ?? "") - 1;
    codes[i] = codeOf[old] ?? 0;
  });
  return { codes, values };
}

/** Buckets and counts of the new rows. */
class Entries {
  readonly #batch: AttributedBatch;
  readonly #offsets: number[] = [0];
  #bucket: Int16Array;
  #count: Uint32Array;
  #length = 0;
  /** Sums by bucket, at bucket + 2^15; all zero between calls. */
  readonly #sums = new Float64Array(65_536);

  constructor(batch: AttributedBatch) {
    this.#batch = batch;
    this.#bucket = new Int16Array(batch.bucket.length);
    this.#count = new Uint32Array(batch.bucket.length);
  }

  copy(row: number): void {
    const { offsets, bucket, count } = this.#batch;
    const at = offsets[row] ?? 0;
    const end = offsets[row + 1] ?? 0;
    this.#bucket.set(bucket.subarray(at, end), this.#length);
    this.#count.set(count.subarray(at, end), this.#length);
    this.#length += end - at;
    this.#offsets.push(this.#length);
  }

  /** One row: the sum of some. It has no more entries than they have, so that the arrays are long enough. */
  add(rows: readonly number[]): void {
    const { offsets, bucket, count } = this.#batch;
    const touched = new Set<number>();
    for (const row of rows) {
      const end = offsets[row + 1] ?? 0;
      for (let at = offsets[row] ?? 0; at < end; at++) {
        const each = bucket[at] ?? 0;
        touched.add(each);
        this.#sums[each + 32_768] = (this.#sums[each + 32_768] ?? 0) + (count[at] ?? 0);
      }
    }
    for (const each of [...touched].sort((a, b) => a - b)) {
      this.#push(each, this.#sums[each + 32_768] ?? 0);
      this.#sums[each + 32_768] = 0;
    }
    this.#offsets.push(this.#length);
  }

  finish(): { offsets: Int32Array; bucket: Int16Array; count: Uint32Array } {
    const bucket = this.#bucket.subarray(0, this.#length);
    return { offsets: Int32Array.from(this.#offsets), bucket, count: this.#count.subarray(0, this.#length) };
  }

  /** A sum above MAX_ENTRY is several entries, of which there were as many at least. */
  #push(bucket: number, sum: number): void {
    let rest = sum;
    do {
      const part = Math.min(rest, MAX_ENTRY);
      this.#bucket[this.#length] = bucket;
      this.#count[this.#length] = part;
      this.#length += 1;
      rest -= part;
    } while (rest > 0);
  }
}
