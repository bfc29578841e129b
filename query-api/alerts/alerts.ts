/**
 * alerts.ts: alerting, put together: whoever holds the lease evaluates and sends; the others know the same rules and states, and wait.
 *
 *   feed ──▶ evaluator ──▶ states stored ──▶ outbox ──▶ hooks
 *
 * A state is stored before anybody is told of it, so a successor knows what its predecessor said. Evaluation waits for neither: what could not be
 * stored is tried again at the next run, while rules go on.
 */
import { hostname } from "node:os";
import { randomBytes } from "node:crypto";
import type { AlertInfo, AlertRuleDetail, AlertTest, HookTest } from "../../core/alerts/api.ts";
import { INACTIVE, type AlertState } from "../../core/alerts/machine.ts";
import { withPast, type PastFiring } from "../../core/alerts/past.ts";
import { windowsOf, type Rule } from "../../core/alerts/rule.ts";
import { OperationalError } from "../../core/errors.ts";
import { OPERATOR, type LiveFeed } from "../../core/window.ts";
import type { Log } from "../../server/log.ts";
import type { Metrics } from "../../server/metrics.ts";
import { stateKey, sweepAlerts, type AlertRuleRow, type AlertStateRow, type AlertTables } from "../../store/alerts.ts";
import type { StoreClient } from "../../store/client.ts";
import { Lease, sweepLeases } from "../../store/lease.ts";
import type { ReportTables } from "../../store/reports.ts";
import type { Ownership } from "../../store/ownership.ts";
import type { TokenRow } from "../../store/tokens.ts";
import type { ExpectedHosts } from "../expected.ts";
import type { Instrumentations } from "../instrumentations.ts";
import type { Range } from "../sql.ts";
import type { KeyState } from "./active-rule.ts";
import type { Beside } from "./beside.ts";
import { Evaluator } from "./evaluator.ts";
import { GapKeeper } from "./gap-keeper.ts";
import { Hooks, type Hook } from "./hooks.ts";
import { Outbox } from "./outbox.ts";
import { annotationsOf, fingerprintOf, labelsOf } from "./payload.ts";
import { SETTLE_SEC } from "./memory.ts";
import { HostLists, viewOfRule, Zones } from "./reader.ts";
import { replay } from "./replay.ts";
import { AlertRules, isOwn, type FileRule } from "./rules.ts";
import type { Connect } from "./send.ts";
import { Silences } from "./silences.ts";
import { Teller } from "./teller.ts";

export interface AlertingOptions {
  /** Of files. */
  readonly rules?: readonly FileRule[];
  readonly hooks?: readonly FileRule[];
  /** Internal targets that operators' hooks may have, host:port. */
  readonly allowTargets?: readonly string[];
  /** All addresses of a name; tests have their own. */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
  readonly connect?: Connect;
  /** Epoch ms of what waits and of what is due; tests have their own. Rules go by the time of their data. */
  readonly nowMs?: () => number;
  readonly lease?: { readonly ttlMs: number; readonly beatMs: number };
}

export interface AlertsDeps {
  readonly store: StoreClient;
  readonly tables: AlertTables;
  /** Saved reports, which name hooks too. */
  readonly reports: ReportTables;
  readonly instrumentations: Instrumentations;
  readonly ownership: Pick<Ownership, "current" | "revision">;
  readonly feed: LiveFeed;
  readonly expectedFor: (tenant: string | null) => ExpectedHosts;
  readonly nowSec: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly publicUrl: string | undefined;
  readonly options: AlertingOptions;
  /** What else is for the holder of the lease alone. */
  readonly beside?: Beside | undefined;
}

const RUN_EVERY_MS = 500;
const SWEEP_EVERY_MS = 3_600_000;
/** What is less is settled as ticks are: they may be five seconds late, and two ahead. */
const CLOCK_STEP_MS = 2_000;
/** A week in steps of a minute. */
const TEST_EVALUATIONS = 10_080;
const MAX_TEST_ALERTS = 1000;

