/**
 * backup-manifest.ts: what makes a directory a whole backup: a list of its files with their digests, written last.
 *
 * A backup that was not finished has no list; one that was damaged later differs from it. Both are refused before anything is
 * restored. ClickHouse itself compares sizes only.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readFile, readdir, rename } from "node:fs/promises";
import { join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import { errorCode, OperationalError } from "../core/errors.ts";

export interface BackupManifest {
  /** Of this file's own shape. */
  readonly format: number;
  readonly id: string;
  readonly startedMs: number;
  readonly finishedMs: number;
  /** Version of the tables (store/migrations.ts). */
  readonly tablesVersion: number;
  /** The backup that this one stands on; its path is relative to this backup. */
  readonly base: { readonly id: string; readonly path: string } | null;
  /** Paths below the directory, sorted. */
  readonly files: readonly BackupFile[];
}

export interface BackupFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

const FILE = "isotherm-backup.json";
const FORMAT = 1;

/** Makes the backup whole: all its files on the disk for good, then the list of them. */
export async function sealBackup(
  dir: string,
  facts: Omit<BackupManifest, "format" | "files" | "finishedMs">,
  now: () => number = Date.now,
): Promise<BackupManifest> {
  await syncTree(dir);
  const files = await listFiles(dir);
  const manifest: BackupManifest = { format: FORMAT, ...facts, finishedMs: now(), files };
  const half = join(dir, `${FILE}.new`);
  const handle = await open(half, "w", 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(manifest, null, 1)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(half, join(dir, FILE));
  await syncDirectory(dir);
  return manifest;
}

/**
 * Reads a backup's list and holds every file against it.
 *
 * @throws OperationalError BACKUP_DAMAGED, with the first file that is missing, changed or not in the list
 */
export async function checkBackup(dir: string): Promise<BackupManifest> {
  const attempt = `read the backup in ${dir}`;
  const damaged = (why: string, cause?: unknown): OperationalError =>
    new OperationalError("BACKUP_DAMAGED", `${attempt}: ${why}`, cause === undefined ? {} : { cause });
  let found: { readonly format?: unknown; readonly files?: unknown };
  try {
    found = JSON.parse(await readFile(join(dir, FILE), "utf8")) as typeof found;
  } catch (cause) {
    if (errorCode(cause) !== "ENOENT") throw damaged(`${FILE} cannot be read`, cause);
    throw damaged(`it has no ${FILE}: it was never finished, or is no backup`);
  }
  if (found.format !== FORMAT || !Array.isArray(found.files)) {
    throw damaged(`${FILE} is of format ${String(found.format)}, this program knows ${FORMAT}`);
  }
  const manifest = found as BackupManifest;
  const there = await listFiles(dir);
  const left = new Map(there.map((file) => [file.path, file]));
  for (const { path, bytes, sha256 } of manifest.files) {
    const file = left.get(path);
    if (file === undefined) throw damaged(`${path} is missing`);
    if (file.bytes !== bytes) throw damaged(`${path} has ${file.bytes} bytes, expected ${bytes}`);
    if (file.sha256 !== sha256) throw damaged(`${path} has changed`);
    left.delete(path);
  }
  const [extra] = left.keys();
  if (extra !== undefined) throw damaged(`${extra} is not a file of it`);
  return manifest;
}

async function listFiles(dir: string): Promise<BackupFile[]> {
  const files: BackupFile[] = [];
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const path = relative(dir, join(entry.parentPath, entry.name));
    if (!entry.isFile() || path.startsWith(FILE)) continue;
    files.push({ path, ...(await digest(join(dir, path))) });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function digest(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  const source = createReadStream(path);
  await pipeline(source, hash);
  return { bytes: source.bytesRead, sha256: hash.digest("hex") };
}

/** Puts every file and directory below `dir` on the disk for good. */
export async function syncTree(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory() || entry.isFile()) await syncDirectory(path);
  }
  await syncDirectory(dir);
}

/** A file may be synced through a handle that only reads, as a directory must be. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
