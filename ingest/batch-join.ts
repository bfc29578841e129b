/**
 * batch-join.ts: several batches as one, row after row, so that one insert stores them all.
 *
 * Each column is written once, where the join before had it: a join is encoded at once and then over, and megabytes of new arrays for
 * each would have the whole heap marked every other second. Texts are numbered anew, each once, since the store refuses a dictionary
 * that has a text twice.
 */
import type { AttributedBatch, DictColumn } from "../core/window.ts";

type Numeric = Uint8Array | Int16Array | Int32Array | Uint32Array | BigInt64Array | BigUint64Array;

/** Memory for the columns of one join after another. It is as large as the largest was. */
export class JoinRoom {
  readonly #arrays = new Map<string, Numeric>();

  /** @returns the column's array, with what is left in it from before */
  take<T extends Numeric>(column: string, kind: new (length: number) => T, length: number): T {
    const array = this.#arrays.get(column);
    if (array instanceof kind && array.length >= length) return array.subarray(0, length) as T;
    const larger = new kind(length);
    this.#arrays.set(column, larger);
    return larger;
  }
}

/**
 * @param batches at least one; they stay as they are
 * @param room what was joined in it before is overwritten
 */
export function joinBatches(batches: readonly AttributedBatch[], room = new JoinRoom()): AttributedBatch {
  const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
  const entries = batches.reduce((sum, { bucket }) => sum + bucket.length, 0);
  const text = (name: string, of: (batch: AttributedBatch) => DictColumn): DictColumn =>
    joinTexts(batches.map(of), room.take(name, Int32Array, rows));
  const keys = batches[0]?.keys ?? [];
  return {
    rows,
    kind: joined(batches, ({ kind }) => kind, room.take("kind", Uint8Array, rows)),
    spec: text("spec", ({ spec }) => spec),
    enabling: text("enabling", ({ enabling }) => enabling),
    host: text("host", ({ host }) => host),
    tick: joined(batches, ({ tick }) => tick, room.take("tick", Uint32Array, rows)),
    ts: joined(batches, ({ ts }) => ts, room.take("ts", Uint32Array, rows)),
    zone: text("zone", ({ zone }) => zone),
    keys: keys.map((_, k) => text(`k${k + 1}`, (batch) => batch.keys[k] ?? NO_TEXT)),
    offsets: joinOffsets(batches, room.take("offsets", Int32Array, rows + 1)),
    bucket: joined(batches, ({ bucket }) => bucket, room.take("bucket", Int16Array, entries)),
    count: joined(batches, ({ count }) => count, room.take("count", Uint32Array, entries)),
    value: joined(batches, ({ value }) => value, room.take("value", BigInt64Array, rows)),
    status: text("status", ({ status }) => status),
    reason: text("reason", ({ reason }) => reason),
    dropped: joined(batches, ({ dropped }) => dropped, room.take("dropped", BigUint64Array, rows)),
    events: joined(batches, ({ events }) => events, room.take("events", BigUint64Array, rows)),
    endedMs: joined(batches, ({ endedMs }) => endedMs, room.take("endedMs", BigInt64Array, rows)),
    receivedMs: joined(batches, ({ receivedMs }) => receivedMs, room.take("receivedMs", BigInt64Array, rows)),
    elapsedNs: joined(batches, ({ elapsedNs }) => elapsedNs, room.take("elapsedNs", BigUint64Array, rows)),
    detail: text("detail", ({ detail }) => detail),
    tenant: text("tenant", ({ tenant }) => tenant),
  };
}

const NO_TEXT: DictColumn = { codes: new Int32Array(0), values: [] };

/** Columns of texts, one after the other. @param codes as many as they have rows: to be overwritten */
export function joinTexts(columns: readonly DictColumn[], codes: Int32Array): DictColumn {
  const codeOf = new Map<string, number>();
  let at = 0;
  for (const column of columns) {
    const codeFor = Int32Array.from(column.values, (value) => {
      const known = codeOf.get(value);
      if (known !== undefined) return known;
      codeOf.set(value, codeOf.size);
      return codeOf.size - 1;
    });
    const { length } = column.codes;
    // Most columns of a batch have one text: the keys that its programs lack, statuses, reasons.
    if (codeFor.length === 1) codes.fill(codeFor[0] ?? 0, at, at + length);
    else for (let i = 0; i < length; i++) codes[at + i] = codeFor[column.codes[i] ?? 0] ?? 0;
    at += length;
  }
  return { codes, values: [...codeOf.keys()] };
}

function joined<T extends Numeric>(batches: readonly AttributedBatch[], of: (batch: AttributedBatch) => T, into: T): T {
  let at = 0;
  for (const batch of batches) {
    const values = of(batch);
    // The compiler does not see that both are of one kind.
    (into as Uint8Array).set(values as Uint8Array, at);
    at += values.length;
  }
  return into;
}

function joinOffsets(batches: readonly AttributedBatch[], offsets: Int32Array): Int32Array {
  offsets[0] = 0;
  let row = 0;
  let entries = 0;
  for (const batch of batches) {
    for (let i = 1; i <= batch.rows; i++) offsets[++row] = entries + (batch.offsets[i] ?? 0);
    entries += batch.bucket.length;
  }
  return offsets;
}
