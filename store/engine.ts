/**
 * engine.ts: the embedded ClickHouse engine, as its users see it: a URL, a password, and a process that is kept alive.
 *
 *   starting ──ready──▶ serving ──exit──▶ waiting (backoff) ──▶ starting ...
 *       └─refused─▶ failed                 close() from any state ─▶ closed
 *
 * The port and the password outlive the process, so that after a crash clients find the engine where it was; meanwhile
 * they are refused a connection. The engine ends with this process, however this one ends, since it watches its stdin.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { OperationalError } from "../core/errors.ts";
import type { EngineOrder, EngineReport } from "./engine-process.ts";
import { announceEngine, withdrawEngine } from "./engine-where.ts";

/** What the engine tells; pino's loggers fit. */
export interface EngineLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

export interface EngineOptions {
  readonly dataDir: string;
  readonly log?: EngineLog;
  /** Closes the engine when aborted. */
  readonly signal?: AbortSignal;
  /** Memory that the engine may use; a quarter of the machine's by default, and at least 1 GiB. */
  readonly memoryBytes?: number;
  /** Threads of one query. */
  readonly threads?: number;
  /** Where BACKUP may write and RESTORE may read beside `backups` in the data directory. */
  readonly backupDirs?: readonly string[];
  /** Inserts are refused when less would stay free on the disk. */
  readonly freeDiskBytes?: number;
}

export interface EngineExit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** False when close() was called. */
  readonly restarting: boolean;
}

export interface Engine {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly database: string;
  /** The engine's process, or undefined while there is none. */
  readonly pid: number | undefined;
  /** How often it was started again. */
  readonly restarts: number;
  /** Calls `listener` at each end of the process; the result stops that. */
  onExit(listener: (exit: EngineExit) => void): () => void;
  /** Ends the process within 3 s. */
  close(): Promise<void>;
}

const DATABASE = "isotherm";
const USERNAME = "isotherm";
const START_MS = 30_000;
/** SIGKILL follows SIGTERM after this; the process itself gives up after 1.5 s. */
const CLOSE_MS = 2500;
/** Short enough that one that is killed again and again still serves again within 5 s of each kill. */
const BACKOFF_MS = [50, 100, 250, 500, 1000];
/** A process that served this long has not failed to start: its successor starts at once. */
const HEALTHY_MS = 10_000;
const GIB = 2 ** 30;

/**
 * Starts the engine on a data directory, which it makes if need be.
 *
 * @throws OperationalError DATA_DIRECTORY_IN_USE, ENGINE_START_FAILED
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const keeper = new Keeper(options);
  await keeper.start();
  return keeper;
}

class Keeper implements Engine {
  readonly username = USERNAME;
  readonly password = randomBytes(32).toString("base64url");
  readonly database = DATABASE;
  restarts = 0;
  readonly #options: EngineOptions;
  readonly #listeners = new Set<(exit: EngineExit) => void>();
  readonly #abort = (): void => void this.close();
  #port = 0;
  #child: ChildProcess | undefined;
  #closing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  onExit(listener: (exit: EngineExit) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async start(): Promise<void> {
    const { dataDir, signal } = this.#options;
    signal?.throwIfAborted();
    try {
      mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw new OperationalError("ENGINE_START_FAILED", `make data directory ${dataDir}`, { cause });
    }
    const startedAt = performance.now();
    signal?.addEventListener("abort", this.#abort, { once: true });
    await this.#launch();
    announceEngine(dataDir, this);
    const startMs = Math.round(performance.now() - startedAt);
    this.#options.log?.info({ pid: this.pid, port: this.#port, startMs, dataDir }, "the embedded engine serves");
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener("abort", this.#abort);
    const child = this.#child;
    if (this.#port !== 0) withdrawEngine(this.#options.dataDir);
    if (child === undefined) return;
    const gone = once(child, "close");
    const timer = setTimeout(() => child.kill("SIGKILL"), CLOSE_MS);
    child.kill("SIGTERM");
    child.stdin?.end();
    await gone;
    clearTimeout(timer);
  }

  /** One process, from its start to its readiness; its later end is watched. */
  async #launch(): Promise<void> {
    const child = spawnEngine();
    this.#child = child;
    // "close" comes after the last of stdout and stderr.
    const exit = new Promise<EngineExit>((resolve) =>
      child.once("close", (exitCode, signal) => resolve({ exitCode, signal, restarting: this.#closing === undefined })),
    );
    const stderr = lastLines(child);
    child.stdin?.on("error", () => undefined);
    child.stdin?.write(`${JSON.stringify(this.#order())}\n`);
    const report = await firstReport(child, exit, this.#options.dataDir, stderr).catch(async (error: unknown) => {
      child.kill("SIGKILL");
      await exit;
      this.#child = undefined;
      throw error;
    });
    this.#port = report.port;
    const readyAt = performance.now();
    void exit.then((end) => {
      this.#child = undefined;
      if (performance.now() - readyAt > HEALTHY_MS) this.#failures = 0;
      for (const listener of this.#listeners) listener(end);
      if (!end.restarting) return;
      this.#options.log?.warn({ ...end, stderr: stderr() }, "the embedded engine ended; it is started again");
      this.#restartLater();
    });
  }

  #restartLater(): void {
    const delayMs = BACKOFF_MS[Math.min(this.#failures++, BACKOFF_MS.length - 1)];
    this.#timer = setTimeout(() => {
      this.#launch().then(
        () => {
          this.restarts++;
          this.#options.log?.info({ pid: this.pid, restarts: this.restarts }, "the embedded engine serves again");
        },
        (error: unknown) => {
          if (this.#closing !== undefined) return;
          this.#options.log?.warn({ err: error }, "the embedded engine does not start; trying again");
          this.#restartLater();
        },
      );
    }, delayMs);
  }

  #order(): EngineOrder {
    const { dataDir, memoryBytes, threads, freeDiskBytes, backupDirs = [] } = this.#options;
    return {
      dataDir: resolve(dataDir),
      database: DATABASE,
      username: USERNAME,
      password: this.password,
      backupDirs: backupDirs.map((each) => resolve(each)),
      port: this.#port,
      limits: {
        memoryBytes: memoryBytes ?? Math.max(GIB, Math.floor(totalmem() / 4)),
        threads: threads ?? Math.min(4, availableParallelism()),
        freeDiskBytes: freeDiskBytes ?? GIB / 2,
      },
    };
  }
}

