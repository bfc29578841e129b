/**
 * segment-record.ts: how one record lies in a file of the spool. Little-endian:
 *
 *   0 magic u32   4 checksum u32   8 length of the payload u32   12 seq u64   20 payload
 *
 * The checksum covers all that follows it. The same frame, with another magic, holds a segment's header and the slots of the
 * acknowledged position, so that there is one way only to tell whole from torn.
 */
import type { Checksum } from "./segment-checksum.ts";

export const RECORD_MAGIC = 0x31425349; // "ISB1": a batch
export const HEADER_MAGIC = 0x31485349; // "ISH1": a segment's header
export const SLOT_MAGIC = 0x31505349; // "ISP1": a slot of the position
export const FRAME_BYTES = 20;

/** Where a whole record lies: its payload is [payload, end). */
export interface Place {
  readonly seq: number;
  readonly start: number;
  readonly payload: number;
  readonly end: number;
}

export function encodeRecord(
  magic: number,
  seq: number,
  parts: readonly Uint8Array[],
  checksum: Checksum,
): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(FRAME_BYTES + length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, true);
  view.setUint32(8, length, true);
  view.setBigUint64(12, BigInt(seq), true);
  let at = FRAME_BYTES;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  view.setUint32(4, checksum(bytes, 8, bytes.length), true);
  return bytes;
}

/** @returns undefined unless a whole record with a right checksum starts at `start` */
export function recordAt(bytes: Uint8Array, start: number, magic: number, checksum: Checksum): Place | undefined {
  if (start + FRAME_BYTES > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  if (view.getUint32(0, true) !== magic) return undefined;
  const payload = start + FRAME_BYTES;
  const end = payload + view.getUint32(8, true);
  if (end > bytes.length || checksum(bytes, start + 8, end) !== view.getUint32(4, true)) return undefined;
  return { seq: Number(view.getBigUint64(12, true)), start, payload, end };
}
