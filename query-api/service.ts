/**
 * service.ts: the query API, composed and listening.
 */
import type { LiveFeed } from "../core/window.ts";
import { compileProgram } from "../d-scripts/compile.ts";
import { findMetric } from "../d-scripts/catalogue.ts";
import { listen } from "../server/http.ts";
import type { Log } from "../server/log.ts";
import type { Metrics } from "../server/metrics.ts";
import { readiness } from "../server/readiness.ts";
import type { StoreClient } from "../store/client.ts";
import type { InstrumentationRow } from "../store/instrumentations.ts";
import type { State } from "../store/state.ts";
import { createQueryApi, type QueryApi } from "./app.ts";
import type { QueryOptions } from "./context.ts";
import { specOf } from "./instrumentations.ts";

export interface QueryService {
  readonly url: string;
  readonly instrumentations: QueryApi["instrumentations"];
  readonly alerts: QueryApi["alerts"];
  readonly limitReads: QueryApi["limitReads"];
  close(): Promise<void>;
}

const EXPIRE_EVERY_MS = 10_000;

/** Who may, and how much, where it is not the default. */
export type AccessOptions = Pick<
  QueryOptions,
  "publicUrl" | "trustedProxies" | "oidc" | "readLimits" | "guessLimits" | "changeLimits" | "alerting"
>;

export async function startQueryApi(
  options: AccessOptions & {
    readonly store: StoreClient;
    readonly state: State;
    readonly feed: LiveFeed;
    readonly log: Log;
    readonly metrics: Metrics;
    readonly version: string;
    readonly simulated: boolean;
    readonly signInCode: string | null;
    readonly webDir: string | null;
    readonly host: string;
    readonly port: number;
  },
): Promise<QueryService> {
  const { store, state, log } = options;
  const { app, instrumentations, alerts, limitReads } = await createQueryApi({
    ...options,
    ...state,
    programOf,
    ready: readiness([{ otherwise: "the store does not answer", check: () => store.ping() }]),
  });
  const url = await listen(app, options.host, options.port);
  await alerts.start(url).catch(async (error: unknown) => {
    await app.close();
    throw error;
  });
  const expiry = setInterval(() => {
    instrumentations.expire().catch((error: unknown) => log.error({ err: error }, "idle instrumentations stay"));
  }, EXPIRE_EVERY_MS);
  return {
    url,
    instrumentations,
    alerts,
    limitReads,
    close: async () => {
      clearInterval(expiry);
      await app.close();
    },
  };
}

/** The program as a host would get it, but for the nonce, which is made for each enabling. */
function programOf(row: InstrumentationRow): string | null {
  const entry = findMetric(row.metric);
  if (entry?.recipe.kind !== "dtrace") return null;
  const { spec } = specOf(row);
  const order = { entry, spec, specId: row.spec, nonce: "0".repeat(32), zones: null, requestedBy: row.owner };
  return compileProgram({ ...order, platform: "smartos" }).text;
}
