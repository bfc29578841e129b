/**
 * query-app.ts: a second query API beside the fixture's, on the same store and state: what differs is given.
 */
import { createQueryApi } from "../../query-api/app.ts";
import type { QueryOptions } from "../../query-api/context.ts";
import type { RouteEntry } from "../../server/http.ts";
import { listen } from "../../server/http.ts";
import { silentLog } from "../../server/log.ts";
import { Metrics } from "../../server/metrics.ts";
import type { Api } from "./api-fixture.ts";

export interface QueryApp {
  readonly url: string;
  readonly routes: readonly RouteEntry[];
  /** The OpenAPI document. */
  readonly document: () => unknown;
  readonly close: () => Promise<void>;
}

export async function startQueryApp(
  api: Pick<Api, "services">,
  differs: Partial<QueryOptions> = {},
): Promise<QueryApp> {
  const { state, store, ingest } = api.services;
  const { app } = await createQueryApi({
    ...state,
    store,
    feed: ingest.feed,
    log: silentLog(),
    metrics: new Metrics(),
    version: "test",
    simulated: false,
    signInCode: null,
    webDir: null,
    programOf: () => null,
    ready: () => store.ping(),
    ...differs,
  });
  const url = await listen(app, "127.0.0.1", 0);
  return { url, routes: app.routeTable, document: () => app.swagger(), close: () => app.close() };
}
