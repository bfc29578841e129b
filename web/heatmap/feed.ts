/**
 * feed.ts: one heatmap kept true: history by query, then the live stream, told to one listener.
 *
 * The picture that is there stays until the next is ready, and stays when the connection goes. Columns that arrive between
 * two frames are told as one change. History ends where the stream begins, a little overlapped, so there is no seam.
 */
import type { Heatmap, LiveColumn } from "../../core/api.ts";
import { isAbort } from "../api/client.ts";
import { LiveStream, type StreamState } from "../api/live-stream.ts";
import { livePath, readHeatmap, type Scope, type Stretch } from "../api/resources.ts";
import { MAX_FUTURE_SEC, StepMerger, atLiveEdge, withColumn } from "./column-window.ts";

export interface HeatmapQuery {
  readonly scope: Scope;
  readonly stretch: Stretch;
  readonly columns: number;
  readonly granularitySec: number;
  /** Base unit of the values, where the catalogue knows it better than the answer. */
  readonly unit: string | null;
  /** Follow the live stream after the history. */
  readonly live: boolean;
}

export interface FeedState {
  readonly heatmap: Heatmap | null;
  /** The query that `heatmap` answers; null with it. */
  readonly answered: HeatmapQuery | null;
  readonly loading: boolean;
  readonly error: Error | null;
  readonly stream: StreamState;
  /** When the stream last said something, epoch ms. */
  readonly heardMs: number | null;
  /** Columns put in since the last change, for measuring freshness. */
  readonly fresh: readonly LiveColumn[];
}

const NOTHING: FeedState = {
  heatmap: null,
  answered: null,
  loading: false,
  error: null,
  stream: "idle",
  heardMs: null,
  fresh: [],
};
const OVERLAP_SEC = 5;
const MAX_WAITING = 32;

export class HeatmapFeed {
  readonly #listener: (state: FeedState) => void;
  #state = NOTHING;
  #request: AbortController | null = null;
  #stream: LiveStream | null = null;
  #waiting: LiveColumn[] = [];
  #frame: number | null = null;

  constructor(listener: (state: FeedState) => void) {
    this.#listener = listener;
  }

  /** Asks for a picture; the one before is abandoned, but stays visible until this one is there. */
  open(query: HeatmapQuery): void {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    this.#tell({ loading: true, error: null });
    const { stretch, columns } = query.live ? widened(query) : query;
    readHeatmap(query.scope, stretch, columns, request.signal).then(
      (answer) => {
        const heatmap = { ...answer, unit: query.unit ?? answer.unit };
        this.#begin(query, query.live ? atLiveEdge(heatmap, spanOf(query)) : heatmap);
      },
      (error: unknown) => {
        if (isAbort(error)) return;
        this.#tell({ loading: false, error: error instanceof Error ? error : new Error(String(error)) });
      },
    );
    // A stream of another picture must not go on writing into this one.
    this.#endStream();
  }

  close(): void {
    this.#request?.abort();
    this.#endStream();
  }

  #begin(query: HeatmapQuery, heatmap: Heatmap): void {
    this.#tell({ heatmap, answered: query, loading: false, error: null, fresh: [] });
    if (!query.live) return;
    const merger = heatmap.stepSec > query.granularitySec ? new StepMerger(heatmap.stepSec, heatmap.scheme) : null;
    // From the start of a step: a coarse column is replaced only by all of its seconds.
    const edge = heatmap.toTs - Math.max(OVERLAP_SEC, query.granularitySec);
    const since = Math.max(heatmap.fromTs, Math.floor(edge / heatmap.stepSec) * heatmap.stepSec);
    this.#stream = new LiveStream(
      {
        path: (from) => livePath(query.scope, from),
        granularitySec: query.granularitySec,
        onColumn: (column) => {
          // The server repeats a few columns before `since`: too few to sum a coarse column from.
          if (merger === null || column.ts >= since) this.#receive(column, query, merger);
        },
        onLate: (fromTs, toTs) => this.#reread(query, fromTs, toTs),
        onState: (stream, heardMs) => this.#tell({ stream, heardMs: heardMs ?? this.#state.heardMs }),
      },
      since,
    );
  }

  #receive(column: LiveColumn, query: HeatmapQuery, merger: StepMerger | null): void {
    this.#waiting.push(column);
    // A hidden page has no frames: what waits for one must not grow without end.
    if (this.#waiting.length >= MAX_WAITING) this.#flush(query, merger);
    else this.#frame ??= requestAnimationFrame(() => this.#flush(query, merger));
  }

  #flush(query: HeatmapQuery, merger: StepMerger | null): void {
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
    const fresh = this.#waiting;
    this.#waiting = [];
    let heatmap = this.#state.heatmap;
    if (heatmap === null) return;
    for (const each of fresh) heatmap = withColumn(heatmap, merger?.add(each) ?? each, spanOf(query));
    this.#tell({ heatmap, fresh });
  }

  /** Columns that came too late for the stream: read again what the picture shows, and take those columns from it. */
  #reread(query: HeatmapQuery, fromTs: number, toTs: number): void {
    const { heatmap } = this.#state;
    if (heatmap === null || this.#request === null) return;
    const stretch = { from: heatmap.fromTs, to: heatmap.toTs };
    readHeatmap(query.scope, stretch, heatmap.columns.length, this.#request.signal).then(
      ({ stepSec, columns }) => {
        let now = this.#state.heatmap;
        if (now === null || stepSec !== now.stepSec || this.#state.answered !== query) return;
        for (const column of columns) {
          if (column.ts + stepSec > fromTs && column.ts < toTs) now = withColumn(now, column, spanOf(query));
        }
        this.#tell({ heatmap: now });
      },
      // The next late column asks again.
      () => undefined,
    );
  }

  #endStream(): void {
    this.#stream?.close();
    this.#stream = null;
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
    this.#waiting = [];
    if (this.#state.stream !== "idle") this.#tell({ stream: "idle", heardMs: null });
  }

  #tell(change: Partial<FeedState>): void {
    this.#state = { ...this.#state, fresh: [], ...change };
    this.#listener(this.#state);
  }
}

function spanOf({ stretch }: HeatmapQuery): number {
  return stretch.to - stretch.from;
}

/** A little more history, in columns of the same width. */
function widened(query: HeatmapQuery): Pick<HeatmapQuery, "stretch" | "columns"> {
  const { from, to } = query.stretch;
  const columns = Math.ceil((query.columns * (to - from + MAX_FUTURE_SEC)) / (to - from));
  return { stretch: { from: from - MAX_FUTURE_SEC, to }, columns };
}
