/**
 * app.ts: the query API, put together from its groups of routes.
 */
import swagger from "@fastify/swagger";
import { Guesses } from "../server/guesses.ts";
import { createApp, type App } from "../server/http.ts";
import { auditRoutes } from "./audit-routes.ts";
import { createContext, isSecure, type QueryOptions } from "./context.ts";
import { instrumentationRoutes } from "./instrumentation-routes.ts";
import type { Instrumentations } from "./instrumentations.ts";
import { limitReads } from "./gated-reads.ts";
import { liveRoutes } from "./live-routes.ts";
import { metadataRoutes } from "./metadata-routes.ts";
import { oidcCheck } from "./oidc.ts";
import { operationRoutes } from "./operation-routes.ts";
import { sessionRoutes } from "./session-routes.ts";
import { serveWeb } from "./static.ts";
import { tenantRoutes } from "./tenant-routes.ts";
import { tokenRoutes } from "./token-routes.ts";
import { startUpkeep } from "./upkeep.ts";
import { valueRoutes } from "./value-routes.ts";

/** The query API, and what runs beside its routes. */
export interface QueryApi {
  readonly app: App;
  readonly instrumentations: Instrumentations;
}

export async function createQueryApi(options: QueryOptions): Promise<QueryApi> {
  const { log, tokens, metrics } = options;
  const guesses = new Guesses(options.guessLimits);
  const secure = isSecure(options.publicUrl);
  const bearer = options.oidc === undefined ? undefined : oidcCheck(options.oidc);
  const app = createApp({ log, tokens, bearer, guesses, secure, bodyLimitBytes: 65_536 });
  limitReads(app, options.readLimits, metrics);
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Isotherm query API", version: options.version },
      components: { securitySchemes: { bearer: { type: "http", scheme: "bearer" } } },
      security: [{ bearer: [] }],
    },
  });
  const context = createContext(app, guesses, options);
  sessionRoutes(app, context);
  tenantRoutes(context);
  tokenRoutes(context);
  auditRoutes(context);
  metadataRoutes(context);
  instrumentationRoutes(context);
  valueRoutes(context);
  liveRoutes(context);
  operationRoutes(context);
  const wrong = metrics.gauge("query_wrong_tokens", "Tokens since the start that were nobody's.");
  metrics.beforeText(() => wrong.set(guesses.wrong));
  const endUpkeep = startUpkeep({ ...context, tokens });
  app.addHook("onClose", (_app, done) => {
    endUpkeep();
    done();
  });
  if (options.webDir !== null) await serveWeb(app, options.webDir);
  return { app, instrumentations: context.instrumentations };
}
