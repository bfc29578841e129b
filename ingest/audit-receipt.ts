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

/** A batch's receipt, as a batch of one row; of the batch's day, so that one insert of both is one part. */
export function receiptOf(batch: AttributedBatch, { digest, receivedMs }: Receipt): AttributedBatch {
  return {
    rows: 1,
    kind: Uint8Array.of(KIND_RECEIPT),
    spec: EMPTY,
    enabling: EMPTY,
    host: EMPTY,
    tick: Uint32Array.of(0),
    ts: Uint32Array.of(batch.ts[0] ?? Math.floor(receivedMs / 1000)),
    zone: EMPTY,
    keys: batch.keys.map(() => EMPTY),
    offsets: Int32Array.of(0, 0),
    bucket: new Int16Array(0),
    count: new Uint32Array(0),
    value: BigInt64Array.of(0n),
    status: EMPTY,
    reason: EMPTY,
    dropped: BigUint64Array.of(0n),
    events: BigUint64Array.of(BigInt(batch.rows)),
    endedMs: BigInt64Array.of(0n),
    receivedMs: BigInt64Array.of(BigInt(receivedMs)),
    elapsedNs: BigUint64Array.of(0n),
    detail: { codes: Int32Array.of(0), values: [digest] },
    tenant: EMPTY,
  };
}

const EMPTY: DictColumn = { codes: Int32Array.of(0), values: [""] };
