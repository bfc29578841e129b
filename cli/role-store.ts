/**
 * role-store.ts: the store of a role: a ClickHouse somewhere, or, for `serve`, an engine of its own.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { OperationalError } from "../core/errors.ts";
import { meteredStore, type MeteredStore } from "../server/store-metrics.ts";
import { createStoreClient, type StoreClient, type StoreConnection } from "../store/client.ts";
import { startEngine, type Engine, type EngineOptions } from "../store/engine.ts";
import { migrate, MIGRATIONS } from "../store/migrations.ts";
import { openState, type State } from "../store/state.ts";
import { required } from "./config.ts";
import { engineMetrics } from "./engine-metrics.ts";
import type { Role } from "./role.ts";
import { writeFirstTokens } from "./role-tokens.ts";

export interface RoleStore {
  readonly store: MeteredStore;
  readonly state: State;
}

/** A ClickHouse that several processes share. @throws InputError where the configuration names none */
export async function openSharedStore(role: Role): Promise<RoleStore> {
  const { store } = role.config;
  const url = required(
    role.config,
    "store.url",
    store.url,
    "the URL of a ClickHouse (only isotherm serve has one of its own)",
  );
  const { username, password = "", database } = store;
  return openStore(role, { url, username, password, database }, checkVersion);
}

/** The ClickHouse that is configured, or the embedded engine. */
export async function openAnyStore(role: Role): Promise<RoleStore> {
  const { config, closers, log, metrics, signal } = role;
  if (config.store.url !== undefined) return openSharedStore(role);
  const { dataDir, memoryBytes } = config.store;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const limits = memoryBytes === undefined ? {} : { memoryBytes };
  const engine = await startOwnEngine({ dataDir: join(dataDir, "store"), log, ...limits }, signal);
  closers.add(() => engine.close());
  engineMetrics(engine, dataDir, metrics);
  return openStore(role, engine, async (store) => {
    await migrate(store, Date.now());
  });
}

/**
 * An engine whose start can be called off. Once it runs it ends last: what the others have yet to store needs it.
 *
 * @throws OperationalError as startEngine does
 */
export async function startOwnEngine(options: EngineOptions, signal?: AbortSignal): Promise<Engine> {
  const starting = new AbortController();
  const abort = (): void => starting.abort();
  signal?.throwIfAborted();
  signal?.addEventListener("abort", abort);
  return startEngine({ ...options, signal: starting.signal }).finally(() =>
    signal?.removeEventListener("abort", abort),
  );
}

/** @param prepare makes sure that the tables are of this program's version */
async function openStore(
  { config, closers, log, metrics, signal }: Role,
  connection: StoreConnection,
  prepare: (store: StoreClient) => Promise<void>,
): Promise<RoleStore> {
  const store = meteredStore(createStoreClient(connection), metrics);
  closers.add(() => store.close());
  await store.ping().catch((cause: unknown) => {
    throw new OperationalError("STORE_UNAVAILABLE", `open the store at ${connection.url}`, { cause });
  });
  await prepare(store);
  signal.throwIfAborted();
  const state = await openState(store, (error) => log.warn({ err: error }, "control state could not be read again"));
  closers.add(() => state.close());
  const dir = config.tokens.dir ?? (config.store.url === undefined ? config.store.dataDir : undefined);
  if (dir !== undefined) await writeFirstTokens(state.tokens, dir);
  return { store, state };
}

/** A ClickHouse that several share is migrated by a person, so that nobody's restart changes it. */
async function checkVersion(store: StoreClient): Promise<void> {
  const newest = MIGRATIONS.at(-1)?.version ?? 0;
  const [table] = await store.query<{ n: number }>(
    "SELECT toUInt32(count()) AS n FROM system.tables WHERE database = currentDatabase() AND name = 'migrations'",
  );
  const [row] =
    table?.n === 1 ? await store.query<{ version: number }>("SELECT max(version) AS version FROM migrations") : [];
  const version = row?.version ?? 0;
  if (version === newest) return;
  const what = `open the store: its tables are of version ${version}, this program knows ${newest}`;
  if (version > newest) throw new OperationalError("STORE_NEWER", `${what}; run a newer isotherm`);
  throw new OperationalError("STORE_OLDER", `${what}; run isotherm migrate`);
}
