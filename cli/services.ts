/**
 * services.ts: engine, store, ingest and query API in one process: what `demo` and `serve` have in common.
 */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { startIngest, type IngestService } from "../ingest/service.ts";
import { startQueryApi, type AccessOptions, type QueryService } from "../query-api/service.ts";
import type { Log } from "../server/log.ts";
import { Metrics } from "../server/metrics.ts";
import { createStoreClient, type StoreClient } from "../store/client.ts";
import { startEngine, type Engine } from "../store/engine.ts";
import { migrate } from "../store/migrations.ts";
import { openState, type State } from "../store/state.ts";
import type { Retention } from "../store/tables.ts";
import { Closers } from "./closers.ts";
import { startRollups } from "./rollup-job.ts";

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
  /** Alert rules and hooks of files, and what is allowed to hooks. */
  readonly alerting?: NonNullable<AccessOptions["alerting"]>;
  /** Ends a start that is under way. */
  readonly signal?: AbortSignal;
}

export interface Services {
  readonly engine: Engine;
  readonly store: StoreClient;
  readonly state: State;
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
  const engine = await startEngine({ dataDir: join(options.dataDir, "store"), log, ...(signal && { signal }) });
  closers.add(() => engine.close());
  signal?.throwIfAborted();
  const store = createStoreClient(engine);
  closers.add(() => store.close());
  await migrate(store, Date.now());
  signal?.throwIfAborted();
  const state = await openState(store, (error) => log.warn({ err: error }, "control state could not be read again"));
  closers.add(() => state.close());
  const metrics = new Metrics(true);
  const { retention } = options;
  const rollups = startRollups({ store, state, log, metrics, ...(retention && { retention }) });
  closers.add(() => rollups.close());
  const ingest = await startIngest({ store, state, log, metrics, host, port: 0 });
  closers.add(() => ingest.close());
  const version = await packageVersion();
  const query = await startQueryApi({ ...options, store, state, feed: ingest.feed, metrics, version });
  closers.add(() => query.close());
  return { engine, store, state, ingest, query, close: () => closers.close() };
}

/** From the package that this file belongs to, built or not. */
export async function packageVersion(): Promise<string> {
  for (const path of ["../package.json", "../../package.json"]) {
    const text = await readFile(new URL(path, import.meta.url), "utf8").catch(() => undefined);
    if (text !== undefined) return (JSON.parse(text) as { version: string }).version;
  }
  return "unknown";
}
