/**
 * client.ts: one request to the API: an answer, or an `ApiError` that says what was attempted and what to do.
 *
 * The session is an HttpOnly cookie of the same origin: no token is ever in the page's memory longer than the form that
 * posts it.
 */
import type { ErrorBody } from "../../core/api.ts";
import { learnServerTime } from "../clock.ts";

export class ApiError extends Error {
  /** HTTP status; 0 where no answer came. */
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
  }
}

export interface Call {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly body?: unknown;
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

/** @throws ApiError; DOMException AbortError when `signal` fires */
export async function call(path: string, { method = "GET", body, accept, signal }: Call = {}): Promise<Response> {
  const headers: Record<string, string> = { Accept: accept ?? "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiError(0, "UNREACHABLE", "no answer from the server");
  }
  learnServerTime(response.headers.get("Date"));
  if (!response.ok) throw await errorOf(response);
  return response;
}

/** The caller names the shape that the contract (core/api.ts) gives to the path. */
export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await call(path, signal === undefined ? {} : { signal });
  return (await response.json()) as T;
}

/** `?a=1&b=2` without the nulls. */
export function query(params: Readonly<Record<string, string | number | null>>): string {
  const parts = Object.entries(params).filter(([, value]) => value !== null);
  return parts.length === 0
    ? ""
    : `?${parts.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join("&")}`;
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

async function errorOf(response: Response): Promise<ApiError> {
  try {
    const body = (await response.json()) as Partial<ErrorBody>;
    const details = (body.errors ?? []).map((each) => `${each.field}: ${each.message}`);
    const message = [body.message ?? response.statusText, ...details].join("; ");
    return new ApiError(response.status, body.code ?? "UNKNOWN", message);
  } catch {
    return new ApiError(response.status, "UNKNOWN", `the server answered ${response.status}`);
  }
}
