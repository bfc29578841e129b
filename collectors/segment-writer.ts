/**
 * segment-writer.ts: the segments of a spool, and the one that is being written.
 *
 *   none ──write──▶ active ──full──▶ sealed (fsync) ──▶ none ──write──▶ the next one is made, its name synced
 *                     └─failure─▶ cut back to what is durable ──▶ none
 *
 * After a failed write or sync nobody knows which bytes the disk has, so the segment is not written again: its records go
 * into the next one.
 */
import type { Checksum } from "./segment-checksum.ts";
import { encodeRecord, HEADER_MAGIC } from "./segment-record.ts";
import type { SegmentHeader } from "./segment-scan.ts";
import type { SpoolFile, SpoolFs } from "./spool-fs.ts";
import type { WatchedRow } from "./spool-watched.ts";

export interface Segment {
  readonly name: string;
  readonly first: number;
  /** The last record that can be read; first - 1 where there is none. */
  last: number;
  bytes: number;
  records: number;
  readonly ordinal: number;
  damaged: boolean;
}

/** A record to be written, and then where it lies. */
export interface Frame {
  readonly seq: number;
  frame: Uint8Array<ArrayBuffer> | undefined;
  readonly frameBytes: number;
  segment: Segment | undefined;
  offset: number;
}

interface Active {
  readonly segment: Segment;
  readonly file: SpoolFile;
  readonly stream: string;
  durable: Pick<Segment, "last" | "bytes" | "records">;
}

/** Whether the record is on the disk for certain; not to be asked while it is being written. */
export function isDurable(frame: Frame): boolean {
  return frame.segment !== undefined && frame.seq <= frame.segment.last;
}

/** How far numbers can go within one segment: see recovery, which leaves them all out. */
export const MAX_SEGMENT_RECORDS = 32_768;

export function segmentName(first: number): string {
  return `segment-${String(first).padStart(16, "0")}`;
}

/** @returns the first seq, or undefined if this is no name of a segment */
export function segmentFirst(name: string): number | undefined {
  const digits = /^segment-(\d{16})$/.exec(name)?.[1];
  const first = Number(digits ?? 0);
  return first > 0 && first < 2 ** 52 ? first : undefined;
}

export class SegmentWriter {
  /** Oldest first; the active one is the last. */
  readonly segments: Segment[];
  readonly #fs: SpoolFs;
  readonly #segmentBytes: number;
  readonly #checksum: Checksum;
  readonly #watched: () => readonly WatchedRow[];
  #active: Active | undefined;
  #tail: Pick<SegmentHeader, "previous" | "ordinal">;

  constructor(
    fs: SpoolFs,
    options: { segmentBytes: number; checksum: Checksum; watched: () => readonly WatchedRow[] },
    found: { segments: Segment[]; tail: Pick<SegmentHeader, "previous" | "ordinal"> },
  ) {
    this.#fs = fs;
    this.#segmentBytes = options.segmentBytes;
    this.#checksum = options.checksum;
    this.#watched = options.watched;
    this.segments = found.segments;
    this.#tail = found.tail;
  }

  get active(): Segment | undefined {
    return this.#active?.segment;
  }

  /** Writes frames; returns when all are durable. After a failure and `abandon`, `isDurable` tells which of them are. */
  async write(frames: readonly Frame[], stream: string): Promise<void> {
    for (let at = 0; at < frames.length;) {
      let active = this.#active;
      if (active !== undefined && (active.stream !== stream || !this.#fits(active.segment, frames[at]))) {
        await this.seal();
        active = undefined;
      }
      active ??= await this.#create(frames[at]?.seq ?? 0, stream);
      at = await this.#fill(active, frames, at);
    }
    if (this.#active === undefined) return;
    await this.#active.file.datasync();
    this.#active.durable = { ...this.#active.segment };
  }

  /** Ends the active segment; the next write makes a new one. */
  async seal(): Promise<void> {
    const active = this.#active;
    if (active === undefined) return;
    await active.file.sync();
    this.#leave(active);
    await active.file.close();
  }

  /** After a failure: gives up the active segment, cut back to its durable records. */
  async abandon(): Promise<void> {
    const active = this.#active;
    if (active === undefined) return;
    Object.assign(active.segment, active.durable);
    this.#leave(active);
    try {
      await active.file.truncate(active.durable.bytes);
      await active.file.sync();
    } catch {
      // What follows the durable records is told from them by the checksum, and counted as damage at the next start.
    }
    await active.file.close().catch(() => undefined);
    if (active.segment.records > 0) return;
    this.segments.splice(this.segments.indexOf(active.segment), 1);
    await this.#fs.remove(active.segment.name).catch(() => undefined);
  }

  #leave({ segment }: Active): void {
    this.#active = undefined;
    if (segment.records === 0) return;
    this.#tail = { previous: segment.last, ordinal: segment.ordinal + segment.records };
  }

  #fits(segment: Segment, frame: Frame | undefined): boolean {
    if (segment.records === 0 || frame === undefined) return true;
    return segment.bytes + frame.frameBytes <= this.#segmentBytes && segment.records < MAX_SEGMENT_RECORDS;
  }

  /** Writes what fits of frames[at..] in one call. @returns the first that did not fit */
  async #fill(active: Active, frames: readonly Frame[], from: number): Promise<number> {
    const { segment, file } = active;
    const parts: Uint8Array[] = [];
    const start = segment.bytes;
    let at = from;
    for (let next = frames[at]; next?.frame !== undefined && this.#fits(segment, next); next = frames[++at]) {
      parts.push(next.frame);
      next.segment = segment;
      next.offset = segment.bytes;
      segment.bytes += next.frameBytes;
      segment.records++;
      segment.last = next.seq;
    }
    await file.write(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts), start);
    return at;
  }

  async #create(first: number, stream: string): Promise<Active> {
    const name = segmentName(first);
    const header: SegmentHeader = { stream, ...this.#tail, watched: this.#watched() };
    const bytes = encodeRecord(HEADER_MAGIC, first, [Buffer.from(JSON.stringify(header))], this.#checksum);
    const file = await this.#fs.create(name);
    try {
      await file.write(bytes, 0);
      await this.#fs.syncDirectory();
    } catch (error) {
      await file.close().catch(() => undefined);
      await this.#fs.remove(name).catch(() => undefined);
      throw error;
    }
    const { ordinal } = this.#tail;
    const segment = { name, first, last: first - 1, bytes: bytes.length, records: 0, ordinal, damaged: false };
    this.segments.push(segment);
    this.#active = { segment, file, stream, durable: { last: first - 1, bytes: bytes.length, records: 0 } };
    return this.#active;
  }
}
