/**
 * enabling.ts: one spec traced on one host: the D program started, read, kept alive, started again when it ends.
 *
 *             ┌──── a channel ───▶ starting ──first frame──▶ running
 *   start ▶ waiting                   │ exit, silence           │ exit, silence, the guard
 *             ▲                       ▼                         ▼
 *             └── backoff ──────── resting ◀────────────────────┤
 *             └── 1, 5, 30 min ─── disabled ◀───────────────────┤
 *             └── 10 min ───────── unsupported ◀────────────────┘           stop, from anywhere ──▶ stopped
 *
 * Each start is an enabling of its own: a fresh nonce, ticks from 1. After `stop` not even a frame that is on its way is used:
 * another program may be counting the same events already, and a count must never be added twice.
 */
import { randomBytes } from "node:crypto";
import { errorChain, InputError } from "../core/errors.ts";
import type { Spec } from "../core/instrumentation.ts";
import type { Cause, EnablingState, EnablingStatus } from "../core/host-status.ts";
import { compileProgram, type Program } from "../d-scripts/compile.ts";
import type { Entry, Platform } from "../d-scripts/recipe.ts";
import { Backoff } from "./backoff.ts";
import type { Channels, OpenCommand } from "./channels.ts";
import { hangUp, keepLease } from "./command.ts";
import { MessageReader, type DtraceMessage, type MessageKind } from "./dtrace-messages.ts";
import { endingOf, type Ending } from "./enabling-end.ts";
import { FrameReader, type Frame } from "./frames.ts";
import type { HostClock } from "./host-clock.ts";
import { SETTLE_MS } from "./quality.ts";
import type { ExitStatus } from "./ssh.ts";
import type { TaskRecord } from "./task-record.ts";

export interface EnablingTimings {
  /** Between starts of a program that keeps ending. */
  readonly restartMinMs: number;
  readonly restartMaxMs: number;
  /** Attaching thousands of probes takes its time. */
  readonly firstFrameMs: number;
  /** Silence, beyond one granule, that ends a program which has printed before. */
  readonly silenceMs: number;
  readonly unsupportedMs: number;
}

export const ENABLING_TIMINGS: EnablingTimings = {
  restartMinMs: 1_000,
  restartMaxMs: 60_000,
  firstFrameMs: 120_000,
  silenceMs: 15_000,
  unsupportedMs: 600_000,
};

export interface EnablingOptions {
  readonly entry: Entry;
  readonly spec: Spec;
  readonly specId: string;
  readonly requestedBy: string;
  readonly platform: Platform;
  /** Names of the zones to count; null: all. */
  readonly zones: readonly string[] | null;
  readonly channels: Channels;
  readonly record: TaskRecord;
  readonly clock: HostClock;
  readonly timings: EnablingTimings;
  readonly now: () => number;
  /** Called when the state or its reason changes. */
  readonly onState: () => void;
  /** The windows lie far behind: is it the clock? */
  readonly onLag: () => void;
  /** A zone that counted events, by name. */
  readonly onZone: (zone: string) => void;
}

type State = EnablingState | "waiting" | "stopped";

export class Enabling {
  readonly #options: EnablingOptions;
  readonly #backoff: Backoff;
  readonly #stop = new AbortController();
  #state: State = "waiting";
  #cause: Cause = "starting";
  #reason = "";
  /** How it ended last, until it runs again. */
  #before = "";
  #sinceMs: number;
  #retryAtMs: number | null = null;
  #timer: NodeJS.Timeout | undefined;
  #open: OpenCommand | undefined;
  #nonce = "";
  #startedMs = 0;
  #lastFrameMs = 0;
  #messages: MessageReader | undefined;
  #lastMessage: DtraceMessage | undefined;
  /** Complete, and waiting for what standard error has to say about it. */
  #held: { readonly frame: Frame; readonly receivedMs: number; readonly timer: NodeJS.Timeout } | undefined;
  /** Why we ended the program ourselves. */
  #verdict: Ending | undefined;

  constructor(options: EnablingOptions) {
    this.#options = options;
    const { restartMinMs, restartMaxMs } = options.timings;
    this.#backoff = new Backoff({ minMs: restartMinMs, maxMs: restartMaxMs });
    this.#sinceMs = options.now();
  }

  start(): void {
    const { record, now } = this.#options;
    const { hold } = record;
    if (hold !== undefined && (hold.untilMs === null || hold.untilMs > now())) {
      record.gap = hold.state;
      this.#enter(hold.state, hold.cause, hold.reason);
      this.#sinceMs = hold.sinceMs;
      this.#again(hold.untilMs === null ? null : hold.untilMs - now());
    } else void this.#run();
  }

