/**
 * batch-join.ts: several batches as one, row after row, so that one insert stores them all.
 *
 * Each column is written once, into an array of its final length; texts are numbered anew, each once, since the store refuses
 * a dictionary that has a text twice.
 */
import type { AttributedBatch, DictColumn } from "../core/window.ts";

type Numeric = Uint8Array | Int16Array | Uint32Array | BigInt64Array | BigUint64Array;

/** @param batches at least one; they stay as they are */
export function joinBatches(batches: readonly AttributedBatch[]): AttributedBatch {
  const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
  const entries = batches.reduce((sum, { bucket }) => sum + bucket.length, 0);
  const text = (of: (batch: AttributedBatch) => DictColumn): DictColumn => joinTexts(batches.map(of), rows);
  const keys = batches[0]?.keys ?? [];
  return {
    rows,
    kind: joined(batches, ({ kind }) => kind, new Uint8Array(rows)),
    spec: text(({ spec }) => spec),
    enabling: text(({ enabling }) => enabling),
    host: text(({ host }) => host),
    tick: joined(batches, ({ tick }) => tick, new Uint32Array(rows)),
    ts: joined(batches, ({ ts }) => ts, new Uint32Array(rows)),
    zone: text(({ zone }) => zone),
    keys: keys.map((_, k) => text((batch) => batch.keys[k] ?? NO_TEXT)),
    offsets: joinOffsets(batches, rows),
    bucket: joined(batches, ({ bucket }) => bucket, new Int16Array(entries)),
    count: joined(batches, ({ count }) => count, new Uint32Array(entries)),
    value: joined(batches, ({ value }) => value, new BigInt64Array(rows)),
    status: text(({ status }) => status),
    reason: text(({ reason }) => reason),
    dropped: joined(batches, ({ dropped }) => dropped, new BigUint64Array(rows)),
    events: joined(batches, ({ events }) => events, new BigUint64Array(rows)),
    endedMs: joined(batches, ({ endedMs }) => endedMs, new BigInt64Array(rows)),
    receivedMs: joined(batches, ({ receivedMs }) => receivedMs, new BigInt64Array(rows)),
    elapsedNs: joined(batches, ({ elapsedNs }) => elapsedNs, new BigUint64Array(rows)),
    detail: text(({ detail }) => detail),
    tenant: text(({ tenant }) => tenant),
  };
}

const NO_TEXT: DictColumn = { codes: new Int32Array(0), values: [] };

/** Columns of texts, one after the other. */
export function joinTexts(columns: readonly DictColumn[], rows: number): DictColumn {
  const codes = new Int32Array(rows);
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

function joinOffsets(batches: readonly AttributedBatch[], rows: number): Int32Array {
  const offsets = new Int32Array(rows + 1);
  let row = 0;
  let entries = 0;
  for (const batch of batches) {
    for (let i = 1; i <= batch.rows; i++) offsets[++row] = entries + (batch.offsets[i] ?? 0);
    entries += batch.bucket.length;
  }
  return offsets;
}
