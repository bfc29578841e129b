/**
 * memory.ts: the ticks of all sources that rules look at, kept fresh from the feed of stored batches.
 *
 *   opened ──▶ waiting (until the ticks from `floorTs` on are whole in memory) ──▶ filling (the ticks before, from the store) ──▶ whole
 *                 ▲                                                                                                       │
 *                 └────────────────────────────── the feed has lost something ◀──────────────────────────────────────────┘
 *
 * Every batch is told once, so ticks from the floor on are added up as batches come. Ticks before it are the store's: what comes for them late
 * is not added, as the read may have had it, but makes them be read again. A tick is *settled* once every host that is expected has said
 * something of it, or SETTLE_SEC after it; what comes for a settled one is late, and listeners hear of it.
 */
import { KIND_COVERAGE, KIND_WINDOW, type LiveFeed, type StoredBatch } from "../../core/window.ts";
import { textAt } from "../../core/batch-builder.ts";
import { MEMORY_SEC } from "../../core/alerts/rule.ts";
import { readTicks, type HistoryDeps, type PastTicks } from "./history.ts";
import { CountWindow, CoverageWindow } from "./sliding.ts";
import { Counts, Coverage, sourceId, type SourceTerms } from "./ticks.ts";
import { bucketsOf } from "../../core/histogram/buckets.ts";

/** As query-api/heatmap.ts: what has not come by then is missing. */
export const SETTLE_SEC = 5;
/** A host's clock may be ahead by so much, and what it sends then be of a tick that has not begun here. */
const WHOLE_AFTER_SEC = 2;
/** Ticks far ahead are nobody's business yet. */
const AHEAD_SEC = 60;
/** A read of what came late for the store's ticks waits for more of it. */
const REREAD_MS = 1000;

export interface MemoryDeps extends HistoryDeps {
  readonly feed: LiveFeed;
  readonly onError: (error: unknown) => void;
  /** A settled tick has got more. */
  readonly onLate: (spec: string, ts: number) => void;
}

/** Reads of the store for memory's sake, which must not be what keeps everybody else waiting. */
const MAX_FILLS = 2;
class Fills {
  running = 0;
}

/** A source in memory. */
export interface OpenSource {
  readonly terms: SourceTerms;
  /** Whether windows are whole. */
  readonly isWhole: boolean;
  readonly skippedKeys: number;
  counts(windowSec: number, endTs: number): CountWindow;
  coverage(windowSec: number, endTs: number): CoverageWindow;
  /** The newest end of settled ticks, for those who expect these hosts. */
  settledTs(hosts: readonly string[]): number;
  close(): void;
}

export class Memory {
  readonly #deps: MemoryDeps;
  readonly #specs = new Map<string, SpecTicks>();
  readonly #seen = new Set<string>();
  readonly #fills = new Fills();
  readonly #end: () => void;

  constructor(deps: MemoryDeps) {
    this.#deps = deps;
    this.#end = deps.feed.subscribe(
      (stored) => this.#take(stored),
      () => {
        for (const spec of this.#specs.values()) spec.lose();
      },
    );
  }

