/**
 * spool-durable.ts: the spool that survives the process and the power: batches in segment files until ingest has them.
 *
 *   append ──▶ unwritten ──group commit (fdatasync)──▶ stored ──head──▶ under way ──remove, refuse──▶ forgotten
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
import { encodeRecord, FRAME_BYTES, RECORD_MAGIC } from "./segment-record.ts";
import { SegmentWriter } from "./segment-writer.ts";
import type { SpoolFs } from "./spool-fs.ts";
import type { SpoolLoss } from "./spool-loss.ts";
import { decodePayload, encodePayload } from "./spool-payload.ts";
import { areForgotten, isSamePlace, type Position, type PositionFile } from "./spool-position.ts";
import { SpoolQueue } from "./spool-queue.ts";
import { SpoolReader } from "./spool-reader.ts";
import { type Recovered, type RecoveryReport, recoverSpool } from "./spool-recovery.ts";
import type { Watched } from "./spool-watched.ts";
import type { FrozenBatch, Spool } from "./spool.ts";

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

const MIB = 1024 * 1024;
/** A group this large is not held back for more. */
const GROUP_BYTES = MIB;

export class DurableSpool implements Spool {
  /** What was found at the start. */
  readonly report: RecoveryReport;
  /** What is known to have been watched, by this process and those before it. */
  readonly watched: Watched;
  readonly #options: Required<DurableSpoolOptions>;
  readonly #writer: SegmentWriter;
  readonly #position: PositionFile;
  readonly #queue: SpoolQueue;
  readonly #reader: SpoolReader;
  #stream: string;
  #delivered: number;
  readonly #floor: number;
  #nextSeq: number;
  #underWay: FrozenBatch | undefined;
  #committedAt = -Infinity;
  #closing = false;
  #pumping: Promise<void> | undefined;
  #waiters: (() => void)[] = [];

  static async open(options: DurableSpoolOptions): Promise<DurableSpool> {
    return new DurableSpool(options, await recoverSpool(options.fs, options.newStream, options.checksum ?? crc32));
  }

