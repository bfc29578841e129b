/**
 * statuses.ts: the HTTP status of each error code. docs/errors.md says what to do about each; a test holds the two together.
 */
import { OperationalError } from "../core/errors.ts";

export const STATUSES: Readonly<Record<string, number>> = {
  INVALID_INPUT: 400,
  COUNT_TOO_LARGE: 422,
  QUERY_TOO_LARGE: 422,
  BATCH_HEADERS: 400,
  BATCH_DIGEST: 400,
  BATCH_UNREADABLE: 400,
  BATCH_SCHEMA: 400,
  BATCH_ROWS: 400,
  BATCH_DAYS: 400,
  NO_TOKEN: 401,
  WRONG_ROLE: 403,
  FOREIGN_ORIGIN: 403,
  STREAM_CLAIMED: 403,
  NOT_FOUND: 404,
  RUN_NOT_KEPT: 404,
  STANDING: 409,
  NAME_TAKEN: 409,
  NOT_DEAD: 409,
  NO_HOOK: 409,
  HOOK_IN_USE: 409,
  TENANT_HAS_ZONES: 409,
  TOKEN_ROTATION: 409,
  BATCH_OUT_OF_ORDER: 409,
  BATCH_CONFLICT: 409,
  HOST_CLAIMED: 409,
  UNSUPPORTED_ENCODING: 415,
  RATE_LIMITED: 429,
  TOO_MANY_BOARDS: 429,
  TOO_MANY_RULES: 429,
  TOO_MANY_HOOKS: 429,
  TOO_MANY_REPORTS: 429,
  TOO_MANY_SILENCES: 429,
  TOO_MANY_ENABLINGS: 429,
  TOO_MANY_GUESSES: 429,
  TOO_MANY_INSTRUMENTATIONS: 429,
  TOO_MANY_READS: 429,
  TOO_MANY_CHANGES: 429,
  TOO_MANY_TOKENS: 429,
  TOO_MANY_VIEWERS: 429,
  // Nobody is there to read it; 499 is what nginx logs for that, and keeps it out of the failures.
  STORE_ABORTED: 499,
  // The collector keeps what it has until one of the two is upgraded: a 400 would have it give the batch up.
  BATCH_VERSION: 503,
  STORE_UNAVAILABLE: 503,
  STORE_TIMEOUT: 503,
  INGEST_BUSY: 503,
  NOT_READY: 503,
  OIDC_UNAVAILABLE: 503,
};

/** @returns 500 for what nobody expected */
export function statusOf(error: unknown): number {
  if (error instanceof OperationalError) return STATUSES[error.code] ?? 500;
  const status = (error as { statusCode?: unknown }).statusCode;
  return typeof status === "number" && status >= 400 && status < 600 ? status : 500;
}
