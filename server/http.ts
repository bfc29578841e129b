/**
 * http.ts: the one door to fastify: an app with this product's limits, error shape and access rule.
 *
 * fastify's defaults leave slow headers and bodies open for ever, so every timeout is set here. A route that does not say
 * who may call it cannot be registered: forgetting the check is then a crash at start and not a leak.
 */
import cookie from "@fastify/cookie";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import fastify, {
  LogController,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifySchema,
} from "fastify";
import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import type { ErrorBody, Role, Scope } from "../core/api.ts";
import { errorChain, errorCode, InputError, OperationalError, type FieldError } from "../core/errors.ts";
import type { TokenRow, Tokens } from "../store/tokens.ts";
import { Guesses } from "./guesses.ts";
import type { Log } from "./log.ts";
import { statusOf } from "./statuses.ts";

/** Who may call a route: anybody, or bearers of a token with one of these roles. */
export type Access = "public" | readonly Role[];

declare module "fastify" {
  interface FastifyInstance {
    /** All routes, HEAD beside GET included. */
    readonly routeTable: readonly RouteEntry[];
  }
  interface FastifyContextConfig {
    access?: Access;
    /** What a tenant's token must be for; GET: "read". Every other method that tenants may call says it. */
    scope?: Scope;
    /** Whether it reads values from the store, of which only so many may at once (query-api/limits.ts). */
    reads?: boolean;
  }
  interface FastifyRequest {
    /** The caller's token; null on public routes. */
    principal: TokenRow | null;
  }
}

export type App = ReturnType<typeof createApp>;
export type Request = FastifyRequest;
export type Reply = FastifyReply;

/**
 * The page's cookie. By https it has the prefix that browsers hold to Secure, Path=/ and no Domain, so that no other site of the
 * domain can set it (RFC 6265bis, section 4.1.3.2).
 */
export function sessionCookie(secure: boolean): string {
  return secure ? "__Host-isotherm_session" : "isotherm_session";
}

/** Knows bearer tokens that are not ours. @returns null for one that is not valid */
export type BearerCheck = (text: string) => Promise<TokenRow | null>;

export interface AppOptions {
  readonly log: Log;
  readonly tokens: Pick<Tokens, "verify" | "isGenuine">;
  readonly bodyLimitBytes: number;
  /** Absent: only our own tokens are known. */
  readonly bearer?: BearerCheck | undefined;
  readonly guesses?: Guesses;
  /** Whether the site is reached by https. */
  readonly secure?: boolean;
  /** Addresses and networks whose `X-Forwarded-For` is believed: wrong tokens are counted against who is behind them. */
  readonly trustedProxies?: readonly string[] | undefined;
}

/** Of a process without a store: all its routes are public. */
export const NO_TOKENS: AppOptions["tokens"] = { verify: () => undefined, isGenuine: () => false };

/** A route as it was registered: what a test of all routes goes by. */
export interface RouteEntry {
  readonly method: string;
  readonly url: string;
  readonly access: Access;
  /** Names of path and query parameters that take any text, as its schema has them. */
  readonly texts: readonly string[];
}

