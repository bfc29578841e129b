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
import type { Progress } from "./engine-answer.ts";
import type { Body } from "./engine-body.ts";
import { EngineException } from "./engine-exception.ts";
import { Lanes } from "./engine-lanes.ts";
import { readPipe } from "./engine-pipe.ts";
import { type EngineRequest, preamble, quote } from "./engine-request.ts";
import { Shares } from "./engine-shares.ts";
import { Sessions } from "./engine-sessions.ts";
import type { Statement } from "./engine-statement.ts";

export interface RunnerOptions {
  /** The engine's own directory. */
  readonly path: string;
  readonly configFile: string;
  readonly database: string;
  /** One pipe a select lane. */
  readonly pipes: readonly string[];
  /** Threads of one statement. */
  readonly threads: number;
  /** Memory of all reading statements together. */
  readonly budgetBytes: number;
  readonly insertLanes: number;
  readonly queueLength: number;
  readonly queueMs: number;
  /** For bodies in memory on their way to the engine: a memory file system where there is one. */
  readonly scratchDir: string;
}

type Select = Extract<Statement, { kind: "select" }>;
type Insert = Extract<Statement, { kind: "insert" }>;
type Kill = Extract<Statement, { kind: "kill" }>;

const KILL_EVERY_MS = 50;
/** Ids are remembered for as long as their requests may be on their way: minutes. */
const MOST_CALLED_OFF = 10_000;
/** Of 19 at most: enough that an insert's threads go first, and not so much that a reader starves. */
const NICE = "15";
/** The engine ends a statement at max_execution_time by itself; this much later it is killed. */
const GRACE_MS = 1000;

export class Runner {
  readonly #options: RunnerOptions;
  readonly #control: ChdbSession;
  readonly #selects: Lanes<string>;
  readonly #inserts: Lanes<string>;
  readonly #sessions = new Sessions(() => this.#open());
  readonly #running = new Map<string, AbortController>();
  readonly #calledOff = new Set<string>();
  readonly #shares: Shares;

  /** @throws EngineException 76 when another process holds the directory */
  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#control = this.#open();
    this.#shares = new Shares({ ...options, lanes: options.pipes.length });
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
        const running = this.#yielding(request, sql, stop).finally(() => pipe.finish());
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
    if (this.#calledOff.has(request.queryId)) throw cancelled();
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
    return this.#register(request, signal, (stop) => this.#selects.use(stop, () => this.#yielding(request, sql, stop)));
  }

  /**
   * Stops the statement with this id; the answer lists what was stopped. An insert with this id that comes only now, having been on
   * its way, is refused: once `sync` has been answered, nothing of it will ever be written.
   */
  async kill({ queryId, sync }: Kill, format: string): Promise<ChdbAnswer> {
    this.#calledOff.add(queryId);
    if (this.#calledOff.size > MOST_CALLED_OFF) this.#calledOff.delete(this.#calledOff.values().next().value ?? "");
    const answer = await this.#control.run(killSql(queryId), format);
    this.#running.get(queryId)?.abort();
    while (sync && this.#running.has(queryId)) await new Promise((resolve) => setTimeout(resolve, 5));
    return answer;
  }

  /** Looks now and then at how far a request's statement has come, if the request wants that. @returns the end of it */
  watch(request: EngineRequest, each: (progress: Progress) => void): () => void {
    if (request.progressMs === null) return () => undefined;
    let most = 0;
    const timer = setInterval(() => {
      const look = this.#control.run(progressSql(request.queryId), "JSONEachRow");
      look.then(
        ({ bytes }) => {
          const line = Buffer.from(bytes).toString("utf8").trim();
          if (line === "") return;
          // The engine adds up its threads' counts without stopping them, so a sum may be below the last one.
          const progress = JSON.parse(line) as Progress;
          if (Number(progress.readRows) < most) return;
          most = Number(progress.readRows);
          each(progress);
        },
        // The statement tells its own failure; to miss a line of progress is none.
        () => undefined,
      );
    }, request.progressMs);
    return () => clearInterval(timer);
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

  /**
   * Runs a statement with its share of threads and memory, and with a low priority where the process may set one (ClickHouse
   * leaves it alone without CAP_SYS_NICE): inserts go first.
   */
  async #yielding(request: EngineRequest, sql: string, stop: AbortSignal): Promise<ChdbAnswer> {
    const share = this.#shares.take();
    const asked = (name: string, most: number): number => Math.min(most, Number(request.settings.get(name)) || most);
    const memoryBytes = asked("max_memory_usage", share.memoryBytes);
    // A request that stands alone may ask for more threads than usual, as ever.
    const threads = share.threads < this.#options.threads ? asked("max_threads", share.threads) : null;
    // First, since a read-only request refuses every later SET.
    const settings = new Map([["os_threads_nice_value_query", NICE], ...request.settings]);
    settings.delete("readonly");
    settings.set("max_memory_usage", String(memoryBytes));
    if (threads !== null) settings.set("max_threads", String(threads));
    const readonly = request.settings.get("readonly");
    if (readonly !== undefined) settings.set("readonly", readonly);
    try {
      return await this.#run({ ...request, settings }, sql, stop);
    } catch (error) {
      throw memoryBytes < asked("max_memory_usage", share.aloneBytes) ? dueToOthers(error) : error;
    } finally {
      this.#shares.giveBack(share);
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

/** A statement that would have had its memory alone: the limit is told as the server's, which clients try again. */
function dueToOthers(error: unknown): unknown {
  if (!(error instanceof EngineException) || error.code !== 241) return error;
  const message = error.message.replace(
    /^.*?memory limit exceeded/i,
    "(total) memory limit exceeded by statements side by side",
  );
  return new EngineException(241, error.type, message, error);
}

function stopped(stop: AbortSignal): void {
  if (stop.aborted) throw cancelled();
}

function cancelled(): EngineException {
  return new EngineException(394, "QUERY_WAS_CANCELLED", "Query was cancelled");
}

const NOTHING: ChdbAnswer = { bytes: new Uint8Array(0), rows: 0, rowBytes: 0, elapsedSeconds: 0 };

/** Digits as text, as ClickHouse writes them. */
function progressSql(queryId: string): string {
  return `SELECT toString(read_rows) AS readRows, toString(read_bytes) AS readBytes, toString(total_rows_approx) AS totalRows,
    toString(written_rows) AS writtenRows, toString(written_bytes) AS writtenBytes,
    toString(toUInt64(elapsed * 1e9)) AS elapsedNs, toString(greatest(memory_usage, 0)) AS memoryBytes
    FROM system.processes WHERE Settings['log_comment'] = ${quote(queryId)} LIMIT 1`;
}

function killSql(queryId: string): string {
  return `KILL QUERY WHERE Settings['log_comment'] = ${quote(queryId)} ASYNC`;
}
