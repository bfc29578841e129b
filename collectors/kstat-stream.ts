/**
 * kstat-stream.ts: one `kstat ... 1` a host, for all metrics that the kernel counts anyway; one `pools` for what is printed so.
 *
 *   idle ──assign──▶ opening ──▶ reading ──ended, silent──▶ resting ──backoff──▶ opening      stop, from anywhere ──▶ over
 *                       ▲           └── a metric needs other kstats ──┐
 *                       └─────────────────────────────────────────────┘
 *
 * The counters go on counting whoever looks, so the command may be started again with more patterns without a gap: a window is
 * the growth from the last sample to the next, whichever command printed them. After a failure it is not, for growth across a
 * pause belongs to no column.
 */
import { randomBytes } from "node:crypto";
import { errorChain } from "../core/errors.ts";
import type { Cause, EnablingState, EnablingStatus } from "../core/host-status.ts";
import type { Spec } from "../core/instrumentation.ts";
import type { GapReason } from "../core/window.ts";
import type { KstatSource } from "../d-scripts/recipe.ts";
import { Backoff } from "./backoff.ts";
import type { Channels } from "./channels.ts";
import { describe } from "./command.ts";
import type { HostClock } from "./host-clock.ts";
import { KstatParser } from "./kstat-parser.ts";
import { kstatPatterns } from "./kstat-patterns.ts";
import type { KstatSample } from "./kstat-sample.ts";
import { KstatWindows, type KstatEntry, type KstatWindow } from "./kstat-windows.ts";
import { hangUp, keepLease, type OpenCommand } from "./open-command.ts";
import type { ExitStatus } from "./ssh.ts";
import type { TaskRecord } from "./task-record.ts";

export interface KstatTask {
  readonly id: string;
  readonly entry: KstatEntry;
  readonly spec: Spec;
  readonly zones: readonly string[] | null;
  readonly record: TaskRecord;
}

export interface KstatStreamOptions {
  /** `pools` takes no patterns. */
  readonly source: KstatSource;
  readonly channels: Channels;
  readonly clock: HostClock;
  readonly now: () => number;
  /** Called when the state or its reason changes. */
  readonly onState: () => void;
  /** Silence that ends the command. */
  readonly silenceMs: number;
  /** The samples' times cannot be right: is it the clock? */
  readonly onLag: () => void;
  /** Age at which the command is started anew: it asks for the modules that had kstats of a class when it began. */
  readonly renewMs: number;
}

interface RunningTask extends KstatTask {
  windows: KstatWindows;
  zoneSet: ReadonlySet<string> | null;
  tick: number;
  /** The last granule that a sample was taken in. */
  granule: number;
  /** Statistics that the platform image lacks. */
  missing: readonly string[];
  /** The command that runs prints what it needs: until then a sample without its kstats is no zero. */
  printed: boolean;
}

const QUIET_MS = 4_000;

export class KstatStream {
  readonly #options: KstatStreamOptions;
  readonly #backoff = new Backoff({ minMs: 1_000, maxMs: 60_000 });
  readonly #stop = new AbortController();
  readonly #tasks = new Map<string, RunningTask>();
  /** What kstats cannot tell, and why. */
  readonly #refused = new Map<string, { task: KstatTask; reason: string }>();
  #patterns: readonly string[] = [];
  #open: OpenCommand | undefined;
  #looping = false;
  /** The command is ended because its patterns are not enough any more. */
  #renewing = false;
  #wake: (() => void) | undefined;
  #enabling = "";
  #lastSampleMs = 0;
  #openedMs = 0;
  #state: EnablingState = "starting";
  #cause: Cause = "starting";
  #reason = "";
  #sinceMs: number;

  constructor(options: KstatStreamOptions) {
    this.#options = options;
    this.#sinceMs = options.now();
  }

