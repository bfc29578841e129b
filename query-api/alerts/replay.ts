/**
 * replay.ts: a rule over a stretch of the past: where it would have fired, or, when late data came, where it should have.
 *
 * Ticks are read in pieces, so that a week of a rule by key is never in memory as a whole, and are as wide as the windows allow: the past is
 * tried every `stepSec`, from the seconds, minutes or hours that are left of it.
 */
import { setImmediate } from "node:timers/promises";
import type { Baseline } from "../../core/alerts/measure.ts";
import { INACTIVE, step, type AlertState } from "../../core/alerts/machine.ts";
import { isOfCoverage, MAX_KEYS_PER_RULE, thresholdOf, windowsOf, type Rule } from "../../core/alerts/rule.ts";
import { merge, type Distribution } from "../../core/histogram/distribution.ts";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { readTicks, readTotal, type HistoryDeps, type PastTicks } from "./history.ts";
import { factorOf } from "./factor.ts";
import { readingsOf, type Windows } from "./reading.ts";
import { CountWindow, CoverageWindow } from "./sliding.ts";
import { TriedLine } from "./tried-line.ts";
import type { Cell, CountTicks, CoverageTicks, SourceTerms } from "./ticks.ts";
import type { Range } from "../sql.ts";

export interface ReplayRequest {
  readonly rule: Rule;
  readonly terms: SourceTerms;
  readonly range: Range;
  /** At most so many evaluations: they are further apart in a long range. */
  readonly evaluations: number;
  /** Where each key stood before. */
  readonly before: ReadonlyMap<string, AlertState>;
  readonly hosts: readonly string[];
  readonly zones: ReadonlyMap<string, readonly string[]>;
  readonly signal?: AbortSignal | undefined;
}

export interface Replayed {
  readonly stepSec: number;
  readonly fromTs: number;
  readonly evaluations: number;
  readonly unknown: number;
  readonly states: ReadonlyMap<string, AlertState>;
  readonly alerts: readonly ReplayedAlert[];
  readonly line: TriedLine;
}

export interface ReplayedAlert {
  readonly key: string;
  readonly fromTs: number;
  readonly toTs: number | null;
  readonly worst: number | null;
}

/** Columns of one piece. */
const PIECE_COLUMNS = 2000;
const TURN_MS = 20;
/** Of all its past: more are no states of one rule, but those of a key that is another each time. */
const MAX_STATES = 10 * MAX_KEYS_PER_RULE;
const HOUR_SEC = 3600;
const DAY_SEC = 86_400;

export async function replay(deps: HistoryDeps, request: ReplayRequest): Promise<Replayed> {
  const { rule, terms, range, before, signal } = request;
  const { spec } = terms.view;
  const stepSec = stepFor(request, Math.max(spec.granularitySec, rule.everySec));
  const windows = windowsOf(rule.condition);
  const [longest = stepSec] = windows;
  const tickSec = stepSec % 60 === 0 ? Math.max(60, stepSec > HOUR_SEC ? HOUR_SEC : 60) : spec.granularitySec;
  const reel = new Reel(deps, terms, tickSec, signal);
  const buckets = spec.scheme === null ? null : bucketsOf(spec.scheme);
  const made = new Map<number, Windows>();
  const windowAt = (asked: number): Windows => {
    let window = made.get(asked);
    const windowSec = Math.max(tickSec, Math.ceil(asked / tickSec) * tickSec);
    if (window === undefined) {
      window = {
        counts: new CountWindow(reel.counts, windowSec, buckets),
        coverage: new CoverageWindow(reel.coverage, windowSec),
        windowSec,
      };
      made.set(asked, window);
    }
    return window;
  };
  const states = new Map(before);
  const tracker = new Tracker(rule);
  const line = new TriedLine(range.toTs - range.fromTs, stepSec, worseOf(rule));
  let [evaluations, unknown] = [0, 0];
  const fromTs = Math.ceil(range.fromTs / stepSec) * stepSec;
  let baselines: { readonly hour: number; readonly of: (key: string) => Baseline | undefined } | undefined;
  let begunMs = performance.now();
  for (let endTs = fromTs; endTs <= range.toTs; endTs += stepSec) {
    // Ten thousand evaluations of two thousand keys are a minute of work, in which others have rules too.
    if (performance.now() - begunMs > TURN_MS) {
      await setImmediate();
      signal?.throwIfAborted();
      begunMs = performance.now();
    }
    await reel.load(endTs - Math.max(longest, tickSec) - tickSec, endTs);
    if (rule.condition.kind === "shape" && baselines?.hour !== Math.floor(endTs / HOUR_SEC)) {
      baselines = {
        hour: Math.floor(endTs / HOUR_SEC),
        of: await readBaseline(deps, terms, rule.condition.days, endTs, signal),
      };
    }
    for (const sec of windows) {
      windowAt(sec).counts.moveTo(endTs);
      windowAt(sec).coverage.moveTo(endTs);
    }
    const readings = readingsOf({
      ...{ rule, buckets, hosts: request.hosts, zones: request.zones, open: openOf(states), known: states.keys() },
      ...{ granularitySec: spec.granularitySec, factor: factorOf(rule, terms.view), over: windowAt },
      baselineOf: (key) => baselines?.of(key),
    });
    for (const [key, reading] of readings) {
      if (reading.kind === "unknown") unknown += 1;
      const was = states.get(key) ?? INACTIVE;
      const now = step(rule, was, reading, endTs * 1000);
      tracker.see(key, was, now);
      line.see(endTs, reading);
      const isKept = now.status !== "inactive" || was !== INACTIVE;
      if (isKept && (states.has(key) || states.size < MAX_STATES)) states.set(key, now);
    }
    evaluations += 1;
  }
  return { stepSec, fromTs, evaluations, unknown, states, alerts: tracker.alerts(), line };
}

