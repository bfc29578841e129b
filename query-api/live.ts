/**
 * live.ts: columns to viewers as they come, without seam or double.
 *
 *   subscribe ──▶ catching up ──▶ following ◀──▶ blocked (socket full)
 *                 (store, then      │                 │ drain: notice SKIPPED, newest column
 *                  recent)          └── closed ◀──────┘
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
}

export interface LiveOptions {
  readonly recent: Recent;
  /** Reads columns [fromTs, toTs) of one granule each from the store. */
  readonly readHistory: (view: View, fromTs: number, toTs: number) => Promise<readonly HeatmapColumn[]>;
  readonly expectedFor: (tenant: string | null) => ExpectedHosts;
  readonly onError: (error: unknown) => void;
  readonly now?: () => number;
}

/** A column waits this long for the other hosts once the first has reported. */
const WAIT_MS = 120;
/** Late hosts and reconnects: this many columns before the asked one are sent again. */
const OVERLAP_SEC = 5;
const MAX_CATCH_UP_COLUMNS = 3600;

export class Live {
  readonly #options: LiveOptions;
  readonly #now: () => number;
  readonly #shared = new Map<string, SharedView>();

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    options.recent.onTouched((touched) => this.#touched(touched));
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
    this.#catchUp(group, viewer, sinceTs).catch(this.#options.onError);
    return () => {
      group.viewers.delete(viewer);
      if (group.viewers.size > 0) return;
      group.close();
      if (this.#shared.get(key) === group) this.#shared.delete(key);
    };
  }

  /** History first, then what is in memory; columns that arrive meanwhile are held by the viewer and sent after. */
  async #catchUp(shared: SharedView, viewer: Viewer, sinceTs: number): Promise<void> {
    const step = shared.view.spec.granularitySec;
    const nowTs = Math.floor(this.#now() / 1000);
    const fromTs = Math.max(sinceTs - OVERLAP_SEC * step, nowTs - MAX_CATCH_UP_COLUMNS * step);
    const { floorTs } = this.#options.recent;
    if (fromTs < floorTs) {
      const history = await this.#options.readHistory(shared.view, fromTs, Math.min(floorTs, nowTs + 1));
      for (const each of history) viewer.send(this.#event({ ...each, endedMs: null }));
    }
    for (let ts = alignUp(Math.max(fromTs, floorTs), step); ts <= nowTs; ts += step) {
      const recent = this.#column(shared.view, ts);
      if (recent !== undefined) viewer.send(this.#event(recent));
    }
    viewer.follow();
  }

  #touched(touched: readonly Touched[]): void {
    for (const shared of this.#shared.values()) {
      const columns = touched.filter((each) => each.spec === shared.view.instrumentation.spec);
      for (const { ts } of columns) {
        if (ts < this.#options.recent.floorTs) shared.late(ts, (text) => this.#broadcast(shared, text));
        else if (this.#allReported(shared.view, ts)) this.#flush(shared, ts);
        else shared.wait(ts, WAIT_MS, () => this.#flush(shared, ts));
      }
    }
  }

  #flush(shared: SharedView, ts: number): void {
    shared.settle(ts);
    const fresh = this.#column(shared.view, ts);
    if (fresh !== undefined) this.#broadcast(shared, this.#event(fresh));
  }

  #broadcast(shared: SharedView, text: string): void {
    for (const viewer of shared.viewers) viewer.offer(text);
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

  #event(each: RecentHeatmapColumn): string {
    const data: LiveColumn = { ...each, sentMs: this.#now() };
    return `event: column\nid: ${each.ts}\ndata: ${JSON.stringify(data)}\n\n`;
  }
}

type RecentHeatmapColumn = Omit<LiveColumn, "sentMs">;

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
  late(ts: number, send: (text: string) => void): void {
    const end = ts + this.view.spec.granularitySec;
    if (this.#late !== undefined) {
      this.#late.fromTs = Math.min(this.#late.fromTs, ts);
      this.#late.toTs = Math.max(this.#late.toTs, end);
      return;
    }
    const timer = setTimeout(() => {
      const { fromTs = ts, toTs = end } = this.#late ?? {};
      this.#late = undefined;
      send(`event: late\ndata: ${JSON.stringify({ fromTs, toTs })}\n\n`);
    }, 1000);
    this.#late = { fromTs: ts, toTs: end, timer };
  }

  close(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    clearTimeout(this.#late?.timer);
  }
}

/** One socket: holds columns while catching up, and only the newest while the socket is full. */
class Viewer {
  readonly #sink: ViewerSink;
  #held: string[] | undefined = [];
  #blocked = false;
  #skipped = 0;
  #newest = "";

  constructor(sink: ViewerSink) {
    this.#sink = sink;
  }

  /** An event of the catch-up: always written, since its number is bounded. */
  send(text: string): void {
    if (!this.#sink.write(text)) this.#block();
  }

  /** An event of the live edge. */
  offer(text: string): void {
    if (this.#held !== undefined) {
      if (this.#held.length < MAX_HELD) this.#held.push(text);
    } else if (this.#blocked) {
      this.#skipped += 1;
      this.#newest = text;
    } else this.send(text);
  }

  /** Ends the catch-up. */
  follow(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const text of held) this.offer(text);
  }

  #block(): void {
    if (this.#blocked) return;
    this.#blocked = true;
    this.#sink.onDrain(() => {
      this.#blocked = false;
      const skipped = this.#skipped;
      if (skipped === 0) return;
      this.#skipped = 0;
      const data = JSON.stringify({ code: "SKIPPED", message: `${skipped} columns were skipped: this viewer is slow` });
      this.send(`event: notice\ndata: ${data}\n\n${this.#newest}`);
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
