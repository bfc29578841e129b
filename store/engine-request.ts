/**
 * engine-request.ts: one HTTP request, read as ClickHouse's HTTP interface reads it.
 *
 * Every parameter of the URL that is not known to the interface is a setting of this one statement; `param_x` is the
 * value of `{x:Type}`. They become SET statements in front of the statement, in a session that is used once.
 */
import type { IncomingMessage } from "node:http";
import { randomUUID, timingSafeEqual, createHash } from "node:crypto";
import { EngineException } from "./engine-exception.ts";

export interface EngineRequest {
  readonly path: string;
  /** Text of `?query=`; the body follows it. */
  readonly query: string;
  readonly queryId: string;
  readonly database: string | null;
  readonly defaultFormat: string;
  readonly sessionId: string | null;
  /** How long a named session is kept after this statement. */
  readonly sessionMs: number;
  /** The session must be there already. */
  readonly sessionCheck: boolean;
  /** The session ends with this statement. */
  readonly sessionEnds: boolean;
  readonly settings: ReadonlyMap<string, string>;
  readonly params: ReadonlyMap<string, string>;
  readonly gzip: boolean;
  /** The answer is held back until its end, so that a failure is always a status and never a torn answer. */
  readonly waitEnd: boolean;
  /** How often progress is noted for the head of the answer; null: not wanted. */
  readonly progressMs: number | null;
  /** Null without max_execution_time. */
  readonly executionMs: number | null;
}

/** Parameters of the interface itself (HTTPHandler.cpp); all others are settings. */
const RESERVED = new Set(
  "query query_id database default_format user password quota_key stacktrace role compress decompress buffer_size wait_end_of_query session_id session_timeout session_check close_session use_multipart_params client_protocol_version enable_http_compression http_zlib_compression_level send_progress_in_http_headers http_headers_progress_interval_ms cancel_http_readonly_queries_on_client_close log_comment".split(
    " ",
  ),
);

/** @throws EngineException for a malformed name or value */
export function parseRequest(message: IncomingMessage): EngineRequest {
  const url = new URL(message.url ?? "/", "http://localhost");
  const get = (name: string): string | null => url.searchParams.get(name);
  const settings = new Map<string, string>();
  const params = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    if (name.startsWith("param_")) params.set(identifier(name.slice(6)), value);
    else if (!RESERVED.has(name)) settings.set(identifier(name), value);
  }
  // As in ClickHouse, a GET may change settings and nothing else. Read-only comes last: it refuses a later SET.
  const readonly = settings.get("readonly") ?? (message.method === "GET" && get("session_id") === null ? "2" : null);
  settings.delete("readonly");
  if (readonly !== null) settings.set("readonly", readonly);
  const accepts = (message.headers["accept-encoding"] ?? "").includes("gzip");
  const seconds = Number(settings.get("max_execution_time") ?? 0);
  const on = (name: string): boolean => ["1", "true"].includes(get(name) ?? "0");
  for (const name of ["compress", "decompress"]) {
    // The native protocol's own compression; Content-Encoding and Accept-Encoding do the same in HTTP's way.
    if (on(name)) throw new EngineException(48, "NOT_IMPLEMENTED", `${name}=1 is not supported: use HTTP compression`);
  }
  return {
    path: url.pathname,
    query: get("query") ?? "",
    queryId: (get("query_id") ?? "") || randomUUID(),
    database: get("database") ?? header(message, "x-clickhouse-database"),
    defaultFormat: get("default_format") ?? header(message, "x-clickhouse-format") ?? "TabSeparated",
    sessionId: get("session_id"),
    settings,
    params,
    sessionMs: sessionMs(get("session_timeout")),
    sessionCheck: on("session_check"),
    sessionEnds: on("close_session"),
    gzip: accepts && on("enable_http_compression"),
    waitEnd: on("wait_end_of_query"),
    progressMs: on("send_progress_in_http_headers")
      ? Math.max(LEAST_PROGRESS_MS, Number(get("http_headers_progress_interval_ms") ?? 100) || 100)
      : null,
    executionMs: seconds > 0 ? seconds * 1000 : null,
  };
}

/** More often would take more of the engine than the news is worth. */
const LEAST_PROGRESS_MS = 50;
/** ClickHouse's default_session_timeout and max_session_timeout. */
const [SESSION_SEC, MOST_SESSION_SEC] = [60, 3600];

function sessionMs(text: string | null): number {
  const seconds = text === null ? SESSION_SEC : Number(text);
  if (Number.isInteger(seconds) && seconds > 0 && seconds <= MOST_SESSION_SEC) return seconds * 1000;
  throw new EngineException(374, "INVALID_SESSION_TIMEOUT", `Invalid session timeout: ${text ?? ""}`);
}

/** Statements that give a fresh session this request's database, settings and parameters. */
export function preamble(request: EngineRequest, database: string): string {
  const sets = [
    ["log_comment", request.queryId] as const,
    ...[...request.params].map(([name, value]) => [`param_${name}`, value] as const),
    ...request.settings,
  ];
  const use = (request.database ?? "") || database;
  return `USE ${quoteName(use)}; SET ${sets.map(([name, value]) => `${name} = ${quote(value)}`).join(", ")}; `;
}

export function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

function quoteName(name: string): string {
  return `\`${name.replaceAll("\\", "\\\\").replaceAll("`", "\\`")}\``;
}

function identifier(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) return name;
  throw new EngineException(
    115,
    "UNKNOWN_SETTING",
    `Setting ${JSON.stringify(name)} is neither a builtin setting nor started with a prefix`,
  );
}

function header(message: IncomingMessage, name: string): string | null {
  const value = message.headers[name];
  return typeof value === "string" && value !== "" ? value : null;
}

/**
 * Whether the request carries the user's name and password, in any of ClickHouse's three ways.
 *
 * @throws EngineException 516 when it does not
 */
export function authenticate(message: IncomingMessage, username: string, password: string): void {
  const [user, key] = credentials(message);
  // Digests have one length, so that comparing them tells nothing about where they differ.
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  if (timingSafeEqual(digest(`${user}\0${key}`), digest(`${username}\0${password}`))) return;
  throw new EngineException(
    516,
    "AUTHENTICATION_FAILED",
    `${user}: Authentication failed: password is incorrect, or there is no user with such name`,
  );
}

function credentials(message: IncomingMessage): [string, string] {
  const basic = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(message.headers.authorization ?? "")?.[1];
  if (basic !== undefined) {
    const text = Buffer.from(basic, "base64").toString("utf8");
    const colon = text.indexOf(":");
    return colon < 0 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)];
  }
  const user = header(message, "x-clickhouse-user");
  if (user !== null) return [user, header(message, "x-clickhouse-key") ?? ""];
  const url = new URL(message.url ?? "/", "http://localhost");
  return [url.searchParams.get("user") ?? "default", url.searchParams.get("password") ?? ""];
}
