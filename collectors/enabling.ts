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
 * One that takes over from another (other zones; or an hour is nearly over) runs beside it until the other has delivered its last
 * window (takeover.ts), and is seen as the other until then.
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
import type { Channels } from "./channels.ts";
import { MessageReader, OWN_CPU, type DtraceMessage, type MessageKind } from "./dtrace-messages.ts";
import { endingOf, type Ending } from "./enabling-end.ts";
import { sharesOf } from "./frame-shares.ts";
import { FrameReader, type Frame } from "./frames.ts";
import type { HostClock } from "./host-clock.ts";
import { hangUp, keepLease, type OpenCommand } from "./open-command.ts";
import { OwnCpu } from "./own-cpu.ts";
import { SETTLE_MS } from "./quality.ts";
import type { ExitStatus } from "./ssh.ts";
import { Takeover, type Incoming, type Outgoing } from "./takeover.ts";
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
  /** A program ends itself after an hour; before that another takes over. */
  readonly renewMs: number;
}

export const ENABLING_TIMINGS: EnablingTimings = {
  restartMinMs: 1_000,
  restartMaxMs: 60_000,
  firstFrameMs: 120_000,
  silenceMs: 15_000,
  unsupportedMs: 600_000,
  renewMs: 3_300_000,
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
  /** What runs until this one does. */
  readonly predecessor?: Enabling | undefined;
}

type State = EnablingState | "waiting" | "stopped";

export class Enabling implements Outgoing {
  readonly #options: Omit<EnablingOptions, "predecessor">;
  readonly #backoff: Backoff;
  readonly #ownCpu = new OwnCpu();
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
  /** From what this one takes over; forgotten when it has, as that one had a predecessor too. */
  #predecessor: Enabling | undefined;
  #takeover: Takeover | undefined;
  /** This one is to be taken over from: frames are held back until it is known which is the last. */
  #expecting = false;
  #retiring: { readonly boundaryMs: number; readonly done: () => void } | undefined;
  /** When the last window ended that was delivered, by the host's clock. */
  #lastWindowMs: number | undefined;

