/**
 * host.ts: all that a collector does with one host: its session, its zones, its enablings, its kstats.
 *
 *   down ──connected──▶ asking ──facts, zones──▶ up ──connection lost──▶ down
 *                         └── no sensible answer ──▶ down
 *
 * While it is up there is one `Link`, which holds everything that belongs to the connection and ends with it. Zones and owners
 * are reported before anything runs, so that rows find their tenants. Assignments are compared with what runs: equal ones go on
 * untouched, so that a change of one never costs another a window.
 */
import { errorChain } from "../core/errors.ts";
import type { EnablingStatus, HostDetail, HostReport, MetricSupport } from "../core/host-status.ts";
import type { Assignment } from "../core/instrumentation.ts";
import { metricName } from "../core/metric.ts";
import { OPERATOR } from "../core/window.ts";
import { KSTAT_SOURCES, type KstatSource, type Platform } from "../d-scripts/recipe.ts";
import type { Log } from "../server/log.ts";
import type { RowSink } from "./batcher.ts";
import { Channels } from "./channels.ts";
import type { GuardLimits } from "./cost-guard.ts";
import { Enabling, type EnablingTimings } from "./enabling.ts";
import { HostClock } from "./host-clock.ts";
import { hasRebooted, type HostFacts } from "./host-facts.ts";
import { HostLink } from "./host-link.ts";
import { HostReporter } from "./host-reporter.ts";
import { HostSession } from "./host-session.ts";
import { HostTasks, type Task } from "./host-tasks.ts";
import { KstatStream, type KstatTask } from "./kstat-stream.ts";
import type { KnownHosts } from "./known-hosts.ts";
import { Once } from "./once.ts";
import type { SshConnection, SshTarget, SshTimings } from "./ssh.ts";
import { SupportCheck } from "./support-check.ts";
import { dtraceMetrics, type SupportBook } from "./support.ts";
import type { Turns } from "./turns.ts";
import { NOBODY_KNOWS, type HostZone, type OwnerOf } from "./zones.ts";

export interface HostOptions {
  readonly name: string;
  readonly collector: string;
  readonly target: SshTarget;
  readonly privateKey?: () => string;
  readonly knownHosts: () => KnownHosts;
  readonly timings: SshTimings;
  readonly enablingTimings: EnablingTimings;
  readonly limits: GuardLimits;
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
  readonly zonesEveryMs: number;
  readonly reportEveryMs: number;
  readonly platform: Platform;
  readonly owner?: string;
  readonly ownerOf?: OwnerOf;
  readonly support: SupportBook;
  readonly turns: Turns;
  readonly sink: RowSink;
  readonly claimLastTs?: (spec: string) => number | undefined;
  readonly report: (host: string, report: HostReport) => void;
  readonly log: Log;
  readonly now: () => number;
}

/** What stands and falls with one connection. */
interface Link {
  readonly connection: SshConnection;
  readonly channels: Channels;
  readonly questions: HostLink;
  readonly enablings: Map<string, Enabling>;
  readonly streams: Map<KstatSource, KstatStream>;
  check: SupportCheck | undefined;
}

export class Host {
  readonly #options: HostOptions;
  readonly #session: HostSession;
  readonly #tasks: HostTasks;
  readonly #clock = new HostClock();
  readonly #reporter: HostReporter;
  readonly #said = new Once();
  readonly #unsubscribe: () => void;
  #assignments: readonly Assignment[] = [];
  #zones: readonly HostZone[] = [];
  #zoneNames: ReadonlySet<string> = new Set();
  #link: Link | undefined;
  /** The link answers: things may run on it. */
  #ready = false;
  #facts: HostFacts | undefined;
  /** Since when it has been down, and why. */
  #down = { sinceMs: 0, reason: "not connected yet", alarming: false };
  /** Why it can run no DTrace at all; "" where it can. */
  #problem = "";
  #missing = new Map<string, readonly string[]>();

