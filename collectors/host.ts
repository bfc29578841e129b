/**
 * host.ts: all that a collector does with one host: its session, its zones, its enablings, its kstats.
 *
 * When the session comes up the host is asked who it is and whose its zones are; that is reported before anything runs, so
 * that rows find their tenants. Assignments are compared with what runs: equal ones go on untouched, so that a change of
 * one never costs another a window.
 */
import { errorChain } from "../core/errors.ts";
import { parseSpec, type Assignment, type Spec } from "../core/instrumentation.ts";
import { findMetric } from "../d-scripts/catalogue.ts";
import type { Entry, Platform } from "../d-scripts/recipe.ts";
import type { Log } from "../server/log.ts";
import type { RowSink } from "./batcher.ts";
import { runShort } from "./command.ts";
import { Coverage } from "./coverage.ts";
import { Enabling } from "./enabling.ts";
import { HostSession } from "./host-session.ts";
import { KstatStream, type KstatTask } from "./kstat-stream.ts";
import type { KnownHosts } from "./known-hosts.ts";
import type { SshConnection, SshTarget, SshTimings } from "./ssh.ts";
import type { HostReport } from "./uploader.ts";
import { readZones, type HostZone } from "./zones.ts";

export interface HostOptions {
  readonly name: string;
  readonly collector: string;
  readonly target: SshTarget;
  readonly knownHosts: () => KnownHosts;
  readonly timings: SshTimings;
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
  readonly zonesEveryMs: number;
  readonly platform: Platform;
  readonly sink: RowSink;
  readonly report: (host: string, report: HostReport) => void;
  readonly log: Log;
  readonly now: () => number;
}

/** An assignment as this host would run it. */
interface Task {
  readonly id: string;
  readonly entry: Entry;
  readonly spec: Spec;
  readonly requestedBy: string;
  /** null: all zones. */
  readonly zones: readonly string[] | null;
  /** Columns are accounted for across restarts of what fills them. */
  readonly coverage: Coverage;
}

const SHORT_MS = 15_000;

export class Host {
  readonly #options: HostOptions;
  readonly #session: HostSession;
  readonly #tasks = new Map<string, Task>();
  readonly #enablings = new Map<string, Enabling>();
  readonly #ticker: NodeJS.Timeout;
  #assignments: readonly Assignment[] = [];
  #zones: readonly HostZone[] = [];
  #connection: SshConnection | undefined;
  #kstat: KstatStream | undefined;
  #zonesTimer: NodeJS.Timeout | undefined;
  #ready = false;
  #downReason = "";
  #platform = "";

