/**
 * client.ts: the door to @clickhouse/client, for the embedded engine and for a cluster alike. No other file imports it.
 *
 * Statements never contain values: those are bound as `{name:Type}`. Statements for reading carry no FORMAT of their own.
 * A read is tried once more when a kept-alive connection turns out to be dead; a write never is, since only its caller
 * knows how to find out whether it happened.
 */
import {
  ClickHouseError,
  type ClickHouseSettings,
  createClient,
  extractErrorAtTheEndOfChunk,
} from "@clickhouse/client";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { OperationalError, errorCode } from "../core/errors.ts";

export type StoreParams = Readonly<Record<string, unknown>>;

export interface StoreOptions {
  readonly signal?: AbortSignal;
  /** ClickHouse settings of this one call. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Shows up in system.processes; random by default. */
  readonly queryId?: string;
}

export interface StoreConnection {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly database: string;
  /** The longest silence of the store within a call; 60 s by default. */
  readonly requestTimeoutMs?: number;
}

export interface InsertResult {
  /** As the store counted them, materialized views included. */
  readonly writtenRows: number;
}

/**
 * All calls throw OperationalError: STORE_UNAVAILABLE (no connection, or the store is full), STORE_TIMEOUT, STORE_ABORTED
 * (by the caller's signal), QUERY_TOO_LARGE (above a limit among the call's settings), STORE_QUERY (`info.exceptionCode` and `info.exceptionType` are ClickHouse's).
 */
export interface StoreClient {
  /** Rows as objects. UInt64 and Int64 arrive as strings, since a double would round them above 2^53. */
  query<T>(sql: string, params?: StoreParams, options?: StoreOptions): Promise<T[]>;
  /** The answer as an uncompressed Arrow IPC stream, whole. */
  queryArrow(sql: string, params?: StoreParams, options?: StoreOptions): Promise<Uint8Array>;
  /** The answer in any format, as it comes; the stream fails with an OperationalError, and destroying it stops the query. */
  queryStream(sql: string, format: string, params?: StoreParams, options?: StoreOptions): Promise<Readable>;
  /** Inserts one Arrow IPC stream. */
  insertArrow(table: string, bytes: Uint8Array, options?: StoreOptions): Promise<InsertResult>;
  /** Inserts objects, for small tables; bigints become digits. */
  insertRows(table: string, rows: readonly object[], options?: StoreOptions): Promise<InsertResult>;
  /** Runs a statement without an answer. */
  command(sql: string, params?: StoreParams, options?: StoreOptions): Promise<void>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

export function createStoreClient(connection: StoreConnection): StoreClient {
  const client = createClient({
    url: connection.url,
    username: connection.username,
    password: connection.password,
    database: connection.database,
    application: "isotherm",
    request_timeout: connection.requestTimeoutMs ?? 60_000,
    max_open_connections: 32,
    // Idle connections are given up before any server does (ClickHouse: 10 s), so that none is found dead.
    keep_alive: { enabled: true, idle_socket_ttl: 2_000 },
    log: { level: 127 },
  });

  async function exec(sql: string, params: StoreParams, options: StoreOptions, bytes?: Uint8Array) {
    const answer = await client.exec({
      query: sql,
      query_params: { ...params },
      clickhouse_settings: settingsOf(options),
      ...(options.signal === undefined ? {} : { abort_signal: options.signal }),
      ...(options.queryId === undefined ? {} : { query_id: options.queryId }),
      ...(bytes === undefined
        ? {}
        : { values: Readable.from([Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)]) }),
    });
    return answer;
  }

  async function whole(sql: string, params: StoreParams, options: StoreOptions): Promise<Buffer> {
    return retryDead(async () => {
      const answer = await exec(sql, params, options);
      return collect(answer.stream, header(answer.response_headers, "x-clickhouse-exception-tag"));
    }, options);
  }

  async function write(what: string, sql: string, params: StoreParams, options: StoreOptions, bytes?: Uint8Array) {
    try {
      const answer = await exec(sql, params, options, bytes);
      await buffer(answer.stream);
      return { writtenRows: Number(answer.summary?.written_rows ?? 0) };
    } catch (cause) {
      throw storeError(what, cause, options.signal);
    }
  }

  return {
    query: async <T>(sql: string, params: StoreParams = {}, options: StoreOptions = {}) => {
      try {
        const settings = { output_format_json_quote_64bit_integers: 1, ...options.settings };
        const text = (await whole(`${sql}\nFORMAT JSONEachRow`, params, { ...options, settings })).toString("utf8");
        // Separators inside values are escaped in JSON, so that a line is a row.
        return text === "" ? [] : (JSON.parse(`[${text.trimEnd().replaceAll("\n", ",")}]`) as T[]);
      } catch (cause) {
        throw storeError("query", cause, options.signal);
      }
    },
    queryArrow: async (sql, params = {}, options = {}) => {
      try {
        const settings = { ...options.settings, output_format_arrow_compression_method: "none" };
        return await whole(`${sql}\nFORMAT ArrowStream`, params, { ...options, settings });
      } catch (cause) {
        throw storeError("query", cause, options.signal);
      }
    },
    queryStream: async (sql, format, params = {}, options = {}) => {
      try {
        const answer = await retryDead(() => exec(`${sql}\nFORMAT ${formatName(format)}`, params, options), options);
        const tag = header(answer.response_headers, "x-clickhouse-exception-tag");
        return Readable.from(checked(answer.stream, tag, options.signal), { objectMode: false });
      } catch (cause) {
        throw storeError("query", cause, options.signal);
      }
    },
    insertArrow: (table, bytes, options = {}) =>
      write(`insert into ${table}`, `INSERT INTO ${table} FORMAT ArrowStream`, {}, options, bytes),
    insertRows: (table, rows, options = {}) =>
      write(`insert into ${table}`, `INSERT INTO ${table} FORMAT JSONEachRow`, {}, options, jsonLines(rows)),
    command: async (sql, params = {}, options = {}) => {
      await write("command", sql, params, options);
    },
    ping: async () => {
      const answer = await client.ping();
      if (!answer.success) throw storeError("ping", answer.error, undefined);
    },
    close: () => client.close(),
  };
}