  constructor(options: HostOptions) {
    this.#options = options;
    const { name, now, support } = options;
    this.#down.sinceMs = now();
    this.#tasks = new HostTasks({ ...options, host: name });
    this.#session = new HostSession({
      ...options,
      onUp: (connection) => void this.#up(connection),
      onDown: (reason, alarming) => this.#lost(reason, alarming),
    });
    this.#reporter = new HostReporter({
      collector: options.collector,
      everyMs: options.reportEveryMs,
      now,
      detail: () => this.#detail(),
      send: (report) => options.report(name, report),
    });
    this.#unsubscribe = support.onChange(() => {
      if (this.#ready) this.#reporter.touch();
    });
  }

  start(): void {
    this.#session.start();
  }

  close(): void {
    this.#unsubscribe();
    this.#reporter.close();
    this.#unlink();
    this.#session.close();
  }

  /** What it last said of itself; undefined before it has. */
  get facts(): HostFacts | undefined {
    return this.#facts;
  }

  assign(assignments: readonly Assignment[]): void {
    this.#assignments = assignments;
    this.#reconcile();
  }

  /** Looks for columns that have not come, and for programs that hang. Call it once a second. */
  check(): void {
    const nowMs = this.#options.now();
    for (const { id, record, work } of this.#tasks.all) {
      const enabling = this.#link?.enablings.get(id);
      if ("refusal" in work) record.coverage.overdue(this.#clock.columnMs(nowMs), "unsupported", nowMs);
      else if (!this.#ready) record.coverage.overdue(this.#clock.columnMs(nowMs), "ssh_down", nowMs);
      else if (enabling !== undefined) {
        enabling.check();
        if (enabling.isOld && this.#takesOver) this.#renew(id);
      }
    }
    for (const stream of this.#link?.streams.values() ?? []) stream.check();
  }

  #renew(id: string): void {
    const link = this.#link;
    const task = this.#tasks.get(id);
    const old = link?.enablings.get(id);
    if (link === undefined || task === undefined || old === undefined) return;
    link.enablings.delete(id);
    this.#startEnabling(link, task, old.makeWay());
  }

  /** Never rejects. */
  async #up(connection: SshConnection): Promise<void> {
    const { now, zonesEveryMs, platform, owner = OPERATOR, ownerOf = NOBODY_KNOWS } = this.#options;
    const channels = new Channels(connection);
    const questions = new HostLink({
      channels,
      clock: this.#clock,
      zonesEveryMs,
      // Linux has no zones: the host is one, and nobody but the configuration knows whose.
      onlyZone: platform === "linux" ? { name: "global", owner, alias: "", state: "running" } : null,
      ownerOf,
      now,
      onZones: (zones) => this.#haveZones(zones),
      onTrouble: (what, chain) => this.#say("warn", { chain }, what),
    });
    const link: Link = { connection, channels, questions, enablings: new Map(), streams: new Map(), check: undefined };
    this.#link = link;
    try {
      const { facts, zones } = await questions.begin();
      if (this.#link !== link) return;
      this.#session.settled();
      channels.mayShare(facts.share);
      this.#known(facts);
      this.#ready = true;
      this.#reporter.up(facts.platform);
      this.#haveZones(zones);
      this.#startCheck(link, facts);
      this.#options.log.info({ host: this.#options.name, platform: facts.platform, zones: zones.length }, "host is up");
    } catch (error) {
      if (this.#link !== link) return;
      this.#say("warn", { chain: errorChain(error) }, "host does not answer as expected");
      this.#session.drop(errorChain(error));
    }
  }

  /** Why columns are missing since the connection was lost, and what has to be found out anew. */
  #known(facts: HostFacts): void {
    const before = this.#facts;
    const rebooted = hasRebooted(before, facts);
    if (rebooted) this.#options.log.warn({ host: this.#options.name }, "host has rebooted");
    for (const { record } of this.#tasks.all) {
      if (before !== undefined) record.gap = rebooted ? "host_reboot" : "ssh_down";
      if (rebooted) record.coverage.correct("ssh_down", "host_reboot", this.#options.now());
      if (imageOf(before) !== imageOf(facts)) record.forgetUnsupported();
    }
    if (imageOf(before) !== imageOf(facts)) this.#missing.clear();
    this.#problem = "";
    this.#facts = facts;
  }

  #lost(reason: string, alarming: boolean): void {
    this.#unlink();
    const { name, log, now } = this.#options;
    if (this.#down.sinceMs === 0) this.#down = { sinceMs: now(), reason, alarming };
    this.#down = { ...this.#down, reason, alarming };
    if (this.#said.first(`down: ${reason}`, now())) {
      if (alarming) log.error({ host: name, reason }, "host key refused");
      else log.warn({ host: name, reason }, "host is down");
    }
    this.#reporter.down(reason);
  }

  #unlink(): void {
    const link = this.#link;
    this.#link = undefined;
    this.#ready = false;
    if (link === undefined) return;
    link.questions.close();
    link.check?.stop();
    for (const enabling of link.enablings.values()) enabling.stop();
    for (const stream of link.streams.values()) stream.stop();
  }

  #haveZones(zones: readonly HostZone[]): void {
    this.#zones = zones;
    this.#zoneNames = new Set(["global", "", ...zones.map((zone) => zone.name)]);
    this.#reporter.zones(zones);
    this.#reconcile();
  }

  /** Makes what runs equal to what is assigned. */
  #reconcile(): void {
    const link = this.#link;
    for (const id of this.#tasks.update(this.#assignments, this.#zones)) {
      const enabling = link?.enablings.get(id);
      link?.enablings.delete(id);
      this.#reporter.touch();
      const task = this.#tasks.get(id);
      if (link === undefined || task === undefined || !this.#takesOver) enabling?.stop();
      else this.#startEnabling(link, task, enabling?.makeWay());
    }
    if (link === undefined || !this.#ready) return;
    this.#down.sinceMs = 0;
    for (const task of this.#tasks.all) this.#startEnabling(link, task);
    for (const source of KSTAT_SOURCES) this.#runKstat(link, source);
  }

  /** On Linux ticks may come seconds late, and zones do not change. */
  get #takesOver(): boolean {
    return this.#ready && this.#options.platform !== "linux";
  }

  #startEnabling(link: Link, task: Task, predecessor?: Enabling): void {
    if ("refusal" in task.work || task.work.entry.recipe.kind !== "dtrace" || link.enablings.has(task.id)) {
      predecessor?.stop();
      return;
    }
    const { platform, now, enablingTimings: timings } = this.#options;
    const enabling: Enabling = new Enabling({
      ...task,
      ...task.work,
      predecessor,
      specId: task.id,
      platform,
      channels: link.channels,
      clock: this.#clock,
      timings,
      now,
      onState: () => this.#changed(enabling.status()),
      onLag: () => link.questions.wantClock(),
      onZone: (zone) => {
        // One that has just been made: the sooner its owner is known, the fewer of its rows are nobody's.
        if (!this.#zoneNames.has(zone)) link.questions.wantZones();
      },
    });
    link.enablings.set(task.id, enabling);
    this.#reporter.touch();
    enabling.start();
  }

  #runKstat(link: Link, source: KstatSource): void {
    const tasks = [...this.#tasks.all].flatMap(({ id, zones, record, work }): KstatTask[] => {
      if ("refusal" in work || work.entry.recipe.kind !== "kstat" || work.entry.recipe.from !== source) return [];
      return [{ id, zones, record, spec: work.spec, entry: { metric: work.entry.metric, recipe: work.entry.recipe } }];
    });
    let stream = link.streams.get(source);
    if (tasks.length === 0) {
      stream?.stop();
      link.streams.delete(source);
      return;
    }
    if (stream === undefined) {
      const { now, enablingTimings } = this.#options;
      const { silenceMs, renewMs } = enablingTimings;
      const kstat: KstatStream = new KstatStream({
        source,
        channels: link.channels,
        clock: this.#clock,
        now,
        silenceMs,
        onLag: () => link.questions.wantClock(),
        renewMs,
        onState: () => {
          const status = tasks[0] && kstat.status(tasks[0].id);
          if (status !== undefined) this.#changed({ ...status, spec: source, metric: source });
        },
      });
      stream = kstat;
      link.streams.set(source, stream);
    }
    stream.assign(tasks);
  }

  #startCheck(link: Link, facts: HostFacts): void {
    const { support: book, platform } = this.#options;
    link.check = new SupportCheck({
      channels: link.channels,
      book,
      image: imageOf(facts),
      platform,
      onHostProblem: (reason) => {
        this.#problem = reason;
        this.#say("warn", { reason }, "host runs no DTrace");
        this.#reporter.touch();
      },
    });
    void link.check.run();
  }

  #changed({ spec, metric, state, reason }: EnablingStatus): void {
    if (state === "running") this.#say("info", { spec, metric }, "measuring");
    else if (state !== "starting") {
      this.#say("warn", { spec, metric, reason }, state === "resting" ? "ended; it will be tried again" : state);
    }
    this.#reporter.touch();
  }

  /** Says a thing once an hour, however often it happens. */
  #say(level: "info" | "warn", facts: Record<string, string>, message: string): void {
    const { name, log, now } = this.#options;
    if (this.#said.first(`${message} ${Object.values(facts).join(" ")}`, now())) {
      log[level]({ host: name, ...facts }, message);
    }
  }

  #detail(): HostDetail {
    for (const stream of this.#link?.streams.values() ?? []) {
      for (const [metric, missing] of stream.missing()) this.#missing.set(metric, missing);
    }
    return {
      dtrace: this.#facts?.dtrace ?? "",
      bootSec: this.#facts?.bootSec ?? 0,
      clockOffsetMs: (this.#facts?.clockOffsetMs ?? null) === null ? null : this.#clock.offsetMs,
      enablings: [...this.#tasks.all].map((task) => this.#statusOf(task)),
      metrics: [...this.#dtraceSupport(), ...this.#kstatSupport()],
    };
  }

  #statusOf({ id, metric, work }: Task): EnablingStatus {
    const idle = { retryAtMs: null, eventsPerSec: null, dropsPerSec: null, losses: {}, unknownSample: "" };
    if ("refusal" in work) return { ...idle, spec: id, metric, state: "unsupported", ...work.refusal };
    if (!this.#ready) {
      const { sinceMs, reason, alarming } = this.#down;
      const cause = alarming ? "host_key" : "ssh_down";
      return { ...idle, spec: id, metric, state: "down", cause, reason: reason.slice(0, 500), sinceMs };
    }
    const streams = [...(this.#link?.streams.values() ?? [])];
    const status =
      this.#link?.enablings.get(id)?.status() ?? streams.map((each) => each.status(id)).find((each) => each);
    const sinceMs = this.#options.now();
    return status ?? { ...idle, spec: id, metric, state: "starting", cause: "starting", reason: "", sinceMs };
  }

  #dtraceSupport(): MetricSupport[] {
    const { support, platform } = this.#options;
    return dtraceMetrics(platform).map(({ metric }) => {
      const verdict = support.verdict(imageOf(this.#facts), metricName(metric));
      const known = this.#problem === "" ? verdict : { supported: false, reason: this.#problem };
      const reason = (known?.reason ?? "").slice(0, 500);
      return { metric: metricName(metric), supported: known?.supported ?? null, reason, missing: [] };
    });
  }

  /** Of those that have run here. */
  #kstatSupport(): MetricSupport[] {
    return [...this.#missing].map(([metric, missing]) => ({ metric, supported: true, reason: "", missing }));
  }
}

/** What verdicts on programs hold for. */
function imageOf(facts: HostFacts | undefined): string {
  return facts === undefined ? "" : `${facts.platform} ${facts.dtrace}`;
}
