/**
 * engine-exception.ts: a failure of the engine, and how ClickHouse says it over HTTP.
 *
 * The statuses follow exceptionCodeToHTTPStatus.cpp of ClickHouse, with one difference: TOO_MANY_SIMULTANEOUS_QUERIES is
 * 503 here (500 there), since it asks a client to come back later.
 */

export class EngineException extends Error {
  /** ClickHouse's number, as in system.errors. */
  readonly code: number;
  /** ClickHouse's name for it. */
  readonly type: string;

  constructor(code: number, type: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "EngineException";
    this.code = code;
    this.type = type;
  }

  /** The body of an HTTP answer, in the form that clients parse. */
  get body(): string {
    return `Code: ${this.code}. DB::Exception: ${this.message}. (${this.type})\n`;
  }

  get status(): number {
    return STATUS_BY_CODE.get(this.code) ?? 500;
  }
}

/** Reads `Code: 62. DB::Exception: Syntax error: ... (SYNTAX_ERROR)`; text of another form becomes code 1001. */
export function parseException(text: string, cause?: unknown): EngineException {
  const start = /^Code: (\d{1,6})\. (?:DB::Exception: )?/.exec(text);
  if (start === null) return new EngineException(1001, "STD_EXCEPTION", text.trim(), cause);
  const rest = text.slice(start[0].length).trimEnd();
  const end = /\.? ?\(([A-Z][A-Z0-9_]+)\)$/.exec(rest);
  const message = end === null ? rest : rest.slice(0, end.index);
  return new EngineException(Number(start[1]), end?.[1] ?? "UNKNOWN_EXCEPTION", message, cause);
}

const STATUS_BY_CODE: ReadonlyMap<number, number> = new Map([
  [194, 401], // REQUIRED_PASSWORD
  // UNKNOWN_USER, WRONG_PASSWORD, ACCESS_DENIED, SET_NON_GRANTED_ROLE, AUTHENTICATION_FAILED
  ...[192, 193, 497, 512, 516].map((code) => [code, 403] as const),
  // What could not be parsed, and what does not fit its type.
  ...[6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 117, 123, 167, 168, 223, 321, 376, 427, 441, 675, 676].map(
    (code) => [code, 400] as const,
  ),
  // Unknown function, identifier, type, storage, table, aggregate function, format, kind of query, database, setting ...
  ...[46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511].map((code) => [code, 404] as const),
  [229, 413], // QUERY_IS_TOO_LARGE
  [48, 501], // NOT_IMPLEMENTED
  ...[76, 202, 209, 439].map((code) => [code, 503] as const), // CANNOT_OPEN_FILE, TOO_MANY, SOCKET_TIMEOUT, CANNOT_SCHEDULE
  [381, 411], // HTTP_LENGTH_REQUIRED
  [159, 408], // TIMEOUT_EXCEEDED
  [779, 415], // UNSUPPORTED_MEDIA_TYPE
]);