export class Alerts {
  readonly rules: AlertRules;
  readonly hooks: Hooks;
  readonly silences: Silences;
  readonly #deps: AlertsDeps;
  readonly #zones: Zones;
  readonly #hosts: HostLists;
  #lease: Lease | undefined;
  #evaluator: Evaluator | undefined;
  #outbox: Outbox | undefined;
  #gapKeeper: GapKeeper | undefined;
  readonly #teller: Teller;
  /** States of rules that are no more, to be told of. */
  readonly #ended = new Map<string, KeyState>();
  /** Not stored yet. */
  readonly #unstored = new Map<string, KeyState>();
  #storing = false;
  #taking = false;
  #closed = false;
  /** Of the clock to the time since the process began. */
  #clockAheadMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sweep: NodeJS.Timeout | undefined;
  readonly #results;
  readonly #seconds;

  constructor(deps: AlertsDeps) {
    this.#deps = deps;
    const { tables, instrumentations, ownership, expectedFor, metrics } = deps;
    this.rules = new AlertRules(tables, instrumentations);
    this.hooks = new Hooks(tables, deps.reports);
    this.silences = new Silences(tables);
    this.#zones = new Zones(ownership);
    this.#hosts = new HostLists(expectedFor);
    this.#teller = new Teller(deps);
    this.#results = metrics.counter("alert_deliveries_total", "Attempts to tell a hook, by result.", ["result"]);
    this.#seconds = metrics.seconds("alert_run_seconds", "Time that one look at all alert rules took.");
    const firing = metrics.gauge("alerts_firing", "Alerts that fire, of all rules; evaluated by one process of all.");
    const holds = metrics.gauge("alerts_evaluating", "Whether this process is the one that evaluates alert rules.");
    const rules = metrics.gauge("alert_rules", "Alert rules, of all owners.");
    const broken = metrics.gauge("alert_rules_failing", "Alert rules that cannot be evaluated here, for now.");
    const waiting = metrics.gauge("alert_deliveries_waiting", "Messages that hooks have not taken yet.");
    metrics.beforeText(() => {
      const living = this.rules.living();
      rules.set(living.length);
      broken.set(living.filter(({ id }) => (this.#evaluator?.problem(id) ?? "") !== "").length);
      waiting.set(this.#outbox?.waiting ?? 0);
      firing.set(tables.states.all().filter(({ status }) => status === "firing").length);
      holds.set(this.#evaluator === undefined ? 0 : 1);
    });
  }

  /** Whether this process evaluates. */
  get isEvaluating(): boolean {
    return this.#evaluator !== undefined;
  }

  /**
   * Begins.
   *
   * @param ownUrl for links, where no other address is configured
   * @throws InputError for a wrong rule or hook of a file
   */
  async start(ownUrl: string): Promise<void> {
    const { options, store, log, tables } = this.#deps;
    this.#teller.baseUrl ||= ownUrl;
    if (options.hooks !== undefined) await this.hooks.ensure(options.hooks);
    if (options.rules !== undefined) await this.rules.ensure(options.rules);
    const holder = `${hostname()} ${process.pid} ${randomBytes(4).toString("hex")}`;
    const onError = (error: unknown): void => log.warn({ err: error }, "the lease on alerting could not be renewed");
    this.#lease = new Lease({ store, name: "alerts", holder, onError, ...options.lease });
    this.#lease.start();
    this.#timer = setInterval(() => this.#run(), RUN_EVERY_MS);
    this.#sweep = setInterval(() => {
      Promise.all([sweepAlerts(store, tables, Date.now()), sweepLeases(store, Date.now())]).catch((error: unknown) =>
        log.warn({ err: error }, "old alerts stay in the store a while longer"),
      );
    }, SWEEP_EVERY_MS);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    clearInterval(this.#sweep);
    this.#drop();
    await this.#lease?.close();
  }

  /**
   * Other rules and hooks of files, and other allowed targets, while it runs.
   *
   * @returns what makes it so
   * @throws InputError for a wrong rule or hook
   */
  async reading({ rules = [], hooks = [], allowTargets = [] }: AlertingOptions): Promise<() => Promise<void>> {
    // Hooks of files come and go together with the rules that name them.
    const standing = this.hooks.living().filter(({ row }) => row.owner === OPERATOR && row.origin === "api");
    const names = [...standing.map(({ row }) => row), ...this.hooks.ofFiles(hooks)].map(({ name }) => name);
    await this.rules.ofFiles(rules, names);
    return async () => {
      await this.hooks.ensure(hooks);
      await this.rules.ensure(rules);
      this.#teller.allowTargets = allowTargets;
    };
  }

  /** Why a rule is not evaluated here, or does not reach whom it names; "" while it does, or where another process does it. */
  problem(row: AlertRuleRow): string {
    const found = this.#evaluator?.problem(row.id) ?? "";
    if (found !== "") return found;
    const lost = this.rules.lostHooks(row);
    return lost.length === 0 ? "" : `there is no hook ${lost.join(", ")}: nobody is told there`;
  }

  /** Alerts that are not inactive, the newest first, as far as the caller may see them. */
  list(principal: TokenRow): AlertInfo[] {
    const nowMs = Date.now();
    const live = new Map(this.#evaluator?.all().map((each) => [stateKey(each.row.id, each.key), each]));
    const all = this.#deps.tables.states.all().flatMap((row) => {
      if (!isOwn(row, principal)) return [];
      const state = live.get(stateKey(row.rule, row.key)) ?? this.#storedState(row);
      return state === undefined || state.state.status === "inactive" ? [] : [this.#info(state, nowMs)];
    });
    return all.sort((a, b) => b.sinceMs - a.sinceMs || (a.fingerprint < b.fingerprint ? -1 : 1));
  }

  /** When a rule fired, for each of its keys. */
  firings(rule: AlertRuleRow): AlertRuleDetail["firings"] {
    const isKeyed = (this.rules.ruleOf(rule)?.per ?? null) !== null;
    return this.#deps.tables.states.all().flatMap((row) => {
      if (row.rule !== rule.id) return [];
      return pastOf(row).map((each) => ({ key: isKeyed ? row.key : null, ...each }));
    });
  }

  /** Tries a rule against what was. @throws InputError; OperationalError NOT_FOUND, and those of reads */
  async tryRule(rule: Rule, owner: string, range: Range, signal: AbortSignal): Promise<AlertTest> {
    const view = viewOfRule(this.#deps.instrumentations, rule, owner);
    const nowSec = this.#deps.nowSec();
    const floorTs = Math.ceil(nowSec - view.instrumentation.retentionSec);
    const asked = { fromTs: Math.max(range.fromTs, floorTs), toTs: Math.min(range.toTs, Math.floor(nowSec) - 5) };
    const isCounted =
      rule.per !== null && rule.per !== "hostname" && !["absent", "coverage", "drops"].includes(rule.condition.kind);
    const done = await replay(this.#deps, {
      ...{ rule, terms: { view, per: isCounted ? rule.per : null }, range: asked, evaluations: TEST_EVALUATIONS },
      ...{
        before: new Map<string, AlertState>(),
        hosts: this.#hosts.of(view.tenant, nowSec),
        zones: this.#zones.of(view.tenant),
        signal,
      },
    });
    const notes: string[] = [];
    if (done.stepSec > rule.everySec)
      notes.push(
        `tried every ${done.stepSec} s, where it would be evaluated every ${rule.everySec} s: what was shorter may be missing`,
      );
    if (done.alerts.length > MAX_TEST_ALERTS)
      notes.push(`${done.alerts.length} alerts, of which the first ${MAX_TEST_ALERTS} are here`);
    notes.push("hosts are expected as today");
    return {
      ...{
        fromTs: done.fromTs,
        toTs: asked.toTs,
        stepSec: done.stepSec,
        evaluations: done.evaluations,
        unknown: done.unknown,
      },
      keys: done.states.size,
      alerts: done.alerts
        .slice(0, MAX_TEST_ALERTS)
        .map(({ key, ...each }) => ({ key: rule.per === null ? null : key, ...each })),
      ...{ columnSec: done.line.columnSec, columns: done.line.columns() },
      notes,
    };
  }

  /** Sends a hook something to see that it arrives. Never throws for what the target does. */
  testHook(hook: Hook): Promise<HookTest> {
    return this.#teller.test(hook);
  }

  #run(): void {
    const { log } = this.#deps;
    if (this.#hasClockStepped()) {
      log.warn({}, "the clock was set: alert rules begin anew at its time, with the states that are stored");
      this.#drop();
    }
    if (this.#lease?.mayBegin() !== true) {
      this.#drop();
      return;
    }
    if (this.#evaluator === undefined) {
      this.#takeOver().catch((error: unknown) => log.warn({ err: error }, "alert rules cannot be evaluated yet"));
      return;
    }
    const begun = performance.now();
    for (const change of this.#evaluator.run()) {
      const id = stateKey(change.row.id, change.key);
      this.#unstored.set(id, change);
      if (change.row.deletedMs !== 0 || change.state.why.startsWith("the rule was")) this.#ended.set(id, change);
    }
    this.#seconds.observe((performance.now() - begun) / 1000);
    this.#store().catch((error: unknown) => log.warn({ err: error }, "alert states could not be stored; they will be"));
    this.#gapKeeper
      ?.keep(this.#evaluator.gaps())
      .catch((error: unknown) => log.warn({ err: error }, "what alert rules lacked could not be stored; it will be"));
    const active = this.#evaluator.all();
    // A rule that was changed and fires again goes before what it was.
    for (const { row, key } of active) if (this.#ended.size > 0) this.#ended.delete(stateKey(row.id, key));
    const known = [...active, ...this.#ended.values()];
    this.#outbox?.tell(known.filter(({ row, key }) => !this.#unstored.has(stateKey(row.id, key))));
    this.#outbox?.pump();
    this.#runBeside();
  }

  /**
   * Whether the clock has gone another way than time since the last look. Ticks, windows and what is due next are all of the clock: after it was
   * ahead for an hour rules would say nothing for as long.
   */
  #hasClockStepped(): boolean {
    const aheadMs = this.#deps.nowSec() * 1000 - performance.now();
    const steppedMs = Math.abs(aheadMs - (this.#clockAheadMs ?? aheadMs));
    this.#clockAheadMs = aheadMs;
    return steppedMs > CLOCK_STEP_MS;
  }

  #runBeside(): void {
    const outbox = this.#outbox;
    if (outbox === undefined) return;
    const mayBegin = (takesMs: number): boolean => this.#lease?.mayBegin(takesMs) === true;
    this.#deps.beside?.run({ outbox, mayBegin, baseUrl: this.#teller.baseUrl });
  }

  async #takeOver(): Promise<void> {
    if (this.#taking) return;
    this.#taking = true;
    try {
      const { store, tables, log, nowSec, options } = this.#deps;
      await Promise.all([tables.refresh(), this.#deps.beside?.refresh()]);
      const onError = (error: unknown): void =>
        log.warn({ err: error }, "alerting could not read or write, and will try again");
      const outbox = new Outbox({
        ...{ store, hooks: this.hooks, onError },
        isSilenced: (state, nowMs) => this.silences.isSilenced(state.row.owner, labelsOf(state), nowMs),
        compose: (hook, groupKey, states, nowMs) => this.#teller.compose(hook, groupKey, states, nowMs),
        send: (hook, { id, body }) => this.#teller.post(hook, body, id),
        mayBegin: (takesMs) => this.#lease?.mayBegin(takesMs) === true,
        onResult: (result) => this.#results.inc({ result }),
        ...(options.nowMs === undefined ? {} : { nowMs: options.nowMs }),
      });
      const nowMs = options.nowMs ?? Date.now;
      const groundOf = (rule: string) => this.#groundOf(rule);
      const gapKeeper = new GapKeeper({ store, nowMs, groundOf, settleSec: SETTLE_SEC, onError });
      const [gaps] = await Promise.all([gapKeeper.load(), outbox.load()]);
      if (this.#closed || this.#lease?.mayBegin() !== true) return;
      const { instrumentations, feed, expectedFor } = this.#deps;
      this.#outbox = outbox;
      this.#evaluator = new Evaluator(
        { store, nowSec, rules: this.rules, instrumentations, feed, expectedFor, zones: this.#zones, onError },
        tables.states.all(),
        gaps,
      );
      this.#gapKeeper = gapKeeper;
    } finally {
      this.#taking = false;
    }
  }

  #drop(): void {
    this.#evaluator?.close();
    this.#evaluator = undefined;
    this.#outbox = undefined;
    this.#gapKeeper = undefined;
    this.#unstored.clear();
    this.#ended.clear();
  }

  async #store(): Promise<void> {
    if (this.#storing || this.#unstored.size === 0) return;
    this.#storing = true;
    const batch = [...this.#unstored];
    try {
      const { states } = this.#deps.tables;
      await states.put(batch.map(([id, each]) => stateRow(each, pastOf(states.get(id)))));
      // What has changed again meanwhile goes with the next.
      for (const [id, each] of batch) if (this.#unstored.get(id) === each) this.#unstored.delete(id);
    } finally {
      this.#storing = false;
    }
  }

  /** What a rule counts, and how far back it looks; null: it cannot be evaluated. */
  #groundOf(id: string): { readonly spec: string; readonly windowSec: number } | null {
    const row = this.#deps.tables.rules.get(id);
    const rule = row === undefined || row.deletedMs !== 0 ? null : this.rules.ruleOf(row);
    if (row === undefined || rule === null) return null;
    try {
      const { instrumentation } = viewOfRule(this.#deps.instrumentations, rule, row.owner);
      return { spec: instrumentation.spec, windowSec: windowsOf(rule.condition)[0] ?? 0 };
    } catch (error) {
      if (error instanceof OperationalError) return null;
      throw error;
    }
  }

  #storedState(row: AlertStateRow): KeyState | undefined {
    const rule = this.#deps.tables.rules.get(row.rule);
    const parsed = rule === undefined ? null : this.rules.ruleOf(rule);
    if (rule === undefined || parsed === null) return undefined;
    try {
      const view = viewOfRule(this.#deps.instrumentations, parsed, row.owner);
      const { isLate = false, ...state } = row.state as Partial<AlertState> & { isLate?: boolean };
      return { row: rule, rule: parsed, view, key: row.key, state: { ...INACTIVE, ...state }, isLate };
    } catch (error) {
      if (error instanceof OperationalError) return undefined;
      throw error;
    }
  }

  #info(each: KeyState, nowMs: number): AlertInfo {
    const { row, rule, key, state, isLate } = each;
    const labels = labelsOf(each);
    return {
      ...{
        fingerprint: fingerprintOf(each),
        rule: row.id,
        owner: row.owner,
        name: rule.name,
        key: rule.per === null ? null : key,
      },
      ...{
        status: state.status,
        labels,
        annotations: annotationsOf({ state: each, combinations: null }, this.#teller.linking()),
      },
      ...{ sinceMs: state.sinceMs, startsMs: state.startsMs || null, endsMs: state.endsMs || null, value: state.value },
      ...{ isPartial: state.isPartial, unknownSinceMs: state.unknownMs || null, why: state.why, isLate },
      isSilenced: this.silences.isSilenced(row.owner, labels, nowMs),
    };
  }
}

/** What a stored state remembers of the firings before; nothing where an older program stored it. */
function pastOf(row: AlertStateRow | undefined): readonly PastFiring[] {
  return (row?.state as { readonly past?: readonly PastFiring[] } | undefined)?.past ?? [];
}

function stateRow({ row, key, state, isLate }: KeyState, before: readonly PastFiring[]): AlertStateRow {
  const past = withPast(before, state, Date.now());
  return {
    rule: row.id,
    key,
    owner: row.owner,
    status: state.status,
    state: { ...state, isLate, past },
    changedMs: Date.now(),
  };
}