function openOf(states: ReadonlyMap<string, AlertState>): string[] {
  return [...states].flatMap(([key, { status }]) => (status === "pending" || status === "firing" ? [key] : []));
}

/** The narrowest round step that needs no more than so many evaluations. */
function stepFor({ range, evaluations }: ReplayRequest, least: number): number {
  const span = range.toTs - range.fromTs;
  const needed = Math.max(least, Math.ceil(span / evaluations));
  if (needed <= least) return least;
  const round = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400];
  return round.find((each) => each >= needed && each % least === 0) ?? Math.ceil(needed / (60 * least)) * 60 * least;
}

/** The same hour of past days, by key. */
export async function readBaseline(
  deps: HistoryDeps,
  terms: SourceTerms,
  days: number,
  atTs: number,
  signal?: AbortSignal,
): Promise<(key: string) => Baseline | undefined> {
  const hour = Math.floor(atTs / HOUR_SEC) * HOUR_SEC;
  const parts: { counts: ReadonlyMap<string, Cell>; isWatched: boolean }[] = [];
  for (let day = 1; day <= days; day++) {
    const fromTs = hour - day * DAY_SEC;
    const past = await readTotal(deps, terms, { fromTs, toTs: fromTs + HOUR_SEC }, signal);
    const hosts = past.coverage.at(past.fromTs);
    const isWatched = [...(hosts?.values() ?? [])].some(({ watched }) => watched > 0);
    parts.push({ counts: past.counts.at(past.fromTs) ?? new Map<string, Cell>(), isWatched });
  }
  const known = parts.filter(({ isWatched }) => isWatched);
  return (key) => ({ days: known.length, counts: merge(known.map(({ counts }) => distributionOf(counts.get(key)))) });
}

function distributionOf(cell: Cell | undefined): Distribution {
  const entries = [...(cell?.counts ?? [])];
  return { bucket: entries.map(([bucket]) => bucket), count: entries.map(([, count]) => count) };
}

/** Ticks of the past, read in pieces as an evaluation comes to them. */
class Reel {
  readonly counts: CountTicks;
  readonly coverage: CoverageTicks;
  readonly #deps: HistoryDeps;
  readonly #terms: SourceTerms;
  readonly #tickSec: number;
  readonly #signal: AbortSignal | undefined;
  #pieces: PastTicks[] = [];
  #toTs = 0;

  constructor(deps: HistoryDeps, terms: SourceTerms, tickSec: number, signal: AbortSignal | undefined) {
    this.#deps = deps;
    this.#terms = terms;
    this.#tickSec = tickSec;
    this.#signal = signal;
    this.counts = { stepSec: tickSec, at: (ts) => this.#at(ts)?.counts.at(ts) };
    this.coverage = { stepSec: tickSec, at: (ts) => this.#at(ts)?.coverage.at(ts) };
  }

  /** Has all ticks of [fromTs, toTs), and forgets those before. */
  async load(fromTs: number, toTs: number): Promise<void> {
    const down = (ts: number): number => Math.floor(ts / this.#tickSec) * this.#tickSec;
    if (this.#pieces.length === 0) this.#toTs = down(fromTs);
    this.#pieces = this.#pieces.filter((piece) => piece.toTs > fromTs);
    while (this.#toTs < toTs) {
      const range = { fromTs: this.#toTs, toTs: this.#toTs + PIECE_COLUMNS * this.#tickSec };
      const piece = await readTicks(this.#deps, this.#terms, range, this.#tickSec, this.#signal);
      this.#pieces.push(piece);
      this.#toTs = range.toTs;
    }
  }

  #at(ts: number): PastTicks | undefined {
    return this.#pieces.find((piece) => ts >= piece.fromTs && ts < piece.toTs);
  }
}

/** The worse of two values, where either may be missing. */
function worseOf({ condition }: Rule): (a: number | null, b: number | null) => number | null {
  const isAbove = thresholdOf(condition).direction === "above" || isOfCoverage(condition.kind);
  return (a, b) => (a === null ? b : b === null ? a : isAbove ? Math.max(a, b) : Math.min(a, b));
}

/** Notes when each key fires and ends, and the worst in between. */
class Tracker {
  readonly #open = new Map<string, { fromTs: number; worst: number | null }>();
  readonly #done: ReplayedAlert[] = [];
  readonly #worse: (a: number | null, b: number | null) => number | null;

  constructor(rule: Rule) {
    this.#worse = worseOf(rule);
  }

  see(key: string, was: AlertState, now: AlertState): void {
    const open = this.#open.get(key);
    if (now.status === "firing") {
      if (open === undefined) this.#open.set(key, { fromTs: now.sinceMs / 1000, worst: now.value });
      else open.worst = this.#worse(open.worst, now.value);
    } else if (open !== undefined && was.status === "firing") {
      this.#done.push({ key, fromTs: open.fromTs, toTs: now.sinceMs / 1000, worst: open.worst });
      this.#open.delete(key);
    }
  }

  alerts(): ReplayedAlert[] {
    const open = [...this.#open].map(([key, each]) => ({ key, ...each, toTs: null }));
    return [...this.#done, ...open].sort((a, b) => a.fromTs - b.fromTs || (a.key < b.key ? -1 : 1));
  }
}
