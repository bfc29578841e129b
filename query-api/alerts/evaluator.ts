/**
 * evaluator.ts: all rules, each when it is due. A run is one pass over memory: it reads nothing, waits for nothing and sends nothing, so that a
 * slow store or a slow receiver makes no alert late. What changed is handed on.
 */
import type { AlertState } from "../../core/alerts/machine.ts";
import { INACTIVE, notAfter } from "../../core/alerts/machine.ts";
import { errorChain, OperationalError } from "../../core/errors.ts";
import type { AlertRuleRow, AlertStateRow } from "../../store/alerts.ts";
import type { ExpectedHosts } from "../expected.ts";
import type { Instrumentations } from "../instrumentations.ts";
import type { LiveFeed } from "../../core/window.ts";
import { ActiveRule, type Gap, type KeyState } from "./active-rule.ts";
import type { RestoredGap } from "./gap-keeper.ts";
import type { HistoryDeps } from "./history.ts";
import { LongWindows } from "./long-windows.ts";
import { Memory } from "./memory.ts";
import { HostLists, viewOfRule, type Zones } from "./reader.ts";
import { replay } from "./replay.ts";
import type { AlertRules } from "./rules.ts";

export interface EvaluatorDeps extends HistoryDeps {
  readonly rules: AlertRules;
  readonly instrumentations: Instrumentations;
  readonly feed: LiveFeed;
  readonly expectedFor: (tenant: string | null) => ExpectedHosts;
  readonly zones: Zones;
  readonly onError: (error: unknown) => void;
}

/** Late data are evaluated again from the store: at most so many evaluations, further apart if it was long ago. */
const LATE_EVALUATIONS = 3600;
/** Rules are looked through again so often even if none was changed: an instrumentation may have gone or come. */
const SYNC_SEC = 5;

export class Evaluator {
  readonly #deps: EvaluatorDeps;
  readonly #memory: Memory;
  readonly #clock: () => number;
  readonly #long: LongWindows;
  readonly #hosts: HostLists;
  readonly #active = new Map<string, ActiveRule>();
  readonly #watches = new Map<string, () => void>();
  /** Why a rule is not evaluated. */
  readonly #problems = new Map<string, string>();
  /** Changes that were found between runs. */
  #found: KeyState[] = [];
  /** States from the store, by rule, for rules that are not active yet. */
  #stored: Map<string, Map<string, AlertState>>;
  /** What evaluations lacked, of rules that are not active yet. */
  readonly #gaps: Map<string, RestoredGap>;
  #revision = -1;
  #syncedSec = 0;
  #isReplaying = false;
  /** What is being evaluated again: should this process end before that, it is not done. */
  #replaying: { readonly row: AlertRuleRow; readonly gap: Gap } | null = null;
  /** The time of the run: all of it sees the same. */
  #nowSec: number;

