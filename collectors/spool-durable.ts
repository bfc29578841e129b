/**
 * spool-durable.ts: the spool that survives the process and the power: batches in segment files until ingest has them.
 *
 *   append ──▶ unwritten ──group commit (fdatasync)──▶ stored ──head──▶ under way ──remove──▶ forgotten
 *                  └──────── over the bound: the oldest ────────┴──▶ lost, told to the owner
 *
 * One pump does all writing, so that its order holds: records are durable before they are handed out, the position is
 * durable before a segment is unlinked, a loss is told before the position passes it. A batch keeps its number for ever;
 * `after` on a batch says which number ingest should have last, and that what lies between will not come.
 *
 * A disk that refuses writes changes three things: batches are handed out from memory, those in memory are bounded, and the
 * oldest segment is given up for room at each try. Everything else goes on, and the next write that succeeds ends it.
 */
import { createHash } from "node:crypto";
import { errorCode, OperationalError } from "../core/errors.ts";
import type { CoverageRow } from "../core/window.ts";
import { type Checksum, crc32 } from "./segment-checksum.ts";
import { encodeRecord, FRAME_BYTES, RECORD_MAGIC, recordAt } from "./segment-record.ts";
import { type Frame, isDurable, SegmentWriter } from "./segment-writer.ts";
import type { SpoolFs } from "./spool-fs.ts";
import type { SpoolLoss } from "./spool-loss.ts";
import { decodePayload, encodePayload } from "./spool-payload.ts";
import { areForgotten, type Position, type PositionFile } from "./spool-position.ts";
import { type Recovered, type RecoveryReport, recoverSpool } from "./spool-recovery.ts";
import type { FrozenBatch, Spool } from "./spool.ts";

export interface SpooledBatch extends FrozenBatch {
  /** The number that ingest has last of this stream; those between it and `seq` will not come. */
  readonly after: number;
}

export interface DurableSpoolOptions {
  readonly fs: SpoolFs;
  /** A name for a new stream: the collector's id and something random. */
  readonly newStream: () => string;
  /** Batches that wait, in bytes; files take up to two segments more. */
  readonly capacityBytes: number;
  readonly segmentBytes?: number;
  /** The longest that a batch waits for others to share its sync. */
  readonly groupMs?: number;
  /** Batches kept in memory too, so that they need not be read back; and the bound of those that a full disk refuses. */
  readonly memoryBytes?: number;
  /** After a failure of the disk. */
  readonly retryMs?: number;
  /** There may be a head again. */
  readonly onReady: () => void;
  /** The batch is durable. */
  readonly onStored?: (seq: number) => void;
  readonly onLoss: (loss: SpoolLoss) => void;
  readonly onTrouble: (error: OperationalError) => void;
  readonly now?: () => number;
  readonly delay?: (ms: number) => Promise<void>;
  readonly checksum?: Checksum;
}

interface Entry extends Frame {
  /** Removed while it was being written. */
  gone: boolean;
  loading: boolean;
  /** How often reading it back has failed. */
  failures: number;
}

const MIB = 1024 * 1024;
/** A group this large is not held back for more. */
const GROUP_BYTES = MIB;
const MAX_UNWRITTEN = 16_384;
/** A record that cannot be read this often is as good as damaged: waiting for it for ever would lose its successors. */
const MAX_READS = 5;

export class DurableSpool implements Spool {
  /** What was found at the start. */
  readonly report: RecoveryReport;
  readonly #options: Required<DurableSpoolOptions>;
  readonly #writer: SegmentWriter;
  readonly #position: PositionFile;
  /** Durable and not yet forgotten, oldest first. */
  readonly #stored: Entry[];
  #writing: Entry[] = [];
  #unwritten: Entry[] = [];
  readonly #lost: { reason: SpoolLoss["reason"]; entry: Entry }[] = [];
  #stream: string;
  #delivered: number;
  readonly #floor: number;
  #nextSeq: number;
  #bytes = 0;
  #unwrittenBytes = 0;
  #memoryBytes = 0;
  #underWay: { entry: Entry; batch: SpooledBatch } | undefined;
  #committedAt = -Infinity;
  #failed = false;
  #closing = false;
  #pumping: Promise<void> | undefined;
  #waiters: (() => void)[] = [];

  static async open(options: DurableSpoolOptions): Promise<DurableSpool> {
    return new DurableSpool(options, await recoverSpool(options.fs, options.newStream, options.checksum ?? crc32));
  }