  /** Ends the program: its input ends, and the wrapper ends dtrace in order. */
  stop(): void {
    if (this.#isStopped()) return;
    clearTimeout(this.#timer);
    this.#settle();
    this.#state = "stopped";
    this.#stop.abort();
    if (this.#open !== undefined) void hangUp(this.#open);
  }

  /** Declares columns that have not come, and ends a program that hangs. Call it about once a second. */
  check(): void {
    const { now, spec, record, clock } = this.#options;
    const nowMs = now();
    const quietMs = nowMs - this.#lastFrameMs;
    const granuleMs = spec.granularitySec * 1000;
    // While frames come nothing is overdue, however old their windows.
    if (this.#state !== "running" || quietMs > granuleMs + 3000) {
      record.coverage.overdue(clock.hostMs(nowMs), record.gap, nowMs);
    }
    const { firstFrameMs, silenceMs } = this.#options.timings;
    const limitMs = granuleMs + (this.#state === "running" ? silenceMs : firstFrameMs);
    if ((this.#state === "running" || this.#state === "starting") && quietMs > limitMs) {
      const reason = `no frame for ${Math.round(quietMs / 1000)} s`;
      this.#end({ state: "resting", cause: "silent", reason, gap: "dtrace_exit" });
    }
  }

  status(): EnablingStatus {
    const { specId, spec, record } = this.#options;
    const { eventsPerSec, dropsPerSec } = record.rates;
    const shown = this.#state === "waiting" || this.#state === "stopped" ? "starting" : this.#state;
    return {
      spec: specId,
      metric: spec.metric,
      state: shown,
      cause: this.#cause,
      reason: this.#reason,
      sinceMs: this.#sinceMs,
      retryAtMs: this.#retryAtMs,
      eventsPerSec,
      dropsPerSec,
      losses: { ...record.quality.totals },
      unknownSample: record.quality.unknownSample,
    };
  }

  async #run(): Promise<void> {
    const { now, timings } = this.#options;
    const ending = await this.#trace();
    if (this.#isStopped()) return;
    // A program that served for a while has not failed to start: the hourly cap ends every one.
    if (now() - this.#startedMs > timings.restartMaxMs) this.#backoff.reset();
    this.#rest(ending);
  }

  /** One program, from asking for a channel to its end. Never rejects. */
  async #trace(): Promise<Ending> {
    const { channels, now, record } = this.#options;
    this.#startedMs = now();
    this.#verdict = undefined;
    this.#lastMessage = undefined;
    record.hold = undefined;
    record.guard.restart();
    this.#enter("waiting", "starting", this.#before);
    try {
      const program = this.#compile();
      const open = await channels.open(`run ${this.#nonce}`, "program", {
        signal: this.#stop.signal,
        onWait: () => this.#enter("waiting", "waiting_for_channel", "as many programs run on the host as may at once"),
      });
      this.#open = open;
      if (this.#isStopped()) await hangUp(open);
      const status = await this.#read(open, program);
      return this.#ownVerdict() ?? endingOf(status, this.#lastMessage);
    } catch (error) {
      const reason = errorChain(error);
      if (error instanceof InputError) {
        return { state: "unsupported", cause: "cannot_compile", reason, gap: "unsupported" };
      }
      return { state: "resting", cause: "channel", reason, gap: "ssh_down" };
    } finally {
      this.#open = undefined;
    }
  }

  #compile(): Program {
    const { entry, spec, specId, zones, requestedBy, platform } = this.#options;
    this.#nonce = randomBytes(16).toString("hex");
    return compileProgram({ entry, spec, specId, nonce: this.#nonce, zones, requestedBy, platform });
  }

  async #read(open: OpenCommand, program: Program): Promise<ExitStatus> {
    const { channel, exit } = open;
    this.#enter("starting", "starting", this.#before);
    this.#startedMs = this.#lastFrameMs = this.#options.now();
    const frames = new FrameReader({
      nonce: this.#nonce,
      keyTypes: program.head.keyTypes,
      scheme: this.#options.spec.scheme,
      onFrame: (frame) => this.#hold(frame),
      onProblem: ({ kind, sample }) => {
        this.#options.record.quality.problem(kind);
        this.#options.record.gap = "bad_frame";
        this.#lastMessage ??= { kind: "unknown", count: 1, text: `bad frame (${kind}): ${sample}` };
      },
    });
    const messages = new MessageReader((message) => this.#message(message));
    this.#messages = messages;
    let over = false;
    channel.on("data", (chunk: Buffer) => {
      open.started();
      if (!over && !this.#isStopped()) frames.push(chunk);
    });
    channel.stderr.on("data", (chunk: Buffer) => messages.push(chunk));
    channel.write(`${program.text}\n@program-end ${this.#nonce}\n`);
    keepLease(channel);
    const status = await exit;
    over = true;
    if (!this.#isStopped()) frames.end();
    messages.end();
    this.#settle();
    return status;
  }

  #hold(frame: Frame): void {
    this.#settle();
    const receivedMs = this.#options.now();
    this.#lastFrameMs = receivedMs;
    this.#held = { frame, receivedMs, timer: setTimeout(() => this.#settle(), SETTLE_MS) };
  }

  /** What standard error said is known: the frame that was held back goes. */
  #settle(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    clearTimeout(held.timer);
    this.#messages?.flush();
    if (!this.#isStopped()) this.#deliver(held.frame, held.receivedMs);
  }

  #deliver(frame: Frame, receivedMs: number): void {
    const { spec, record, onZone } = this.#options;
    const { losses, dropped, drops } = record.quality.take(frame.events - frame.sum);
    record.rates.add(frame.events, dropped);
    record.coverage.deliver(
      {
        enabling: this.#nonce.slice(0, 16),
        tick: frame.tick,
        endedMs: frame.wallMs,
        receivedMs,
        elapsedNs: spec.granularitySec * 1e9,
        rows: frame.rows.map(({ keys, bucket, count, value }) => {
          const zone = spec.zoned ? (keys[0] ?? "") : "";
          if (spec.zoned) onZone(zone);
          return { zone, keys: spec.zoned ? keys.slice(1) : keys, bucket, count, value };
        }),
        events: frame.events,
        dropped,
        losses,
      },
      record.gap,
    );
    record.gap = "late_tick";
    if (this.#state === "starting") this.#enter("running", "running", "");
    this.#before = "";
    this.#guard(frame, receivedMs, drops);
  }

  #guard(frame: Frame, receivedMs: number, drops: boolean): void {
    const { spec, record, clock, onLag } = this.#options;
    const fall = record.guard.tick({
      nowMs: receivedMs,
      drops,
      lagMs: clock.ageMs(frame.wallMs, receivedMs),
      clockAskedMs: clock.askedMs,
      eventsPerSec: frame.events / spec.granularitySec,
    });
    if (record.guard.wantsClock) onLag();
    if (fall !== undefined) this.#end({ ...fall, state: "disabled", gap: "disabled" });
  }

  #message(message: DtraceMessage): void {
    if (this.#options.record.quality.message(message) || HARMLESS.has(message.kind)) return;
    // What is understood says more than what is not.
    if (message.kind !== "unknown" || (this.#lastMessage?.kind ?? "unknown") === "unknown") this.#lastMessage = message;
  }

  /** Ends the program from our side. */
  #end(verdict: Ending): void {
    if (this.#verdict !== undefined || this.#isStopped()) return;
    this.#verdict = verdict;
    if (this.#open !== undefined) void hangUp(this.#open);
  }

  /** It is over: what comes next, and when. */
  #rest({ state, cause, reason, gap }: Ending): void {
    const { record, now, timings } = this.#options;
    const nowMs = now();
    record.gap = gap;
    record.rates.clear();
    let retryMs: number | null = this.#backoff.next();
    if (state === "unsupported") retryMs = timings.unsupportedMs;
    else if (cause === "kill_switch") retryMs = timings.restartMaxMs;
    else if (state === "disabled") retryMs = record.guard.fall(nowMs);
    if (state !== "resting") {
      record.hold = { state, cause, reason, sinceMs: nowMs, untilMs: retryMs === null ? null : nowMs + retryMs };
    }
    this.#before = `again, after: ${reason}`;
    this.#enter(state, cause, reason);
    this.#again(retryMs);
  }

  #again(inMs: number | null): void {
    this.#retryAtMs = inMs === null ? null : this.#options.now() + inMs;
    if (inMs !== null) this.#timer = setTimeout(() => void this.#run(), inMs);
  }

  #enter(state: State, cause: Cause, reason: string): void {
    if (this.#isStopped()) return;
    const same = state === this.#state && cause === this.#cause && reason === this.#reason;
    if (state !== this.#state) this.#sinceMs = this.#options.now();
    this.#state = state;
    this.#cause = cause;
    this.#reason = reason.slice(0, MAX_REASON);
    this.#retryAtMs = null;
    if (!same) this.#options.onState();
  }

  /** Methods, because the compiler would otherwise remember what these were before an await. */
  #ownVerdict(): Ending | undefined {
    return this.#verdict;
  }

  #isStopped(): boolean {
    return this.#state === "stopped";
  }
}

const MAX_REASON = 500;
/** Said by programs that go on. */
const HARMLESS: ReadonlySet<MessageKind> = new Set<MessageKind>(["matched", "buffer_lowered"]);