const SECURITY_HEADERS = {
  "content-security-policy":
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

export function createApp(options: AppOptions) {
  const { log, bodyLimitBytes, guesses = new Guesses(), secure = false, trustedProxies = [] } = options;
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyLimitBytes,
    genReqId: () => randomUUID(),
    requestTimeout: 10_000,
    // Longer than the heartbeat of an event stream, so that only dead peers are cut.
    connectionTimeout: 60_000,
    keepAliveTimeout: 30_000,
    http: { headersTimeout: 10_000, connectionsCheckingInterval: 2_000, maxHeaderSize: 16_384 },
    forceCloseConnections: true,
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    routerOptions: { maxParamLength: 200 },
    ajv: { customOptions: { coerceTypes: "array", removeAdditional: false } },
  }).withTypeProvider<TypeBoxTypeProvider>();

  const routes: RouteEntry[] = [];
  app.decorate("routeTable", routes as readonly RouteEntry[]);
  app.decorateRequest("principal", null);
  app.register(cookie);
  app.addHook("onRoute", (route) => {
    const { access, scope } = route.config ?? {};
    if (access === undefined) throw new Error(`route ${route.url} does not say who may call it`);
    for (const method of [route.method].flat()) {
      if (access.includes("tenant") && scope === undefined && method !== "GET" && method !== "HEAD") {
        throw new Error(`route ${method} ${route.url} does not say whether tenants need to be allowed to write`);
      }
      routes.push({ method, url: route.url, access, texts: textsOf(route.schema) });
    }
  });
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    if (request.headers["content-encoding"] !== undefined) {
      throw new OperationalError("UNSUPPORTED_ENCODING", "read a request body: expected no Content-Encoding");
    }
    await authorise(request, { ...options, guesses, secure });
  });
  // Before any other: a bound that is not held may cost all there is.
  app.addHook("preHandler", (request, _reply, done) => {
    const errors = [request.params, request.query, request.headers].flatMap(infinities);
    done(errors.length > 0 ? new InputError("read the request's numbers", errors) : undefined);
  });
  app.setErrorHandler((error: FastifyError, request, reply) => sendError(error, request, reply));
  app.setNotFoundHandler({ config: { access: "public" } } as never, (_request, reply) =>
    reply.code(404).send(NOT_FOUND),
  );
  return app;
}

/** The parameters of a route that are neither numbers nor one of a few words. */
function textsOf(schema: FastifySchema | undefined): string[] {
  return [schema?.params, schema?.querystring].flatMap((part) => {
    const { properties = {} } = (part ?? {}) as { properties?: Record<string, { type?: unknown; anyOf?: unknown }> };
    return Object.entries(properties).flatMap(([name, { type }]) => (type === "string" ? [name] : []));
  });
}

/** What was made of texts like "1e999": the validator takes them for numbers, and then holds them to no minimum and no maximum. */
function infinities(part: unknown): FieldError[] {
  return Object.entries(part ?? {})
    .filter(([, value]) => [value].flat().some((each) => each === Infinity || each === -Infinity))
    .map(([field]) => ({ field, code: "NOT_A_NUMBER", message: "expected a number that is not infinite" }));
}

/** The same bytes for an id that is unknown and one that is somebody else's. */
export const NOT_FOUND: ErrorBody = { code: "NOT_FOUND", message: "no such thing", errors: [] };

export function notFound(): OperationalError {
  return new OperationalError("NOT_FOUND", NOT_FOUND.message);
}

type Authority = Pick<AppOptions, "tokens" | "bearer"> & { readonly guesses: Guesses; readonly secure: boolean };

async function authorise(request: FastifyRequest, authority: Authority): Promise<void> {
  const { access = "public", scope = "read" } = request.routeOptions.config;
  // Who asks matters nowhere that anybody may ask: health is answered to a probe with any header.
  if (access === "public") return;
  request.principal = await principalOf(request, authority);
  if (request.principal === null) throw new OperationalError("NO_TOKEN", "expected a valid token");
  const { role, scope: allowed } = request.principal;
  if (!access.includes(role)) throw new OperationalError("WRONG_ROLE", `expected a token for ${access.join(" or ")}`);
  if (role === "tenant" && scope === "write" && allowed !== "write") {
    throw new OperationalError("WRONG_ROLE", "expected a token that may write");
  }
}

async function principalOf(request: FastifyRequest, authority: Authority): Promise<TokenRow | null> {
  const { tokens, bearer, guesses, secure } = authority;
  const header = request.headers.authorization;
  if (header !== undefined) {
    const text = header.replace(/^Bearer /i, "");
    const principal = tokens.verify(text) ?? (await bearer?.(text)) ?? null;
    if (principal === null && !tokens.isGenuine(text)) guesses.count(request.ip);
    return principal;
  }
  const session = request.cookies[sessionCookie(secure)];
  if (session === undefined) return null;
  // A cookie is sent by the browser whoever wrote the page, so a write must come from our own page.
  if (request.method !== "GET" && !sameOrigin(request)) {
    throw new OperationalError("FOREIGN_ORIGIN", "expected a request from this site's own pages");
  }
  const principal = tokens.verify(session) ?? null;
  if (principal === null && !tokens.isGenuine(session)) guesses.count(request.ip);
  return principal;
}

