/**
 * spool-recovery.ts: what a spool's directory holds when a collector starts.
 *
 * Only the last segment can be torn, since every other was synced before its successor was made: its tail is cut. Damage
 * elsewhere ends its segment, is counted, and becomes a loss; the file stays until its good records are delivered and is
 * then kept aside. Each header says how many records came before, hence how many are missing. Numbers go on far beyond any that
 * can have been given out, so that none is used twice, whatever was lost; ingest is told that those between will not come.
 */
import { OperationalError } from "../core/errors.ts";
import type { Checksum } from "./segment-checksum.ts";
import type { Place } from "./segment-record.ts";
import { scanSegment, type SegmentScan } from "./segment-scan.ts";
import { type Frame, type Segment, segmentFirst } from "./segment-writer.ts";
import type { SpoolFs } from "./spool-fs.ts";
import type { SpoolLoss } from "./spool-loss.ts";
import { decodePayload } from "./spool-payload.ts";
import { isForgotten, type Position, POSITION_NAME, PositionFile } from "./spool-position.ts";
import { Watched } from "./spool-watched.ts";

export interface RecoveryReport {
  readonly batches: number;
  /** Bytes cut from the last segment. */
  tornBytes: number;
  /** Segments with damage that is no torn tail. */
  damaged: number;
  /** Batches that are known to be lost. */
  lost: number;
  /** Both slots were unreadable although there are segments: all is sent again, and ingest tells what it has. */
  positionLost: boolean;
}

export interface Recovered {
  readonly positionFile: PositionFile;
  readonly stream: string;
  readonly delivered: number;
  readonly segments: Segment[];
  readonly tail: { previous: number; ordinal: number };
  readonly frames: Frame[];
  readonly nextSeq: number;
  readonly losses: SpoolLoss[];
  readonly watched: Watched;
  readonly report: RecoveryReport;
}

/** More than a segment's records and the batches in memory together: MAX_SEGMENT_RECORDS + MAX_UNWRITTEN. */
export const SEQ_JUMP = 65_536;
const ASIDE = /^aside-/;
const MAX_ASIDE = 8;

/** @throws OperationalError SPOOL_UNREADABLE; whatever is damaged but can be read is no reason to fail */
export async function recoverSpool(fs: SpoolFs, newStream: () => string, checksum: Checksum): Promise<Recovered> {
  try {
    return await new Recovery(fs, newStream, checksum).run();
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause)) throw cause;
    throw new OperationalError("SPOOL_UNREADABLE", "read the spool", { cause });
  }
}

/** What a spool's directory knows to have been watched. Changes nothing, and takes no lock. */
export async function readWatched(fs: SpoolFs, checksum: Checksum): Promise<Watched> {
  const watched = new Watched();
  for (const { name } of segmentFiles(await fs.list()).reverse()) {
    const bytes = await fs.read(name);
    if (bytes === undefined) continue;
    const scan = scanSegment(bytes, checksum);
    if (scan.header === undefined) continue;
    takeWatched(watched, bytes, scan);
    break;
  }
  return watched;
}

function takeWatched(watched: Watched, bytes: Uint8Array<ArrayBuffer>, { header, records }: SegmentScan): void {
  watched.takeRows(header?.watched ?? []);
  for (const { payload, end } of records) watched.takeCoverage(decodePayload(bytes.subarray(payload, end)).coverage);
}

interface SegmentFile {
  readonly name: string;
  readonly first: number;
}

/** In order. */
function segmentFiles(entries: readonly { readonly name: string; readonly isFile: boolean }[]): SegmentFile[] {
  return entries
    .flatMap(({ name, isFile }) => {
      const first = segmentFirst(name);
      return first === undefined || !isFile ? [] : [{ name, first }];
    })
    .sort((a, b) => a.first - b.first);
}

