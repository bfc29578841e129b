/**
 * support-check.ts: one host's part in finding out what its platform image can run.
 *
 *   next metric that nobody knows ──▶ compile ──▶ book ──▶ next ...        all known, or the connection is gone: over
 *          └── others are at it: wait for them
 *
 * It runs in the background: one `compile` at a time, and only while no program is waiting or starting. A failure that is the
 * host's own (no dtrace, no privileges, refused) holds for all metrics there and is not put into the book.
 */
import { randomBytes } from "node:crypto";
import { errorChain } from "../core/errors.ts";
import { metricName } from "../core/metric.ts";
import type { Entry, Platform } from "../d-scripts/recipe.ts";
import type { Channels } from "./channels.ts";
import { describe, runCommand, type CommandResult } from "./command.ts";
import { MessageReader, type DtraceMessage } from "./dtrace-messages.ts";
import { refusalOf } from "./enabling-end.ts";
import { dtraceMetrics, supportProgram, type SupportBook, type Verdict } from "./support.ts";

export interface SupportCheckOptions {
  readonly channels: Channels;
  readonly book: SupportBook;
  /** What verdicts hold for: the platform image and its dtrace. */
  readonly image: string;
  readonly platform: Platform;
  /** Why this host can run nothing, whatever its image could. */
  readonly onHostProblem: (reason: string) => void;
}

const COMPILE_MS = 10_000;
const MAX_TRIES = 3;

export class SupportCheck {
  readonly #options: SupportCheckOptions;
  readonly #stop = new AbortController();
  readonly #tries = new Map<string, number>();

  constructor(options: SupportCheckOptions) {
    this.#options = options;
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Settles when all is known, or can not be found out here. Never rejects. */
  async run(): Promise<void> {
    const { book, image, platform, onHostProblem } = this.#options;
    while (!this.#stop.signal.aborted) {
      const open = dtraceMetrics(platform).filter(({ metric }) => this.#isOpen(metricName(metric)));
      if (open.length === 0) return;
      const entry = open.find(({ metric }) => book.claim(image, metricName(metric)));
      if (entry === undefined) {
        await this.#others();
        continue;
      }
      const name = metricName(entry.metric);
      const outcome = await this.#compile(entry);
      book.settle(image, name, typeof outcome === "object" ? outcome : undefined);
      this.#tries.set(name, (this.#tries.get(name) ?? 0) + 1);
      if (typeof outcome !== "string") continue;
      onHostProblem(outcome);
      return;
    }
  }

  #isOpen(metric: string): boolean {
    const { book, image } = this.#options;
    return book.verdict(image, metric) === undefined && (this.#tries.get(metric) ?? 0) < MAX_TRIES;
  }

  /** @returns the image's verdict; what is wrong with the host; undefined: it could not be tried */
  async #compile(entry: Entry): Promise<Verdict | string | undefined> {
    const { channels, platform } = this.#options;
    const nonce = randomBytes(16).toString("hex");
    let program: string;
    try {
      program = supportProgram(entry, platform, nonce);
    } catch (error) {
      return { supported: false, reason: errorChain(error) };
    }
    try {
      const result = await runCommand(channels, {
        command: `compile ${nonce}`,
        input: `${program}\n@program-end ${nonce}\n`,
        timeoutMs: COMPILE_MS,
        background: true,
        signal: this.#stop.signal,
      });
      return verdictOf(result);
    } catch {
      // The connection, or the host, had no answer; the next try may find one.
      return undefined;
    }
  }

  #others(): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        unsubscribe();
        signal.removeEventListener("abort", done);
        resolve();
      };
      const unsubscribe = this.#options.book.onChange(done);
      signal.addEventListener("abort", done);
    });
  }
}

function verdictOf({ status, stderr }: CommandResult): Verdict | string | undefined {
  if (status.code === 0) return { supported: true, reason: "" };
  const message = firstTelling(stderr);
  const reason = `${describe(status)}${message === undefined ? "" : `: ${message.text}`}`;
  switch (refusalOf(status, message)) {
    case "no_such_probe":
    case "does_not_compile":
      return { supported: false, reason };
    case undefined:
      return undefined;
    default:
      return reason;
  }
}

/** The first message that is understood, or else the first. */
function firstTelling(stderr: string): DtraceMessage | undefined {
  const messages: DtraceMessage[] = [];
  const reader = new MessageReader((message) => messages.push(message));
  reader.push(Buffer.from(stderr, "utf8"));
  reader.end();
  return messages.find(({ kind }) => kind !== "unknown") ?? messages[0];
}
