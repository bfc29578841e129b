/**
 * engine-runner.ts: runs statements in chDB, and stops them.
 *
 * Selects and inserts have lanes of their own, so that neither waits for the other. chDB ignores query ids, so each
 * statement carries its id as `log_comment`, by which KILL QUERY finds it; always ASYNC, since SYNC never returns. A
 * statement may not be in system.processes yet when it is to be stopped, so the kill is repeated until the statement ends.
 */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ChdbAnswer, type ChdbSession, openChdbSession } from "./chdb.ts";
import type { Body } from "./engine-body.ts";
import { EngineException } from "./engine-exception.ts";
import { Lanes } from "./engine-lanes.ts";
import { readPipe } from "./engine-pipe.ts";
import { type EngineRequest, preamble, quote } from "./engine-request.ts";
import { Sessions } from "./engine-sessions.ts";
import type { Statement } from "./engine-statement.ts";

export interface RunnerOptions {
  /** The engine's own directory. */
  readonly path: string;
  readonly configFile: string;
  readonly database: string;
  /** One pipe a select lane. */
  readonly pipes: readonly string[];
  readonly insertLanes: number;
  readonly queueLength: number;
  readonly queueMs: number;
  /** For bodies in memory on their way to the engine: a memory file system where there is one. */
  readonly scratchDir: string;
}

type Select = Extract<Statement, { kind: "select" }>;
type Insert = Extract<Statement, { kind: "insert" }>;

const KILL_EVERY_MS = 50;
/** The engine ends a statement at max_execution_time by itself; this much later it is killed. */
const GRACE_MS = 1000;

export class Runner {
  readonly #options: RunnerOptions;
  readonly #control: ChdbSession;
  readonly #selects: Lanes<string>;
  readonly #inserts: Lanes<string>;
  readonly #sessions = new Sessions(() => this.#open());
  readonly #running = new Map<string, AbortController>();

  /** @throws EngineException 76 when another process holds the directory */
  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#control = this.#open();
    this.#selects = new Lanes(options.pipes, options);
    const files = Array.from({ length: options.insertLanes }, (_, at) => join(options.scratchDir, `insert-${at}`));
    this.#inserts = new Lanes(files, options);
  }

  async createDatabase(): Promise<void> {
    await this.#control.run(`CREATE DATABASE IF NOT EXISTS \`${this.#options.database}\` ENGINE = Atomic`, "Null");
  }

  /** Runs a statement whose answer may be of any size; `each` slows the engine down by resolving late. */
  async select(
    request: EngineRequest,
    statement: Select,
    signal: AbortSignal,
    each: (chunk: Buffer) => Promise<void>,
  ): Promise<ChdbAnswer> {
    return this.#register(request, signal, (stop) =>
      this.#selects.use(stop, async (path) => {
        const pipe = readPipe(path);
        const tail = statement.tail === "" ? `FORMAT ${request.defaultFormat}` : statement.tail;
        const sql = `${statement.head}\nINTO OUTFILE ${quote(path)} APPEND\n${tail}`;
        const running = this.#run(request, sql, stop).finally(() => pipe.finish());
        // The failure of the statement is told below, after what it wrote.
        running.catch(() => undefined);
        let refused: unknown = null;
        for await (const chunk of pipe.chunks) {
          // What nobody takes is thrown away until the statement has been stopped.
          if (refused === null && !stop.aborted) await each(chunk).catch((error: unknown) => (refused = error));
          if (refused !== null) this.#running.get(request.queryId)?.abort();
        }
        const answer = await running;
        if (refused !== null) throw new EngineException(210, "NETWORK_ERROR", "The client takes nothing", refused);
        return answer;
      }),
    );
  }

  async insert(request: EngineRequest, statement: Insert, body: Body, signal: AbortSignal): Promise<ChdbAnswer> {
    if ("bytes" in body && body.bytes.length === 0) return NOTHING;
    return this.#register(request, signal, (stop) =>
      this.#inserts.use(stop, async (scratch) => {
        const file = "file" in body ? body.file : scratch;
        try {
          if ("bytes" in body) await writeFile(file, body.bytes, { mode: 0o600 });
          const infile = `FROM INFILE ${quote(file)} COMPRESSION 'none'`;
          return await this.#run(
            request,
            `${statement.head}\n${infile}\n${statement.tail} FORMAT ${statement.format}`,
            stop,
          );
        } finally {
          await rm(file, { force: true });
        }
      }),
    );
  }

  /** Runs a statement with a small answer or none. */
  async other(request: EngineRequest, sql: string, signal: AbortSignal): Promise<ChdbAnswer> {
    return this.#register(request, signal, (stop) => this.#selects.use(stop, () => this.#run(request, sql, stop)));
  }

  /** Stops the statement with this id; the answer lists what was stopped. */
  async kill(queryId: string, format: string): Promise<ChdbAnswer> {
    const answer = await this.#control.run(killSql(queryId), format);
    this.#running.get(queryId)?.abort();
    return answer;
  }

  /** Stops everything, and waits for it. */
  async close(): Promise<void> {
    for (const one of this.#running.values()) one.abort();
    while (this.#running.size > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    this.#sessions.close();
    this.#control.close();
  }

  #open(): ChdbSession {
    return openChdbSession(this.#options.path, this.#options.configFile);
  }

  async #register<R>(request: EngineRequest, signal: AbortSignal, work: (stop: AbortSignal) => Promise<R>): Promise<R> {
    const id = request.queryId;
    if (this.#running.has(id)) {
      throw new EngineException(
        216,
        "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING",
        `Query with id = ${id} is already running`,
      );
    }
    const stop = new AbortController();
    const abort = (): void => stop.abort();
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    this.#running.set(id, stop);
    try {
      return await work(stop.signal);
    } finally {
      this.#running.delete(id);
      signal.removeEventListener("abort", abort);
    }
  }

  async #run(request: EngineRequest, sql: string, stop: AbortSignal): Promise<ChdbAnswer> {
    stopped(stop);
    const overdue = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const killUntilEnd = (): void => {
      clearTimeout(timer);
      this.#control.run(killSql(request.queryId), "Null").catch(() => undefined);
      timer = setTimeout(killUntilEnd, KILL_EVERY_MS);
    };
    stop.addEventListener("abort", killUntilEnd, { once: true });
    if (request.executionMs !== null) {
      timer = setTimeout(() => {
        overdue.abort();
        killUntilEnd();
      }, request.executionMs + GRACE_MS);
    }
    try {
      const text = preamble(request, this.#options.database) + sql;
      return await this.#sessions.use(request, (session) => session.run(text, request.defaultFormat));
    } catch (error) {
      if (!overdue.signal.aborted || stop.aborted) throw error;
      throw new EngineException(159, "TIMEOUT_EXCEEDED", `Timeout exceeded: ${request.executionMs ?? 0} ms`, error);
    } finally {
      clearTimeout(timer);
      stop.removeEventListener("abort", killUntilEnd);
    }
  }
}

function stopped(stop: AbortSignal): void {
  if (stop.aborted) throw new EngineException(394, "QUERY_WAS_CANCELLED", "Query was cancelled");
}

const NOTHING: ChdbAnswer = { bytes: new Uint8Array(0), rows: 0, rowBytes: 0, elapsedSeconds: 0 };

function killSql(queryId: string): string {
  return `KILL QUERY WHERE Settings['log_comment'] = ${quote(queryId)} ASYNC`;
}
