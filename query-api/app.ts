/**
 * app.ts: the query API, put together from its groups of routes.
 */
import swagger from "@fastify/swagger";
import { Guesses } from "../server/guesses.ts";
import { createApp, type App, type BearerCheck, type Request } from "../server/http.ts";
import { Alerts } from "./alerts/alerts.ts";
import { hookRoutes } from "./alerts/hook-routes.ts";
import { Hooks } from "./alerts/hooks.ts";
import { alertRoutes } from "./alerts/routes.ts";
import { auditRoutes } from "./audit-routes.ts";
import { boardRoutes } from "./board-routes.ts";
import { ReportRuns } from "./capacity/report-runs.ts";
import { capacityRoutes } from "./capacity/routes.ts";
import { savedReportRoutes } from "./capacity/saved-report-routes.ts";
import { SavedReports } from "./capacity/saved-reports.ts";
import { createContext, isSecure, type QueryOptions } from "./context.ts";
import { fleetRoutes } from "./fleet-routes.ts";
import { instrumentationRoutes } from "./instrumentation-routes.ts";
import type { Instrumentations } from "./instrumentations.ts";
import { limitChanges } from "./change-rates.ts";
import { limitReads } from "./gated-reads.ts";
import { liveRoutes } from "./live-routes.ts";
import { metadataRoutes } from "./metadata-routes.ts";
import { ACCESS, completed, type OpenApi } from "./openapi.ts";
import { OIDC_DEFAULTS } from "./oidc-defaults.ts";
import { oidcRoutes } from "./oidc-routes.ts";
import { OidcSignIn } from "./oidc-sign-in.ts";
import { oidcCheck, oidcReader, type OidcOptions } from "./oidc.ts";
import { operationRoutes } from "./operation-routes.ts";
import { prometheusRoutes } from "./prometheus-routes.ts";
import { selectionRoutes } from "./selection-routes.ts";
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
  /** To be started once the app listens. */
  readonly alerts: Alerts;
  /** Changes how many reads run at once. */
  readonly limitReads: ReturnType<typeof limitReads>;
}

export async function createQueryApi(options: QueryOptions): Promise<QueryApi> {
  const { log, tokens, metrics, trustedProxies } = options;
  const guesses = new Guesses(options.guessLimits);
  const secure = isSecure(options.publicUrl);
  const { bearer, signIn } = providerOf(options.oidc);
  const app = createApp({ log, tokens, bearer, guesses, secure, trustedProxies, bodyLimitBytes: 65_536 });
  const changeLimits = limitReads(app, options.readLimits, metrics);
  limitChanges(app, options.changeLimits, metrics);
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Isotherm query API",
        description:
          "Latency and usage of the hosts and zones of a SmartOS fleet. Times are epoch seconds unless a name ends in Ms.",
        version: options.version,
        license: { name: "MIT", identifier: "MIT" },
      },
      servers: [{ url: "/" }],
      tags: TAGS,
      components: { securitySchemes: SECURITY },
      security: [{ bearer: [] }, { session: [] }],
    },
    transform: ({ schema, url, route }) => {
      const { access, scope } = route.config ?? {};
      return { schema: { ...schema, [ACCESS]: { access, ...(scope && { scope }) } }, url };
    },
    transformObject: (made) => completed(("openapiObject" in made ? made.openapiObject : {}) as OpenApi),
  });
  const context = createContext(app, guesses, options);
  // Without an address of its own as the browser calls it; the provider knows which addresses are ours.
  const siteOf = (request: Request): string =>
    options.publicUrl?.replace(/\/$/, "") ?? `http://${request.headers.host ?? ""}`;
  const session = { ...context, bearer, signIn, siteOf };
  sessionRoutes(app, session);
  oidcRoutes(app, { ...session, sessionSec: options.oidc?.sessionSec ?? OIDC_DEFAULTS.sessionSec });
  tenantRoutes(context);
  tokenRoutes(context);
  auditRoutes(context);
  metadataRoutes(context);
  instrumentationRoutes(context);
  valueRoutes(context);
  selectionRoutes(context);
  liveRoutes(context);
  boardRoutes(context);
  fleetRoutes(context);
  capacityRoutes(context);
  const alerting = options.alerting ?? {};
  const saved = new SavedReports(options.reports, new Hooks(options.alerts, options.reports), alerting.nowMs);
  const reportRuns = new ReportRuns({ ...context, saved, nowMs: alerting.nowMs });
  const alerts = new Alerts({
    ...context,
    ...{
      tables: options.alerts,
      reports: options.reports,
      publicUrl: options.publicUrl,
      options: alerting,
      beside: reportRuns,
    },
  });
  savedReportRoutes(context, saved);
  alertRoutes(context, alerts);
  hookRoutes(context, alerts);
  operationRoutes(context);
  prometheusRoutes(context);
  const wrong = metrics.gauge("query_wrong_tokens", "Tokens since the start that were nobody's.");
  metrics.beforeText(() => wrong.set(guesses.wrong));
  const endUpkeep = startUpkeep({ ...context, tokens });
  app.addHook("onClose", async () => {
    endUpkeep();
    await reportRuns.close();
    await alerts.close();
  });
  if (options.webDir !== null) await serveWeb(app, options.webDir);
  return { app, instrumentations: context.instrumentations, alerts, limitReads: changeLimits };
}

/** What an OpenID provider is to us: one whose tokens are taken, and, where it knows us, one where people sign in. */
function providerOf(oidc: OidcOptions | undefined): { readonly bearer?: BearerCheck; readonly signIn?: OidcSignIn } {
  if (oidc === undefined) return {};
  const read = oidcReader(oidc);
  const { clientId } = oidc;
  return {
    bearer: oidcCheck(oidc, read),
    ...(clientId === undefined ? {} : { signIn: new OidcSignIn({ ...oidc, clientId }, read) }),
  };
}

const SECURITY = {
  bearer: { type: "http", scheme: "bearer", description: "a token of ours, or a JWT of the OpenID provider" },
  session: { type: "apiKey", in: "cookie", name: "isotherm_session", description: "the page's" },
} as const;

const TAGS = [
  { name: "session", description: "Who is asking" },
  { name: "metadata", description: "What can be measured" },
  { name: "instrumentations", description: "What is being measured" },
  { name: "values", description: "What was measured" },
  { name: "selections", description: "What a selection is made of, compared, and measured more closely" },
  { name: "capacity", description: "Who grows, what is left, and when a limit is reached" },
  { name: "boards", description: "Panels under a name" },
  { name: "alerts", description: "Rules, what they found, and who is told" },
  { name: "tenants", description: "Accounts, and whose zones were when" },
  { name: "tokens", description: "Who may call" },
  { name: "audit", description: "Who did what" },
  { name: "collectors", description: "What collectors are to run" },
  { name: "operations", description: "How the service is" },
];
