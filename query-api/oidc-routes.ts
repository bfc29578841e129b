/**
 * oidc-routes.ts: signing in by way of the OpenID provider: away, back, and into the same session as any other.
 *
 * A browser goes through these and no program does, so whatever happens ends at the page: `/#signed-in`, or `/#sign-in-failed=CODE`.
 * Where somebody had wanted to go is kept by the page itself (web/api/sign-in.ts): no address comes in here, so none leads out.
 */
import { Type } from "typebox";
import { errorChain, OperationalError } from "../core/errors.ts";
import { notFound, type App, type Reply, type Request } from "../server/http.ts";
import { ANYBODY } from "./context.ts";
import { beginSession, type SessionOptions } from "./session-routes.ts";

export interface OidcRouteOptions extends SessionOptions {
  readonly sessionSec: number;
}

/** Long enough to find a telephone for a second factor. */
const AWAY_SEC = 600;
const CALLBACK = "/v1/session/oidc/callback";
const TEXT = Type.Optional(Type.String({ maxLength: 4096 }));

export function oidcRoutes(app: App, options: OidcRouteOptions): void {
  const { signIn, secure, guesses } = options;
  const cookie = secure ? "__Host-isotherm_sign_in" : "isotherm_sign_in";
  // Lax: the provider's page is another site, and it is that page that leads back.
  const attributes = { path: "/", httpOnly: true, sameSite: "lax", secure } as const;
  const callbackOf = (request: Request): string => options.siteOf(request) + CALLBACK;

  app.route({
    method: "GET",
    url: "/v1/session/ways",
    config: ANYBODY,
    schema: { summary: "How people sign in besides with a token", tags: ["session"] },
    handler: () => ({ oidc: signIn === undefined ? null : { name: signIn.name } }),
  });

  app.route({
    method: "GET",
    url: "/v1/session/oidc/start",
    config: ANYBODY,
    schema: { hide: true },
    handler: (request, reply) => {
      if (signIn === undefined) throw notFound();
      return atThePage(request, reply, async () => {
        const { location, secret } = await signIn.start(callbackOf(request));
        reply.setCookie(cookie, secret, { ...attributes, maxAge: AWAY_SEC });
        return location;
      });
    },
  });

  app.route({
    method: "GET",
    url: CALLBACK,
    config: ANYBODY,
    // Providers add to it what they like.
    schema: { hide: true, querystring: Type.Object({ code: TEXT, state: TEXT, error: TEXT, iss: TEXT }) },
    handler: (request, reply) => {
      if (signIn === undefined) throw notFound();
      return atThePage(request, reply, async () => {
        const secret = request.cookies[cookie] ?? "";
        // It is good for one answer, whatever that is.
        reply.clearCookie(cookie, attributes);
        try {
          const principal = await signIn.finish(request.query, secret, callbackOf(request));
          await beginSession(options, reply, principal, options.sessionSec * 1000);
          return "/#signed-in";
        } catch (error) {
          if (error instanceof OperationalError && error.code !== "OIDC_UNAVAILABLE") guesses.count(request.ip);
          throw error;
        }
      });
    },
  });
}

/** Sends the browser on; what went wrong is said on the page, by its code, and in the log with its cause. */
async function atThePage(request: Request, reply: Reply, next: () => Promise<string>): Promise<Reply> {
  reply.header("cache-control", "no-store");
  try {
    return await reply.redirect(await next(), 302);
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error;
    request.log.warn({ chain: errorChain(error) }, "a sign-in by way of the OpenID provider failed");
    return reply.redirect(`/#sign-in-failed=${error.code}`, 302);
  }
}