  /** Takes the metrics to keep; the command is started again only if it does not print what a new one needs. */
  assign(tasks: readonly KstatTask[]): void {
    const ids = new Set(tasks.map((task) => task.id));
    for (const id of this.#tasks.keys()) if (!ids.has(id)) this.#tasks.delete(id);
    for (const id of this.#refused.keys()) if (!ids.has(id)) this.#refused.delete(id);
    for (const task of tasks) this.#take(task);
    const patterns = kstatPatterns([...this.#tasks.values()].map((task) => task.entry.recipe));
    const more = !patterns.every((pattern) => this.#patterns.includes(pattern));
    if (more) this.#patterns = patterns;
    // Nothing has to be started again for those whose kstats are printed already.
    else for (const task of this.#tasks.values()) task.printed = true;
    if (patterns.length === 0) return;
    if (!this.#looping) void this.#loop();
    else if (more) this.#renew();
  }

  stop(): void {
    this.#stop.abort();
    this.#wake?.();
    if (this.#open !== undefined) void hangUp(this.#open);
  }

  /** Declares columns that have not come, and ends a command that hangs. Call it about once a second. */
  check(): void {
    const nowMs = this.#options.now();
    const hostMs = this.#options.clock.columnMs(nowMs);
    for (const { task } of this.#refused.values()) task.record.coverage.overdue(hostMs, "unsupported", nowMs);
    if (this.#open !== undefined && nowMs - this.#openedMs > this.#options.renewMs) this.#renew();
    const quietMs = nowMs - this.#lastSampleMs;
    if (quietMs < QUIET_MS) return;
    for (const { record } of this.#tasks.values()) record.coverage.overdue(hostMs, record.gap, nowMs);
    if (this.#open !== undefined && quietMs > this.#options.silenceMs) void hangUp(this.#open);
  }

  /** How a task is; undefined for one that was not assigned. */
  status(id: string): EnablingStatus | undefined {
    const refused = this.#refused.get(id);
    const task = refused?.task ?? this.#tasks.get(id);
    if (task === undefined) return undefined;
    const { state, cause, reason } =
      refused === undefined
        ? { state: this.#state, cause: this.#cause, reason: this.#reason }
        : { state: "unsupported" as const, cause: "cannot_compile" as const, reason: refused.reason };
    return {
      spec: id,
      metric: task.spec.metric,
      state,
      cause,
      reason,
      sinceMs: this.#sinceMs,
      retryAtMs: null,
      eventsPerSec: null,
      dropsPerSec: null,
      losses: { ...task.record.quality.totals },
      unknownSample: task.record.quality.unknownSample,
    };
  }

  /** Statistics that this image lacks, by metric, of the metrics that run. */
  missing(): Map<string, readonly string[]> {
    return new Map([...this.#tasks.values()].map((task) => [task.spec.metric, task.missing]));
  }

  #take(task: KstatTask): void {
    const zoneSet = task.zones && new Set(task.zones);
    const known = this.#tasks.get(task.id);
    // Counters are followed for all zones: other zones than before need nothing new.
    if (known !== undefined) known.zoneSet = zoneSet;
    else if (!this.#refused.has(task.id)) {
      try {
        const windows = new KstatWindows(task.entry, task.spec);
        this.#tasks.set(task.id, { ...task, windows, zoneSet, tick: 0, granule: -1, missing: [], printed: false });
      } catch (error) {
        this.#refused.set(task.id, { task, reason: errorChain(error) });
      }
    }
  }

  #renew(): void {
    this.#renewing = true;
    this.#wake?.();
    if (this.#open !== undefined) void hangUp(this.#open);
  }

  /** The one command after another. Never rejects. */
  async #loop(): Promise<void> {
    this.#looping = true;
    while (!this.#stop.signal.aborted) {
      await this.#stream();
      if (this.#isStopped()) break;
      if (this.#isRenewing()) continue;
      // Growth across a pause belongs to no column: the pause stays a gap.
      for (const task of this.#tasks.values()) task.windows = new KstatWindows(task.entry, task.spec);
      await this.#pause(this.#backoff.next());
    }
    this.#looping = false;
  }

  async #stream(): Promise<void> {
    this.#renewing = false;
    this.#enabling = randomBytes(8).toString("hex");
    for (const task of this.#tasks.values()) {
      task.tick = 0;
      task.printed = true;
    }
    this.#lastSampleMs = this.#options.now();
    try {
      const { source, channels } = this.#options;
      const open = await channels.open(source === "kstat" ? `kstat ${this.#patterns.join(" ")}` : source, "stream", {
        signal: this.#stop.signal,
      });
      this.#open = open;
      this.#openedMs = this.#options.now();
      if (this.#stop.signal.aborted || this.#isRenewing()) await hangUp(open);
      const { status, stderr } = await this.#read(open);
      if (!this.#isRenewing()) this.#ended(status, stderr);
    } catch (error) {
      this.#rest("resting", "channel", errorChain(error), "ssh_down");
    } finally {
      this.#open = undefined;
    }
  }

  async #read({ channel, exit }: OpenCommand): Promise<{ status: ExitStatus; stderr: string }> {
    let stderr = "";
    let over = false;
    const parser = new KstatParser({
      onSample: (sample) => this.#sample(sample),
      onProblem: ({ kind, sample }) => {
        for (const { record } of this.#tasks.values()) record.quality.stray(`kstat_${kind}`, sample);
      },
    });
    channel.on("data", (chunk: Buffer) => {
      // What a command prints that is being replaced lacks what was asked for since; counters lose nothing by waiting.
      if (!over && !this.#stop.signal.aborted && !this.#isRenewing()) parser.push(chunk);
    });
    channel.stderr.on("data", (chunk: Buffer) => (stderr = (stderr + chunk.toString("utf8").slice(-300)).slice(-300)));
    keepLease(channel);
    const status = await exit;
    over = true;
    return { status, stderr: stderr.trim() };
  }

  #ended(status: ExitStatus, stderr: string): void {
    const reason = `${describe(status)} ${stderr}`.trim();
    if (status.code === 127 || status.code === 126) this.#rest("unsupported", "refused", reason, "unsupported");
    else if (status.code === 75) this.#rest("disabled", "kill_switch", reason, "disabled");
    else if (status.code === null) this.#rest("resting", "channel", reason, "ssh_down");
    else this.#rest("resting", "exit", reason, "dtrace_exit");
  }

  #rest(state: EnablingState, cause: Cause, reason: string, gap: GapReason): void {
    for (const { record } of this.#tasks.values()) record.gap = gap;
    this.#enter(state, cause, reason);
  }

  #enter(state: EnablingState, cause: Cause, reason: string): void {
    if (this.#stop.signal.aborted || (state === this.#state && reason === this.#reason)) return;
    this.#state = state;
    this.#cause = cause;
    this.#reason = reason.slice(0, 500);
    this.#sinceMs = this.#options.now();
    this.#options.onState();
  }

  #sample(sample: KstatSample): void {
    this.#backoff.reset();
    this.#lastSampleMs = this.#options.now();
    this.#enter("running", "running", "");
    for (const task of this.#tasks.values()) {
      if (!task.printed) continue;
      // One sample a granule, the first that comes; what happened in between is in the counters.
      const granule = Math.floor(sample.epochSec / task.spec.granularitySec);
      if (granule === task.granule) continue;
      task.granule = granule;
      const window = task.windows.take(sample, task.zoneSet);
      if (window !== null) this.#deliver(task, sample, window);
    }
  }

  #deliver(task: RunningTask, sample: KstatSample, window: KstatWindow): void {
    const { record } = task;
    const end = this.#options.clock.windowEnd(task.id, sample.epochSec * 1000, this.#lastSampleMs);
    if (this.#options.clock.isInDoubt) this.#options.onLag();
    task.tick += 1;
    if (window.missing.length !== task.missing.length) {
      task.missing = window.missing;
      this.#options.onState();
    }
    record.coverage.deliver(
      {
        enabling: this.#enabling,
        tick: task.tick,
        endedMs: end.endedMs,
        clock: end.flag,
        receivedMs: this.#lastSampleMs,
        elapsedNs: window.elapsedNs,
        rows: window.rows,
        events: window.events,
        dropped: 0,
        losses: lossesOf(window, sample.skippedLines),
      },
      record.gap,
    );
    record.gap = "late_tick";
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }

  /** Methods, because the compiler would otherwise remember what these were before an await. */
  #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  #isRenewing(): boolean {
    return this.#renewing;
  }
}

/** What is not known of a window although its sample came. */
function lossesOf({ resets, late }: KstatWindow, skippedLines: number): Record<string, number> {
  return {
    ...(resets > 0 && { counter_resets: resets }),
    ...(late && { late_samples: 1 }),
    ...(skippedLines > 0 && { skipped_lines: skippedLines }),
  };
}
