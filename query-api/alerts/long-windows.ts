/**
 * long-windows.ts: windows too long for memory, and the same hour of past days: read from the store, shared by all rules that look at the same, and read
 * again every sixtieth of the window. An evaluation never waits for it: it takes what was read last.
 */
import type { Baseline } from "../../core/alerts/measure.ts";
import { MEMORY_SEC, type Condition } from "../../core/alerts/rule.ts";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { errorChain } from "../../core/errors.ts";
import { readTotal, type HistoryDeps } from "./history.ts";
import type { Windows } from "./reading.ts";
import { readBaseline } from "./replay.ts";
import { CountWindow, CoverageWindow } from "./sliding.ts";
import { sourceId, type SourceTerms } from "./ticks.ts";

interface Held<T> {
  value: T | undefined;
  /** The end of what was read. */
  endTs: number;
  running: boolean;
  /** Failed: not before this. */
  againSec: number;
  problem: string;
  usedSec: number;
}

type BaselineOf = (key: string) => Baseline | undefined;

const MAX_RUNNING = 2;
const AGAIN_SEC = 15;
const UNUSED_SEC = 7200;

export class LongWindows {
  readonly #deps: HistoryDeps;
  readonly #onError: (error: unknown) => void;
  readonly #windows = new Map<string, Held<Windows>>();
  readonly #baselines = new Map<string, Held<BaselineOf>>();
  #running = 0;

  constructor(deps: HistoryDeps, onError: (error: unknown) => void) {
    this.#deps = deps;
    this.#onError = onError;
  }

  /** The window as it was read last; undefined: it is not there yet, and is being read. */
  at(terms: SourceTerms, windowSec: number, endTs: number): Windows | undefined {
    const held = this.#hold(this.#windows, `${windowSec} ${sourceId(terms)}`);
    const step = Math.max(1, Math.floor(windowSec / 60 / 60) * 60 || Math.floor(windowSec / 60));
    // Whole minutes are read from roll-ups.
    const due = endTs - (endTs % Math.min(60, step));
    if (due >= held.endTs + step) {
      this.#renew(held, due, async () => {
        const past = await readTotal(this.#deps, terms, { fromTs: due - windowSec, toTs: due });
        const { scheme } = terms.view.spec;
        const counts = new CountWindow(past.counts, past.stepSec, scheme === null ? null : bucketsOf(scheme));
        const coverage = new CoverageWindow(past.coverage, past.stepSec);
        counts.moveTo(past.toTs);
        coverage.moveTo(past.toTs);
        return { counts, coverage, windowSec: past.stepSec };
      });
    }
    return held.value;
  }

  /** The same hour of past days; undefined: not read yet. */
  baseline(terms: SourceTerms, days: number, atTs: number): BaselineOf | undefined {
    const hour = Math.floor(atTs / 3600);
    const held = this.#hold(this.#baselines, `${days} ${hour} ${sourceId(terms)}`);
    if (held.value === undefined) this.#renew(held, atTs, () => readBaseline(this.#deps, terms, days, atTs));
    return held.value;
  }

  /** What keeps a rule's windows from being there, in words. */
  problem(terms: SourceTerms, windows: readonly number[], condition: Condition): string {
    const id = sourceId(terms);
    const long = windows
      .filter((sec) => sec > MEMORY_SEC)
      .map((sec) => this.#windows.get(`${sec} ${id}`)?.problem ?? "");
    const hour = Math.floor(this.#deps.nowSec() / 3600);
    const past =
      condition.kind === "shape" ? (this.#baselines.get(`${condition.days} ${hour} ${id}`)?.problem ?? "") : "";
    return [...long, past].find((each) => each !== "") ?? "";
  }

  tidy(): void {
    const before = this.#deps.nowSec() - UNUSED_SEC;
    for (const table of [this.#windows, this.#baselines]) {
      for (const [id, held] of table) if (held.usedSec < before) table.delete(id);
    }
  }

  #hold<T>(table: Map<string, Held<T>>, id: string): Held<T> {
    let held = table.get(id);
    if (held === undefined) {
      held = { value: undefined, endTs: 0, running: false, againSec: 0, problem: "", usedSec: 0 };
      table.set(id, held);
    }
    held.usedSec = this.#deps.nowSec();
    return held;
  }

  #renew<T>(held: Held<T>, endTs: number, read: () => Promise<T>): void {
    if (held.running || this.#running >= MAX_RUNNING || this.#deps.nowSec() < held.againSec) return;
    held.running = true;
    this.#running += 1;
    read()
      .then((value) => {
        Object.assign(held, { value, endTs, problem: "" });
      })
      .catch((error: unknown) => {
        held.problem = errorChain(error);
        held.againSec = this.#deps.nowSec() + AGAIN_SEC;
        this.#onError(error);
      })
      .finally(() => {
        held.running = false;
        this.#running -= 1;
      });
  }
}
