/**
 * spool-queue.ts: what waits in a spool, oldest first, and what goes when it is too much. No disk and no clock.
 *
 *   append ──▶ unwritten ──take──▶ writing ──written──▶ stored ──▶ forgotten
 *                  ▲                  └── refused ──┐      │
 *                  └────────────────────────────────┘      └─ over a bound, the oldest: lost
 *
 * The one under way to ingest is never dropped: ingest may have stored it, and a stored window must not become a gap.
 */
import type { CoverageRow } from "../core/window.ts";
import { type Frame, isDurable, type Segment } from "./segment-writer.ts";
import type { SpoolLoss } from "./spool-loss.ts";

export interface Entry extends Frame {
  /** Until the record is durable: what it covers. */
  coverage: readonly CoverageRow[] | undefined;
  /** Forgotten while it was being written. */
  gone: boolean;
  loading: boolean;
  /** How often reading it back has failed. */
  failures: number;
}

export interface Lost {
  readonly reason: SpoolLoss["reason"];
  readonly entry: Entry;
}

export interface QueueBounds {
  /** Of all that waits, bytes. */
  readonly capacityBytes: number;
  /** Of what is kept in memory although it is on the disk; and of what a failing disk refuses. */
  readonly memoryBytes: number;
}

/** Over its bound a spool gives up a little more, so that the gap rows of what is lost do not push out the next window. */
const KEEP = 0.95;

/** Numbers may go this far beyond what is on the disk: recovery leaves them all out. */
export const MAX_UNWRITTEN = 16_384;

export class SpoolQueue {
  /** Dropped, and not yet told. */
  readonly lost: Lost[] = [];
  /** The disk refuses writes: what is unwritten stays in memory, and is bounded. */
  failed = false;
  readonly #bounds: QueueBounds;
  readonly #stored: Entry[];
  #writing: Entry[] = [];
  #unwritten: Entry[] = [];
  #underWay: Entry | undefined;
  #bytes: number;
  #unwrittenBytes = 0;
  #memoryBytes = 0;

  constructor(bounds: QueueBounds, found: readonly Frame[]) {
    this.#bounds = bounds;
    this.#stored = found.map((frame) => entryOf(frame));
    this.#bytes = this.#stored.reduce((sum, entry) => sum + entry.frameBytes, 0);
  }

  get bytes(): number {
    return this.#bytes;
  }

  get unwrittenBytes(): number {
    return this.#unwrittenBytes;
  }

  get hasUnwritten(): boolean {
    return this.#unwritten.length > 0;
  }

  /** Whether nothing has yet to be written, or is being. */
  get isSettled(): boolean {
    return this.#unwritten.length + this.#writing.length === 0;
  }

  get length(): number {
    return this.#stored.length + this.#writing.length + this.#unwritten.length;
  }

  append(frame: Frame, coverage: readonly CoverageRow[]): void {
    this.#unwritten.push({ ...entryOf(frame), coverage });
    this.#bytes += frame.frameBytes;
    this.#unwrittenBytes += frame.frameBytes;
    this.makeRoom();
  }

  /** The oldest that may go to ingest: durable, unless the disk fails. */
  oldest(): Entry | undefined {
    return this.#stored[0] ?? (this.failed && this.#writing.length === 0 ? this.#unwritten[0] : undefined);
  }

  /** It goes to ingest now, and must stay. */
  send(entry: Entry | undefined): void {
    this.#underWay = entry;
  }

