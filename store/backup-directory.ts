/**
 * backup-directory.ts: backups of an embedded store as directories, and a store made of one.
 *
 *   DATA_DIR ──▶ the engine that runs on it, or one of our own ──▶ marks/ rows/ ──▶ isotherm-backup.json, last
 *   backup ──▶ checked file by file ──▶ an engine on a new directory beside TO ──▶ renamed to TO, last
 *
 * So nothing half-made ever has the name of a backup or of a store.
 */
import { randomUUID } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, rename, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { errorCode, OperationalError } from "../core/errors.ts";
import { type BackupManifest, checkBackup, sealBackup, syncTree } from "./backup-manifest.ts";
import { PARTS, type Place } from "./backup-sql.ts";
import { backUp, restore } from "./backup.ts";
import { createStoreClient, type StoreClient } from "./client.ts";
import { EMBEDDED } from "./ddl.ts";
import { announcedEngine, ownBackupDir } from "./engine-where.ts";
import { startEngine } from "./engine.ts";
import { migrate, MIGRATIONS } from "./migrations.ts";

interface OpenStore {
  readonly store: StoreClient;
  readonly database: string;
  /** Whether the engine is another program's, which cannot write outside the data directory. */
  readonly foreign: boolean;
  close(): Promise<void>;
}

/**
 * Backs up an embedded store, whether its services run or not.
 *
 * @param dataDir the engine's: `store` in the services' data directory
 * @param to a directory that is missing or empty
 * @param base an earlier full backup whose files are not stored again; it must be there to restore this one
 * @throws OperationalError BACKUP_TARGET, BACKUP_DAMAGED (the base), BACKUP_FAILED, DATA_DIRECTORY_IN_USE
 */
export async function backUpDirectory(dataDir: string, to: string, base: string | null): Promise<BackupManifest> {
  const startedMs = Date.now();
  const target = resolve(to);
  await requireEmpty(target);
  const standsOn = base === null ? null : await fullBackup(resolve(base));
  await requireStore(dataDir);
  const open = await openStore(dataDir, [target, ...(standsOn === null ? [] : [standsOn.dir])]);
  const staging = join(resolve(ownBackupDir(dataDir)), `making-${randomUUID()}`);
  try {
    const [row] = await open.store.query<{ version: number }>("SELECT max(version) AS version FROM migrations");
    const dir = open.foreign ? join(staging, "new") : target;
    const from =
      standsOn === null ? null : open.foreign ? await lookalike(standsOn.dir, join(staging, "base")) : standsOn.dir;
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await backUp(open.store, place(dir), {
      form: EMBEDDED,
      database: open.database,
      base: from === null ? null : place(from),
    });
    if (open.foreign) await move(dir, target);
    return await sealBackup(target, {
      id: randomUUID(),
      startedMs,
      tablesVersion: row?.version ?? 0,
      base: standsOn === null ? null : { id: standsOn.manifest.id, path: relative(target, standsOn.dir) },
    });
  } finally {
    await open.close();
    await rm(staging, { recursive: true, force: true });
  }
}

/**
 * Makes an embedded store of a backup.
 *
 * @param from a backup's directory
 * @param to the new services' data directory: missing or empty; the store is made in `to/store`
 * @param base where the backup that it stands on is now; by default where it was, seen from `from`
 * @throws OperationalError BACKUP_DAMAGED, BACKUP_TARGET, BACKUP_FAILED, STORE_NEWER
 */