  private constructor(options: DurableSpoolOptions, found: Recovered) {
    const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    const defaults = {
      segmentBytes: 4 * MIB,
      groupMs: 50,
      memoryBytes: 16 * MIB,
      retryMs: 1000,
      now: Date.now,
      delay,
      checksum: crc32,
      onStored: () => undefined,
    };
    this.#options = { ...defaults, ...options };
    this.#writer = new SegmentWriter(options.fs, this.#options, found);
    this.#position = found.positionFile;
    this.#stored = found.frames.map((frame) => Object.assign(frame, { gone: false, loading: false, failures: 0 }));
    this.#bytes = this.#stored.reduce((sum, entry) => sum + entry.frameBytes, 0);
    this.#stream = found.stream;
    this.#delivered = found.delivered;
    this.#floor = found.nextSeq;
    this.#nextSeq = found.nextSeq;
    this.report = found.report;
    // Not within open: the owner has no spool yet to put gap rows into.
    if (found.losses.length > 0) setImmediate(() => found.losses.forEach((loss) => this.#options.onLoss(loss)));
    this.#wake();
  }

  /** The number that the next batch gets. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#stored.length + this.#writing.length + this.#unwritten.length;
  }

  /** @returns the batch's number; `onStored` says when it is durable */
  append(bytes: Uint8Array<ArrayBuffer>, rows: number, coverage: readonly CoverageRow[]): number {
    const seq = this.#nextSeq++;
    const digest = `sha-256=:${createHash("sha256").update(bytes).digest("base64")}:`;
    const payload = encodePayload({ rows, digest, coverage, bytes });
    const frame = encodeRecord(RECORD_MAGIC, seq, payload, this.#options.checksum);
    const place = { segment: undefined, offset: 0 };
    const entry = { seq, frame, frameBytes: frame.length, ...place, gone: false, loading: false, failures: 0 };
    this.#unwritten.push(entry);
    this.#bytes += frame.length;
    this.#unwrittenBytes += frame.length;
    this.#makeRoom();
    this.#wake();
    return seq;
  }

  head(): SpooledBatch | undefined {
    if (this.#underWay !== undefined) return this.#underWay.batch;
    // A new stream's name must be durable before anything goes by it.
    if (this.#closing || this.#position.durable?.stream !== this.#stream) return undefined;
    // Were a later batch stored first, a crash now would bring the lost one back, and ingest would take it for a repeat.
    if (this.#lost.length > 0) return undefined;
    const entry = this.#stored[0] ?? (this.#failed && this.#writing.length === 0 ? this.#unwritten[0] : undefined);
    if (entry === undefined) return undefined;
    if (entry.frame === undefined) {
      void this.#load(entry);
      return undefined;
    }
    const payload = decodePayload(entry.frame.subarray(FRAME_BYTES));
    const batch = { ...payload, stream: this.#stream, seq: entry.seq, after: this.#delivered };
    this.#underWay = { entry, batch };
    return batch;
  }

  remove(batch: FrozenBatch): void {
    if (this.#underWay === undefined || this.#underWay.batch !== batch) return;
    const { entry } = this.#underWay;
    this.#underWay = undefined;
    this.#delivered = entry.seq;
    this.#bytes -= entry.frameBytes;
    if (this.#stored[0] === entry) this.#forget(this.#stored.shift());
    else if (this.#unwritten[0] === entry) this.#unwrittenBytes -= this.#unwritten.shift()?.frameBytes ?? 0;
    else entry.gone = true;
    this.#wake();
  }

  renew(): void {
    this.#stream = this.#options.newStream();
    this.#delivered = 0;
    this.#underWay = undefined;
    this.#wake();
  }

  /** Returns when what was appended has been written, or could not be. */
  async flushed(): Promise<void> {
    if (this.#unwritten.length + this.#writing.length === 0) return;
    await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  /** Writes what is left, if the disk takes it, and ends. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#wake();
    await this.#pumping;
    await this.#writer.seal().catch(() => undefined);
    await this.#position.close();
  }

  #wake(): void {
    if (this.#pumping !== undefined || !this.#hasWork()) return;
    this.#pumping = this.#pump();
  }

  #hasWork(): boolean {
    return (
      this.#unwritten.length > 0 ||
      this.#lost.length > 0 ||
      this.#isStale(this.#target()) ||
      this.#removable() !== undefined
    );
  }

  async #pump(): Promise<void> {
    // The caller may append more before the first group is taken.
    await Promise.resolve();
    while (this.#hasWork()) {
      try {
        await this.#gather();
        await this.#commit();
        await this.#tell();
        await this.#settle();
        this.#failed = false;
      } catch (error) {
        if (errorCode(error) === undefined) throw error;
        await this.#endure(error);
        if (this.#closing) break;
      } finally {
        if (this.#failed || this.#unwritten.length === 0) for (const resolve of this.#waiters.splice(0)) resolve();
      }
    }
    // In the same turn as the last look for work, or what comes in between would wait for ever.
    this.#pumping = undefined;
  }

  /** Waits for others to share the sync, unless the last one was long enough ago. */
  async #gather(): Promise<void> {
    if (this.#unwritten.length === 0 || this.#unwrittenBytes >= GROUP_BYTES || this.#closing) return;
    const { groupMs, now, delay } = this.#options;
    const waitMs = Math.min(groupMs, this.#committedAt + groupMs - now());
    if (waitMs > 0) await delay(waitMs);
  }

  async #commit(): Promise<void> {
    if (this.#unwritten.length === 0) return;
    this.#committedAt = this.#options.now();
    this.#writing = this.#unwritten;
    this.#unwritten = [];
    this.#unwrittenBytes = 0;
    try {
      await this.#writer.write(this.#writing, this.#stream);
    } catch (error) {
      await this.#writer.abandon();
      throw error;
    } finally {
      this.#sort();
    }
    this.#makeRoom();
    this.#options.onReady();
  }

  /** After a write: what is durable is stored, the rest waits on. */
  #sort(): void {
    const group = this.#writing.filter((entry) => !entry.gone);
    this.#writing = [];
    const refused = group.filter((entry) => !isDurable(entry));
    this.#unwritten = [...refused, ...this.#unwritten];
    this.#unwrittenBytes = this.#unwritten.reduce((sum, entry) => sum + entry.frameBytes, 0);
    for (const entry of group) {
      if (!isDurable(entry)) continue;
      this.#stored.push(entry);
      this.#options.onStored(entry.seq);
      if (this.#memoryBytes + entry.frameBytes > this.#options.memoryBytes && this.#underWay?.entry !== entry) {
        entry.frame = undefined;
      } else this.#memoryBytes += entry.frameBytes;
    }
  }

  #forget(entry: Entry | undefined): void {
    if (entry?.frame !== undefined) this.#memoryBytes -= entry.frameBytes;
  }

  /** Gives up the oldest batches over the bound, never the one under way: ingest may have stored it. */
  #makeRoom(): void {
    while (this.#bytes > this.#options.capacityBytes && this.length > 1) if (!this.#dropOldest()) return;
    while (
      (this.#failed && this.#unwrittenBytes > this.#options.memoryBytes) ||
      this.#unwritten.length > MAX_UNWRITTEN
    ) {
      if (!this.#drop(this.#unwritten)) return;
    }
  }

  #dropOldest(): boolean {
    return this.#drop(this.#stored) || (this.#writing.length === 0 && this.#drop(this.#unwritten));
  }

  #drop(from: Entry[]): boolean {
    const [entry] = from.splice(from[0] !== undefined && from[0] === this.#underWay?.entry ? 1 : 0, 1);
    if (entry === undefined) return false;
    this.#bytes -= entry.frameBytes;
    if (from === this.#unwritten) this.#unwrittenBytes -= entry.frameBytes;
    else this.#forget(entry);
    this.#lost.push({ reason: "spool_overflow", entry });
    return true;
  }

  /** Tells the owner what was lost, with its coverage, while that can still be read. */
  async #tell(): Promise<void> {
    if (this.#lost.length === 0) return;
    for (let next = this.#lost[0]; next !== undefined; next = this.#lost[0]) {
      const { entry, reason } = next;
      const frame = entry.frame ?? (await this.#read(entry).catch(() => undefined));
      const coverage = frame === undefined ? [] : decodePayload(frame.subarray(FRAME_BYTES)).coverage;
      this.#lost.shift();
      this.#options.onLoss({ reason, batches: 1, coverage });
    }
    this.#options.onReady();
  }

  /** Makes the position durable, then removes the segments that it has passed. */
  async #settle(): Promise<void> {
    if (this.#lost.length > 0) return;
    const target = this.#target();
    if (this.#isStale(target)) {
      const renewed = this.#position.durable?.stream !== target.stream;
      await this.#position.write(target);
      if (renewed) this.#options.onReady();
    }
    for (let segment = this.#removable(); segment !== undefined; segment = this.#removable()) {
      const { fs } = this.#options;
      await (segment.damaged ? fs.rename(segment.name, `aside-${segment.name}`) : fs.remove(segment.name));
      this.#writer.segments.splice(this.#writer.segments.indexOf(segment), 1);
    }
  }

  #removable(): SegmentWriter["segments"][number] | undefined {
    const { durable } = this.#position;
    if (durable === undefined) return undefined;
    const { active } = this.#writer;
    return this.#writer.segments.find((each) => each !== active && areForgotten(durable, each.first, each.last));
  }

  #target(): Position {
    const waiting = this.#firstTwo();
    const [keep, next] = [waiting[0]?.seq ?? this.#nextSeq, waiting[1]?.seq ?? this.#nextSeq];
    const skips = waiting.length > 0 && next > keep + 1;
    const base = { stream: this.#stream, floor: this.#floor, through: keep - 1, delivered: this.#delivered };
    return skips ? { ...base, keep, skippedTo: next - 1 } : { ...base, keep: 0, skippedTo: 0 };
  }

  #firstTwo(): Entry[] {
    const first: Entry[] = [];
    for (const list of [this.#stored, this.#writing, this.#unwritten]) {
      for (const entry of list) {
        if (first.length === 2) return first;
        if (!entry.gone) first.push(entry);
      }
    }
    return first;
  }

  #isStale(target: Position): boolean {
    const { durable } = this.#position;
    return (
      durable === undefined ||
      durable.stream !== target.stream ||
      durable.through !== target.through ||
      durable.skippedTo !== target.skippedTo
    );
  }

  /** The disk refused: tells it, frees what can be freed, waits. */
  async #endure(cause: unknown): Promise<void> {
    const { onTrouble, retryMs, delay, onReady } = this.#options;
    const isFull = ["ENOSPC", "EDQUOT"].includes(errorCode(cause) ?? "");
    const waiting = { batches: this.length, bytes: this.#bytes };
    this.#failed = true;
    onTrouble(
      isFull
        ? new OperationalError("SPOOL_FULL", "write the spool", { cause, info: waiting })
        : new OperationalError("SPOOL_WRITE", "write the spool", { cause, info: waiting }),
    );
    await this.#writer.abandon();
    const before = this.#writer.segments.length;
    await this.#free();
    if (isFull && this.#writer.segments.length === before) {
      this.#dropSegment();
      await this.#free();
    }
    this.#makeRoom();
    onReady();
    if (!this.#closing) await delay(retryMs);
  }

  async #free(): Promise<void> {
    try {
      await this.#tell();
      await this.#settle();
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
    }
  }

  /** Drops what is left of the oldest segment. */
  #dropSegment(): void {
    const at = this.#stored[0] !== undefined && this.#stored[0] === this.#underWay?.entry ? 1 : 0;
    const segment = this.#stored[at]?.segment;
    let left = this.#stored.filter((entry, i) => i >= at && entry.segment === segment).length;
    for (; left > 0; left--) this.#drop(this.#stored);
  }

  async #load(entry: Entry): Promise<void> {
    if (entry.loading) return;
    entry.loading = true;
    try {
      const frame = await this.#read(entry);
      if (this.#stored.includes(entry)) {
        if (frame === undefined) this.#skipDamage(entry);
        else {
          entry.frame = frame;
          this.#memoryBytes += entry.frameBytes;
        }
      }
    } catch (cause) {
      if (errorCode(cause) === undefined) throw cause;
      this.#options.onTrouble(new OperationalError("SPOOL_READ", `read batch ${entry.seq} from the spool`, { cause }));
      if (++entry.failures >= MAX_READS && this.#stored.includes(entry)) this.#skipDamage(entry);
      else await this.#options.delay(this.#options.retryMs);
    } finally {
      entry.loading = false;
    }
    this.#options.onReady();
  }

  /** @returns undefined if the record is damaged */
  async #read(entry: Entry): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { fs, checksum } = this.#options;
    const bytes = await fs.readRange(entry.segment?.name ?? "", entry.offset, entry.frameBytes);
    const place = recordAt(bytes, 0, RECORD_MAGIC, checksum);
    return place?.seq === entry.seq && place.end === entry.frameBytes ? bytes : undefined;
  }

  /** Damage since the start: as recovery would, goes on with the next segment. */
  #skipDamage({ segment }: Entry): void {
    if (segment !== undefined) segment.damaged = true;
    const from = this.#stored.findIndex((entry) => entry.segment !== segment);
    for (const entry of this.#stored.splice(0, from < 0 ? this.#stored.length : from)) {
      this.#forget(entry);
      this.#bytes -= entry.frameBytes;
      this.#lost.push({ reason: "spool_corrupt", entry });
    }
    this.#wake();
  }
}
