/**
 * feed-frames.ts: stored batches from ingest to the query API, as frames in one endless HTTP answer.
 *
 *   length u32 | kind u8 | position u64 | payload        little-endian; `length` counts what follows it
 *
 *   1 hello      JSON {epoch, resumed}   first; batches follow from `position` + 1
 *   2 batch      Arrow, as it was stored (wire/batch.ts encodeStored)
 *   3 heartbeat  `position` is the newest there is: who has it has all
 *   4 lost       what lay between the last batch and `position` is not kept any more
 *
 * A position counts the batches that one ingest process has published; `epoch` names the process. Both together say what comes
 * next after a connection has broken.
 */
import { OperationalError } from "../core/errors.ts";

export const FRAME_HELLO = 1;
export const FRAME_BATCH = 2;
export const FRAME_HEARTBEAT = 3;
export const FRAME_LOST = 4;

export interface FeedFrame {
  readonly kind: number;
  readonly position: number;
  readonly payload: Uint8Array;
}

export interface FeedHello {
  readonly epoch: string;
  /** Whether what follows joins on to what the caller had. */
  readonly resumed: boolean;
}

const LENGTH_BYTES = 4;
const HEAD_BYTES = 9;
/** More than any batch becomes: ingest takes 4 MiB, and adds a tenant and an identity to each row. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024;

export function encodeFrame(kind: number, position: number, payload: Uint8Array = new Uint8Array(0)): Buffer {
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + HEAD_BYTES + payload.length);
  frame.writeUInt32LE(HEAD_BYTES + payload.length, 0);
  frame.writeUInt8(kind, LENGTH_BYTES);
  frame.writeBigUInt64LE(BigInt(position), LENGTH_BYTES + 1);
  frame.set(payload, LENGTH_BYTES + HEAD_BYTES);
  return frame;
}

/** Frames out of pieces that are cut anywhere. */
export class FrameReader {
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  /**
   * @returns the frames that are whole with this piece
   * @throws OperationalError FEED_UNREADABLE
   */
  push(piece: Uint8Array): FeedFrame[] {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    const frames: FeedFrame[] = [];
    while (this.#bytes >= LENGTH_BYTES) {
      const length = this.#length();
      if (this.#bytes < LENGTH_BYTES + length) break;
      frames.push(toFrame(this.#take(LENGTH_BYTES + length)));
    }
    return frames;
  }

  #length(): number {
    let head = this.#pieces[0] ?? new Uint8Array(0);
    if (head.length < LENGTH_BYTES) this.#pieces = [(head = Buffer.concat(this.#pieces))];
    const length = new DataView(head.buffer, head.byteOffset).getUint32(0, true);
    if (length < HEAD_BYTES || length > MAX_FRAME_BYTES) {
      throw new OperationalError("FEED_UNREADABLE", `read a frame of the feed: a length of ${length} bytes`);
    }
    return length;
  }

  /** The first bytes, copied only where they came in several pieces. */
  #take(bytes: number): Uint8Array {
    const first = this.#pieces[0];
    const all = first !== undefined && first.length >= bytes ? first : Buffer.concat(this.#pieces);
    const rest = all.subarray(bytes);
    const others = all === first ? this.#pieces.slice(1) : [];
    this.#pieces = rest.length > 0 ? [rest, ...others] : others;
    this.#bytes -= bytes;
    return all.subarray(0, bytes);
  }
}

function toFrame(bytes: Uint8Array): FeedFrame {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const position = Number(view.getBigUint64(LENGTH_BYTES + 1, true));
  return { kind: view.getUint8(LENGTH_BYTES), position, payload: bytes.subarray(LENGTH_BYTES + HEAD_BYTES) };
}
