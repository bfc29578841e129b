/**
 * live-stream.ts: the columns of one instrumentation as they happen, over one server-sent event stream at a time.
 *
 *            open                first message
 *   idle ──────────▶ connecting ──────────────▶ live
 *                        ▲                        │ error, or silence
 *                        │ after a growing wait   ▼
 *                        └─────────────────── disconnected
 *
 * The browser's own reconnection is not used: it repeats the address with its old `since`, and gives up for good on an HTTP
 * error. After a loss the stream is asked for again from a little before the last column; columns replace by time, so what
 * comes twice counts once.
 */
import type { LiveColumn } from "../../core/api.ts";

export type StreamState = "idle" | "connecting" | "live" | "disconnected";

export interface LiveStreamOptions {
  /** The stream's address from an instant (epoch seconds) on. */
  readonly path: (since: number) => string;
  readonly granularitySec: number;
  readonly onColumn: (column: LiveColumn) => void;
  /** Columns of [fromTs, toTs) changed that are too old to be sent again: read that range anew. */
  readonly onLate: (fromTs: number, toTs: number) => void;
  /** @param sinceMs when the last message came; null before the first */
  readonly onState: (state: StreamState, sinceMs: number | null) => void;
}

/** Columns asked for again after a loss: hosts may have been late with them. */
const OVERLAP = 5;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;

export class LiveStream {
  readonly #options: LiveStreamOptions;
  #source: EventSource | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waitMs = FIRST_WAIT_MS;
  #since: number;
  #lastMs: number | null = null;

  constructor(options: LiveStreamOptions, since: number) {
    this.#options = options;
    this.#since = since;
    this.#connect();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #connect(): void {
    // A retry stays "disconnected" to the reader until something arrives.
    if (this.#lastMs === null) this.#options.onState("connecting", null);
    const source = new EventSource(this.#options.path(this.#since));
    this.#source = source;
    source.addEventListener("column", (event: MessageEvent<string>) => {
      const column = JSON.parse(event.data) as LiveColumn;
      this.#since = Math.max(this.#since, column.ts - OVERLAP * this.#options.granularitySec);
      this.#waitMs = FIRST_WAIT_MS;
      this.#lastMs = Date.now();
      this.#options.onState("live", this.#lastMs);
      this.#options.onColumn(column);
      this.#watchForSilence();
    });
    source.addEventListener("late", (event: MessageEvent<string>) => {
      const { fromTs, toTs } = JSON.parse(event.data) as { fromTs: number; toTs: number };
      this.#options.onLate(fromTs, toTs);
    });
    source.addEventListener("error", () => this.#lose());
    this.#watchForSilence();
  }

  /** A dead connection through a proxy raises no error: columns that stop coming are the only sign of it. */
  #watchForSilence(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lose(), Math.max(10_000, 4000 * this.#options.granularitySec));
  }

  #lose(): void {
    this.close();
    this.#options.onState("disconnected", this.#lastMs);
    this.#timer = setTimeout(() => this.#connect(), this.#waitMs);
    this.#waitMs = Math.min(LONGEST_WAIT_MS, this.#waitMs * 2);
  }
}
