/**
 * session-routes.ts: who am I, sign in, sign out. By way of the OpenID provider: oidc-routes.ts.
 *
 * The page holds no token: it trades one (or the demo's sign-in code) for a cookie that scripts cannot read. A session is a
 * token of its own with a short life, so that signing out revokes it everywhere; it ends with the token that it was traded for,
 * be that one of ours or the OpenID provider's.
 */
import { Type } from "typebox";
import { timingSafeEqual } from "node:crypto";
import type { SessionInfo, TenantInfo } from "../core/api.ts";
import { OperationalError } from "../core/errors.ts";
import { OPERATOR } from "../core/window.ts";
import type { Guesses } from "../server/guesses.ts";
import { sameOrigin, sessionCookie, type App, type BearerCheck, type Reply, type Request } from "../server/http.ts";
import { isPassing, OIDC, OIDC_SESSION, SIGN_IN_CODE, type TokenRow, type Tokens } from "../store/tokens.ts";
import type { Noted } from "./context.ts";
import type { OidcSignIn } from "./oidc-sign-in.ts";

export interface SessionOptions {
  readonly tokens: Tokens;
  readonly tenantInfo: (id: string) => TenantInfo;
  readonly simulated: boolean;
  readonly version: string;
  /** Signs an operator in; made afresh at each start of the demo; null: no such thing. */
  readonly signInCode: string | null;
  /** Whether the site is reached by https, so that the cookie must not travel otherwise. */
  readonly secure: boolean;
  readonly guesses: Guesses;
  /** Says whose an OpenID provider's token is; absent: there is no provider. */
  readonly bearer?: BearerCheck | undefined;
  readonly note: (principal: TokenRow, what: Noted) => Promise<void>;
  /** Sends people to the OpenID provider; absent: nobody is sent anywhere. */
  readonly signIn: OidcSignIn | undefined;
  /** The site's own address, or the one that the browser calls it by. */
  readonly siteOf: (request: Request) => string;
}

const SESSION_MS = 12 * 3_600_000;
const ANYBODY = { access: "public" } as const;

export function sessionRoutes(app: App, options: SessionOptions): void {
  const info = (principal: TokenRow): SessionInfo => ({
    role: principal.role,
    scope: principal.scope,
    tenant: principal.role === "tenant" ? options.tenantInfo(principal.tenant) : null,
    label: principal.label,
    simulated: options.simulated,
    version: options.version,
  });

  app.route({
    method: "GET",
    url: "/v1/session",
    config: { access: ["operator", "tenant", "collector"] },
    schema: { summary: "Who is asking", tags: ["session"] },
    handler: (request) => info(request.principal as TokenRow),
  });

  app.route({
    method: "POST",
    url: "/v1/session",
    config: ANYBODY,
    schema: {
      summary: "Sign in: trade a token, ours or the OpenID provider's, for a session cookie",
      tags: ["session"],
      body: Type.Union([
        Type.Object({ token: Type.String({ maxLength: 8192 }) }, { additionalProperties: false }),
        Type.Object({ code: Type.String({ maxLength: 200 }) }, { additionalProperties: false }),
      ]),
    },
    handler: async (request, reply) => {
      if (!sameOrigin(request))
        throw new OperationalError("FOREIGN_ORIGIN", "expected a request from this site's own pages");
      const { body } = request;
      const vouched = "token" in body ? await options.bearer?.(body.token) : undefined;
      const principal = vouched ?? signIn(body, options);
      if (principal === undefined) {
        options.guesses.count(request.ip);
        throw new OperationalError("NO_TOKEN", "expected a valid token");
      }
      // A token of ours is asked whether it still stands; a provider's says when it ends.
      const isVouched = principal.parent === OIDC;
      const lifeMs = isVouched ? Math.max(1, Math.min(SESSION_MS, principal.expiresMs - Date.now())) : SESSION_MS;
      await beginSession(options, reply, principal, lifeMs);
      return info(principal);
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/session",
    config: { access: ["operator", "tenant"], scope: "read" },
    schema: { summary: "Sign out; `endSession` is where to go for the same at the OpenID provider", tags: ["session"] },
    handler: async (request, reply) => {
      const principal = request.principal as TokenRow;
      // A bearer token is revoked by an operator, not by signing out of a page.
      const isPage = request.headers.authorization === undefined;
      if (isPage) {
        await options.tokens.revoke(principal.id);
        await options.note(principal, { action: "session.end", owner: ownerOf(principal), object: principal.id });
      }
      reply.clearCookie(sessionCookie(options.secure), attributesOf(options));
      const provider = isPage && principal.parent === OIDC_SESSION ? options.signIn : undefined;
      return { ok: true, endSession: (await provider?.end(`${options.siteOf(request)}/`)) ?? null };
    },
  });
}

/** Makes a session of somebody who has been proved to be who they are, and gives its cookie to the browser. */
export async function beginSession(
  options: SessionOptions,
  reply: Reply,
  principal: TokenRow,
  lifeMs: number,
): Promise<void> {
  const { role, tenant, scope, label } = principal;
  const parent = principal.parent === OIDC ? OIDC_SESSION : principal.id;
  const session = await options.tokens.make({ role, tenant, scope, label, lifeMs, parent });
  await options.note(principal, { action: "session.create", owner: ownerOf(principal), object: session.row.id });
  const maxAge = Math.ceil(lifeMs / 1000);
  reply.setCookie(sessionCookie(options.secure), session.text, { ...attributesOf(options), maxAge });
}

function attributesOf({ secure }: SessionOptions) {
  return { path: "/", httpOnly: true, sameSite: "strict", secure } as const;
}

function signIn(body: { token: string } | { code: string }, options: SessionOptions): TokenRow | undefined {
  if ("token" in body) {
    const row = options.tokens.verify(body.token);
    // A page is for people: a stolen collector token must not open it. A session traded for another would never end.
    return row === undefined || row.role === "collector" || isPassing(row) ? undefined : row;
  }
  const expected = Buffer.from(options.signInCode ?? "");
  const given = Buffer.from(body.code);
  if (expected.length === 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  const now = Date.now();
  return {
    id: SIGN_IN_CODE,
    hash: "",
    role: "operator",
    tenant: "",
    scope: "write",
    label: "demo operator",
    createdMs: now,
    expiresMs: 0,
    revokedMs: 0,
    parent: "",
    lineage: SIGN_IN_CODE,
  };
}

/** Whose affair what a caller does for itself is. */
function ownerOf(principal: TokenRow): string {
  return principal.role === "tenant" ? principal.tenant : OPERATOR;
}
