/**
 * assignments.ts: what to run, pushed by the query API over server-sent events.
 *
 * The stream carries the whole list each time, so nothing has to be replayed after a reconnect. While the API is away the last
 * list stays in force.
 */
import { eitherSignal } from "../core/either-signal.ts";
import { errorChain } from "../core/errors.ts";
import type { Assignment } from "../core/instrumentation.ts";
import { eventsOf } from "../core/event-stream.ts";
import { Backoff } from "./backoff.ts";
import { textOf, type Secret } from "./ingest-client.ts";
import { Once } from "./once.ts";
import { pause } from "../core/pause.ts";

export interface AssignmentsOptions {
  readonly queryUrl: string;
  readonly token: Secret;
  readonly onAssignments: (assignments: readonly Assignment[]) => void;
  readonly onAlarm: (facts: Record<string, unknown>, message: string) => void;
}

/** A heartbeat comes every 10 s; silence for longer means that the connection is dead. */
const SILENCE_MS = 30_000;
const MAX_EVENT_CHARACTERS = 16 * 1024 * 1024;

export class Assignments {
  readonly #options: AssignmentsOptions;
  readonly #backoff = new Backoff({ minMs: 250, maxMs: 15_000 });
  readonly #stop = new AbortController();
  readonly #said = new Once();

  constructor(options: AssignmentsOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#run();
  }

  close(): void {
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#follow();
      } catch (error) {
        const chain = errorChain(error);
        if (!this.#isStopped() && this.#said.first(chain, Date.now())) {
          this.#options.onAlarm({ chain }, "the query API's assignments cannot be followed");
        }
      }
      await pause(this.#backoff.next(), this.#stop.signal);
    }
  }

  /** A method, because the compiler would otherwise remember the signal's state from before an await. */
  #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  async #follow(): Promise<void> {
    const silence = new AbortController();
    const either = eitherSignal(this.#stop.signal, silence.signal);
    let timer = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      const response = await fetch(`${this.#options.queryUrl}/v1/assignments`, {
        headers: { authorization: `Bearer ${textOf(this.#options.token)}`, accept: "text/event-stream" },
        signal: either.signal,
      });
      if (!response.ok || response.body === null) throw new Error(`the query API answered ${response.status}`);
      this.#backoff.reset();
      const heard = (): void => {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MS);
      };
      for await (const { name, data } of eventsOf(response, either.signal, heard, MAX_EVENT_CHARACTERS)) {
        if (name === "assignments") this.#options.onAssignments(JSON.parse(data) as Assignment[]);
      }
    } finally {
      clearTimeout(timer);
      either.release();
    }
  }
}
