/**
 * active-rule.ts: one rule that is being evaluated: what it looks at, when it is due, and the state of each of its keys.
 *
 * What nobody had watched, or not everybody, may still come. So the first evaluation that lacked something is remembered with the states before it,
 * and when data come for that time they are evaluated again from there, once.
 */
import type { AlertState, Status } from "../../core/alerts/machine.ts";
import { changed, INACTIVE, staysInactive, step } from "../../core/alerts/machine.ts";
import type { Baseline } from "../../core/alerts/measure.ts";
import { MAX_KEYS_PER_RULE, MEMORY_SEC, windowsOf, type Rule } from "../../core/alerts/rule.ts";
import { bucketsOf, type Buckets } from "../../core/histogram/buckets.ts";
import type { AlertRuleRow } from "../../store/alerts.ts";
import type { View } from "../view.ts";
import { factorOf } from "./factor.ts";
import type { LongWindows } from "./long-windows.ts";
import type { Memory, OpenSource } from "./memory.ts";
import { readingsOf, type Windows } from "./reading.ts";
import type { SourceTerms } from "./ticks.ts";

/** A state with whose it is. */
export interface KeyState {
  readonly row: AlertRuleRow;
  readonly rule: Rule;
  readonly view: View;
  readonly key: string;
  readonly state: AlertState;
  readonly isLate: boolean;
}

/** An evaluation that lacked something. */
export interface Gap {
  readonly fromTs: number;
  readonly before: ReadonlyMap<string, AlertState>;
}

/** Late data are taken for so long (docs/delivery.md). */
const GAP_SEC = 48 * 3600;
/** Late data come in many batches: it waits until there has been none for so long. */
const QUIET_SEC = 3;
const MAX_QUIET_SEC = 60;
/** As long as the outbox tells of what has ended (query-api/alerts/outbox.ts). */
const QUIET_MS = 86_400_000;
/** Where a rule has as many states as it may: long enough for most hooks to have been told. */
const FULL_QUIET_MS = 600_000;

export class ActiveRule {
  readonly row: AlertRuleRow;
  readonly rule: Rule;
  readonly view: View;
  readonly terms: SourceTerms;
  readonly #source: OpenSource;
  readonly #buckets: Buckets | null;
  readonly #windows: readonly number[];
  #states: Map<string, AlertState>;
  readonly #late = new Set<string>();
  #nextTs = 0;
  #lastTs = 0;
  #gap: Gap | null = null;
  #lateFromSec = 0;
  #lateAtSec = 0;
  /** Keys that were bad and have no state, since there were too many. */
  #left = 0;
  #forgotMs = 0;

