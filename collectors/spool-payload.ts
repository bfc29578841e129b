/**
 * spool-payload.ts: a batch as the durable spool keeps it: length of a note, the note (JSON), the batch's bytes.
 *
 * The note holds the row count, the digest and a summary of the coverage: what a gap row needs if the batch is lost. Strings
 * repeat in nearly every row, so they are indexes into a list.
 */
import { type CoverageRow, type CoverageStatus, GAP_REASONS, type GapReason } from "../core/window.ts";

export interface SpoolPayload {
  readonly rows: number;
  readonly digest: string;
  /** A summary: which window and its status, and how long a gap is; other figures are 0. */
  readonly coverage: readonly CoverageRow[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

interface Note {
  readonly rows: number;
  readonly digest: string;
  readonly strings: readonly string[];
  /** For each row: spec, enabling, host, tick, ts, status, reason. */
  readonly coverage: readonly number[];
  /** Of gaps that are longer than one column: the row's index, and its length in ns. */
  readonly lengths?: readonly (readonly [row: number, ns: number])[];
}

const FIELDS = 7;
const STATUSES: readonly CoverageStatus[] = ["ok", "partial", "gap"];
const REASONS: readonly (GapReason | "")[] = ["", ...GAP_REASONS];

/** @returns parts of a payload, in order */
export function encodePayload(payload: SpoolPayload): Uint8Array[] {
  const { rows, digest, coverage, bytes } = payload;
  const codes = new Map<string, number>();
  const code = (text: string): number => {
    const known = codes.get(text);
    if (known !== undefined) return known;
    codes.set(text, codes.size);
    return codes.size - 1;
  };
  // Statuses and reasons as texts too: their order in the code may change while a spool waits.
  const flat = coverage.flatMap((row) => [
    code(row.spec),
    code(row.enabling),
    code(row.host),
    row.tick,
    row.ts,
    code(row.status),
    code(row.reason),
  ]);
  const lengths = coverage.flatMap(({ status, elapsedNs }, i): [number, number][] =>
    status === "gap" && elapsedNs > 0 ? [[i, elapsedNs]] : [],
  );
  const note: Note = {
    rows,
    digest,
    strings: [...codes.keys()],
    coverage: flat,
    ...(lengths.length > 0 && { lengths }),
  };
  const text = Buffer.from(JSON.stringify(note));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return [length, text, bytes];
}

/** @param payload whole and of the right checksum; a view of it is returned */
export function decodePayload(payload: Uint8Array<ArrayBuffer>): SpoolPayload {
  const buffer = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  const end = 4 + buffer.readUInt32LE(0);
  const note = JSON.parse(buffer.toString("utf8", 4, end)) as Note;
  return { rows: note.rows, digest: note.digest, coverage: coverageOf(note), bytes: payload.subarray(end) };
}

function coverageOf({ strings, coverage, lengths = [] }: Note): CoverageRow[] {
  const rows: CoverageRow[] = [];
  const lengthOf = new Map(lengths);
  for (let at = 0; at + FIELDS <= coverage.length; at += FIELDS) {
    const number = (field: number): number => coverage[at + field] ?? 0;
    const text = (field: number): string => strings[number(field)] ?? "";
    rows.push({
      spec: text(0),
      enabling: text(1),
      host: text(2),
      tick: number(3),
      ts: number(4),
      status: STATUSES.find((each) => each === text(5)) ?? "gap",
      reason: REASONS.find((each) => each === text(6)) ?? "",
      dropped: 0,
      events: 0,
      endedMs: 0,
      receivedMs: 0,
      elapsedNs: lengthOf.get(rows.length) ?? 0,
      detail: "",
    });
  }
  return rows;
}