class Recovery {
  readonly #fs: SpoolFs;
  readonly #newStream: () => string;
  readonly #checksum: Checksum;
  readonly #segments: Segment[] = [];
  readonly #frames: Frame[] = [];
  readonly #losses: SpoolLoss[] = [];
  readonly #watched = new Watched();
  /** The last segment that has a header: that says what was watched before it, its records what since. */
  #newest: { readonly bytes: Uint8Array<ArrayBuffer>; readonly scan: SegmentScan } | undefined;
  readonly #report = { batches: 0, tornBytes: 0, damaged: 0, lost: 0, positionLost: false };
  #position: Position | undefined;
  #stream: string | undefined;
  /** The last seq that is accounted for, and how many records were up to there; undefined before the first header. */
  #seen = 0;
  #ordinal: number | undefined;
  /** Read beyond damage: lost, unless the next header says that there is nothing missing. */
  #doubtful: Omit<SpoolLoss, "reason"> = { batches: 0, coverage: [] };

  constructor(fs: SpoolFs, newStream: () => string, checksum: Checksum) {
    this.#fs = fs;
    this.#newStream = newStream;
    this.#checksum = checksum;
  }

  async run(): Promise<Recovered> {
    const names = await this.#names();
    const positionFile = await PositionFile.open(this.#fs, this.#checksum);
    try {
      return await this.#recover(names, positionFile);
    } catch (error) {
      await positionFile.close();
      throw error;
    }
  }

  async #recover(names: readonly SegmentFile[], positionFile: PositionFile): Promise<Recovered> {
    this.#position = positionFile.durable;
    this.#report.positionLost = this.#position === undefined && names.length > 0;
    for (const [i, { name, first }] of names.entries()) await this.#take(name, first, i === names.length - 1);
    if (this.#newest !== undefined) takeWatched(this.#watched, this.#newest.bytes, this.#newest.scan);
    if (this.#doubtful.batches > 0) this.#declare(this.#doubtful.batches, this.#doubtful.coverage);
    const stream = this.#position?.stream ?? this.#stream ?? this.#newStream();
    const known = this.#position ?? { floor: 0, stream, through: 0, keep: 0, skippedTo: 0, delivered: 0 };
    const last = Math.max(known.floor, known.through, known.skippedTo, this.#seen, names.at(-1)?.first ?? 0);
    const nextSeq = last === 0 ? 1 : last + SEQ_JUMP;
    // Before any number is given: a full disk may have batches handed out that are never written.
    await positionFile.write({ ...known, floor: nextSeq });
    return {
      positionFile,
      stream,
      delivered: this.#position?.delivered ?? 0,
      segments: this.#segments,
      tail: { previous: this.#seen, ordinal: this.#ordinal ?? 0 },
      frames: this.#frames,
      nextSeq,
      losses: this.#losses,
      watched: this.#watched,
      report: { ...this.#report, batches: this.#frames.length },
    };
  }

  /** The segments in order. What else lies there is left alone, except that old files kept aside make room. */
  async #names(): Promise<SegmentFile[]> {
    const entries = await this.#fs.list();
    const aside = entries.map(({ name }) => name).filter((name) => ASIDE.test(name));
    if (entries.some(({ name, isFile }) => name === POSITION_NAME && !isFile)) {
      await this.#fs.rename(POSITION_NAME, `aside-${POSITION_NAME}-${aside.length}-${Date.now()}`);
    }
    const files = entries.filter(({ name, isFile }) => isFile && ASIDE.test(name)).map(({ name }) => name);
    for (const name of files.sort().slice(0, -MAX_ASIDE)) await this.#fs.remove(name);
    return segmentFiles(entries);
  }

  async #take(name: string, first: number, isLast: boolean): Promise<void> {
    const bytes = await this.#fs.read(name);
    if (bytes === undefined) return;
    const scan = scanSegment(bytes, this.#checksum);
    this.#account(scan);
    if (scan.header !== undefined) this.#newest = { bytes, scan };
    const segment: Segment = {
      name,
      first,
      last: scan.records.at(-1)?.seq ?? first - 1,
      bytes: scan.end,
      records: scan.records.length,
      ordinal: scan.header?.ordinal ?? 0,
      damaged: false,
    };
    for (const place of scan.records) this.#keep(place, segment);
    if (scan.end < bytes.length || scan.header === undefined) {
      if (isLast) {
        if (!(await this.#cut(segment, bytes, scan))) return;
      } else {
        segment.damaged = true;
        this.#report.damaged++;
        const { batches, coverage } = this.#read(bytes, scan.beyond);
        this.#doubtful = {
          batches: this.#doubtful.batches + batches,
          coverage: [...this.#doubtful.coverage, ...coverage],
        };
      }
    }
    this.#segments.push(segment);
  }

  /** Holds a segment's header against what the segments before it held. */
  #account({ header, records }: SegmentScan): void {
    if (header === undefined) return;
    this.#stream = header.stream;
    const position = this.#position;
    const { previous } = header;
    // Without a position, what came before the first segment was delivered, as far as anybody knows.
    const isFirst = position === undefined && this.#ordinal === undefined && this.#segments.length === 0;
    if (!isFirst && previous > this.#seen && !(position !== undefined && isForgotten(position, previous))) {
      const delivered = Math.max(0, (position?.through ?? 0) - this.#seen);
      const missing = header.ordinal - (this.#ordinal ?? header.ordinal) - delivered;
      if (this.#segments.at(-1)?.damaged !== true) this.#report.damaged++;
      this.#declare(Math.max(1, missing, this.#doubtful.batches), this.#doubtful.coverage);
    }
    this.#doubtful = { batches: 0, coverage: [] };
    this.#seen = Math.max(this.#seen, previous);
    this.#ordinal = header.ordinal + records.length;
  }

  #keep(place: Place, segment: Segment): void {
    const { seq, start, end } = place;
    // A record whose first write failed may lie in two segments.
    if (seq <= this.#seen) return;
    this.#seen = seq;
    if (this.#position !== undefined && isForgotten(this.#position, seq)) return;
    this.#frames.push({ seq, frame: undefined, frameBytes: end - start, segment, offset: start });
  }

  /** Cuts the last segment's torn tail. @returns whether anything is left of the file */
  async #cut(segment: Segment, bytes: Uint8Array<ArrayBuffer>, scan: SegmentScan): Promise<boolean> {
    this.#report.tornBytes += bytes.length - scan.end;
    if (scan.beyond.length > 0) {
      // A group torn by a power cut, which nobody was told is safe; or damage. The bytes are kept to be looked at.
      await this.#copyAside(`aside-${segment.name}-tail`, bytes.subarray(scan.end));
      const { batches, coverage } = this.#read(bytes, scan.beyond);
      if (batches > 0) this.#declare(batches, coverage);
    }
    if (scan.header === undefined) {
      await this.#fs.remove(segment.name);
      await this.#fs.syncDirectory();
      return false;
    }
    const file = await this.#fs.open(segment.name);
    await file.truncate(scan.end);
    await file.sync();
    await file.close();
    return true;
  }

  async #copyAside(name: string, bytes: Uint8Array): Promise<void> {
    try {
      const file = await this.#fs.create(name);
      await file.write(bytes, 0).finally(() => file.close());
    } catch {
      // A full disk: the copy is for people, and the start goes on without it.
    }
  }

  /** What records beyond damage would have delivered. */
  #read(bytes: Uint8Array<ArrayBuffer>, places: readonly Place[]): Omit<SpoolLoss, "reason"> {
    const lost = places.filter(({ seq }) => this.#position === undefined || !isForgotten(this.#position, seq));
    const coverage = lost.flatMap(({ payload, end }) => decodePayload(bytes.subarray(payload, end)).coverage);
    return { batches: lost.length, coverage };
  }

  #declare(batches: number, coverage: SpoolLoss["coverage"]): void {
    this.#losses.push({ reason: "spool_corrupt", batches, coverage });
    this.#report.lost += batches;
  }
}
