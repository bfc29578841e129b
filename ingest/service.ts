/**
 * service.ts: ingest, composed and listening.
 */
import { pause } from "../core/pause.ts";
import { listen } from "../server/http.ts";
import type { Log } from "../server/log.ts";
import type { Metrics } from "../server/metrics.ts";
import { readiness, type ReadyCheck } from "../server/readiness.ts";
import type { StoreClient } from "../store/client.ts";
import type { State } from "../store/state.ts";
import type { TenantLimits } from "./admission-tenants.ts";
import type { AdmissionLimits } from "./admission.ts";
import { createIngestApp, type IngestApp } from "./app.ts";
import { startAudit } from "./audit.ts";
import type { FeedRouteOptions } from "./feed-route.ts";
import { Feed, type FeedOptions } from "./feed.ts";
import { WindowsTable } from "./windows.ts";

export interface IngestService {
  readonly url: string;
  readonly feed: Feed;
  readonly limit: IngestApp["limit"];
  close(): Promise<void>;
}

/** How long the end waits for inserts that are under way. */
const INSERTS_MS = 5_000;
const NEVER = new AbortController().signal;

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
  /** What else must hold for /readyz, beside a store that answers. */
  readonly checks?: readonly ReadyCheck[];
}): Promise<IngestService> {
  const { store, log, metrics, checks = [] } = options;
  const feed = new Feed(options.feedOptions);
  const windows = new WindowsTable(store, Date.now, (facts) => log.debug(facts, "batches inserted"));
  const ready = readiness([{ otherwise: "the store does not answer", check: () => store.ping() }, ...checks]);
  const { app, limit } = createIngestApp({ ...options, ...options.state, windows, feed, ready });
  const waiting = metrics.gauge("ingest_waiting_batches", "Batches that wait for an insert.");
  const followers = metrics.gauge("ingest_feed_followers", "Query APIs that follow stored batches.");
  metrics.beforeText(() => {
    waiting.set(windows.waiting);
    followers.set(feed.readers);
  });
  const endAudit = startAudit(options);
  app.addHook("onClose", () => endAudit());
  const url = await listen(app, options.host, options.port);
  return {
    url,
    feed,
    limit,
    close: async () => {
      await app.close();
      // Whoever sent them has gone, but what is under way would else fail in the log, and be sent again.
      const untilMs = Date.now() + INSERTS_MS;
      while (windows.isBusy && Date.now() < untilMs) await pause(20, NEVER);
    },
  };
}
