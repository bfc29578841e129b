/**
 * enabling.ts: one spec traced on one host: the D program started, read, kept alive, started again when it ends.
 *
 *   stopped ──start──▶ starting ──first frame──▶ running ──exit, channel closed──▶ resting ──backoff──▶ starting
 *                          └──────── exit ──────────────────────▲                     └── stop ──▶ stopped
 *
 * Each start is an enabling of its own: a fresh nonce, ticks from 1. What the host could not do is said once per reason, not
 * at every try; meanwhile the columns that nobody watches are declared gaps.
 */
import { randomBytes } from "node:crypto";
import { errorChain } from "../core/errors.ts";
import type { Spec } from "../core/instrumentation.ts";
import type { GapReason } from "../core/window.ts";
import { compileProgram } from "../d-scripts/compile.ts";
import type { Entry, Platform } from "../d-scripts/recipe.ts";
import { Backoff } from "./backoff.ts";
import { describe, keepLease } from "./command.ts";
import type { Coverage } from "./coverage.ts";
import { MessageReader, type DtraceMessage } from "./dtrace-messages.ts";
import { FrameReader, type Frame, type FrameProblem } from "./frames.ts";
import type { Channel, ExitStatus, SshConnection } from "./ssh.ts";

export interface EnablingOptions {
  readonly entry: Entry;
  readonly spec: Spec;
  readonly specId: string;
  readonly requestedBy: string;
  readonly platform: Platform;
  /** Names of the zones to count; null: all. */
  readonly zones: readonly string[] | null;
  readonly connection: SshConnection;
  readonly coverage: Coverage;
  readonly now: () => number;
  readonly onState: (state: EnablingState, reason: string) => void;
}

export type EnablingState = "running" | "resting" | "stopped";

/** Between starts of a program that keeps ending. */
const RESTART = { minMs: 1_000, maxMs: 60_000 };

/** What spoils a window's counts, among dtrace's messages. */
const LOSSES: ReadonlySet<DtraceMessage["kind"]> = new Set([
  "principal_drops",
  "aggregation_drops",
  "dynamic_drops",
  "speculative_drops",
  "speculation_failed",
  "error_on_probe",
]);

export class Enabling {
  readonly #options: EnablingOptions;
  readonly #backoff = new Backoff(RESTART);
  #channel: Channel | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #reason: GapReason = "dtrace_exit";
  /** When the last frame came: while they come, nothing is overdue, however old their windows. */
  #lastFrameMs = 0;
  #losses: Record<string, number> = {};
  #lastMessage = "";
  #nonce = "";

  constructor(options: EnablingOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#run();
  }

  /** Ends the program: its input ends, and the wrapper ends dtrace in order. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#channel?.end();
    this.#channel?.close();
    this.#options.onState("stopped", "");
  }

  /** Declares columns that have not come. Call it about once a second. */
  checkOverdue(): void {
    const { now, spec, coverage } = this.#options;
    const quietMs = now() - this.#lastFrameMs;
    if (quietMs > (spec.granularitySec + 3) * 1000) coverage.overdue(now(), this.#reason);
  }

  async #run(): Promise<void> {
    const startedMs = this.#options.now();
    let outcome: string;
    try {
      const status = await this.#trace();
      this.#reason = gapReason(status, this.#lastMessage);
      outcome = `${describe(status)}${this.#lastMessage === "" ? "" : `: ${this.#lastMessage}`}`;
    } catch (error) {
      this.#reason = "ssh_down";
      outcome = errorChain(error);
    }
    this.#channel = undefined;
    if (this.#isStopped()) return;
    // A program that served for a while has not failed to start: the hourly cap ends every one.
    if (this.#options.now() - startedMs > RESTART.maxMs) this.#backoff.reset();
    this.#options.onState("resting", outcome);
    this.#timer = setTimeout(() => this.start(), this.#backoff.next());
  }

  async #trace(): Promise<ExitStatus> {
    const { entry, spec, specId, zones, requestedBy, platform, connection } = this.#options;
    this.#nonce = randomBytes(16).toString("hex");
    this.#lastMessage = "";
    // A program has a moment to start before its columns are overdue.
    this.#lastFrameMs = this.#options.now();
    const program = compileProgram({ entry, spec, specId, nonce: this.#nonce, zones, requestedBy, platform });
    const { channel, exit } = await connection.exec(`run ${this.#nonce}`);
    this.#channel = channel;
    if (this.#isStopped()) channel.close();
    const frames = new FrameReader({
      nonce: this.#nonce,
      keyTypes: program.head.keyTypes,
      scheme: spec.scheme,
      onFrame: (frame) => this.#frame(frame),
      onProblem: (problem) => this.#problem(problem),
    });
    const messages = new MessageReader((message) => this.#message(message));
    channel.on("data", (chunk: Buffer) => frames.push(chunk));
    channel.stderr.on("data", (chunk: Buffer) => messages.push(chunk));
    channel.write(`${program.text}\n@program-end ${this.#nonce}\n`);
    keepLease(channel);
    const status = await exit;
    frames.end();
    messages.end();
    return status;
  }

  #frame(frame: Frame): void {
    const { spec, coverage, now } = this.#options;
    const receivedMs = now();
    const dropped = frame.events - frame.sum;
    const losses = dropped > 0 ? { ...this.#losses, uncounted_events: dropped } : this.#losses;
    this.#losses = {};
    this.#lastFrameMs = receivedMs;
    coverage.deliver(
      {
        enabling: this.#nonce.slice(0, 16),
        tick: frame.tick,
        endedMs: frame.wallMs,
        receivedMs,
        elapsedNs: spec.granularitySec * 1e9,
        rows: frame.rows.map(({ keys, bucket, count, value }) =>
          spec.zoned
            ? { zone: keys[0] ?? "", keys: keys.slice(1), bucket, count, value }
            : { zone: "", keys, bucket, count, value },
        ),
        events: frame.events,
        dropped,
        losses,
      },
      "late_tick",
    );
    if (frame.tick === 1) this.#options.onState("running", "");
  }

  /** The frame is lost: its column becomes a gap when the next one comes. */
  #problem(problem: FrameProblem): void {
    this.#reason = "bad_frame";
    this.#lastMessage = `${problem.kind}: ${problem.sample}`;
  }

  #message(message: DtraceMessage): void {
    if (LOSSES.has(message.kind)) this.#losses[message.kind] = (this.#losses[message.kind] ?? 0) + message.count;
    else this.#lastMessage = message.text;
  }

  /** A method, because the compiler would otherwise remember what `#stopped` was before an await. */
  #isStopped(): boolean {
    return this.#stopped;
  }
}

function gapReason({ code, signal }: ExitStatus, message: string): GapReason {
  if (message.includes("systemic unresponsiveness")) return "dtrace_killed";
  if (message.includes("does not match any probes")) return "unsupported";
  if (code === null && signal === null) return "ssh_down";
  return signal === null ? "dtrace_exit" : "dtrace_killed";
}
