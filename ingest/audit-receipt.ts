/**
 * audit-receipt.ts: the row that ingest stores with each batch, in the same insert: what the batch was.
 *
 *   kind KIND_RECEIPT   spec ""   ts of the first row, or now   events: rows of the batch   detail: digest   received_ms: when
 *
 * A part is stored whole or not at all, so a batch and its receipt are there together or not at all. With the receipt the data
 * themselves can be audited (audit.ts), and a batch that comes again can be compared with the one that was stored. A row and
 * not a table of its own, since an insert into two tables is not atomic; and not columns, since 32 bytes of digest on every row
 * would cost more than the row. The empty spec sorts first in each part: receipts are read without touching windows, and no
 * query of windows, which all name a spec, ever meets one.
 */
import { KIND_RECEIPT, type AttributedBatch, type DictColumn } from "../core/window.ts";

/** What tells one batch from another: the bytes that its collector sent, and when they came. */
export interface Receipt {
  /** The Content-Digest header. */
  readonly digest: string;
  readonly receivedMs: number;
}

/** The batch with its receipt as the last row. */
export function withReceipt(batch: AttributedBatch, { digest, receivedMs }: Receipt): AttributedBatch {
  const { rows } = batch;
  return {
    ...batch,
    rows: rows + 1,
    kind: grown(batch.kind, new Uint8Array(rows + 1), KIND_RECEIPT),
    spec: plus(batch.spec, ""),
    enabling: plus(batch.enabling, ""),
    host: plus(batch.host, ""),
    tick: grown(batch.tick, new Uint32Array(rows + 1), 0),
    ts: grown(batch.ts, new Uint32Array(rows + 1), batch.ts[0] ?? Math.floor(receivedMs / 1000)),
    zone: plus(batch.zone, ""),
    keys: batch.keys.map((key) => plus(key, "")),
    offsets: grown(batch.offsets, new Int32Array(rows + 2), batch.offsets[rows] ?? 0),
    value: grown(batch.value, new BigInt64Array(rows + 1), 0n),
    status: plus(batch.status, ""),
    reason: plus(batch.reason, ""),
    dropped: grown(batch.dropped, new BigUint64Array(rows + 1), 0n),
    events: grown(batch.events, new BigUint64Array(rows + 1), BigInt(rows)),
    endedMs: grown(batch.endedMs, new BigInt64Array(rows + 1), 0n),
    receivedMs: grown(batch.receivedMs, new BigInt64Array(rows + 1), BigInt(receivedMs)),
    elapsedNs: grown(batch.elapsedNs, new BigUint64Array(rows + 1), 0n),
    detail: plus(batch.detail, digest),
    tenant: plus(batch.tenant, ""),
  };
}

interface Numbers<T> {
  readonly length: number;
  [index: number]: T;
  set(from: this): void;
}

function grown<T, A extends Numbers<T>>(old: A, bigger: A, last: T): A {
  bigger.set(old);
  bigger[bigger.length - 1] = last;
  return bigger;
}

function plus(column: DictColumn, last: string): DictColumn {
  const known = column.values.indexOf(last);
  const codes = new Int32Array(column.codes.length + 1);
  codes.set(column.codes);
  codes[codes.length - 1] = known < 0 ? column.values.length : known;
  return { codes, values: known < 0 ? [...column.values, last] : column.values };
}
