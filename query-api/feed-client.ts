/**
 * feed-client.ts: what other processes' ingest has stored, as it is stored: the feed over HTTP.
 *
 *   connecting ──hello──▶ following ──cut, silence──▶ waiting (backoff) ──▶ connecting ...
 *                  │
 *                  └ not resumed, or a frame "lost": a gap, told to the listeners, who turn to the store for that time
 *
 * One follower for each ingest, each with a position of its own: a broken connection goes on where it ended, without a batch
 * missing or twice. Heartbeats tell a silent ingest from a dead connection.
 */
import { eitherSignal } from "../core/either-signal.ts";
import { errorChain, OperationalError } from "../core/errors.ts";
import { pause } from "../core/pause.ts";
import { piecesOf } from "../core/pieces.ts";
import type { LiveFeed, StoredBatch } from "../core/window.ts";
import { decodeStored } from "../wire/batch.ts";
import {
  FRAME_BATCH,
  FRAME_HEARTBEAT,
  FRAME_HELLO,
  FRAME_LOST,
  FrameReader,
  type FeedFrame,
  type FeedHello,
} from "../wire/feed-frames.ts";

export interface FeedClientOptions {
  /** Base URLs of all ingests that store into the query API's store. */
  readonly ingestUrls: readonly string[];
  /** A token of the role "service"; asked for before each connection. */
  readonly token: () => Promise<string>;
  /** Called once for each new trouble, and when it is over. */
  readonly onState: (facts: { readonly ingest: string; readonly chain: string }, isConnected: boolean) => void;
  /** Silence after which a connection is dead; ingest's heartbeat comes every 2 s. */
  readonly silenceMs?: number;
  readonly minBackoffMs?: number;
  readonly maxBackoffMs?: number;
  readonly now?: () => number;
}

export class FeedClient implements LiveFeed {
  readonly #listeners = new Set<{ listener: (stored: StoredBatch) => void; onGap: (sinceMs: number) => void }>();
  readonly #followers: readonly Follower[];

  constructor(options: FeedClientOptions) {
    const take = (stored: StoredBatch): void => {
      for (const { listener } of this.#listeners) listener(stored);
    };
    const lose = (sinceMs: number): void => {
      for (const { onGap } of this.#listeners) onGap(sinceMs);
    };
    this.#followers = options.ingestUrls.map((url) => new Follower(url, options, take, lose));
  }

  /** Listeners must be there before, or they miss the first gap: it says from when on the feed is whole. */
  start(): void {
    for (const follower of this.#followers) follower.start();
  }

  async close(): Promise<void> {
    await Promise.all(this.#followers.map((follower) => follower.close()));
  }

  subscribe(listener: (stored: StoredBatch) => void, onGap: (sinceMs: number) => void = () => undefined): () => void {
    const entry = { listener, onGap };
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  /** How many ingests are being followed, and how many there are. */
  get connected(): { readonly now: number; readonly of: number } {
    return { now: this.#followers.filter((each) => each.isConnected).length, of: this.#followers.length };
  }

  /** Connections that went on where the last one ended, and those that could not. */
  get counts(): { readonly resumed: number; readonly gaps: number } {
    const sum = (of: (each: Follower) => number): number => this.#followers.reduce((all, each) => all + of(each), 0);
    return { resumed: sum((each) => each.resumed), gaps: sum((each) => each.gaps) };
  }
}

class Follower {
  readonly #url: string;
  readonly #options: FeedClientOptions;
  readonly #take: (stored: StoredBatch) => void;
  readonly #lose: (sinceMs: number) => void;
  readonly #stop = new AbortController();
  readonly #now: () => number;
  #running: Promise<void> | undefined;
  #epoch = "";
  #position = 0;
  /** When it is known to have had everything. */
  #wholeMs: number;
  #failures = 0;
  #trouble = "";
  isConnected = false;
  resumed = 0;
  gaps = 0;

  constructor(
    url: string,
    options: FeedClientOptions,
    take: (stored: StoredBatch) => void,
    lose: (sinceMs: number) => void,
  ) {
    this.#url = url;
    this.#options = options;
    this.#take = take;
    this.#lose = lose;
    this.#now = options.now ?? Date.now;
    this.#wholeMs = this.#now();
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#follow();
      } catch (error) {
        this.#say(errorChain(error));
      }
      this.isConnected = false;
      await pause(this.#backoffMs(), signal);
    }
  }

  /** Returns when ingest ends its answer; throws on anything else. */
  async #follow(): Promise<void> {
    const { silenceMs = 7_000, token } = this.#options;
    const silence = new AbortController();
    const either = eitherSignal(this.#stop.signal, silence.signal);
    let timer: NodeJS.Timeout | undefined;
    const heard = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(silent(silenceMs)), silenceMs);
    };
    try {
      heard();
      const query = new URLSearchParams({ epoch: this.#epoch, after: String(this.#position) }).toString();
      const headers = { authorization: `Bearer ${await token()}` };
      const response = await fetch(`${this.#url}/v1/feed?${query}`, { headers, signal: either.signal });
      if (!response.ok || response.body === null) {
        throw new OperationalError("FEED_REFUSED", `follow ${this.#url}: ingest answered ${response.status}`);
      }
      const reader = new FrameReader();
      for await (const piece of piecesOf(response, either.signal)) {
        heard();
        for (const frame of reader.push(piece)) this.#frame(frame);
      }
    } catch (error) {
      throw silence.signal.aborted ? silence.signal.reason : error;
    } finally {
      clearTimeout(timer);
      either.release();
    }
  }

  #frame({ kind, position, payload }: FeedFrame): void {
    if (kind === FRAME_HELLO) this.#hello(position, JSON.parse(Buffer.from(payload).toString()) as FeedHello);
    else if (kind === FRAME_LOST) this.#gap(position);
    else if (kind === FRAME_BATCH) {
      if (position !== this.#position + 1) {
        throw new OperationalError("FEED_UNREADABLE", `read the feed: batch ${position} after ${this.#position}`);
      }
      // A copy begins at a multiple of eight bytes, as Arrow's columns must.
      this.#take(decodeStored(new Uint8Array(payload)));
      this.#position = position;
    } else if (kind === FRAME_HEARTBEAT && position === this.#position) this.#wholeMs = this.#now();
  }

  #hello(position: number, { epoch, resumed }: FeedHello): void {
    this.isConnected = true;
    this.#failures = 0;
    this.#say("");
    if (resumed) this.resumed += 1;
    else this.#gap(position);
    this.#epoch = epoch;
  }

  #gap(position: number): void {
    this.gaps += 1;
    this.#position = position;
    const sinceMs = this.#wholeMs;
    this.#wholeMs = this.#now();
    this.#lose(sinceMs);
  }

  #say(chain: string): void {
    if (this.#stop.signal.aborted || chain === this.#trouble) return;
    this.#trouble = chain;
    this.#options.onState({ ingest: this.#url, chain }, chain === "");
  }

  /** Exponential with full jitter: many query APIs must not come back in step. */
  #backoffMs(): number {
    const { minBackoffMs = 100, maxBackoffMs = 10_000 } = this.#options;
    const ceiling = Math.min(maxBackoffMs, minBackoffMs * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 20);
    return minBackoffMs / 2 + Math.random() * ceiling;
  }
}

function silent(silenceMs: number): OperationalError {
  return new OperationalError("FEED_SILENT", `follow ingest: no heartbeat for ${silenceMs} ms`);
}
