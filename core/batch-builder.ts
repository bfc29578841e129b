/**
 * batch-builder.ts: rows in, typed columns out.
 *
 * Grows by doubling, so a row costs a few writes and no object. Arrow builders cost 40 times as much for the same bytes
 * (measured: 239 against 6 ns a bucket), which is why this exists. What all rows of a window share is looked up once for the window,
 * and written as a run.
 */
import {
  KIND_COVERAGE,
  KIND_WINDOW,
  MAX_ENTRY,
  MAX_KEYS,
  type Batch,
  type CoverageRow,
  type DictColumn,
  type WindowId,
  type WindowRow,
  type WindowShare,
} from "./window.ts";

/** Where a builder begins to grow from. */
const ROWS = 64;
const ENTRIES = 256;

export class BatchBuilder {
  #rows = 0;
  #entries = 0;
  #kind: Uint8Array;
  #tick: Uint32Array;
  #ts: Uint32Array;
  #offsets: Int32Array;
  #bucket: Int16Array;
  #count: Uint32Array;
  #value: BigInt64Array;
  #dropped: BigUint64Array;
  #events: BigUint64Array;
  #endedMs: BigInt64Array;
  #receivedMs: BigInt64Array;
  #elapsedNs: BigUint64Array;
  readonly #spec: DictBuilder;
  readonly #enabling: DictBuilder;
  readonly #host: DictBuilder;
  readonly #zone: DictBuilder;
  readonly #keys: readonly DictBuilder[];
  readonly #status: DictBuilder;
  readonly #reason: DictBuilder;
  readonly #detail: DictBuilder;

  constructor() {
    this.#kind = new Uint8Array(ROWS);
    this.#tick = new Uint32Array(ROWS);
    this.#ts = new Uint32Array(ROWS);
    this.#offsets = new Int32Array(ROWS + 1);
    this.#bucket = new Int16Array(ENTRIES);
    this.#count = new Uint32Array(ENTRIES);
    this.#value = new BigInt64Array(ROWS);
    this.#dropped = new BigUint64Array(ROWS);
    this.#events = new BigUint64Array(ROWS);
    this.#endedMs = new BigInt64Array(ROWS);
    this.#receivedMs = new BigInt64Array(ROWS);
    this.#elapsedNs = new BigUint64Array(ROWS);
    const texts = (): DictBuilder => new DictBuilder();
    [this.#spec, this.#enabling, this.#host, this.#zone] = [texts(), texts(), texts(), texts()];
    [this.#status, this.#reason, this.#detail] = [texts(), texts(), texts()];
    this.#keys = Array.from({ length: MAX_KEYS }, texts);
  }

  get rows(): number {
    return this.#rows;
  }

  /** Bucket entries so far: what decides a batch's size. */
  get entries(): number {
    return this.#entries;
  }

  addWindow(row: WindowRow): void {
    this.addWindows(row, [row]);
  }

  /** The rows of one window. */
  addWindows(window: WindowId, shares: readonly WindowShare[]): void {
    const from = this.#open(KIND_WINDOW, window, shares.length);
    const to = this.#rows;
    let at = from;
    for (const { zone, bucket, count, value } of shares) {
      this.#zone.set(at, zone);
      this.#addEntries(bucket, count);
      if (value !== 0) this.#value[at] = BigInt(value);
      this.#offsets[++at] = this.#entries;
    }
    const keyCount = shares.reduce((most, { keys }) => Math.max(most, keys.length), 0);
    this.#keys.forEach((column, k) => {
      if (k >= keyCount) column.fill(from, to, "");
      else for (let i = 0; i < shares.length; i++) column.set(from + i, shares[i]?.keys[k] ?? "");
    });
    this.#status.fill(from, to, "");
    this.#reason.fill(from, to, "");
    this.#detail.fill(from, to, "");
  }

