/**
 * feed.ts: stored batches, told to whoever listens: in this process at once, in others by a log that they read at their own pace.
 *
 *   publish ──▶ listeners
 *      └──────▶ log: [first ... newest]  ◀── cursors, one for each subscriber, each with a position
 *
 * The log exists while somebody reads it, is bounded in bytes and shared by all: a slow subscriber costs nothing, and learns that
 * it has lost what was dropped. A batch is encoded when it is first read, once for all.
 */
import { randomBytes } from "node:crypto";
import type { LiveFeed, StoredBatch } from "../core/window.ts";
import { encodeStored } from "../wire/batch.ts";
import { encodeFrame, FRAME_BATCH, FRAME_LOST } from "../wire/feed-frames.ts";

export interface FeedOptions {
  /** Bytes of batches kept for subscribers that come back or are behind. */
  readonly replayBytes?: number;
  /** Without a subscriber for so long nothing is kept. */
  readonly idleMs?: number;
  readonly now?: () => number;
}

/** Where one subscriber stands. */
export interface FeedCursor {
  /** Whether it goes on where it said that it was. */
  readonly resumed: boolean;
  readonly position: number;
  /** The next frame; undefined when it has all. */
  next(): Uint8Array | undefined;
}

interface Entry {
  readonly bytes: number;
  stored: StoredBatch | undefined;
  frame: Uint8Array | undefined;
}

/** Streams whose newest published number is remembered. */
const MAX_STREAMS = 10_000;

export class Feed implements LiveFeed {
  /** Names this process. */
  readonly epoch = randomBytes(8).toString("hex");
  readonly #replayBytes: number;
  readonly #idleMs: number;
  readonly #now: () => number;
  readonly #listeners = new Set<(stored: StoredBatch) => void>();
  readonly #wakes = new Set<() => void>();
  readonly #published = new Map<string, number>();
  /** Positions `newest - log.length + 1` to `newest`. */
  readonly #log: Entry[] = [];
  #logBytes = 0;
  #newest = 0;
  /** When a cursor was last there; undefined before the first. */
  #readMs: number | undefined;

  constructor({ replayBytes = 64 * 1024 * 1024, idleMs = 120_000, now = Date.now }: FeedOptions = {}) {
    this.#replayBytes = replayBytes;
    this.#idleMs = idleMs;
    this.#now = now;
  }

  subscribe(listener: (stored: StoredBatch) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(stored: StoredBatch): void {
    this.#published.delete(stored.stream);
    this.#published.set(stored.stream, stored.seq);
    if (this.#published.size > MAX_STREAMS) this.#published.delete(this.#published.keys().next().value ?? "");
    this.#keep(stored);
    for (const listener of this.#listeners) listener(stored);
    for (const wake of this.#wakes) wake();
  }

  /** Whether a batch, or a later one of its stream, has been published by this process. */
  has(stream: string, seq: number): boolean {
    return (this.#published.get(stream) ?? 0) >= seq;
  }

  /** The number of batches published. */
  get newest(): number {
    return this.#newest;
  }

  /** Bytes in the log. */
  get keptBytes(): number {
    return this.#logBytes;
  }

  get readers(): number {
    return this.#wakes.size;
  }

  /**
   * Begins to read: after a position of this process where its successor is still kept, else with what comes now.
   *
   * @param wake called when there is more to read
   * @returns the cursor, and what ends it
   */
  open(epoch: string, after: number, wake: () => void): { cursor: FeedCursor; close: () => void } {
    // What was published while nobody read was not kept, so the log begins behind it.
    this.#readMs = this.#now();
    this.#wakes.add(wake);
    const resumed = epoch === this.epoch && after <= this.#newest && after >= this.#newest - this.#log.length;
    const cursor = new Cursor(resumed, resumed ? after : this.#newest, (position) => this.#read(position));
    return {
      cursor,
      close: () => {
        this.#readMs = this.#now();
        this.#wakes.delete(wake);
      },
    };
  }

  /** The frame behind a position, and the position that it leads to. */
  #read(position: number): { frame: Uint8Array; position: number } | undefined {
    if (position >= this.#newest) return undefined;
    const first = this.#newest - this.#log.length + 1;
    if (position + 1 < first) {
      // All at once: what is still kept would be dropped too before so slow a reader came to it.
      return { frame: encodeFrame(FRAME_LOST, this.#newest), position: this.#newest };
    }
    const entry = this.#log[position + 1 - first] as Entry;
    return { frame: frameOf(entry, position + 1), position: position + 1 };
  }

  #keep(stored: StoredBatch): void {
    this.#newest += 1;
    const isRead = this.#wakes.size > 0 || (this.#readMs !== undefined && this.#now() - this.#readMs < this.#idleMs);
    if (!isRead) {
      this.#log.length = 0;
      this.#logBytes = 0;
      return;
    }
    const bytes = bytesOf(stored);
    this.#log.push({ bytes, stored, frame: undefined });
    this.#logBytes += bytes;
    let drop = 0;
    while (this.#logBytes > this.#replayBytes && drop < this.#log.length)
      this.#logBytes -= this.#log[drop++]?.bytes ?? 0;
    this.#log.splice(0, drop);
  }
}

class Cursor implements FeedCursor {
  readonly resumed: boolean;
  readonly #read: (position: number) => { frame: Uint8Array; position: number } | undefined;
  #position: number;

  constructor(
    resumed: boolean,
    position: number,
    read: (position: number) => { frame: Uint8Array; position: number } | undefined,
  ) {
    this.resumed = resumed;
    this.#position = position;
    this.#read = read;
  }

  get position(): number {
    return this.#position;
  }

  next(): Uint8Array | undefined {
    const found = this.#read(this.#position);
    if (found !== undefined) this.#position = found.position;
    return found?.frame;
  }
}

function frameOf(entry: Entry, position: number): Uint8Array {
  if (entry.frame === undefined && entry.stored !== undefined) {
    const { batch, stream, seq } = entry.stored;
    entry.frame = encodeFrame(FRAME_BATCH, position, encodeStored(batch, stream, seq));
    entry.stored = undefined;
  }
  return entry.frame ?? encodeFrame(FRAME_LOST, position);
}

/** About what a batch takes, decoded or encoded: columns, entries, texts. */
function bytesOf({ batch }: StoredBatch): number {
  const texts = [...batch.keys, batch.zone, batch.detail].reduce((sum, { values }) => sum + values.length, 0);
  return 1024 + batch.rows * 140 + batch.bucket.length * 6 + texts * 32;
}