  constructor(options: HostOptions) {
    this.#options = options;
    this.#session = new HostSession({
      ...options,
      onUp: (connection) => void this.#up(connection),
      onDown: (reason, alarming) => this.#down(reason, alarming),
    });
    this.#ticker = setInterval(() => this.#checkOverdue(), 1000);
  }

  start(): void {
    this.#session.start();
  }

  close(): void {
    clearInterval(this.#ticker);
    clearInterval(this.#zonesTimer);
    for (const enabling of this.#enablings.values()) enabling.stop();
    this.#kstat?.stop();
    this.#session.close();
  }

  assign(assignments: readonly Assignment[]): void {
    this.#assignments = assignments;
    this.#reconcile();
  }

  async #up(connection: SshConnection): Promise<void> {
    const { name, log } = this.#options;
    try {
      this.#connection = connection;
      this.#platform = platformOf(await runShort(connection, "version", SHORT_MS));
      await this.#refreshZones(connection);
      this.#ready = true;
      this.#downReason = "";
      log.info({ host: name, platform: this.#platform, zones: this.#zones.length }, "host is up");
      this.#reconcile();
      clearInterval(this.#zonesTimer);
      this.#zonesTimer = setInterval(() => void this.#pollZones(connection), this.#options.zonesEveryMs);
    } catch (error) {
      if (this.#connection !== connection) return;
      log.warn({ host: name, chain: errorChain(error) }, "host does not answer as expected");
      connection.close();
    }
  }

  #down(reason: string, alarming: boolean): void {
    const { name, log } = this.#options;
    this.#connection = undefined;
    this.#ready = false;
    clearInterval(this.#zonesTimer);
    for (const enabling of this.#enablings.values()) enabling.stop();
    this.#enablings.clear();
    this.#kstat?.stop();
    this.#kstat = undefined;
    if (reason === this.#downReason) return;
    this.#downReason = reason;
    if (alarming) log.error({ host: name, reason }, "host key refused");
    else log.warn({ host: name, reason }, "host is down");
    this.#report("down", reason);
  }

  async #pollZones(connection: SshConnection): Promise<void> {
    try {
      await this.#refreshZones(connection);
      this.#reconcile();
    } catch (error) {
      this.#options.log.warn({ host: this.#options.name, chain: errorChain(error) }, "zones cannot be listed");
    }
  }

  async #refreshZones(connection: SshConnection): Promise<void> {
    const zoneadm = await runShort(connection, "zones", SHORT_MS);
    const vmadm = await runShort(connection, "vms", SHORT_MS);
    this.#zones = readZones(zoneadm, vmadm);
    this.#report("up", "", this.#zones);
  }

  #report(state: HostReport["state"], reason: string, zones?: readonly HostZone[]): void {
    const { name, collector, now, report } = this.#options;
    const about = { collector, atMs: Math.round(now()), state, reason: reason.slice(0, 500), platform: this.#platform };
    report(name, zones === undefined ? about : { ...about, zones });
  }

  /** Makes what runs equal to what is assigned. */
  #reconcile(): void {
    const wanted = new Map(this.#assignments.flatMap((each) => this.#taskOf(each)).map((task) => [task.id, task]));
    for (const [id, task] of this.#tasks) {
      const next = wanted.get(id);
      if (next !== undefined && sameZones(next.zones, task.zones)) continue;
      this.#tasks.delete(id);
      this.#enablings.get(id)?.stop();
      this.#enablings.delete(id);
    }
    for (const [id, task] of wanted) if (!this.#tasks.has(id)) this.#tasks.set(id, task);
    if (!this.#ready || this.#connection === undefined) return;
    for (const task of this.#tasks.values()) {
      if (task.entry.recipe.kind === "dtrace") this.#startEnabling(task, this.#connection);
    }
    this.#runKstat(this.#connection);
  }

  #taskOf(assignment: Assignment): Task[] {
    const entry = findMetric(assignment.metric);
    if (entry?.recipe.platforms.includes(this.#options.platform) !== true) return [];
    const zones = this.#zonesFor(assignment);
    // No zone of theirs is here: nothing to run, and nothing is expected.
    if (zones?.length === 0) return [];
    const { name: host, sink } = this.#options;
    const spec = parseSpec(assignment, entry.metric);
    const { id, granularitySec, requestedBy } = assignment;
    const known = this.#tasks.get(id)?.coverage;
    const coverage = known ?? new Coverage({ spec: id, host, granularitySec, sink });
    return [{ id, entry, spec, requestedBy, zones, coverage }];
  }

  #zonesFor({ scope }: Assignment): string[] | null {
    if (scope === "all") return null;
    return this.#zones
      .filter((zone) => scope.includes(zone.owner))
      .map((zone) => zone.name)
      .sort();
  }

  #startEnabling(task: Task, connection: SshConnection): void {
    if (this.#enablings.has(task.id)) return;
    const { name, platform, now, log } = this.#options;
    let said = "";
    const enabling = new Enabling({
      ...task,
      specId: task.id,
      platform,
      connection,
      now,
      onState: (state, reason) => {
        if (state === "running") log.info({ host: name, spec: task.id, metric: task.spec.metric }, "tracing");
        if (state !== "resting" || reason === said) return;
        said = reason;
        log.warn(
          { host: name, spec: task.id, metric: task.spec.metric, reason },
          "tracing ended; it will be tried again",
        );
      },
    });
    this.#enablings.set(task.id, enabling);
    enabling.start();
  }

  #runKstat(connection: SshConnection): void {
    const tasks = [...this.#tasks.values()].flatMap(({ id, entry, spec, zones, coverage }): KstatTask[] => {
      const { metric, recipe } = entry;
      return recipe.kind === "kstat" ? [{ id, entry: { metric, recipe }, spec, zones, coverage }] : [];
    });
    if (tasks.length === 0) {
      this.#kstat?.stop();
      this.#kstat = undefined;
      return;
    }
    const { name, now, log } = this.#options;
    this.#kstat ??= new KstatStream({ connection, host: name, now, log });
    this.#kstat.assign(tasks);
  }

  #checkOverdue(): void {
    const nowMs = this.#options.now();
    for (const task of this.#tasks.values()) {
      if (!this.#ready) task.coverage.overdue(nowMs, "ssh_down");
      else this.#enablings.get(task.id)?.checkOverdue();
    }
    this.#kstat?.checkOverdue();
  }
}

function sameZones(a: readonly string[] | null, b: readonly string[] | null): boolean {
  return a === b || (a !== null && b !== null && a.join() === b.join());
}

/** The `platform` line of the wrapper's version answer. */
function platformOf(version: string): string {
  const line = version.split("\n").find((each) => each.startsWith("platform "));
  return (line?.slice("platform ".length) ?? "").slice(0, 200);
}