function settingsOf(options: StoreOptions): ClickHouseSettings {
  return { cancel_http_readonly_queries_on_client_close: 1, ...options.settings };
}

async function retryDead<T>(call: () => Promise<T>, options: StoreOptions): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const dead = errorCode(error) === "ECONNRESET" || errorCode(error) === "EPIPE";
    if (!dead || options.signal?.aborted === true) throw error;
    return call();
  }
}

async function collect(stream: Readable, tag: string | null): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of checked(stream, tag, undefined)) chunks.push(chunk);
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

/** The bytes of an answer; a failure that the store wrote behind them is thrown, and not taken for rows. */
async function* checked(stream: Readable, tag: string | null, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  let last: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      // The mark may come in two pieces, so the end is looked at with what preceded it.
      last = chunk.length >= TAIL_BYTES ? chunk : Buffer.concat([last, chunk]);
      if (last.length > TAIL_BYTES) last = last.subarray(-TAIL_BYTES);
      yield chunk;
    }
  } catch (cause) {
    throw storeError("read the answer", exceptionAtEnd(last, tag) ?? cause, signal);
  }
  const exception = exceptionAtEnd(last, tag);
  if (exception !== null) throw storeError("read the answer", exception, signal);
}

const TAIL_BYTES = 16 * 1024;

function exceptionAtEnd(tail: Buffer, tag: string | null): Error | null {
  if (tag === null || !tail.subarray(-64).includes(`${tag}\r\n__exception__\r\n`)) return null;
  return extractErrorAtTheEndOfChunk(tail, tag);
}

/** `what` names the attempt; an error that is already ours stays as it is. */
function storeError(what: string, cause: unknown, signal: AbortSignal | undefined): OperationalError {
  if (cause instanceof OperationalError) return cause;
  if (signal?.aborted === true) {
    const late = signal.reason instanceof Error && signal.reason.name === "TimeoutError";
    return new OperationalError(late ? "STORE_TIMEOUT" : "STORE_ABORTED", what, { cause });
  }
  if (cause instanceof ClickHouseError) {
    const info = { exceptionCode: Number(cause.code), exceptionType: cause.type ?? "" };
    return new OperationalError(codeOf(cause, info.exceptionCode), what, { cause, info });
  }
  const late = cause instanceof Error && /timeout/i.test(cause.message);
  return new OperationalError(late ? "STORE_TIMEOUT" : "STORE_UNAVAILABLE", what, { cause });
}

function codeOf(error: ClickHouseError, exceptionCode: number): string {
  // MEMORY_LIMIT_EXCEEDED: of this query alone, or of the server, where trying again later may help.
  if (exceptionCode === 241) return /query memory limit/i.test(error.message) ? "QUERY_TOO_LARGE" : "STORE_UNAVAILABLE";
  return CODE_BY_EXCEPTION.get(exceptionCode) ?? "STORE_QUERY";
}

const CODE_BY_EXCEPTION: ReadonlyMap<number, string> = new Map([
  [159, "STORE_TIMEOUT"], // TIMEOUT_EXCEEDED
  [209, "STORE_TIMEOUT"], // SOCKET_TIMEOUT
  [158, "QUERY_TOO_LARGE"], // TOO_MANY_ROWS
  [307, "QUERY_TOO_LARGE"], // TOO_MANY_BYTES
  [396, "QUERY_TOO_LARGE"], // TOO_MANY_ROWS_OR_BYTES
  [243, "STORE_UNAVAILABLE"], // NOT_ENOUGH_SPACE: below the reserve
  [202, "STORE_UNAVAILABLE"], // TOO_MANY_SIMULTANEOUS_QUERIES
  [210, "STORE_UNAVAILABLE"], // NETWORK_ERROR
  [236, "STORE_UNAVAILABLE"], // ABORTED: the server is shutting down
  [242, "STORE_UNAVAILABLE"], // TABLE_IS_READ_ONLY: a replica without its keeper
]);

function jsonLines(rows: readonly object[]): Uint8Array {
  const plain = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? value.toString() : value);
  return Buffer.from(rows.map((row) => `${JSON.stringify(row, plain)}\n`).join(""));
}

/** A format is part of the statement's text, so it is a name and nothing else. */
function formatName(format: string): string {
  if (!/^[A-Za-z0-9]+$/.test(format)) throw new RangeError(`not a format: ${format}`);
  return format;
}

function header(headers: Record<string, unknown>, name: string): string | null {
  const value = headers[name];
  return typeof value === "string" ? value : null;
}
