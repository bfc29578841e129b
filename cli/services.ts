/**
 * services.ts: engine, store, ingest and query API in one process: what `demo` and `serve` have in common.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { startIngest, type IngestService } from "../ingest/service.ts";
import { startQueryApi, type AccessOptions, type QueryService } from "../query-api/service.ts";
import type { Log } from "../server/log.ts";
import { Metrics } from "../server/metrics.ts";
import { meteredStore } from "../server/store-metrics.ts";
import { createStoreClient, type StoreClient } from "../store/client.ts";
import type { Engine } from "../store/engine.ts";
import { migrate } from "../store/migrations.ts";
import { openState, type State } from "../store/state.ts";
import type { Retention } from "../store/tables.ts";
import { Closers } from "./closers.ts";
import { refusals } from "./ingest.ts";
import { engineMetrics } from "./engine-metrics.ts";
import { startOwnEngine } from "./role-store.ts";
import { startRollups } from "./rollup-job.ts";
import { packageVersion } from "./version.ts";

export interface ServicesOptions {
  readonly dataDir: string;
  readonly host: string;
  /** Port of the query API and the page; 0: a free one. */
  readonly port: number;
  readonly webDir: string | null;
  readonly simulated: boolean;
  /** Signs an operator in at the page; null: tokens only. */
  readonly signInCode: string | null;
  readonly log: Log;
  /** How long the tiers are kept; default: 7 days raw, 90 days of minutes, 730 of hours. */
  readonly retention?: Retention;
  /** False: minutes and hours are somebody else's to make, or nobody's. */
  readonly rollups?: boolean;
  /** Alert rules and hooks of files, and what is allowed to hooks. */
  readonly alerting?: NonNullable<AccessOptions["alerting"]>;
  /** Ends a start that is under way. */
  readonly signal?: AbortSignal;
}

export interface Services {
  readonly engine: Engine;
  readonly store: StoreClient;
  readonly state: State;
  readonly metrics: Metrics;
  readonly ingest: IngestService;
  readonly query: QueryService;
  /** Ends all of it, last started first. */
  close(): Promise<void>;
}

/** @throws OperationalError when a part cannot start; those before it are ended */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const closers = new Closers();
  try {
    return await start(options, closers);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function start(options: ServicesOptions, closers: Closers): Promise<Services> {
  const { log, host } = options;
  await mkdir(options.dataDir, { recursive: true });
  const { signal } = options;
  const engine = await startOwnEngine({ dataDir: join(options.dataDir, "store"), log }, signal);
  closers.add(() => engine.close());
  signal?.throwIfAborted();
  const metrics = new Metrics(true);
  engineMetrics(engine, options.dataDir, metrics);
  const store = meteredStore(createStoreClient(engine), metrics);
  closers.add(() => store.close());
  await migrate(store, Date.now());
  signal?.throwIfAborted();
  const state = await openState(store, (error) => log.warn({ err: error }, "control state could not be read again"));
  closers.add(() => state.close());
  const { retention, rollups = true } = options;
  if (rollups) {
    const job = startRollups({ store, state, log, metrics, ...(retention && { retention }) });
    closers.add(() => job.close());
  }
  const checks = [refusals(store)];
  const ingest = await startIngest({ store, state, log, metrics, host, port: 0, checks });
  closers.add(() => ingest.close());
  const version = await packageVersion();
  const query = await startQueryApi({ ...options, store, state, feed: ingest.feed, metrics, version });
  closers.add(() => query.close());
  return { engine, store, state, metrics, ingest, query, close: () => closers.close() };
}