/** Flags of this process that the engine's needs to load the same sources; none that would run or debug something. */
const LOADER_FLAGS = new Set([
  "--import",
  "--require",
  "-r",
  "--loader",
  "--experimental-loader",
  "--conditions",
  "-C",
]);

function loaderFlags(execArgv: readonly string[]): string[] {
  return execArgv.flatMap((flag, at) => {
    if (LOADER_FLAGS.has(flag)) return [flag, execArgv[at + 1] ?? ""];
    return LOADER_FLAGS.has(flag.split("=", 1)[0] ?? "") ? [flag] : [];
  });
}

function spawnEngine(): ChildProcess {
  // The sources run as .ts, the built program as .js: the engine's file has this file's extension.
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const file = fileURLToPath(new URL(`./engine-process.${extension}`, import.meta.url));
  const env: NodeJS.ProcessEnv = { ...process.env, UV_THREADPOOL_SIZE: "16" };
  // The test runner's children would report to it.
  delete env["NODE_TEST_CONTEXT"];
  return spawn(process.execPath, [...loaderFlags(process.execArgv), file], { env, stdio: ["pipe", "pipe", "pipe"] });
}

async function firstReport(
  child: ChildProcess,
  exit: Promise<EngineExit>,
  dataDir: string,
  stderr: () => string,
): Promise<{ port: number }> {
  let timer: NodeJS.Timeout | undefined;
  const line = new Promise<string>((resolve) => {
    if (child.stdout !== null) createInterface({ input: child.stdout }).once("line", resolve);
  });
  const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), START_MS)));
  const first = await Promise.race([line, exit, late]);
  clearTimeout(timer);
  if (typeof first === "string") {
    const report = JSON.parse(first) as EngineReport;
    if ("port" in report) return report;
    // The engine gives its reason on stderr, which is complete when the process is gone.
    await Promise.race([exit, late]);
    throw startError(dataDir, report.error.message, stderr());
  }
  throw startError(dataDir, first === null ? `not ready after ${START_MS} ms` : "the process ended", stderr());
}

function startError(dataDir: string, reason: string, stderr: string): OperationalError {
  const attempt = `start the embedded engine on ${dataDir}`;
  const cause = new Error(stderr === "" ? reason : stderr);
  // CANNOT_OPEN_FILE, said of the lock on the directory.
  if (/Code: 76\b.*Another server instance/s.test(stderr)) {
    return new OperationalError("DATA_DIRECTORY_IN_USE", `${attempt}: another process uses this directory`, { cause });
  }
  return new OperationalError("ENGINE_START_FAILED", attempt, { cause, info: { reason } });
}

/** The end of what the process wrote on stderr, for the log of its death. */
function lastLines(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (text = (text + chunk).slice(-4000)));
  return () => text.trim();
}