  /** How many sources are kept: what a test of sharing asks. */
  get sources(): number {
    let count = 0;
    for (const spec of this.#specs.values()) count += spec.size;
    return count;
  }

  /**
   * Opens what a rule looks at; equal ones are one.
   *
   * @param windowSec the longest window that is asked of memory; 0: none
   */
  open(terms: SourceTerms, windowSec: number): OpenSource {
    const { spec: id } = terms.view.instrumentation;
    let spec = this.#specs.get(id);
    if (spec === undefined)
      this.#specs.set(id, (spec = new SpecTicks(terms.view.spec.granularitySec, this.#deps, this.#fills)));
    const held = spec;
    const source = held.open(terms, windowSec);
    let isOpen = true;
    return {
      terms,
      get isWhole() {
        return source.isWhole;
      },
      get skippedKeys() {
        return source.counts.skipped;
      },
      counts: (windowSec, endTs) => source.window(windowSec, endTs),
      coverage: (windowSec, endTs) => held.window(windowSec, endTs),
      settledTs: (hosts) => held.settledTs(hosts),
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        if (held.leave(source) && this.#specs.get(id) === held) this.#specs.delete(id);
      },
    };
  }

  /** Lets old ticks go, and fills what has to be. To be called every second. */
  tidy(): void {
    for (const spec of this.#specs.values()) spec.tidy();
  }

  close(): void {
    this.#end();
  }

  #take({ stream, seq, batch }: StoredBatch): void {
    const id = `${stream}:${seq}`;
    if (this.#seen.has(id)) return;
    this.#seen.add(id);
    // Batches repeat within seconds or not at all (the store answers "duplicate"), so the memory of them may be short.
    if (this.#seen.size > 10_000) this.#seen.delete(this.#seen.values().next().value ?? "");
    const specs = batch.spec.values.map((value) => this.#specs.get(value));
    if (specs.every((each) => each === undefined)) return;
    const endTs = this.#deps.nowSec() + AHEAD_SEC;
    for (let row = 0; row < batch.rows; row++) {
      const spec = specs[batch.spec.codes[row] ?? 0];
      const ts = batch.ts[row] ?? 0;
      if (spec === undefined || ts > endTs) continue;
      if (batch.kind[row] === KIND_COVERAGE) spec.takeCoverage(batch, row, ts);
      else if (batch.kind[row] === KIND_WINDOW) spec.takeWindow(batch, row, ts, textAt(batch.tenant, row));
    }
  }
}

class SpecTicks {
  readonly #deps: MemoryDeps;
  readonly #stepSec: number;
  readonly #coverage: Coverage;
  readonly #windows = new Map<number, CoverageWindow>();
  readonly #sources = new Map<string, SourceTicks>();
  /** By tenant; "" has those that see all rows. */
  #byTenant = new Map<string, SourceTicks[]>();
  #settled = new Map<readonly string[], { readonly ts: number; readonly atSec: number }>();
  #newestSettledTs = 0;
  #floorTs: number;
  readonly #fills: Fills;

  constructor(stepSec: number, deps: MemoryDeps, fills: Fills) {
    this.#stepSec = stepSec;
    this.#fills = fills;
    this.#deps = deps;
    this.#coverage = new Coverage(stepSec);
    this.#floorTs = this.#nextFloor();
  }

  get size(): number {
    return this.#sources.size;
  }

  get floorTs(): number {
    return this.#floorTs;
  }

  open(terms: SourceTerms, windowSec: number): SourceTicks {
    const id = sourceId(terms);
    let source = this.#sources.get(id);
    if (source === undefined) {
      source = new SourceTicks(terms, id, this.#deps, this, this.#fills, this.#nextFloor());
      this.#sources.set(id, source);
      this.#index();
    }
    source.users += 1;
    source.need(windowSec);
    return source;
  }

  /** @returns whether nobody is left */
  leave(source: SourceTicks): boolean {
    source.users -= 1;
    if (source.users === 0) this.#sources.delete(source.id);
    this.#index();
    return this.#sources.size === 0;
  }

  takeCoverage(batch: StoredBatch["batch"], row: number, ts: number): void {
    if (ts < this.#floorTs) {
      for (const source of this.#sources.values()) source.takeLate();
    } else {
      this.#coverage.add(batch, row, ts);
      if (this.#isSettled(ts)) for (const window of this.#windows.values()) window.reset();
    }
    if (this.#isSettled(ts)) this.#deps.onLate(batch.spec.values[batch.spec.codes[row] ?? 0] ?? "", ts);
  }

  takeWindow(batch: StoredBatch["batch"], row: number, ts: number, tenant: string): void {
    const late = this.#isSettled(ts);
    for (const of of tenant === "" ? [""] : ["", tenant]) {
      for (const source of this.#byTenant.get(of) ?? []) source.take(batch, row, ts, late);
    }
  }

  window(windowSec: number, endTs: number): CoverageWindow {
    let window = this.#windows.get(windowSec);
    if (window === undefined) this.#windows.set(windowSec, (window = new CoverageWindow(this.#coverage, windowSec)));
    window.moveTo(endTs);
    return window;
  }

  settledTs(hosts: readonly string[]): number {
    const atSec = this.#deps.nowSec();
    const before = this.#settled.get(hosts);
    if (before?.atSec === atSec) return before.ts;
    const step = this.#stepSec;
    const overdue = Math.floor((atSec - SETTLE_SEC) / step) * step;
    let ts = Math.max(before?.ts ?? 0, overdue);
    while (ts <= atSec && hosts.length > 0) {
      const tick = this.#coverage.at(ts);
      if (tick === undefined || !hosts.every((host) => tick.has(host))) break;
      ts += step;
    }
    // Lists of hosts are made anew when zones come and go.
    if (this.#settled.size > 1000) this.#settled.clear();
    this.#settled.set(hosts, { ts, atSec });
    this.#newestSettledTs = Math.max(this.#newestSettledTs, ts);
    return ts;
  }

  /** What a source has read from the store goes for the coverage of all. */
  fillCoverage({ coverage, fromTs, stepSec }: PastTicks, toTs: number): void {
    for (let ts = fromTs; ts < Math.min(toTs, this.#floorTs); ts += stepSec)
      this.#coverage.put(ts, coverage.at(ts) ?? new Map());
    for (const window of this.#windows.values()) window.reset();
  }

  lose(): void {
    this.#floorTs = this.#nextFloor();
    this.#coverage.clear();
    this.#windows.clear();
    this.#settled.clear();
    for (const source of this.#sources.values()) source.lose(this.#floorTs);
  }

  tidy(): void {
    const beforeTs = this.#deps.nowSec() - MEMORY_SEC - 60;
    this.#coverage.forget(beforeTs);
    for (const source of this.#sources.values()) source.tidy(beforeTs);
  }

  /** Whether somebody may have looked at a tick already. */
  #isSettled(ts: number): boolean {
    return ts < this.#newestSettledTs;
  }

  #nextFloor(): number {
    const step = this.#stepSec;
    return Math.ceil((this.#deps.nowSec() + WHOLE_AFTER_SEC) / step) * step;
  }

  #index(): void {
    this.#byTenant = new Map();
    for (const source of this.#sources.values()) {
      const tenant = source.terms.view.tenant ?? "";
      this.#byTenant.set(tenant, [...(this.#byTenant.get(tenant) ?? []), source]);
    }
  }
}

class SourceTicks {
  readonly terms: SourceTerms;
  readonly id: string;
  readonly counts: Counts;
  users = 0;
  isWhole = false;
  readonly #deps: MemoryDeps;
  readonly #spec: SpecTicks;
  readonly #windows = new Map<number, CountWindow>();
  readonly #fills: Fills;
  #floorTs: number;
  #needSec = 0;
  #reading = false;
  /** When ticks of the store's have to be read again; 0: they need not. */
  #rereadMs = 0;

  constructor(terms: SourceTerms, id: string, deps: MemoryDeps, spec: SpecTicks, fills: Fills, floorTs: number) {
    this.terms = terms;
    this.id = id;
    this.#deps = deps;
    this.#spec = spec;
    this.#fills = fills;
    this.#floorTs = floorTs;
    this.counts = new Counts(terms, maxKeysOf(terms));
  }

  /** Has windows of this length be whole. */
  need(windowSec: number): void {
    if (windowSec <= this.#needSec) return;
    this.#needSec = windowSec;
    if (this.#floorTs > this.#deps.nowSec() - windowSec - 10) this.isWhole = false;
  }

  take(batch: StoredBatch["batch"], row: number, ts: number, late: boolean): void {
    if (ts < this.#floorTs) {
      this.takeLate();
      return;
    }
    this.counts.add(batch, row, ts);
    if (late) for (const window of this.#windows.values()) if (window.has(ts)) window.reset();
  }

  /** Something has come for a tick that is the store's. */
  takeLate(): void {
    if (this.#rereadMs === 0) this.#rereadMs = this.#deps.nowSec() * 1000 + REREAD_MS;
  }

  window(windowSec: number, endTs: number): CountWindow {
    let window = this.#windows.get(windowSec);
    if (window === undefined) {
      const { scheme } = this.terms.view.spec;
      window = new CountWindow(this.counts, windowSec, scheme === null ? null : bucketsOf(scheme));
      this.#windows.set(windowSec, window);
    }
    window.moveTo(endTs);
    return window;
  }

  lose(floorTs: number): void {
    this.#floorTs = floorTs;
    this.isWhole = false;
    this.counts.clear();
    this.#windows.clear();
  }

  tidy(beforeTs: number): void {
    this.counts.forget(beforeTs);
    const nowMs = this.#deps.nowSec() * 1000;
    const isOld = this.#floorTs < beforeTs;
    if (isOld) this.#rereadMs = 0;
    // What was on its way when the floor was set has come by now.
    const isDue = this.isWhole ? this.#rereadMs !== 0 && nowMs >= this.#rereadMs : nowMs >= (this.#floorTs + 1) * 1000;
    if (isDue && !this.#reading && !(this.isWhole && isOld) && this.#fills.running < MAX_FILLS) void this.#fill();
  }

  async #fill(): Promise<void> {
    this.#reading = true;
    this.#fills.running += 1;
    const [floorTs, needSec] = [this.#floorTs, this.#needSec];
    this.#rereadMs = 0;
    const { view } = this.terms;
    const step = view.spec.granularitySec;
    const fromTs = Math.floor((floorTs - needSec - SETTLE_SEC) / step) * step;
    try {
      const past = await readTicks(this.#deps, this.terms, { fromTs, toTs: floorTs }, step);
      // Lost meanwhile: there is another floor now.
      if (floorTs !== this.#floorTs) return;
      for (let ts = past.fromTs; ts < floorTs; ts += past.stepSec) this.counts.put(ts, past.counts.at(ts) ?? new Map());
      this.#spec.fillCoverage(past, floorTs);
      for (const window of this.#windows.values()) window.reset();
      this.isWhole = needSec === this.#needSec;
    } catch (error) {
      this.#deps.onError(error);
      this.#rereadMs = this.#deps.nowSec() * 1000 + 5 * REREAD_MS;
    } finally {
      this.#reading = false;
      this.#fills.running -= 1;
    }
  }
}

/** Sums of one window are dense: few keys of a scheme with very many buckets. */
function maxKeysOf({ view, per }: SourceTerms): number {
  if (per === null) return 1;
  const { scheme } = view.spec;
  const size = scheme === null ? 1 : bucketsOf(scheme).last - bucketsOf(scheme).first + 1;
  return Math.max(100, Math.min(2000, Math.floor(4_000_000 / size)));
}
