/**
 * service.ts: ingest, composed and listening.
 */
import { listen } from "../server/http.ts";
import type { Log } from "../server/log.ts";
import type { Metrics } from "../server/metrics.ts";
import type { StoreClient } from "../store/client.ts";
import type { State } from "../store/state.ts";
import type { TenantLimits } from "./admission-tenants.ts";
import type { AdmissionLimits } from "./admission.ts";
import { createIngestApp } from "./app.ts";
import { startAudit } from "./audit.ts";
import type { FeedRouteOptions } from "./feed-route.ts";
import { Feed, type FeedOptions } from "./feed.ts";
import { WindowsTable } from "./windows.ts";

export interface IngestService {
  readonly url: string;
  readonly feed: Feed;
  close(): Promise<void>;
}

export async function startIngest(options: {
  readonly store: StoreClient;
  readonly state: State;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly host: string;
  readonly port: number;
  readonly admission?: Partial<AdmissionLimits>;
  readonly tenantLimits?: Partial<TenantLimits>;
  readonly feedTimings?: FeedRouteOptions;
  readonly feedOptions?: FeedOptions;
}): Promise<IngestService> {
  const feed = new Feed(options.feedOptions);
  const windows = new WindowsTable(options.store);
  const app = createIngestApp({ ...options, ...options.state, windows, feed });
  const endAudit = startAudit(options);
  app.addHook("onClose", () => endAudit());
  const url = await listen(app, options.host, options.port);
  return { url, feed, close: () => app.close() };
}
