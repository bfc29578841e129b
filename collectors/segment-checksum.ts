/**
 * segment-checksum.ts: CRC-32 (IEEE 802.3, as gzip has it), by table: zlib.crc32 is missing in the oldest Node that we support.
 */

/** A checksum of bytes [from, to). */
export type Checksum = (bytes: Uint8Array, from: number, to: number) => number;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

export const crc32: Checksum = (bytes, from, to) => {
  let crc = 0xffffffff;
  for (let at = from; at < to; at++) crc = (TABLE[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
};
