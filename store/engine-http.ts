/**
 * engine-http.ts: the HTTP interface in front of the runner: routes, authentication, and what each kind of statement needs.
 *
 * As ClickHouse's own, with these differences: lines of progress come with the head of an answer and not before it;
 * `compress`, `decompress`, `role`, external tables in a multipart body, several users and predefined handlers are not there;
 * a GET in a named session may write.
 */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import type { ChdbAnswer } from "./chdb.ts";
import { Answer, type Summary } from "./engine-answer.ts";
import { type Body, type BodyLimits, readBody, readText } from "./engine-body.ts";
import { EngineException } from "./engine-exception.ts";
import { HeldAnswer } from "./engine-held.ts";
import { type EngineRequest, authenticate, parseRequest } from "./engine-request.ts";
import type { Runner } from "./engine-runner.ts";
import { type Statement, parseStatement } from "./engine-statement.ts";

export interface HttpOptions {
  readonly username: string;
  readonly password: string;
  readonly body: BodyLimits;
}

export function createEngineServer(runner: Runner, options: HttpOptions): Server {
  const server = createServer(
    // ClickHouse takes a megabyte of URI (http_max_uri_size); parameters travel there.
    { maxHeaderSize: 1 << 20, keepAliveTimeout: 15_000, requestTimeout: 300_000, headersTimeout: 10_000 },
    (message, response) => void handle(runner, options, message, response),
  );
  server.maxConnections = 512;
  return server;
}

async function handle(
  runner: Runner,
  options: HttpOptions,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = message.url?.split("?", 1)[0];
  if (path === "/ping" || path === "/replicas_status") return void response.end("Ok.\n");
  const gone = new AbortController();
  // Before the end of the answer this is a client that went away; after it, nothing is left to stop.
  response.on("close", () => gone.abort());
  let answer = new Answer(response, randomUUID(), false);
  let held: HeldAnswer | null = null;
  try {
    authenticate(message, options.username, options.password);
    const request = parseRequest(message);
    held = request.waitEnd ? new HeldAnswer({ ...options.body, ...HELD }) : null;
    answer = new Answer(response, request.queryId, request.gzip, held);
    if (path !== "/") throw new EngineException(404, "NOT_FOUND", `There is no handle ${path}`);
    if (!["GET", "POST", "HEAD"].includes(message.method ?? ""))
      throw new EngineException(48, "NOT_IMPLEMENTED", "Method not allowed");
    const summary = await serve(runner, options.body, message, request, answer, gone.signal);
    await answer.end(summary);
  } catch (error) {
    if (gone.signal.aborted) return;
    answer.fail(error instanceof EngineException ? error : unexpected(error));
  } finally {
    await held?.remove();
  }
}

const HELD = { memoryBytes: 1 << 20, answerBytes: 2 ** 32 };

async function serve(
  runner: Runner,
  limits: BodyLimits,
  message: IncomingMessage,
  request: EngineRequest,
  answer: Answer,
  gone: AbortSignal,
): Promise<Summary> {
  const { statement, body } = await read(message, request, limits);
  const unwatch = runner.watch(request, (progress) => answer.progress(progress));
  try {
    const reads = statement.kind === "select" || (statement.kind === "other" && /^EXPLAIN/i.test(statement.sql));
    if (message.method !== "POST" && !reads) {
      throw new EngineException(164, "READONLY", "Cannot execute query in readonly mode: a GET only reads");
    }
    if (statement.kind === "insert") return writeSummary(await runner.insert(request, statement, body, gone));
    answer.setFormat(("format" in statement ? statement.format : null) ?? request.defaultFormat);
    if (statement.kind === "select") {
      return readSummary(await runner.select(request, statement, gone, (chunk) => answer.write(chunk)));
    }
    const killing = statement.kind === "kill";
    const done = killing
      ? await runner.kill(statement, request.defaultFormat)
      : await runner.other(
          { ...request, defaultFormat: statement.format ?? request.defaultFormat },
          statement.sql,
          gone,
        );
    await answer.write(Buffer.from(done.bytes));
    return /^INSERT/i.test(statement.sql) ? writeSummary(done) : readSummary(done);
  } finally {
    unwatch();
    if ("file" in body) await rm(body.file, { force: true });
  }
}

/** The statement is the text of `?query=` and then the body; for an insert, what follows it are the rows. */
async function read(
  message: IncomingMessage,
  request: EngineRequest,
  limits: BodyLimits,
): Promise<{ statement: Statement; body: Body }> {
  if (request.query === "") {
    const statement = parseStatement(await readText(message, limits));
    return { statement, body: { bytes: statement.kind === "insert" ? statement.data : Buffer.alloc(0) } };
  }
  const text = Buffer.from(request.query, "utf8");
  if (/^\s*(INSERT|WITH|--|\/\*)/i.test(request.query)) {
    const statement = parseStatement(text);
    if (statement.kind === "insert") {
      const body = await readBody(message, limits);
      if (statement.data.length === 0) return { statement, body };
      if ("file" in body) throw new EngineException(48, "NOT_IMPLEMENTED", "Rows both in the URL and in a large body");
      return { statement, body: { bytes: Buffer.concat([statement.data, Buffer.from("\n"), body.bytes]) } };
    }
  }
  const rest = await readText(message, limits);
  const statement = parseStatement(rest.length === 0 ? text : Buffer.concat([text, Buffer.from("\n"), rest]));
  return { statement, body: { bytes: statement.kind === "insert" ? statement.data : Buffer.alloc(0) } };
}

function readSummary(done: ChdbAnswer): Summary {
  const { rows, rowBytes, elapsedSeconds } = done;
  return { readRows: rows, readBytes: rowBytes, writtenRows: 0, writtenBytes: 0, elapsedSeconds };
}

function writeSummary(done: ChdbAnswer): Summary {
  const { rows, rowBytes, elapsedSeconds } = done;
  return { readRows: rows, readBytes: rowBytes, writtenRows: rows, writtenBytes: rowBytes, elapsedSeconds };
}

function unexpected(error: unknown): EngineException {
  const message = error instanceof Error ? error.message : String(error);
  return new EngineException(1001, "STD_EXCEPTION", message, error);
}
