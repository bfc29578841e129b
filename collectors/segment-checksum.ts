/**
 * segment-checksum.ts: CRC-32 (IEEE 802.3, as gzip has it): zlib's own where this Node has it, and by table where not (the oldest that
 * we support): zlib's takes a tenth of the time.
 */
import * as zlib from "node:zlib";

/** A checksum of bytes [from, to). */
export type Checksum = (bytes: Uint8Array, from: number, to: number) => number;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

export const crc32ByTable: Checksum = (bytes, from, to) => {
  let crc = 0xffffffff;
  for (let at = from; at < to; at++) crc = (TABLE[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
};

const native = (zlib as { readonly crc32?: typeof zlib.crc32 }).crc32;

export const crc32: Checksum =
  native === undefined ? crc32ByTable : (bytes, from, to) => native(bytes.subarray(from, to));
