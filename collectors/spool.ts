/**
 * spool.ts: batches that wait until ingest has acknowledged them: what the batcher, the uploader and the spool say to each other.
 *
 * A batch is frozen when it enters: its bytes, digest and number never change, so a retry sends the same bytes and ingest
 * recognises it by (stream, seq). The spool is bounded; what it gives up is reported with the coverage that went with it, so that
 * the loss becomes a gap with a reason and not a silence. The spool itself: spool-durable.ts.
 */
import type { CoverageRow } from "../core/window.ts";

export interface FrozenBatch {
  readonly stream: string;
  readonly seq: number;
  /** The number that ingest has last of this stream; those between it and `seq` will not come. */
  readonly after: number;
  readonly rows: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Value of the Content-Digest header (RFC 9530). */
  readonly digest: string;
  /** What becomes a gap if the batch is lost. */
  readonly coverage: readonly CoverageRow[];
}

export interface Spool {
  /** Takes a batch in; may drop older ones to make room. @returns the batch's number */
  append(bytes: Uint8Array<ArrayBuffer>, rows: number, coverage: readonly CoverageRow[]): number;
  /** The oldest batch that can go, or undefined: there may be none, or it is being written or read back; `onReady` says when. */
  head(): FrozenBatch | undefined;
  /** Forgets the oldest batch: ingest has it. */
  remove(batch: FrozenBatch): void;
  /** Forgets the oldest batch: ingest will never have it. */
  refuse(batch: FrozenBatch): void;
  /** Goes on under a new stream name: ingest does not have what it acknowledged under the old one. */
  renew(): void;
  readonly bytes: number;
  readonly length: number;
}