export async function restoreDirectory(from: string, to: string, base: string | null): Promise<BackupManifest> {
  const [source, target] = [resolve(from), resolve(to)];
  await requireEmpty(target);
  const manifest = await checkBackup(source);
  const newest = MIGRATIONS.at(-1)?.version ?? 0;
  if (manifest.tablesVersion > newest) {
    const versions = `its tables are of version ${manifest.tablesVersion}, this program knows ${newest}`;
    throw new OperationalError("STORE_NEWER", `restore ${source}: ${versions}; run a newer isotherm`);
  }
  const standsOn = manifest.base === null ? null : resolve(base ?? join(source, manifest.base.path));
  if (standsOn !== null && (await fullBackup(standsOn)).manifest.id !== manifest.base?.id) {
    throw new OperationalError("BACKUP_DAMAGED", `restore ${source}: ${standsOn} is not the backup that it stands on`);
  }
  await mkdir(dirname(target), { recursive: true });
  const making = await mkdtemp(join(dirname(target), `.${basename(target)}.restoring-`));
  try {
    const dirs = [source, ...(standsOn === null ? [] : [standsOn])];
    const engine = await startEngine({ dataDir: join(making, "store"), backupDirs: dirs });
    const store = createStoreClient(engine);
    try {
      const terms = { form: EMBEDDED, database: engine.database, base: standsOn === null ? null : place(standsOn) };
      await restore(store, place(source), terms);
      // A backup of an older program becomes a store of this one.
      await migrate(store, Date.now());
    } finally {
      await store.close();
      await engine.close();
    }
    await syncTree(making);
    await rmdir(target).catch(ignoreMissing);
    await rename(making, target);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
  return manifest;
}

async function fullBackup(dir: string): Promise<{ dir: string; manifest: BackupManifest }> {
  const manifest = await checkBackup(dir);
  if (manifest.base === null) return { dir, manifest };
  throw new OperationalError("BACKUP_TARGET", `stand on the backup in ${dir}: it stands on another; name a full one`);
}

/** The running engine if there is one, or one of our own on the directory. */
async function openStore(dataDir: string, backupDirs: readonly string[]): Promise<OpenStore> {
  const running = announcedEngine(dataDir);
  if (running !== null) {
    const store = createStoreClient(running);
    const answers = await store.ping().then(
      () => true,
      () => false,
    );
    if (answers) return { store, database: running.database, foreign: true, close: () => store.close() };
    await store.close();
  }
  const engine = await startEngine({ dataDir, backupDirs });
  const store = createStoreClient(engine);
  const close = async (): Promise<void> => {
    await store.close();
    await engine.close();
  };
  return { store, database: engine.database, foreign: false, close };
}

/** What an engine needs of a base while it makes a backup: its list of files, and none of them. */
async function lookalike(base: string, dir: string): Promise<string> {
  for (const part of PARTS) {
    await mkdir(join(dir, part), { recursive: true, mode: 0o700 });
    await cp(join(base, part, ".backup"), join(dir, part, ".backup"));
  }
  return dir;
}

/** By name where both are on one file system, else by copying; what is copied is digested afterwards. */
async function move(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await rmdir(to).catch(ignoreMissing);
  try {
    await rename(from, to);
  } catch (error) {
    if (errorCode(error) !== "EXDEV") throw error;
    await cp(from, to, { recursive: true });
  }
}

/** @throws OperationalError BACKUP_TARGET */
async function requireEmpty(dir: string): Promise<void> {
  const entries = await readdir(dir).catch((cause: unknown) => {
    if (errorCode(cause) === "ENOENT") return [];
    throw new OperationalError("BACKUP_TARGET", `write to ${dir}`, { cause });
  });
  if (entries.length > 0) {
    throw new OperationalError("BACKUP_TARGET", `write to ${dir}: it is not empty; name a directory that is new`);
  }
}

/** An engine would make one where there is none, and an empty backup of it. */
async function requireStore(dataDir: string): Promise<void> {
  await readdir(join(dataDir, "clickhouse")).catch((cause: unknown) => {
    throw new OperationalError("BACKUP_TARGET", `back up ${dataDir}: there is no store`, { cause });
  });
}

function ignoreMissing(error: unknown): void {
  if (errorCode(error) !== "ENOENT") throw error;
}

function place(dir: string): Place {
  return { kind: "file", dir };
}