  /** @param restored what evaluations lacked when somebody else made them, and whether data have come for that since */
  constructor(
    row: AlertRuleRow,
    rule: Rule,
    view: View,
    memory: Memory,
    states: ReadonlyMap<string, AlertState>,
    restored?: { readonly gap: Gap; readonly isLate: boolean },
  ) {
    this.row = row;
    this.rule = rule;
    this.view = view;
    // Of what was watched there is nothing to be filtered, and nothing to be counted by key.
    const isCounted =
      rule.per !== null && rule.per !== "hostname" && !["absent", "coverage", "drops"].includes(rule.condition.kind);
    this.terms = { view, per: isCounted ? rule.per : null };
    this.#windows = windowsOf(rule.condition);
    this.#buckets = view.spec.scheme === null ? null : bucketsOf(view.spec.scheme);
    const inMemory = this.#windows.filter((sec) => sec <= MEMORY_SEC);
    this.#source = memory.open(this.terms, Math.max(0, ...inMemory));
    this.#states = new Map(states);
    this.#gap = restored?.gap ?? null;
    // Long ago: whatever was still to come then has.
    if (restored?.isLate === true) [this.#lateFromSec, this.#lateAtSec] = [1, 1];
  }

  /** The first evaluation that lacked something, with the states before it; null: none did. */
  get gap(): Gap | null {
    return this.#gap;
  }

  get states(): ReadonlyMap<string, AlertState> {
    return this.#states;
  }

  /** Why it is not evaluated; "" while it is. */
  problem(long: LongWindows): string {
    if (!this.#source.isWhole) return "waiting for the ticks before it began";
    if (this.#source.skippedKeys > 0 || this.#left > 0)
      return `${this.rule.per ?? ""} has more values than a rule may have states: some are left out`;
    return long.problem(this.terms, this.#windows, this.rule.condition);
  }

  /**
   * Evaluates the rule if it is due.
   *
   * @returns the states that changed so that others should hear of it
   */
  evaluate(hosts: readonly string[], zones: ReadonlyMap<string, readonly string[]>, long: LongWindows): KeyState[] {
    const endTs = this.#source.settledTs(hosts);
    if (endTs < this.#nextTs || !this.#source.isWhole) return [];
    const windows = this.#windowsAt(endTs, long);
    if (windows === null) return [];
    this.#nextTs = endTs - (endTs % this.rule.everySec) + this.rule.everySec;
    this.#lastTs = endTs;
    const baselineOf = this.#baselines(endTs, long);
    const readings = readingsOf({
      ...{ rule: this.rule, buckets: this.#buckets, hosts, zones, open: this.#open(), known: this.#states.keys() },
      ...{ granularitySec: this.view.spec.granularitySec, factor: factorOf(this.rule, this.view) },
      over: (sec) => windows.get(sec) as Windows,
      baselineOf,
    });
    const before = this.#gap === null ? new Map(this.#states) : null;
    const changes: KeyState[] = [];
    let lacks = false;
    for (const [key, reading] of readings) {
      lacks ||= reading.kind === "unknown" || reading.isPartial;
      const was = this.#states.get(key) ?? INACTIVE;
      if (was === INACTIVE && staysInactive(this.rule, reading)) continue;
      const now = step(this.rule, was, reading, endTs * 1000);
      if (was === INACTIVE && now.status === "inactive") continue;
      if (!this.#states.has(key) && this.#states.size >= MAX_KEYS_PER_RULE) {
        this.#left += 1;
        continue;
      }
      this.#states.set(key, now);
      if (changed(was, now)) {
        this.#late.delete(key);
        changes.push(this.#stateOf(key, now));
      }
    }
    this.#forget(endTs * 1000);
    if (lacks && before !== null) this.#gap = { fromTs: endTs, before };
    else if (this.#gap !== null && endTs - this.#gap.fromTs > GAP_SEC) this.#gap = null;
    return changes;
  }

  #open(): string[] {
    return [...this.#states].flatMap(([key, { status }]) => (isQuiet(status) ? [] : [key]));
  }

  /** States that nobody is to be told of any more make room; at once where there is none left, but for those that just ended. */
  #forget(nowMs: number): void {
    const isFull = this.#states.size >= MAX_KEYS_PER_RULE;
    const beforeMs = nowMs - (isFull ? FULL_QUIET_MS : QUIET_MS);
    if (!isFull && nowMs < this.#forgotMs + FULL_QUIET_MS) return;
    this.#forgotMs = nowMs;
    for (const [key, { status, sinceMs }] of this.#states) {
      if (isQuiet(status) && sinceMs < beforeMs) this.#states.delete(key);
    }
    if (this.#states.size < MAX_KEYS_PER_RULE) this.#left = 0;
  }

  /** Data have come for a tick that was settled. */
  noteLate(ts: number, nowSec: number): void {
    if (this.#gap === null || ts < this.#gap.fromTs - (this.#windows[0] ?? 0)) return;
    // Before its first evaluation here all of it is the past.
    if (this.#lastTs !== 0 && ts >= this.#lastTs) return;
    if (this.#lateFromSec === 0) this.#lateFromSec = nowSec;
    this.#lateAtSec = nowSec;
  }

  /** What is to be evaluated again now that late data have come; null: nothing, or not yet. */
  takeLate(nowSec: number): { readonly gap: Gap; readonly toTs: number } | null {
    if (this.#gap === null || this.#lateFromSec === 0 || this.#lastTs <= this.#gap.fromTs) return null;
    if (nowSec - this.#lateAtSec < QUIET_SEC && nowSec - this.#lateFromSec < MAX_QUIET_SEC) return null;
    const gap = this.#gap;
    this.#gap = null;
    this.#lateFromSec = 0;
    return { gap, toTs: this.#lastTs };
  }

  /** Has what could not be evaluated again be tried once more: nothing between it and now has been looked at. */
  giveBack(gap: Gap, nowSec: number): void {
    this.#gap = gap;
    [this.#lateFromSec, this.#lateAtSec] = [nowSec, nowSec];
  }

  /**
   * Puts the states that late data make of the past in the place of the present ones.
   *
   * @param toTs the last evaluation that they know of
   */
  correct(states: ReadonlyMap<string, AlertState>, toTs: number): KeyState[] {
    const changes: KeyState[] = [];
    for (const [key, corrected] of states) {
      const was = this.#states.get(key) ?? INACTIVE;
      // What has been evaluated since stands, unless it rests on what is now known to be otherwise.
      if (was.status === corrected.status && was.startsMs === corrected.startsMs) continue;
      if (was.sinceMs > toTs * 1000) continue;
      const now = { ...corrected, atMs: Math.max(was.atMs, corrected.atMs) };
      this.#states.set(key, now);
      this.#late.add(key);
      changes.push(this.#stateOf(key, now));
    }
    return changes;
  }

  /** All states of it, ended: the rule is no more. */
  end(nowMs: number): KeyState[] {
    const firing = [...this.#states].filter(([, state]) => state.status === "firing" || state.status === "pending");
    return firing.map(([key, state]) => {
      const status = state.status === "firing" ? "resolved" : "inactive";
      return this.#stateOf(key, {
        ...state,
        status,
        sinceMs: nowMs,
        endsMs: nowMs,
        why: "the rule was changed or deleted",
      });
    });
  }

  all(): KeyState[] {
    return [...this.#states].map(([key, state]) => this.#stateOf(key, state));
  }

  close(): void {
    this.#source.close();
  }

  #stateOf(key: string, state: AlertState): KeyState {
    const { row, rule, view } = this;
    return { row, rule, view, key, state, isLate: this.#late.has(key) };
  }

  /** Null where a window of the store's is not there yet. */
  #windowsAt(endTs: number, long: LongWindows): Map<number, Windows> | null {
    const windows = new Map<number, Windows>();
    for (const sec of this.#windows) {
      const found =
        sec <= MEMORY_SEC
          ? { counts: this.#source.counts(sec, endTs), coverage: this.#source.coverage(sec, endTs), windowSec: sec }
          : long.at(this.terms, sec, endTs);
      if (found === undefined) return null;
      windows.set(sec, found);
    }
    return windows;
  }

  #baselines(endTs: number, long: LongWindows): (key: string) => Baseline | undefined {
    const { condition } = this.rule;
    if (condition.kind !== "shape") return () => undefined;
    return (key) => long.baseline(this.terms, condition.days, endTs)?.(key);
  }
}

function isQuiet(status: Status): boolean {
  return status === "inactive" || status === "resolved";
}
