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
} from "fastify";
import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import type { ErrorBody, Role } from "../core/api.ts";
import { errorChain, errorCode, OperationalError, type FieldError } from "../core/errors.ts";
import type { TokenRow, Tokens } from "../store/tokens.ts";
import type { Log } from "./log.ts";
import { statusOf } from "./statuses.ts";

/** Who may call a route: anybody, or bearers of a token with one of these roles. */
export type Access = "public" | readonly Role[];

declare module "fastify" {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    /** The caller's token; null on public routes called without one. */
    principal: TokenRow | null;
  }
}

export type App = ReturnType<typeof createApp>;
export type Request = FastifyRequest;
export type Reply = FastifyReply;

export const SESSION_COOKIE = "isotherm_session";

export interface AppOptions {
  readonly log: Log;
  readonly tokens: Tokens;
  readonly bodyLimitBytes: number;
}

const SECURITY_HEADERS = {
  "content-security-policy":
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

export function createApp({ log, tokens, bodyLimitBytes }: AppOptions) {
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
    routerOptions: { maxParamLength: 200 },
    ajv: { customOptions: { coerceTypes: "array", removeAdditional: false } },
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.decorateRequest("principal", null);
  app.register(cookie);
  app.addHook("onRoute", (route) => {
    if (route.config?.access === undefined) throw new Error(`route ${route.url} does not say who may call it`);
  });
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    if (request.headers["content-encoding"] !== undefined) {
      throw new OperationalError("UNSUPPORTED_ENCODING", "read a request body: expected no Content-Encoding");
    }
    authorise(request, tokens);
    await Promise.resolve();
  });
  app.setErrorHandler((error: FastifyError, request, reply) => sendError(error, request, reply));
  app.setNotFoundHandler({ config: { access: "public" } } as never, (_request, reply) =>
    reply.code(404).send(NOT_FOUND),
  );
  return app;
}

/** The same bytes for an id that is unknown and one that is somebody else's. */
export const NOT_FOUND: ErrorBody = { code: "NOT_FOUND", message: "no such thing", errors: [] };

export function notFound(): OperationalError {
  return new OperationalError("NOT_FOUND", NOT_FOUND.message);
}

function authorise(request: FastifyRequest, tokens: Tokens): void {
  const access = request.routeOptions.config.access ?? "public";
  request.principal = principalOf(request, tokens);
  if (access === "public") return;
  if (request.principal === null) throw new OperationalError("NO_TOKEN", "expected a valid token");
  if (!access.includes(request.principal.role)) {
    throw new OperationalError("WRONG_ROLE", `expected a token for ${access.join(" or ")}`);
  }
}

function principalOf(request: FastifyRequest, tokens: Tokens): TokenRow | null {
  const header = request.headers.authorization;
  if (header !== undefined) return tokens.verify(header.replace(/^Bearer /i, "")) ?? null;
  const session = request.cookies[SESSION_COOKIE];
  if (session === undefined) return null;
  // A cookie is sent by the browser whoever wrote the page, so a write must come from our own page.
  if (request.method !== "GET" && !sameOrigin(request)) {
    throw new OperationalError("FOREIGN_ORIGIN", "expected a request from this site's own pages");
  }
  return tokens.verify(session) ?? null;
}

export function sameOrigin(request: FastifyRequest): boolean {
  const { origin } = request.headers;
  if (origin === undefined) return request.headers["sec-fetch-site"] === "same-origin";
  return URL.canParse(origin) && new URL(origin).host === request.headers.host;
}

function sendError(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const body = bodyOf(error);
  const status = statusOf(error);
  if (status >= 500) request.log.error({ err: error, chain: errorChain(error) }, "a request failed");
  if (status === 429 || status === 503) reply.header("retry-after", "1");
  const expected = error instanceof OperationalError ? error.info["expectedSeq"] : undefined;
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
