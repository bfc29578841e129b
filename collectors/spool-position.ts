/**
 * spool-position.ts: how far the spool has been emptied, in two preallocated slots written in turn.
 *
 * A write that is torn spoils one slot and leaves the other, which is older and so only repeats what ingest recognises. Nothing
 * is allocated, so that the position can be written on a full disk (a temporary file and rename could not).
 */
import type { Checksum } from "./segment-checksum.ts";
import { encodeRecord, recordAt, SLOT_MAGIC } from "./segment-record.ts";
import type { SpoolFile, SpoolFs } from "./spool-fs.ts";

export interface Position {
  readonly stream: string;
  /** The first number of the run that wrote this: the next run starts well above. */
  readonly floor: number;
  /** All up to this seq is forgotten. */
  readonly through: number;
  /** Forgotten too: what lies after `through + 1 .. keep` up to here; 0 where nothing is. The batch `keep` was under way when
   * its successors were dropped. */
  readonly keep: number;
  readonly skippedTo: number;
  /** The highest seq of this stream that ingest has said to have. */
  readonly delivered: number;
}

export const POSITION_NAME = "position";
/** Far enough apart that no disk tears both at once. */
export const SLOT_BYTES = 4096;

export function isForgotten(position: Position, seq: number): boolean {
  return seq <= position.through || (seq > position.keep && seq <= position.skippedTo);
}

/** Whether nothing of seqs [first, last] is waiting; an empty range lies where `first` does. */
export function areForgotten(position: Position, first: number, last: number): boolean {
  return last <= position.through || (first > position.keep && last <= position.skippedTo);
}

/** Whether writing the one instead of the other would change what is forgotten, or the stream. */
export function isSamePlace(a: Position, b: Position): boolean {
  return a.stream === b.stream && a.through === b.through && a.skippedTo === b.skippedTo;
}

export class PositionFile {
  /** What the disk has for certain. */
  durable: Position | undefined;
  readonly #file: SpoolFile;
  readonly #checksum: Checksum;
  #generation: number;

  private constructor(
    file: SpoolFile,
    checksum: Checksum,
    found: { position: Position; generation: number } | undefined,
  ) {
    this.#file = file;
    this.#checksum = checksum;
    this.durable = found?.position;
    this.#generation = found?.generation ?? 0;
  }

  static async open(fs: SpoolFs, checksum: Checksum): Promise<PositionFile> {
    const bytes = await fs.read(POSITION_NAME);
    const found = bytes === undefined ? undefined : newest(bytes, checksum);
    const file = bytes === undefined ? await fs.create(POSITION_NAME) : await fs.open(POSITION_NAME);
    const had = found === undefined ? 0 : (bytes?.length ?? 0);
    if (had < 2 * SLOT_BYTES) {
      await file.write(new Uint8Array(2 * SLOT_BYTES - had), had);
      await file.sync();
      await fs.syncDirectory();
    }
    return new PositionFile(file, checksum, found);
  }

  /** Returns when the position is durable; after a failure the same slot is tried again, since the other is the good one. */
  async write(position: Position): Promise<void> {
    const generation = this.#generation + 1;
    const record = encodeRecord(SLOT_MAGIC, generation, [Buffer.from(JSON.stringify(position))], this.#checksum);
    if (record.length > SLOT_BYTES) throw new RangeError("a position does not fit its slot");
    await this.#file.write(record, (generation % 2) * SLOT_BYTES);
    await this.#file.datasync();
    this.#generation = generation;
    this.durable = position;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

function newest(bytes: Uint8Array, checksum: Checksum): { position: Position; generation: number } | undefined {
  let best: { position: Position; generation: number } | undefined;
  for (const start of [0, SLOT_BYTES]) {
    const place = recordAt(bytes, start, SLOT_MAGIC, checksum);
    if (place === undefined || place.seq <= (best?.generation ?? 0)) continue;
    try {
      const text = Buffer.from(bytes.subarray(place.payload, place.end)).toString();
      best = { position: JSON.parse(text) as Position, generation: place.seq };
    } catch {
      // As a slot that was never written.
    }
  }
  return best;
}