  /** @param gaps what evaluations lacked before, by rule */
  constructor(
    given: EvaluatorDeps,
    stored: readonly AlertStateRow[],
    gaps: ReadonlyMap<string, RestoredGap> = new Map(),
  ) {
    this.#gaps = new Map(gaps);
    this.#nowSec = given.nowSec();
    const deps = { ...given, nowSec: () => this.#nowSec };
    this.#clock = given.nowSec;
    this.#deps = deps;
    this.#memory = new Memory({ ...deps, onLate: (spec, ts) => this.#late(spec, ts) });
    this.#long = new LongWindows(deps, deps.onError);
    this.#hosts = new HostLists(deps.expectedFor);
    this.#stored = new Map();
    for (const { rule, key, state } of stored) {
      const states = this.#stored.get(rule) ?? new Map<string, AlertState>();
      states.set(key, notAfter({ ...INACTIVE, ...(state as Partial<AlertState>) }, this.#nowSec * 1000));
      this.#stored.set(rule, states);
    }
  }

  /** How many reads all rules share. */
  get sources(): number {
    return this.#memory.sources;
  }

  /** One pass. @returns the states that changed */
  run(): KeyState[] {
    const nowSec = (this.#nowSec = this.#clock());
    this.#sync(nowSec);
    this.#memory.tidy();
    this.#long.tidy();
    const changes = this.#found;
    this.#found = [];
    for (const active of this.#active.values()) {
      const { tenant } = active.view;
      try {
        changes.push(...active.evaluate(this.#hosts.of(tenant, nowSec), this.#deps.zones.of(tenant), this.#long));
      } catch (error) {
        // One rule's trouble is not the others'.
        if (!(error instanceof OperationalError) && !(error instanceof RangeError)) throw error;
        this.#problems.set(active.row.id, errorChain(error));
      }
      this.#replayLate(active, nowSec);
    }
    return changes;
  }

  /** Why a rule cannot be evaluated; "" while it can. */
  problem(id: string): string {
    return this.#problems.get(id) ?? this.#active.get(id)?.problem(this.#long) ?? "";
  }

  all(): KeyState[] {
    return [...this.#active.values()].flatMap((active) => active.all());
  }

  /** What evaluations lacked, by rule: also of those that are not active (yet). */
  gaps(): Map<string, { readonly row: AlertRuleRow; readonly gap: Gap }> {
    const open = new Map<string, { row: AlertRuleRow; gap: Gap }>();
    for (const row of this.#gaps.size === 0 ? [] : this.#deps.rules.living()) {
      const waiting = this.#gaps.get(row.id);
      if (waiting?.changedMs === row.changedMs) open.set(row.id, { row, gap: waiting.gap });
    }
    for (const { row, gap } of this.#active.values()) if (gap !== null) open.set(row.id, { row, gap });
    if (this.#replaying !== null && this.#active.has(this.#replaying.row.id))
      open.set(this.#replaying.row.id, this.#replaying);
    return open;
  }

  close(): void {
    for (const id of [...this.#active.keys()]) this.#drop(id);
    this.#memory.close();
  }

  #sync(nowSec: number): void {
    const { rules } = this.#deps;
    if (rules.revision === this.#revision && nowSec < this.#syncedSec + SYNC_SEC) return;
    this.#revision = rules.revision;
    this.#syncedSec = nowSec;
    const living = new Map(rules.living().map((row) => [row.id, row]));
    for (const [id, active] of this.#active) {
      const row = living.get(id);
      if (row === active.row && this.#isThere(active)) continue;
      // A rule that says the same as before (a process has stored it again) goes on.
      const same = row !== undefined && JSON.stringify(row.rule) === JSON.stringify(active.row.rule);
      if (same && this.#isThere(active)) this.#stored.set(id, new Map(active.states));
      else if (row === undefined || !same) this.#found.push(...active.end(nowSec * 1000));
      else this.#stored.set(id, new Map(active.states));
      this.#drop(id);
    }
    for (const row of living.values()) if (!this.#active.has(row.id)) this.#start(row);
    for (const id of this.#problems.keys()) if (!living.has(id)) this.#problems.delete(id);
  }

  #start(row: AlertRuleRow): void {
    const { rules, instrumentations } = this.#deps;
    const rule = rules.ruleOf(row);
    if (rule === null) {
      this.#problems.set(row.id, "a newer program has stored it");
      return;
    }
    if (rule.paused) {
      this.#problems.set(row.id, "paused");
      return;
    }
    try {
      const view = viewOfRule(instrumentations, rule, row.owner);
      const gap = this.#gaps.get(row.id);
      const isOfPast = gap !== undefined && gap.gap.fromTs <= this.#nowSec;
      const restored = isOfPast && gap.changedMs === row.changedMs ? gap : undefined;
      const states = this.#stored.get(row.id) ?? new Map<string, AlertState>();
      this.#active.set(row.id, new ActiveRule(row, rule, view, this.#memory, states, restored));
      this.#stored.delete(row.id);
      this.#gaps.delete(row.id);
      // Whoever is watched by a rule does not end for nobody having looked.
      this.#watches.set(row.id, instrumentations.watch(view.instrumentation.id));
      this.#problems.delete(row.id);
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error;
      this.#problems.set(row.id, error.code === "NOT_FOUND" ? "its instrumentation is gone" : errorChain(error));
    }
  }

  #isThere({ row, rule }: ActiveRule): boolean {
    try {
      viewOfRule(this.#deps.instrumentations, rule, row.owner);
      return true;
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error;
      return false;
    }
  }

  #drop(id: string): void {
    this.#active.get(id)?.close();
    this.#active.delete(id);
    this.#watches.get(id)?.();
    this.#watches.delete(id);
  }

  #late(spec: string, ts: number): void {
    const nowSec = this.#clock();
    for (const active of this.#active.values()) {
      if (active.view.instrumentation.spec === spec) active.noteLate(ts, nowSec);
    }
  }

  /** One at a time, in the background. */
  #replayLate(active: ActiveRule, nowSec: number): void {
    if (this.#isReplaying) return;
    const late = active.takeLate(nowSec);
    if (late === null) return;
    this.#isReplaying = true;
    const { tenant } = active.view;
    const evaluations = LATE_EVALUATIONS;
    const { gap, toTs } = late;
    this.#replaying = { row: active.row, gap };
    const range = { fromTs: gap.fromTs, toTs };
    const [hosts, zones] = [this.#hosts.of(tenant, nowSec), this.#deps.zones.of(tenant)];
    replay(this.#deps, {
      rule: active.rule,
      terms: active.terms,
      range,
      evaluations,
      before: gap.before,
      hosts,
      zones,
    })
      .then(({ states }) => this.#found.push(...active.correct(states, toTs)))
      .catch((error: unknown) => {
        // A store that does not answer does later; what is too much for it always will be.
        if (error instanceof OperationalError && error.code.startsWith("STORE_")) active.giveBack(gap, this.#clock());
        this.#deps.onError(error);
      })
      .finally(() => {
        this.#isReplaying = false;
        this.#replaying = null;
      });
  }
}