  private constructor(options: DurableSpoolOptions, found: Recovered) {
    this.#options = { ...DEFAULTS, ...options };
    this.watched = found.watched;
    this.#writer = new SegmentWriter(options.fs, { ...this.#options, watched: () => this.watched.rows() }, found);
    this.#position = found.positionFile;
    this.#queue = new SpoolQueue(this.#options, found.frames);
    this.#reader = new SpoolReader({
      ...this.#options,
      queue: this.#queue,
      onDamage: ({ segment }) => {
        if (segment !== undefined) segment.damaged = true;
        this.#queue.dropDamaged(segment);
        this.#wake();
      },
    });
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
    return this.#queue.bytes;
  }

  get length(): number {
    return this.#queue.length;
  }

  /** @returns the batch's number; `onStored` says when it is durable */
  append(bytes: Uint8Array<ArrayBuffer>, rows: number, coverage: readonly CoverageRow[]): number {
    const seq = this.#nextSeq++;
    const digest = `sha-256=:${createHash("sha256").update(bytes).digest("base64")}:`;
    const payload = encodePayload({ rows, digest, coverage, bytes });
    const frame = encodeRecord(RECORD_MAGIC, seq, payload, this.#options.checksum);
    this.#queue.append({ seq, frame, frameBytes: frame.length, segment: undefined, offset: 0 }, coverage);
    this.#wake();
    return seq;
  }

  head(): FrozenBatch | undefined {
    if (this.#underWay !== undefined) return this.#underWay;
    // A new stream's name must be durable before anything goes by it.
    if (this.#closing || this.#position.durable?.stream !== this.#stream) return undefined;
    // Were a later batch stored first, a crash now would bring the lost one back, and ingest would take it for a repeat.
    if (this.#queue.lost.length > 0) return undefined;
    const entry = this.#queue.oldest();
    if (entry === undefined) return undefined;
    if (entry.frame === undefined) {
      void this.#reader.load(entry);
      return undefined;
    }
    const payload = decodePayload(entry.frame.subarray(FRAME_BYTES));
    this.#underWay = { ...payload, stream: this.#stream, seq: entry.seq, after: this.#delivered };
    this.#queue.send(entry);
    return this.#underWay;
  }

  remove(batch: FrozenBatch): void {
    if (this.#underWay !== batch) return;
    this.#delivered = batch.seq;
    this.refuse(batch);
  }

  refuse(batch: FrozenBatch): void {
    if (this.#underWay !== batch) return;
    this.#underWay = undefined;
    this.#queue.forgetUnderWay();
    this.#wake();
  }

  renew(): void {
    this.#stream = this.#options.newStream();
    this.#delivered = 0;
    this.#underWay = undefined;
    this.#queue.send(undefined);
    this.#wake();
  }

  /** Returns when what was appended has been written, or could not be. */
  async flushed(): Promise<void> {
    if (this.#queue.isSettled) return;
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
      this.#queue.hasUnwritten ||
      this.#queue.lost.length > 0 ||
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
        this.#queue.failed = false;
      } catch (error) {
        if (errorCode(error) === undefined) throw error;
        await this.#endure(error);
        if (this.#closing) break;
      } finally {
        if (this.#queue.failed || !this.#queue.hasUnwritten) for (const resolve of this.#waiters.splice(0)) resolve();
      }
    }
    // In the same turn as the last look for work, or what comes in between would wait for ever.
    this.#pumping = undefined;
  }

  /** Waits for others to share the sync, unless the last one was long enough ago. */
  async #gather(): Promise<void> {
    const { unwrittenBytes, hasUnwritten } = this.#queue;
    if (!hasUnwritten || unwrittenBytes >= GROUP_BYTES || this.#closing) return;
    const { groupMs, now, delay } = this.#options;
    const waitMs = Math.min(groupMs, this.#committedAt + groupMs - now());
    if (waitMs > 0) await delay(waitMs);
  }

  async #commit(): Promise<void> {
    if (!this.#queue.hasUnwritten) return;
    this.#committedAt = this.#options.now();
    try {
      await this.#writer.write(this.#queue.take(), this.#stream);
    } catch (error) {
      await this.#writer.abandon();
      throw error;
    } finally {
      for (const entry of this.#queue.written()) {
        this.watched.takeCoverage(entry.coverage ?? []);
        entry.coverage = undefined;
        this.#options.onStored(entry.seq);
      }
    }
    this.#queue.makeRoom();
    this.#options.onReady();
  }

  /** Tells the owner what was lost, with its coverage, while that can still be read. */
  async #tell(): Promise<void> {
    const { lost } = this.#queue;
    if (lost.length === 0) return;
    for (let next = lost[0]; next !== undefined; next = lost[0]) {
      const { entry, reason } = next;
      const frame = entry.frame ?? (await this.#reader.read(entry).catch(() => undefined));
      const coverage = frame === undefined ? [] : decodePayload(frame.subarray(FRAME_BYTES)).coverage;
      lost.shift();
      this.#options.onLoss({ reason, batches: 1, coverage });
    }
    this.#options.onReady();
  }

  /** Makes the position durable, then removes the segments that it has passed. */
  async #settle(): Promise<void> {
    if (this.#queue.lost.length > 0) return;
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
    const { active, segments } = this.#writer;
    // The newest stays until there is a newer: its header says what was watched. Unless the disk needs the room.
    const newest = active ?? (this.#queue.failed ? undefined : segments.at(-1));
    return segments.find((each) => each !== newest && areForgotten(durable, each.first, each.last));
  }

  #target(): Position {
    const waiting = this.#queue.firstTwo();
    const [keep, next] = [waiting[0]?.seq ?? this.#nextSeq, waiting[1]?.seq ?? this.#nextSeq];
    const skips = waiting.length > 0 && next > keep + 1;
    const base = { stream: this.#stream, floor: this.#floor, through: keep - 1, delivered: this.#delivered };
    return skips ? { ...base, keep, skippedTo: next - 1 } : { ...base, keep: 0, skippedTo: 0 };
  }

  #isStale(target: Position): boolean {
    const { durable } = this.#position;
    return durable === undefined || !isSamePlace(durable, target);
  }

  /** The disk refused: tells it, frees what can be freed, waits. */
  async #endure(cause: unknown): Promise<void> {
    const { onTrouble, retryMs, delay, onReady } = this.#options;
    const isFull = ["ENOSPC", "EDQUOT"].includes(errorCode(cause) ?? "");
    this.#queue.failed = true;
    onTrouble(
      new OperationalError(isFull ? "SPOOL_FULL" : "SPOOL_WRITE", "write the spool", {
        cause,
        info: { batches: this.length, bytes: this.bytes },
      }),
    );
    await this.#writer.abandon();
    const before = this.#writer.segments.length;
    await this.#free();
    if (isFull && this.#writer.segments.length === before) {
      this.#queue.dropSegment();
      await this.#free();
    }
    this.#queue.makeRoom();
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
}

const DEFAULTS = {
  segmentBytes: 4 * MIB,
  groupMs: 50,
  memoryBytes: 16 * MIB,
  retryMs: 1000,
  now: Date.now,
  delay: (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms)),
  checksum: crc32,
  onStored: () => undefined,
};
