/**
 * client.ts: one request to the API: an answer, or an `ApiError` that says what was attempted and what to do.
 *
 * The session is an HttpOnly cookie of the same origin: no token is ever in the page's memory longer than the form that
 * posts it.
 */
import type { ErrorBody } from "../../core/api.ts";
import type { paths } from "../../core/api-paths.ts";
import type { FieldError } from "../../core/errors.ts";
import { learnServerTime } from "../clock.ts";

export class ApiError extends Error {
  /** HTTP status; 0 where no answer came. */
  readonly status: number;
  readonly code: string;
  /** Which fields of what was sent were wrong. */
  readonly errors: readonly FieldError[];

  constructor(status: number, code: string, message: string, errors: readonly FieldError[] = []) {
    super(message);
    this.errors = errors;
    this.name = "ApiError";
    this.status = status;
    this.code = code;
  }
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface Call {
  readonly method?: Method;
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

/** Paths of the API's document that know a method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<Lowercase<M>, object> ? P : never;
}[keyof paths];
type Json<R> = R extends { content: { "application/json": infer T } } ? T : undefined;
type AnswerOf<R> = Json<R[keyof R & (200 | 201)]>;
type Operation<M extends Method, P extends PathOf<M>> = paths[P] extends Record<Lowercase<M>, infer O> ? O : never;
/** What is sent with it. */
export type BodyOf<M extends Method, P extends PathOf<M>> =
  Operation<M, P> extends { requestBody: { content: { "application/json": infer B } } } ? B : undefined;
/** What it answers. */
export type Answer<M extends Method, P extends PathOf<M>> =
  Operation<M, P> extends { responses: infer R } ? AnswerOf<R> : undefined;
/** What may stand in its address after `?`; null: it does not. */
export type QueryOf<M extends Method, P extends PathOf<M>> =
  Operation<M, P> extends { parameters: { query?: infer Q } }
    ? { readonly [K in keyof Q]?: Q[K] | null }
    : Readonly<Record<string, never>>;

/**
 * The address of a path of the API's document.
 *
 * @param ids what stands for the names in braces, in their order
 */
export function addressOf<M extends Method, P extends PathOf<M>>(
  _method: M,
  path: P,
  { ids = [], query: asked }: { readonly ids?: readonly string[]; readonly query?: QueryOf<M, P> | undefined } = {},
): string {
  let next = 0;
  const filled = (path as string).replace(/\{\w+\}/g, () => encodeURIComponent(ids[next++] ?? ""));
  return filled + (asked === undefined ? "" : query(asked));
}

/**
 * One request by the API's own document: the compiler knows each path, what it takes and what it answers (core/api-paths.ts);
 * that costs no byte, where openapi-fetch's own client would cost two kilobytes.
 */
export async function ask<M extends Method, P extends PathOf<M>>(
  method: M,
  path: P,
  options: {
    readonly ids?: readonly string[];
    readonly query?: QueryOf<M, P>;
    readonly body?: BodyOf<M, P>;
    readonly signal?: AbortSignal;
  } = {},
): Promise<Answer<M, P>> {
  const { body, signal } = options;
  const rest = { ...(body === undefined ? {} : { body }), ...(signal === undefined ? {} : { signal }) };
  const response = await call(addressOf(method, path, options), { method, ...rest });
  return (response.status === 204 ? undefined : await response.json()) as never;
}

/** `?a=1&b=2` without the nulls; a list is written as often as it is long. */
export function query(params: Readonly<Record<string, Param | readonly Param[] | null | undefined>>): string {
  const parts = Object.entries(params).flatMap(([name, value]) =>
    [value ?? []].flat().map((each) => `${name}=${encodeURIComponent(String(each))}`),
  );
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}

type Param = string | number | boolean;

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

async function errorOf(response: Response): Promise<ApiError> {
  try {
    const body = (await response.json()) as Partial<ErrorBody>;
    const details = (body.errors ?? []).map((each) => `${each.field}: ${each.message}`);
    const message = [body.message ?? response.statusText, ...details].join("; ");
    return new ApiError(response.status, body.code ?? "UNKNOWN", message, body.errors ?? []);
  } catch {
    return new ApiError(response.status, "UNKNOWN", `the server answered ${response.status}`);
  }
}
