/**
 * errors.ts: what can go wrong in a correct program, as data.
 *
 * An `OperationalError` carries a stable `code` (documented in docs/errors.md; a test holds the two together), the attempt
 * and its object in `message`, details in `info`, and the error that led to it in `cause`. Everything else that is thrown
 * is a bug and ends the process. Field errors are what a person who sent bad input needs: which field, and what was
 * expected there.
 */

/** One wrong field of an input; `field` is a path like `predicate.and[1].eq`. */
export interface FieldError {
  readonly field: string;
  readonly code: string;
  readonly message: string;
}

export interface OperationalErrorOptions {
  readonly cause?: unknown;
  /** Facts for the log; never secrets. */
  readonly info?: Readonly<Record<string, unknown>>;
  readonly errors?: readonly FieldError[];
}

export class OperationalError extends Error {
  readonly code: string;
  readonly info: Readonly<Record<string, unknown>>;
  readonly errors: readonly FieldError[];

  constructor(code: string, message: string, options: OperationalErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "OperationalError";
    this.code = code;
    this.info = options.info ?? {};
    this.errors = options.errors ?? [];
  }
}

/** An input that names its wrong fields; HTTP answers it with 400. */
export class InputError extends OperationalError {
  constructor(message: string, errors: readonly FieldError[], options: OperationalErrorOptions = {}) {
    super("INVALID_INPUT", message, { ...options, errors });
    this.name = "InputError";
  }
}

/**
 * The whole story in one line: the error's message and those of its causes, outermost first.
 *
 * @returns for example `list zones on cn-07: connect ECONNREFUSED 192.0.2.7:22`
 */
export function errorChain(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error; at !== undefined && parts.length < 8; at = at instanceof Error ? at.cause : undefined) {
    parts.push(at instanceof Error ? textOf(at) : JSON.stringify(at));
  }
  return parts.join(": ");
}

/** Some runtimes leave the message empty and speak only through `code` (AggregateError of a refused connection). */
function textOf(error: Error): string {
  return error.message === "" ? (errorCode(error) ?? error.name) : error.message;
}

/** The `code` of a system or operational error, or undefined. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === "string" ? code : undefined;
}
