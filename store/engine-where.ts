/**
 * engine-where.ts: how another program of the same user finds an engine that runs: a file in the data directory.
 *
 * The engine's port and password are new at each start. `isotherm backup` needs them while the services run; the file has
 * mode 0600 in a directory of mode 0700, so who may read it could read the data as well. A file that a killed program left
 * behind is harmless: nobody answers there.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../core/errors.ts";
import type { StoreConnection } from "./client.ts";

/** Where the engine on a data directory writes backups. */
export function ownBackupDir(dataDir: string): string {
  return join(dataDir, "backups");
}

function file(dataDir: string): string {
  return join(dataDir, "engine", "connection.json");
}

export function announceEngine(dataDir: string, { url, username, password, database }: StoreConnection): void {
  const half = `${file(dataDir)}.new`;
  writeFileSync(half, `${JSON.stringify({ url, username, password, database })}\n`, { mode: 0o600 });
  renameSync(half, file(dataDir));
}

export function withdrawEngine(dataDir: string): void {
  rmSync(file(dataDir), { force: true });
}

/** @returns null where no engine has announced itself; one that has may be gone */
export function announcedEngine(dataDir: string): StoreConnection | null {
  try {
    return JSON.parse(readFileSync(file(dataDir), "utf8")) as StoreConnection;
  } catch (error) {
    if (errorCode(error) === "ENOENT" || error instanceof SyntaxError) return null;
    throw error;
  }
}
