/**
 * spool.ts: batches that wait until ingest has acknowledged them.
 *
 * A batch is frozen when it enters: its bytes and digest never change, so a retry sends the same bytes and ingest
 * recognises it by (stream, seq). The spool is bounded; past `capacityBytes` it drops the oldest batch and reports the
 * coverage that went with it, so that the loss becomes a gap with a reason and not a silence.
 *
 * This one lives in memory: what has not been sent when the process dies is lost. A batch gets its number when it first goes
 * out, so a dropped one leaves no hole. The interface is what a durable spool needs.
 */
import { createHash, randomBytes } from "node:crypto";
import type { CoverageRow } from "../core/window.ts";

export interface FrozenBatch {
  readonly stream: string;
  readonly seq: number;
  readonly rows: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Value of the Content-Digest header (RFC 9530). */
  readonly digest: string;
  /** What becomes a gap if the batch is lost. */
  readonly coverage: readonly CoverageRow[];
}

export interface Spool {
  /** Takes a batch in; may drop older ones to make room. */
  append(bytes: Uint8Array<ArrayBuffer>, rows: number, coverage: readonly CoverageRow[]): void;
  /** The oldest batch, or undefined. */
  head(): FrozenBatch | undefined;
  /** Forgets the oldest batch, which ingest has, or has refused for good. */
  remove(batch: FrozenBatch): void;
  /** Goes on under a new stream name: ingest and this spool disagree about the numbers of the old one. */
  renew(): void;
  readonly bytes: number;
  readonly length: number;
}

export interface MemorySpoolOptions {
  readonly collector: string;
  readonly capacityBytes: number;
  readonly onDrop: (dropped: FrozenBatch) => void;
}

interface Waiting {
  readonly rows: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly digest: string;
  readonly coverage: readonly CoverageRow[];
}

export class MemorySpool implements Spool {
  readonly #options: MemorySpoolOptions;
  readonly #waiting: Waiting[] = [];
  #stream: string;
  /** The number of the oldest waiting batch. */
  #firstSeq = 1;
  #bytes = 0;
  #head: FrozenBatch | undefined;

  constructor(options: MemorySpoolOptions) {
    this.#options = options;
    this.#stream = this.#newName();
  }

  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#waiting.length;
  }

  append(bytes: Uint8Array<ArrayBuffer>, rows: number, coverage: readonly CoverageRow[]): void {
    const digest = `sha-256=:${createHash("sha256").update(bytes).digest("base64")}:`;
    this.#waiting.push({ rows, bytes, digest, coverage });
    this.#bytes += bytes.length;
    while (this.#bytes > this.#options.capacityBytes && this.#waiting.length > 1) this.#dropOldest();
  }

  head(): FrozenBatch | undefined {
    const oldest = this.#waiting[0];
    if (oldest === undefined) return undefined;
    this.#head ??= { ...oldest, stream: this.#stream, seq: this.#firstSeq };
    return this.#head;
  }

  remove(batch: FrozenBatch): void {
    // The batch may have been dropped for room while it was on its way.
    if (this.#head !== batch) return;
    this.#head = undefined;
    this.#bytes -= this.#waiting.shift()?.bytes.length ?? 0;
    this.#firstSeq += 1;
  }

  renew(): void {
    this.#stream = this.#newName();
    this.#firstSeq = 1;
    this.#head = undefined;
  }

  #dropOldest(): void {
    // The batch on its way may be stored already: dropping it could turn stored windows into a gap. The next one goes.
    const at = this.#head === undefined ? 0 : 1;
    const [lost] = this.#waiting.splice(at, 1);
    if (lost === undefined) return;
    this.#bytes -= lost.bytes.length;
    this.#options.onDrop({ ...lost, stream: this.#stream, seq: this.#firstSeq });
  }

  #newName(): string {
    return `${this.#options.collector}-${randomBytes(6).toString("hex")}`;
  }
}