export function sameOrigin(request: FastifyRequest): boolean {
  const { origin } = request.headers;
  if (origin === undefined) return request.headers["sec-fetch-site"] === "same-origin";
  return URL.canParse(origin) && new URL(origin).host === request.headers.host;
}

function sendError(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const body = bodyOf(error);
  const status = statusOf(error);
  // What is answered 503 by decision was counted where it was decided; a line for each would be a flood of its own.
  if (status >= 500 && body.code !== "INGEST_BUSY")
    request.log.error({ err: error, chain: errorChain(error) }, "a request failed");
  const info = error instanceof OperationalError ? error.info : {};
  if (status === 429 || status === 503) reply.header("retry-after", String(Number(info["retryAfterSec"] ?? 1)));
  const expected = info["expectedSeq"];
  if (typeof expected === "number") reply.header("isotherm-expected-seq", String(expected));
  if (status === 401) reply.header("www-authenticate", "Bearer");
  return reply.code(status).type("application/json; charset=utf-8").send(body);
}

function bodyOf(error: FastifyError | Error): ErrorBody {
  if (error instanceof OperationalError) {
    // Causes may hold addresses and statements: those go to the log only.
    return { code: error.code, message: error.message, errors: error.errors };
  }
  if ("validation" in error && Array.isArray(error.validation)) {
    return {
      code: "INVALID_INPUT",
      message: `read the request's ${error.validationContext ?? "input"}`,
      errors: fields(error),
    };
  }
  if (statusOf(error) >= 500)
    return { code: "INTERNAL", message: "an unexpected error; the log has its details", errors: [] };
  return { code: (error as FastifyError).code, message: error.message, errors: [] };
}

function fields(error: FastifyError): FieldError[] {
  return (error.validation ?? []).map((each) => {
    const missing = each.params["missingProperty"] ?? each.params["additionalProperty"];
    const path = each.instancePath.replace(/^\//, "").replaceAll("/", ".");
    const field = [path, missing].filter((part) => typeof part === "string" && part !== "").join(".");
    return { field, code: each.keyword.toUpperCase(), message: each.message ?? "is not as expected" };
  });
}

/**
 * Takes over an answer that does not end, to write bytes to it.
 *
 * @returns undefined where the caller has gone already: no "close" would come any more
 */
export function streamRaw(
  request: FastifyRequest,
  reply: FastifyReply,
  contentType: string,
): FastifyReply["raw"] | undefined {
  reply.hijack();
  const { raw } = reply;
  if (raw.destroyed) return undefined;
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    "content-type": contentType,
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  request.raw.socket.setNoDelay(true);
  raw.flushHeaders();
  return raw;
}

/**
 * Finds out whether a port can be listened on, before anything is started that takes long.
 *
 * @throws OperationalError PORT_IN_USE naming the port
 */
export async function checkPort(host: string, port: number): Promise<void> {
  if (port === 0) return;
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(port, host, resolve);
    });
  } catch (cause) {
    throw portError(host, port, cause);
  }
  await new Promise((done) => server.close(done));
}

/**
 * Starts listening.
 *
 * @param port 0 for a free one
 * @returns the address as a URL without a path
 * @throws OperationalError PORT_IN_USE naming the port
 */
export async function listen(app: Pick<FastifyInstance, "listen">, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    throw portError(host, port, cause);
  }
}

function portError(host: string, port: number, cause: unknown): unknown {
  const code = errorCode(cause);
  if (code !== "EADDRINUSE" && code !== "EACCES") return cause;
  const why = code === "EACCES" ? "is not ours to use" : "is in use by another program";
  return new OperationalError("PORT_IN_USE", `listen on ${host}:${port}: the port ${why}; choose another`, { cause });
}