  /** The one under way is done with. */
  forgetUnderWay(): void {
    const entry = this.#underWay;
    if (entry === undefined) return;
    this.#underWay = undefined;
    this.#bytes -= entry.frameBytes;
    if (this.#stored[0] === entry) this.#release(this.#stored.shift());
    else if (this.#unwritten[0] === entry) this.#unwrittenBytes -= this.#unwritten.shift()?.frameBytes ?? 0;
    else entry.gone = true;
  }

  /** What is to be written now, in one group. */
  take(): Entry[] {
    this.#writing = this.#unwritten;
    this.#unwritten = [];
    this.#unwrittenBytes = 0;
    return this.#writing;
  }

  /** After a write, whether it failed or not: what is durable is stored, the rest waits on. @returns what is durable now */
  written(): Entry[] {
    const group = this.#writing;
    this.#writing = [];
    const durable = group.filter(isDurable);
    const refused = group.filter((entry) => !entry.gone && !isDurable(entry));
    this.#unwritten = [...refused, ...this.#unwritten];
    this.#unwrittenBytes = this.#unwritten.reduce((sum, entry) => sum + entry.frameBytes, 0);
    for (const entry of durable) if (!entry.gone) this.#store(entry);
    return durable;
  }

  /** It has been read back. */
  loaded(entry: Entry, frame: Uint8Array<ArrayBuffer>): void {
    entry.frame = frame;
    this.#memoryBytes += entry.frameBytes;
  }

  isStored(entry: Entry): boolean {
    return this.#stored.includes(entry);
  }

  /** Gives up the oldest over the bounds. */
  makeRoom(): void {
    const { capacityBytes, memoryBytes } = this.#bounds;
    const keepBytes = this.#bytes > capacityBytes ? capacityBytes * KEEP : capacityBytes;
    while (this.#bytes > keepBytes && this.length > 1) {
      if (!this.#drop(this.#stored) && !(this.#writing.length === 0 && this.#drop(this.#unwritten))) return;
    }
    while ((this.failed && this.#unwrittenBytes > memoryBytes) || this.#unwritten.length > MAX_UNWRITTEN) {
      if (!this.#drop(this.#unwritten)) return;
    }
  }

  /** Gives up what is left of the oldest segment, so that its file can go. */
  dropSegment(): void {
    const at = this.#stored[0] !== undefined && this.#stored[0] === this.#underWay ? 1 : 0;
    const segment = this.#stored[at]?.segment;
    let left = this.#stored.filter((entry, i) => i >= at && entry.segment === segment).length;
    for (; left > 0; left--) this.#drop(this.#stored);
  }

  /** Gives up the oldest ones up to the end of this segment, which is damaged. */
  dropDamaged(segment: Segment | undefined): void {
    const from = this.#stored.findIndex((entry) => entry.segment !== segment);
    for (const entry of this.#stored.splice(0, from < 0 ? this.#stored.length : from)) {
      this.#release(entry);
      this.#bytes -= entry.frameBytes;
      this.lost.push({ reason: "spool_corrupt", entry });
    }
  }

  /** The two oldest that wait, whatever their state. */
  firstTwo(): Entry[] {
    const first: Entry[] = [];
    for (const list of [this.#stored, this.#writing, this.#unwritten]) {
      for (const entry of list) {
        if (first.length === 2) return first;
        if (!entry.gone) first.push(entry);
      }
    }
    return first;
  }

  #store(entry: Entry): void {
    this.#stored.push(entry);
    const full = this.#memoryBytes + entry.frameBytes > this.#bounds.memoryBytes;
    if (full && this.#underWay !== entry) entry.frame = undefined;
    else this.#memoryBytes += entry.frameBytes;
  }

  #drop(from: Entry[]): boolean {
    const [entry] = from.splice(from[0] !== undefined && from[0] === this.#underWay ? 1 : 0, 1);
    if (entry === undefined) return false;
    this.#bytes -= entry.frameBytes;
    if (from === this.#unwritten) this.#unwrittenBytes -= entry.frameBytes;
    else this.#release(entry);
    this.lost.push({ reason: "spool_overflow", entry });
    return true;
  }

  #release(entry: Entry | undefined): void {
    if (entry?.frame !== undefined) this.#memoryBytes -= entry.frameBytes;
  }
}

function entryOf(frame: Frame): Entry {
  return Object.assign(frame, { coverage: undefined, gone: false, loading: false, failures: 0 });
}
