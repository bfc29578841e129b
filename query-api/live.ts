/**
 * live.ts: columns to viewers as they come, without seam or double.
 *
 *   subscribe ──▶ catching up ──▶ following ◀──▶ blocked (socket full)
 *       │         (store, then      │                 │ drain: notice SKIPPED, late, newest column
 *       │ failed   recent)          │                 │
 *       └─────────────────────────▶ closed ◀──────────┘
 *
 * A column is always sent whole and may be sent again with more in it; the viewer replaces what it has. That is what makes
 * reconnects and late hosts harmless: nothing is ever added up on the viewer's side. A column is sent when all expected hosts
 * have reported it, or shortly after the first did; hosts tick at different moments of a second. Viewers with the same view
 * share the work. Batches for columns older than memory make a `late` event: the viewer reads that range again.
 */
import type { HeatmapColumn, LiveColumn } from "../core/api.ts";
import { bucketsOf } from "../core/histogram/buckets.ts";
import { predicateJson } from "../core/predicate.ts";
import { column } from "./columns.ts";
import type { ExpectedHosts } from "./expected.ts";
import type { Recent, Touched } from "./recent.ts";
import type { View } from "./view.ts";

/** Where a viewer's events go. */
export interface ViewerSink {
  /** @returns false when the socket is full: nothing more until `onDrain` */
  write(text: string): boolean;
  onDrain(resume: () => void): void;
  /** Lets the viewer go: it asks again. */
  end(): void;
}

export interface LiveOptions {
  readonly recent: Recent;
  /** Reads columns [fromTs, toTs) of one granule each from the store. */
  readonly readHistory: (
    view: View,
    fromTs: number,
    toTs: number,
    signal: AbortSignal,
  ) => Promise<readonly HeatmapColumn[]>;
  readonly expectedFor: (tenant: string | null) => ExpectedHosts;
  readonly onError: (error: unknown) => void;
  readonly now?: () => number;
}

/** A column waits this long for the other hosts once the first has reported. */
const WAIT_MS = 120;
/** Late hosts and reconnects: this many columns before the asked one are sent again. */
const OVERLAP_SEC = 5;
const MAX_CATCH_UP_COLUMNS = 3600;
/** History is read in pieces, each once the viewer has taken the one before: an hour for each who reads nothing would fill a heap. */
const PIECE_COLUMNS = 300;
/** History is read this far into what is in memory, which moves on while the store answers. */
const SEAM_SEC = 30;

