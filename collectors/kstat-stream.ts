/**
 * kstat-stream.ts: one `kstat ... 1` a host, for all metrics that the kernel counts anyway.
 */
import { randomBytes } from "node:crypto";
import { errorChain } from "../core/errors.ts";
import type { Spec } from "../core/instrumentation.ts";
import type { Log } from "../server/log.ts";
import { Backoff } from "./backoff.ts";
import { describe, keepLease } from "./command.ts";
import type { Coverage } from "./coverage.ts";
import { KstatParser } from "./kstat-parser.ts";
import { kstatPatterns } from "./kstat-patterns.ts";
import type { KstatSample } from "./kstat-sample.ts";
import { KstatWindows, type KstatEntry, type KstatWindow } from "./kstat-windows.ts";
import type { Channel, SshConnection } from "./ssh.ts";

export interface KstatTask {
  readonly id: string;
  readonly entry: KstatEntry;
  readonly spec: Spec;
  readonly zones: readonly string[] | null;
  readonly coverage: Coverage;
}

export interface KstatStreamOptions {
  readonly connection: SshConnection;
  readonly host: string;
  readonly log: Log;
  readonly now: () => number;
}

interface RunningTask extends KstatTask {
  windows: KstatWindows;
  readonly zoneSet: ReadonlySet<string> | null;
  tick: number;
  /** The last granule that a sample was taken in. */
  granule: number;
}

const QUIET_MS = 4_000;

export class KstatStream {
  readonly #options: KstatStreamOptions;
  readonly #backoff = new Backoff({ minMs: 1_000, maxMs: 60_000 });
  readonly #tasks = new Map<string, RunningTask>();
  #patterns: readonly string[] = [];
  #channel: Channel | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #enabling = "";
  #lastSampleMs = 0;
  #said = "";
  readonly #refused = new Set<string>();

  constructor(options: KstatStreamOptions) {
    this.#options = options;
  }

  /** Takes the metrics to keep; the command is started again only if it does not print what a new one needs. */
  assign(tasks: readonly KstatTask[]): void {
    const ids = new Set(tasks.map((task) => task.id));
    for (const id of this.#tasks.keys()) if (!ids.has(id)) this.#tasks.delete(id);
    for (const task of tasks) {
      if (this.#tasks.get(task.id)?.zones === task.zones) continue;
      const windows = this.#windowsFor(task);
      if (windows === undefined) continue;
      this.#tasks.set(task.id, { ...task, windows, zoneSet: task.zones && new Set(task.zones), tick: 0, granule: -1 });
    }
    const patterns = kstatPatterns(tasks.map((task) => task.entry.recipe));
    if (patterns.every((pattern) => this.#patterns.includes(pattern))) return;
    this.#patterns = patterns;
    if (this.#channel === undefined) void this.#run();
    else this.#channel.close();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#channel?.end();
    this.#channel?.close();
  }

  /** Declares columns that have not come. Call it about once a second. */
  checkOverdue(): void {
    const nowMs = this.#options.now();
    if (nowMs - this.#lastSampleMs < QUIET_MS) return;
    for (const task of this.#tasks.values()) task.coverage.overdue(nowMs, "ssh_down");
  }

  async #run(): Promise<void> {
    let outcome: string;
    try {
      outcome = await this.#stream();
    } catch (error) {
      outcome = errorChain(error);
    }
    this.#channel = undefined;
    if (this.#isStopped()) return;
    const { host, log } = this.#options;
    if (outcome !== this.#said) log.warn({ host, outcome }, "kstat ended; it will be tried again");
    this.#said = outcome;
    this.#timer = setTimeout(() => void this.#run(), this.#backoff.next());
  }

  /** @returns how it ended */
  async #stream(): Promise<string> {
    this.#enabling = randomBytes(8).toString("hex");
    // Growth across a pause belongs to no column: the pause stays a gap.
    for (const task of this.#tasks.values()) task.windows = new KstatWindows(task.entry, task.spec);
    this.#lastSampleMs = this.#options.now();
    const { channel, exit } = await this.#options.connection.exec(`kstat ${this.#patterns.join(" ")}`);
    this.#channel = channel;
    if (this.#isStopped()) channel.close();
    let errors = "";
    const parser = new KstatParser({ onSample: (sample) => this.#sample(sample), onProblem: () => undefined });
    channel.on("data", (chunk: Buffer) => parser.push(chunk));
    channel.stderr.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString("utf8")).slice(-300)));
    keepLease(channel);
    const status = await exit;
    parser.end();
    return `${describe(status)} ${errors.trim()}`.trim();
  }

  #sample(sample: KstatSample): void {
    this.#backoff.reset();
    this.#lastSampleMs = this.#options.now();
    for (const task of this.#tasks.values()) {
      // One sample a granule, the first that comes; what happened in between is in the counters.
      const granule = Math.floor(sample.epochSec / task.spec.granularitySec);
      if (granule === task.granule) continue;
      task.granule = granule;
      const window = task.windows.take(sample, task.zoneSet);
      if (window === null) continue;
      task.tick += 1;
      task.coverage.deliver(
        {
          enabling: this.#enabling,
          tick: task.tick,
          endedMs: sample.epochSec * 1000,
          receivedMs: this.#lastSampleMs,
          elapsedNs: window.elapsedNs,
          rows: window.rows,
          events: window.events,
          dropped: 0,
          losses: lossesOf(window),
        },
        "late_tick",
      );
    }
  }

  /** undefined, said once, where kstats cannot tell what the spec asks. */
  #windowsFor(task: KstatTask): KstatWindows | undefined {
    try {
      return new KstatWindows(task.entry, task.spec);
    } catch (error) {
      const { host, log } = this.#options;
      if (!this.#refused.has(task.id))
        log.warn({ host, spec: task.id, chain: errorChain(error) }, "kstats cannot tell this");
      this.#refused.add(task.id);
      return undefined;
    }
  }

  /** A method, because the compiler would otherwise remember what `#stopped` was before an await. */
  #isStopped(): boolean {
    return this.#stopped;
  }
}

/** What is not known of a window although its sample came. */
function lossesOf({ resets, late }: KstatWindow): Record<string, number> {
  return { ...(resets > 0 && { counter_resets: resets }), ...(late && { late_samples: 1 }) };
}
