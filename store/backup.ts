/**
 * backup.ts: runs a backup or its restoration in a store, and waits for it. Directories are backup-directory.ts's.
 *
 * Ingest goes on meanwhile: each batch is one part, which a backup has whole or not at all, so every batch that was
 * acknowledged before the start is in it, and none in half. After a restoration the data say how far each stream had come, so
 * batches sent again are recognised, and those that came after the backup are stored.
 */
import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { OperationalError } from "../core/errors.ts";
import { backupSql, PARTS, restoreSql, type BackupTerms, type Place } from "./backup-sql.ts";
import type { StoreClient } from "./client.ts";

const POLL_MS = 100;

/** @throws OperationalError BACKUP_FAILED with the store's reason */
export async function backUp(store: StoreClient, to: Place, terms: BackupTerms): Promise<void> {
  for (const part of PARTS) {
    const id = randomUUID();
    await run(store, `back up to ${placeText(to)}`, id, backupSql(part, to, terms, id));
  }
}

/**
 * Restores into a database without rows.
 *
 * @throws OperationalError BACKUP_FAILED with the store's reason, RESTORE_NOT_EMPTY
 */
export async function restore(store: StoreClient, from: Place, terms: BackupTerms): Promise<void> {
  const [row] = await store.query<{ tables: number }>(
    "SELECT toUInt32(count()) AS tables FROM system.tables WHERE database = {database:String} AND total_rows > 0",
    { database: terms.database },
  );
  if ((row?.tables ?? 0) > 0) {
    throw new OperationalError("RESTORE_NOT_EMPTY", `restore into database ${terms.database}: it has rows`);
  }
  for (const part of PARTS) {
    const id = randomUUID();
    await run(store, `restore from ${placeText(from)}`, id, restoreSql(part, from, terms, id));
  }
}

/** Both take as long as they take, so they go on by themselves in the store, and are asked after. */
async function run(store: StoreClient, attempt: string, id: string, sql: string): Promise<void> {
  await store.command(sql).catch((cause: unknown) => {
    throw new OperationalError("BACKUP_FAILED", attempt, { cause });
  });
  for (;;) {
    const [state] = await store.query<{ status: string; error: string }>(
      "SELECT toString(status) AS status, error FROM system.backups WHERE id = {id:String}",
      { id },
    );
    const status = state?.status ?? "forgotten by the store, which was started again meanwhile";
    if (status === "BACKUP_CREATED" || status === "RESTORED") return;
    if (status !== "CREATING_BACKUP" && status !== "RESTORING") {
      const cause = new Error(state?.error ?? status);
      throw new OperationalError("BACKUP_FAILED", attempt, { cause, info: { status } });
    }
    await setTimeout(POLL_MS);
  }
}

function placeText(place: Place): string {
  return place.kind === "file" ? place.dir : `${place.disk}:${place.folder}`;
}
