/**
 * segment-scan.ts: what can be read of a segment file: its header, its records up to the first damage, and what lies beyond.
 *
 * Records beyond damage are not delivered, since nothing says that they are the spool's next ones; but their coverage names the
 * windows that were lost.
 */
import type { Checksum } from "./segment-checksum.ts";
import { FRAME_BYTES, HEADER_MAGIC, type Place, RECORD_MAGIC, recordAt } from "./segment-record.ts";
import type { WatchedRow } from "./spool-watched.ts";

export interface SegmentHeader {
  readonly stream: string;
  /** The seq of the last record of the segments before; 0 where there was none. */
  readonly previous: number;
  /** How many records the segments before took in all. */
  readonly ordinal: number;
  /** What had been watched when the segment was made. */
  readonly watched: readonly WatchedRow[];
}

export interface SegmentScan {
  readonly header: SegmentHeader | undefined;
  readonly records: readonly Place[];
  /** Where the last good record ends. */
  readonly end: number;
  readonly beyond: readonly Place[];
}

/** Bytes may imitate the magic; how often we look closer. */
const MAX_LOOKS = 10_000;
const MAGIC_BYTES = Buffer.from(new Uint32Array([RECORD_MAGIC]).buffer);

export function scanSegment(bytes: Uint8Array, checksum: Checksum): SegmentScan {
  const head = recordAt(bytes, 0, HEADER_MAGIC, checksum);
  const header = head === undefined ? undefined : readHeader(bytes.subarray(head.payload, head.end));
  const records: Place[] = [];
  let end = header === undefined ? 0 : (head?.end ?? 0);
  if (header !== undefined) {
    for (let next = recordAt(bytes, end, RECORD_MAGIC, checksum); next !== undefined;) {
      records.push(next);
      end = next.end;
      next = recordAt(bytes, end, RECORD_MAGIC, checksum);
    }
  }
  return { header, records, end, beyond: recordsBeyond(bytes, end, checksum) };
}

function readHeader(payload: Uint8Array): SegmentHeader | undefined {
  try {
    const header = JSON.parse(Buffer.from(payload).toString()) as Partial<SegmentHeader>;
    const { stream, previous, ordinal, watched = [] } = header;
    if (typeof stream !== "string" || typeof previous !== "number" || typeof ordinal !== "number") return undefined;
    return { stream, previous, ordinal, watched };
  } catch {
    return undefined;
  }
}

function recordsBeyond(bytes: Uint8Array, from: number, checksum: Checksum): Place[] {
  const found: Place[] = [];
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = from, looks = 0; at + FRAME_BYTES <= bytes.length && looks < MAX_LOOKS; looks++) {
    const start = buffer.indexOf(MAGIC_BYTES, at);
    if (start < 0) break;
    const place = recordAt(bytes, start, RECORD_MAGIC, checksum);
    if (place !== undefined) found.push(place);
    at = place?.end ?? start + 1;
  }
  return found;
}