  constructor(options: EnablingOptions) {
    const { predecessor, ...rest } = options;
    this.#options = rest;
    this.#predecessor = predecessor;
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
    this.#takeover?.giveUp();
    clearTimeout(this.#timer);
    if (this.#retiring === undefined) this.#settle();
    this.#state = "stopped";
    this.#retiring?.done();
    this.#stop.abort();
    if (this.#open !== undefined) void hangUp(this.#open);
  }

  /**
   * Makes way for one with other zones.
   *
   * @returns what runs and can be taken over from; undefined: nothing does, and this one has been stopped
   */
  makeWay(): Enabling | undefined {
    if (this.#state === "running" && this.#lastWindowMs !== undefined) return this;
    const outgoing = this.#takeover?.outgoing === undefined ? undefined : this.#predecessor;
    if (outgoing !== undefined) this.#takeover?.giveUp(true);
    this.#forget();
    this.stop();
    return outgoing;
  }

  /** Whether another should take over before the program ends itself. */
  get isOld(): boolean {
    const { now, timings } = this.#options;
    return this.#state === "running" && !this.#expecting && now() - this.#startedMs > timings.renewMs;
  }

  expectSuccessor(): number | undefined {
    if (this.#state !== "running") return undefined;
    this.#expecting = true;
    return this.#lastWindowMs;
  }

  retire(boundaryMs: number): Promise<number | undefined> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.stop();
        resolve(this.#lastWindowMs);
      };
      const timer = setTimeout(done, RETIRE_MS);
      this.#retiring = { boundaryMs, done };
      this.#settle();
      if (this.#isStopped() || this.#hasReached(boundaryMs)) done();
    });
  }

  #hasReached(boundaryMs: number): boolean {
    return (this.#lastWindowMs ?? 0) > boundaryMs - this.#options.spec.granularitySec * 500;
  }

  /** Declares columns that have not come, and ends a program that hangs. Call it about once a second. */
  check(): void {
    const predecessor = this.#takeover === undefined ? undefined : this.#predecessor;
    predecessor?.check();
    const { now, spec, record, clock } = this.#options;
    const nowMs = now();
    const quietMs = nowMs - this.#lastFrameMs;
    const granuleMs = spec.granularitySec * 1000;
    // While frames come nothing is overdue, however old their windows.
    if (predecessor === undefined && (this.#state !== "running" || quietMs > granuleMs + 3000)) {
      record.coverage.overdue(clock.columnMs(nowMs), record.gap, nowMs);
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
    if (this.#takeover !== undefined && this.#predecessor !== undefined) return this.#predecessor.status();
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
      ...(this.#ownCpu.rate !== undefined && { dtraceCpu: this.#ownCpu.rate }),
      losses: { ...record.quality.totals },
      unknownSample: record.quality.unknownSample,
    };
  }

  async #run(): Promise<void> {
    const { now, timings } = this.#options;
    const ending = await this.#trace();
    if (this.#isStopped()) return;
    this.#takeover?.giveUp();
    this.#forget();
    if (this.#expecting) {
      // Whatever ended it, another is about to run.
      this.stop();
      return;
    }
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
    this.#ownCpu.clear();
    this.#enter("waiting", "starting", this.#before);
    try {
      const takeover = this.#takeOver();
      const program = this.#compile(takeover?.after);
      const open = await channels.open(`run ${this.#nonce}`, takeover === undefined ? "program" : "successor", {
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

  #takeOver(): Takeover | undefined {
    const { spec } = this.#options;
    const predecessor = this.#predecessor;
    const afterMs = predecessor?.expectSuccessor();
    if (predecessor === undefined || afterMs === undefined) {
      predecessor?.stop();
      this.#forget();
      return undefined;
    }
    this.#takeover = new Takeover(predecessor, afterMs, spec.granularitySec, (incoming) => this.#useWindow(incoming));
    return this.#takeover;
  }

  #forget(): void {
    this.#takeover = undefined;
    this.#predecessor = undefined;
  }

  #compile(after: bigint | undefined): Program {
    const { entry, spec, specId, zones, requestedBy, platform } = this.#options;
    this.#nonce = randomBytes(16).toString("hex");
    const order = { entry, spec, specId, nonce: this.#nonce, zones, requestedBy, platform };
    return compileProgram(after === undefined ? order : { ...order, after });
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
        // The frame before it, still held back where both came at once, would take the reason for itself.
        this.#settle();
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
    const heldMs = this.#expecting && this.#retiring === undefined ? EXPECT_MS : SETTLE_MS;
    this.#held = { frame, receivedMs, timer: setTimeout(() => this.#settle(), heldMs) };
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
    const retiring = this.#retiring;
    const granuleMs = this.#options.spec.granularitySec * 1000;
    if (retiring !== undefined && frame.wallMs > retiring.boundaryMs + granuleMs / 2) {
      retiring.done();
      return;
    }
    if (this.#takeover !== undefined) this.#takeover.take(frame, receivedMs);
    else this.#useWindow({ frame, receivedMs, elapsedNs: granuleMs * 1e6, missedMs: 0 });
    if (retiring !== undefined && this.#hasReached(retiring.boundaryMs)) retiring.done();
  }

  #useWindow({ frame, receivedMs, elapsedNs, missedMs }: Incoming): void {
    if (this.#isStopped()) return;
    this.#forget();
    const { spec, specId, record, clock, onZone } = this.#options;
    const { losses: lost, dropped, drops } = record.quality.take(frame.events - frame.sum);
    const losses = missedMs === 0 ? lost : { ...lost, takeover_ms: missedMs };
    this.#lastWindowMs = frame.wallMs;
    const end = clock.windowEnd(specId, frame.wallMs, receivedMs);
    const rows = sharesOf(frame.rows, spec.zoned);
    if (spec.zoned) for (const { zone } of rows) onZone(zone);
    record.rates.add(frame.events, dropped);
    record.coverage.deliver(
      {
        enabling: this.#nonce.slice(0, 16),
        tick: frame.tick,
        endedMs: end.endedMs,
        clock: end.flag,
        receivedMs,
        elapsedNs,
        rows,
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
    if (record.guard.wantsClock || clock.isInDoubt) onLag();
    if (fall !== undefined) this.#end({ ...fall, state: "disabled", gap: "disabled" });
  }

  #message(message: DtraceMessage): void {
    if (message.kind === "own_cpu") {
      this.#ownCpu.take(message.text.slice(OWN_CPU.length));
      return;
    }
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
/** How long a frame waits for the successor's, which may say that it is one too many. Less than a granule. */
const EXPECT_MS = 500;
/** How long the last frame may take after the successor's first. */
const RETIRE_MS = 2_000;
/** Said by programs that go on. */
const HARMLESS: ReadonlySet<MessageKind> = new Set<MessageKind>(["matched", "buffer_lowered"]);
