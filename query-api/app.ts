/**
 * app.ts: the query API, put together from its groups of routes.
 */
import swagger from "@fastify/swagger";
import { createApp, type App } from "../server/http.ts";
import { createContext, type QueryOptions } from "./context.ts";
import { instrumentationRoutes } from "./instrumentation-routes.ts";
import type { Instrumentations } from "./instrumentations.ts";
import { liveRoutes } from "./live-routes.ts";
import { metadataRoutes } from "./metadata-routes.ts";
import { operationRoutes } from "./operation-routes.ts";
import { sessionRoutes } from "./session-routes.ts";
import { serveWeb } from "./static.ts";
import { valueRoutes } from "./value-routes.ts";

/** The query API, and what runs beside its routes. */
export interface QueryApi {
  readonly app: App;
  readonly instrumentations: Instrumentations;
}

export async function createQueryApi(options: QueryOptions): Promise<QueryApi> {
  const { log, tokens } = options;
  const app = createApp({ log, tokens, bodyLimitBytes: 65_536 });
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Isotherm query API", version: options.version },
      components: { securitySchemes: { bearer: { type: "http", scheme: "bearer" } } },
      security: [{ bearer: [] }],
    },
  });
  const context = createContext(app, options);
  sessionRoutes(app, { ...context, secure: false });
  metadataRoutes(context);
  instrumentationRoutes(context);
  valueRoutes(context);
  liveRoutes(context);
  operationRoutes(context);
  if (options.webDir !== null) await serveWeb(app, options.webDir);
  return { app, instrumentations: context.instrumentations };
}
