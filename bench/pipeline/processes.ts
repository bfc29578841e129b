/**
 * processes.ts: the processes that a bench of the whole way starts: the services, and collectors in front of them, as in life.
 *
 * Each has its own CPU clock, and none carries the bench's data in its heap.
 */
import { fork, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Sent, FrameFile } from "./frames.ts";

export interface ServicesOrder {
  readonly dataDir: string;
  readonly hosts: number;
  readonly zones: number;
  /** Hosts beyond these have the same zones as those. */
  readonly distinctHosts: number;
  readonly collectors: number;
}

export interface ServicesReady {
  readonly ingestUrl: string;
  readonly tokens: readonly string[];
  readonly enginePid: number;
  readonly store: {
    readonly url: string;
    readonly username: string;
    readonly password: string;
    readonly database: string;
  };
}

export interface CollectorOrder {
  readonly name: string;
  readonly ingestUrl: string;
  readonly token: string;
  readonly spoolDirectory: string;
  readonly file: FrameFile;
  /** Which seconds of the file. */
  readonly fromSecond: number;
  readonly seconds: number;
  /** Names of hosts count from here. */
  readonly fromHost: number;
  readonly hosts: number;
}

/** One run of a collector. */
export interface RunOrder {
  readonly fromTick: number;
  readonly ticks: number;
  /** The column of tick 0, epoch seconds. */
  readonly zeroTs: number;
  /** At their times, hosts spread over the second; else as fast as ingest takes them. */
  readonly live: boolean;
}

export interface RunReport {
  readonly sent: Sent;
  readonly cpuSec: number;
  /** Reading the text, without what follows of it; making batches of it, encoded and in the spool's memory. */
  readonly parseSec: number;
  readonly batchSec: number;
  readonly batches: number;
  readonly batchBytes: number;
  /** From a batch's making to its acknowledgement: the spool's sync, the way, the store. */
  readonly ackMs: readonly number[];
  readonly lost: number;
}

/** A process that answers each message with one. */
export class Child<Order extends object, Answer> {
  readonly #child: ChildProcess;

  constructor(file: string) {
    this.#child = fork(new URL(file, import.meta.url), { execArgv: ["--import", "tsx"] });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  ask(order: Order): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null): void => reject(new Error(`a process of the bench ended with ${code}`));
      this.#child.once("exit", ended);
      this.#child.once("message", (answer) => {
        this.#child.off("exit", ended);
        resolve(answer as Answer);
      });
      this.#child.send(order);
    });
  }

  /** Lets it end by itself. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.disconnect();
    await ended;
  }
}

/** Resident memory of a process, MB. */
export function residentMb(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1] ?? 0) / 1024;
}