export class Live {
  readonly #options: LiveOptions;
  readonly #now: () => number;
  readonly #shared = new Map<string, SharedView>();

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    options.recent.onTouched((touched) => this.#touched(touched));
    options.recent.onGap((fromTs, toTs) => this.#gap(fromTs, toTs));
  }

  get viewers(): number {
    let count = 0;
    for (const shared of this.#shared.values()) count += shared.viewers.size;
    return count;
  }

  /**
   * Adds a viewer.
   *
   * @param sinceTs the first column it lacks
   * @returns what ends it
   */
  subscribe(view: View, sinceTs: number, sink: ViewerSink): () => void {
    const key = JSON.stringify([view.instrumentation.id, view.tenant, predicateJson(view.where)]);
    let shared = this.#shared.get(key);
    if (shared === undefined) this.#shared.set(key, (shared = new SharedView(view)));
    const viewer = new Viewer(sink);
    const group = shared;
    group.viewers.add(viewer);
    this.#catchUp(group, viewer, sinceTs).catch((error: unknown) => {
      if (viewer.gone.aborted) return;
      // Held for ever it would look alive and show nothing: it is let go, and asks again.
      this.#options.onError(error);
      sink.end();
    });
    return () => {
      viewer.leave();
      group.viewers.delete(viewer);
      if (group.viewers.size > 0) return;
      group.close();
      if (this.#shared.get(key) === group) this.#shared.delete(key);
    };
  }

  /** History first, then what is in memory; columns that arrive meanwhile are held by the viewer and sent after. */
  async #catchUp(shared: SharedView, viewer: Viewer, sinceTs: number): Promise<void> {
    const { recent, readHistory } = this.#options;
    const step = shared.view.spec.granularitySec;
    const nowTs = (): number => Math.floor(this.#now() / 1000);
    const asked = Number.isFinite(sinceTs) ? sinceTs : nowTs();
    let fromTs = Math.max(asked - OVERLAP_SEC * step, nowTs() - MAX_CATCH_UP_COLUMNS * step);
    // Again where memory has moved on by more than the seam while the store answered.
    while (fromTs < recent.floorTs) {
      const seamTs = Math.min(recent.floorTs + SEAM_SEC, nowTs() + 1);
      const toTs = alignUp(Math.min(seamTs, fromTs + PIECE_COLUMNS * step), step);
      if (toTs <= fromTs) break;
      const history = await readHistory(shared.view, fromTs, toTs, viewer.gone);
      for (const each of history) {
        await viewer.room();
        viewer.send(this.#event({ ...each, endedMs: null }).text);
      }
      fromTs = toTs;
    }
    for (const ts of recent.columnsFrom(shared.view.instrumentation.spec, fromTs)) {
      const column = this.#column(shared.view, ts);
      if (column !== undefined) viewer.send(this.#event(column).text);
    }
    viewer.follow();
  }

  #touched(touched: readonly Touched[]): void {
    for (const shared of this.#shared.values()) {
      const columns = touched.filter((each) => each.spec === shared.view.instrumentation.spec);
      for (const { ts } of columns) {
        if (ts < this.#options.recent.floorTs)
          shared.late(ts, ts + shared.view.spec.granularitySec, (event) => this.#broadcast(shared, event));
        else if (this.#allReported(shared.view, ts)) this.#flush(shared, ts);
        else shared.wait(ts, WAIT_MS, () => this.#flush(shared, ts));
      }
    }
  }

  /** What viewers have of these columns may lack something: they read them again. */
  #gap(fromTs: number, toTs: number): void {
    for (const shared of this.#shared.values()) {
      const step = shared.view.spec.granularitySec;
      const from = Math.floor(fromTs / step) * step;
      shared.late(from, alignUp(toTs, step), (event) => this.#broadcast(shared, event));
    }
  }

  #flush(shared: SharedView, ts: number): void {
    shared.settle(ts);
    const fresh = this.#column(shared.view, ts);
    if (fresh !== undefined) this.#broadcast(shared, this.#event(fresh, shared.view.spec.granularitySec));
  }

  #broadcast(shared: SharedView, event: LiveEvent): void {
    for (const viewer of shared.viewers) viewer.offer(event);
  }

  #allReported(view: View, ts: number): boolean {
    const expected = this.#options.expectedFor(view.tenant);
    const hosts = new Set(expected.within(ts * 1000, (ts + view.spec.granularitySec) * 1000));
    const known = this.#options.recent.coverage(view.instrumentation.spec, ts, hosts);
    return known !== undefined && known.ticks >= hosts.size;
  }

  /** A column from memory; undefined where no host that matters has said anything of it. */
  #column(view: View, ts: number): RecentHeatmapColumn | undefined {
    const { scheme, granularitySec } = view.spec;
    if (scheme === null) return undefined;
    const hosts = this.#options.expectedFor(view.tenant).within(ts * 1000, (ts + granularitySec) * 1000);
    const { spec } = view.instrumentation;
    const coverage = this.#options.recent.coverage(spec, ts, new Set(hosts));
    if (coverage === undefined) return undefined;
    const tally = this.#options.recent.tally(spec, ts, view.tenant, view.where, keyIndex(view));
    return { ...column(ts, bucketsOf(scheme), tally, coverage, 1, hosts.length), endedMs: coverage.endedMs };
  }

  #event(each: RecentHeatmapColumn, granularitySec = 1): LiveEvent {
    const data: LiveColumn = { ...each, sentMs: this.#now() };
    const text = `event: column\nid: ${each.ts}\ndata: ${JSON.stringify(data)}\n\n`;
    return { isColumn: true, text, fromTs: each.ts, toTs: each.ts + granularitySec };
  }
}

type RecentHeatmapColumn = Omit<LiveColumn, "sentMs">;

/** What is sent, and which columns it tells of. */
interface LiveEvent {
  readonly isColumn: boolean;
  readonly text: string;
  readonly fromTs: number;
  readonly toTs: number;
}

function lateEvent(fromTs: number, toTs: number): LiveEvent {
  return { isColumn: false, text: `event: late\ndata: ${JSON.stringify({ fromTs, toTs })}\n\n`, fromTs, toTs };
}

/** Viewers of one view, and the columns that wait for their last hosts. */
class SharedView {
  readonly view: View;
  readonly viewers = new Set<Viewer>();
  readonly #waiting = new Map<number, NodeJS.Timeout>();
  #late: { fromTs: number; toTs: number; timer: NodeJS.Timeout } | undefined;

  constructor(view: View) {
    this.view = view;
  }

  wait(ts: number, ms: number, then: () => void): void {
    if (!this.#waiting.has(ts)) this.#waiting.set(ts, setTimeout(then, ms));
  }

  settle(ts: number): void {
    clearTimeout(this.#waiting.get(ts));
    this.#waiting.delete(ts);
  }

  /** Gathers late columns for a second, then says which range to read again. */
  late(fromTs: number, toTs: number, send: (event: LiveEvent) => void): void {
    if (this.#late !== undefined) {
      this.#late.fromTs = Math.min(this.#late.fromTs, fromTs);
      this.#late.toTs = Math.max(this.#late.toTs, toTs);
      return;
    }
    const timer = setTimeout(() => {
      const all = this.#late ?? { fromTs, toTs };
      this.#late = undefined;
      send(lateEvent(all.fromTs, all.toTs));
    }, 1000);
    this.#late = { fromTs, toTs, timer };
  }

  close(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    clearTimeout(this.#late?.timer);
  }
}

/**
 * One socket: holds columns while catching up, and only the newest while the socket is full. What it could not be sent is told to
 * it as late, so that it reads it.
 */
class Viewer {
  readonly #sink: ViewerSink;
  readonly #gone = new AbortController();
  #held: LiveEvent[] | undefined = [];
  #blocked = false;
  #resume: () => void = () => undefined;
  #missed: { fromTs: number; toTs: number; columns: number; newest: string } | undefined;

  constructor(sink: ViewerSink) {
    this.#sink = sink;
  }

  /** Aborted once it has left. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  leave(): void {
    this.#gone.abort();
    this.#resume();
  }

  /** Resolves once the socket takes more, or the viewer has left. */
  async room(): Promise<void> {
    if (!this.#blocked || this.gone.aborted) return;
    await new Promise<void>((resume) => (this.#resume = resume));
  }

  /** An event of the catch-up: always written, since what memory has is bounded, and history waits for room. */
  send(text: string): void {
    if (!this.gone.aborted && !this.#sink.write(text)) this.#block();
  }

  /** An event of the live edge. */
  offer(event: LiveEvent): void {
    if (this.#held !== undefined && this.#held.length < MAX_HELD) this.#held.push(event);
    else if (this.#held !== undefined || this.#blocked) this.#miss(event);
    else this.send(event.text);
  }

  /** Ends the catch-up. */
  follow(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const event of held) this.offer(event);
    if (!this.#blocked) this.#tellMissed();
  }

  #miss({ isColumn, text, fromTs, toTs }: LiveEvent): void {
    const missed = (this.#missed ??= { fromTs, toTs, columns: 0, newest: "" });
    missed.fromTs = Math.min(missed.fromTs, fromTs);
    missed.toTs = Math.max(missed.toTs, toTs);
    if (!isColumn) return;
    missed.columns += 1;
    missed.newest = text;
  }

  #tellMissed(): void {
    if (this.#missed === undefined) return;
    const { fromTs, toTs, columns, newest } = this.#missed;
    this.#missed = undefined;
    const data = JSON.stringify({ code: "SKIPPED", message: `${columns} columns were skipped: this viewer is slow` });
    const notice = columns === 0 ? "" : `event: notice\ndata: ${data}\n\n`;
    this.send(`${notice}${lateEvent(fromTs, toTs).text}${newest}`);
  }

  #block(): void {
    if (this.#blocked) return;
    this.#blocked = true;
    this.#sink.onDrain(() => {
      this.#blocked = false;
      this.#resume();
      if (this.#held === undefined) this.#tellMissed();
    });
  }
}

const MAX_HELD = 1000;

function keyIndex(view: View): ReadonlyMap<string, number> {
  return new Map<string, number>([["zonename", -1], ...view.spec.keys.map((key, i): [string, number] => [key, i])]);
}

function alignUp(ts: number, step: number): number {
  return Math.ceil(ts / step) * step;
}