  addCoverage(row: CoverageRow): void {
    const at = this.#open(KIND_COVERAGE, row, 1);
    this.#zone.set(at, "");
    for (const key of this.#keys) key.set(at, "");
    this.#status.set(at, row.status);
    this.#reason.set(at, row.reason);
    this.#detail.set(at, row.detail);
    this.#dropped[at] = BigInt(row.dropped);
    this.#events[at] = BigInt(row.events);
    this.#endedMs[at] = BigInt(Math.round(row.endedMs));
    this.#receivedMs[at] = BigInt(Math.round(row.receivedMs));
    this.#elapsedNs[at] = BigInt(Math.round(row.elapsedNs));
    this.#offsets[at + 1] = this.#entries;
  }

  /** The batch; its arrays are views, so the builder must not be used afterwards, or only from `restart` on. */
  finish(): Batch {
    const rows = this.#rows;
    return {
      rows,
      kind: this.#kind.subarray(0, rows),
      spec: this.#spec.finish(rows),
      enabling: this.#enabling.finish(rows),
      host: this.#host.finish(rows),
      tick: this.#tick.subarray(0, rows),
      ts: this.#ts.subarray(0, rows),
      zone: this.#zone.finish(rows),
      keys: this.#keys.map((key) => key.finish(rows)),
      offsets: this.#offsets.subarray(0, rows + 1),
      bucket: this.#bucket.subarray(0, this.#entries),
      count: this.#count.subarray(0, this.#entries),
      value: this.#value.subarray(0, rows),
      status: this.#status.finish(rows),
      reason: this.#reason.finish(rows),
      dropped: this.#dropped.subarray(0, rows),
      events: this.#events.subarray(0, rows),
      endedMs: this.#endedMs.subarray(0, rows),
      receivedMs: this.#receivedMs.subarray(0, rows),
      elapsedNs: this.#elapsedNs.subarray(0, rows),
      detail: this.#detail.finish(rows),
    };
  }

  /**
   * Begins anew in the same memory, over what `finish` gave, which must be done with: a batch a second in arrays of its own is what
   * has the whole heap marked again and again.
   */
  restart(): void {
    // The others are written with each row.
    for (const sparse of [this.#value, this.#dropped, this.#events, this.#endedMs, this.#receivedMs, this.#elapsedNs]) {
      sparse.fill(0n, 0, this.#rows);
    }
    this.#rows = 0;
    this.#entries = 0;
    const texts = [this.#spec, this.#enabling, this.#host, this.#zone, this.#status, this.#reason, this.#detail];
    for (const column of [...texts, ...this.#keys]) column.restart();
  }

  /** Makes rows of one window. @returns the first of them */
  #open(kind: number, { spec, enabling, host, tick, ts }: WindowId, count: number): number {
    const from = this.#rows;
    const to = from + count;
    if (to > this.#kind.length) this.#growRows(to);
    this.#rows = to;
    this.#kind.fill(kind, from, to);
    this.#spec.fill(from, to, spec);
    this.#enabling.fill(from, to, enabling);
    this.#host.fill(from, to, host);
    this.#tick.fill(tick, from, to);
    this.#ts.fill(ts, from, to);
    return from;
  }

  #addEntries(bucket: ArrayLike<number>, count: ArrayLike<number>): void {
    const length = bucket.length;
    if (this.#entries + length > this.#bucket.length) this.#growEntries(this.#entries + length);
    const [buckets, counts] = [this.#bucket, this.#count];
    let at = this.#entries;
    for (let i = 0; i < length; i++) {
      const n = count[i] ?? 0;
      if (n > MAX_ENTRY) {
        this.#entries = at;
        this.#addSplit(bucket, count, i);
        return;
      }
      buckets[at] = bucket[i] ?? 0;
      counts[at++] = n;
    }
    this.#entries = at;
  }

  /** Entries from the i-th on, some of which take several places. */
  #addSplit(bucket: ArrayLike<number>, count: ArrayLike<number>, from: number): void {
    for (let i = from; i < bucket.length; i++) {
      let rest = count[i] ?? 0;
      do {
        if (this.#entries === this.#bucket.length) this.#growEntries(this.#entries + 1);
        const part = Math.min(rest, MAX_ENTRY);
        this.#bucket[this.#entries] = bucket[i] ?? 0;
        this.#count[this.#entries] = part;
        this.#entries += 1;
        rest -= part;
      } while (rest > 0);
    }
  }

  #growEntries(least: number): void {
    const size = doubled(this.#bucket.length, least);
    this.#bucket = grown(this.#bucket, new Int16Array(size));
    this.#count = grown(this.#count, new Uint32Array(size));
  }

  #growRows(least: number): void {
    const size = doubled(this.#kind.length, least);
    this.#kind = grown(this.#kind, new Uint8Array(size));
    this.#tick = grown(this.#tick, new Uint32Array(size));
    this.#ts = grown(this.#ts, new Uint32Array(size));
    this.#offsets = grown(this.#offsets, new Int32Array(size + 1));
    this.#value = grown(this.#value, new BigInt64Array(size));
    this.#dropped = grown(this.#dropped, new BigUint64Array(size));
    this.#events = grown(this.#events, new BigUint64Array(size));
    this.#endedMs = grown(this.#endedMs, new BigInt64Array(size));
    this.#receivedMs = grown(this.#receivedMs, new BigInt64Array(size));
    this.#elapsedNs = grown(this.#elapsedNs, new BigUint64Array(size));
  }
}

class DictBuilder {
  #codes = new Int32Array(ROWS);
  #values: string[] = [];
  readonly #index = new Map<string, number>();

  set(at: number, value: string): void {
    const code = this.#codeOf(value);
    if (at >= this.#codes.length) this.#grow(at + 1);
    this.#codes[at] = code;
  }

  /** A run of one text; an empty run says nothing, so that no text is listed that no row has. */
  fill(from: number, to: number, value: string): void {
    if (from === to) return;
    const code = this.#codeOf(value);
    if (to > this.#codes.length) this.#grow(to);
    this.#codes.fill(code, from, to);
  }

  finish(rows: number): DictColumn {
    return { codes: this.#codes.subarray(0, rows), values: this.#values };
  }

  restart(): void {
    this.#values = [];
    this.#index.clear();
  }

  #codeOf(value: string): number {
    let code = this.#index.get(value);
    if (code === undefined) {
      code = this.#values.length;
      this.#values.push(value);
      this.#index.set(value, code);
    }
    return code;
  }

  #grow(least: number): void {
    this.#codes = grown(this.#codes, new Int32Array(doubled(this.#codes.length, least)));
  }
}

/** The value of a dictionary column at a row. */
export function textAt(column: DictColumn, row: number): string {
  return column.values[column.codes[row] ?? -1] ?? "";
}

function doubled(size: number, least: number): number {
  let next = size;
  while (next < least) next *= 2;
  return next;
}

function grown<T extends { set(from: T): void }>(old: T, bigger: T): T {
  bigger.set(old);
  return bigger;
}
