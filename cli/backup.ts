/**
 * backup.ts: `isotherm backup` and `isotherm restore`: of an embedded store as a directory, or of a ClickHouse cluster onto a
 * disk of its servers.
 */
import { Command } from "commander";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, InputError } from "../core/errors.ts";
import { backUpDirectory, restoreDirectory } from "../store/backup-directory.ts";
import type { BackupManifest } from "../store/backup-manifest.ts";
import type { BackupTerms, Place } from "../store/backup-sql.ts";
import { backUp, restore } from "../store/backup.ts";
import { createStoreClient, type StoreClient } from "../store/client.ts";
import { CLUSTER, EMBEDDED, type Form } from "../store/ddl.ts";
import { migrate } from "../store/migrations.ts";
import { pathOption } from "./options.ts";

interface Options {
  readonly base?: string;
  readonly cluster: string;
  readonly database: string;
  readonly passwordFile?: string;
}

export function backupCommand(): Command {
  return withOptions(new Command("backup"))
    .description("back up the store; services go on meanwhile")
    .argument("<store>", "the services' data directory, or the URL of a ClickHouse cluster")
    .argument("<to>", "a new directory; for a cluster DISK:NAME, a folder of a disk that its servers may back up to")
    .option("--base <backup>", "an earlier full backup: what it has is not stored again", pathOption)
    .addHelpText(
      "after",
      `
Examples:
  isotherm backup data/demo /backups/monday
  isotherm backup data/demo /backups/tuesday --base /backups/monday
  isotherm backup http://isotherm_backup@ch-1:8123 backups:monday --password-file /etc/isotherm/backup.password
`,
    )
    .action(backupAction);
}

export function restoreCommand(): Command {
  return withOptions(new Command("restore"))
    .description("make a store of a backup")
    .argument("<from>", "a backup: its directory, or DISK:NAME of a cluster")
    .argument("<to>", "a new data directory, or the URL of a ClickHouse cluster whose database has no rows")
    .option("--base <backup>", "where the backup that this one stands on is now", pathOption)
    .addHelpText(
      "after",
      `
Examples:
  isotherm restore /backups/tuesday data/restored
  isotherm restore backups:monday http://isotherm_backup@ch-1:8123 --password-file /etc/isotherm/backup.password
`,
    )
    .action(restoreAction);
}

function withOptions(command: Command): Command {
  return command
    .option("--cluster <name>", 'the cluster in remote_servers; "" for a single server', CLUSTER.cluster)
    .option("--database <name>", "the database of a cluster", CLUSTER.database)
    .option("--password-file <file>", "holds the password of the URL's user", pathOption);
}

async function backupAction(store: string, to: string, options: Options): Promise<void> {
  if (isUrl(store)) {
    await onServer(store, options, (client, terms) => backUp(client, placeOf("<to>", to), terms));
    process.stdout.write(`backed up to ${to}\n`);
    return;
  }
  const manifest = await backUpDirectory(await engineDirectory(store), to, options.base ?? null);
  process.stdout.write(`backed up to ${to}: ${told(manifest)}\n`);
}

async function restoreAction(from: string, to: string, options: Options): Promise<void> {
  if (isUrl(to)) {
    await onServer(to, options, async (client, terms) => {
      await restore(client, placeOf("<from>", from), terms);
      await migrate(client, Date.now(), terms.form);
    });
    process.stdout.write(`restored from ${from}\n`);
    return;
  }
  const manifest = await restoreDirectory(from, to, options.base ?? null);
  process.stdout.write(`restored to ${to}, as of ${new Date(manifest.startedMs).toISOString()}: ${told(manifest)}\n`);
}

async function onServer(
  url: string,
  options: Options,
  work: (client: StoreClient, terms: BackupTerms) => Promise<void>,
): Promise<void> {
  const { username, password, origin } = new URL(url);
  const file = options.passwordFile;
  const client = createStoreClient({
    url: origin,
    username: username === "" ? "default" : decodeURIComponent(username),
    password: file === undefined ? decodeURIComponent(password) : (await readFile(file, "utf8")).trim(),
    database: options.database,
  });
  const { cluster, database } = options;
  const form: Form = cluster === "" ? EMBEDDED : { ...CLUSTER, cluster, database };
  const base = options.base === undefined ? null : placeOf("--base", options.base);
  try {
    await work(client, { form, database, base });
  } finally {
    await client.close();
  }
}

/** `DISK:NAME` is a folder of a server's disk, `file:/PATH` a directory that a server's backups.allowed_path covers. */
function placeOf(field: string, text: string): Place {
  const [, disk = "", folder = ""] = /^(\w+):([\w./-]+)$/.exec(text) ?? [];
  if (disk === "") {
    const message = `is ${JSON.stringify(text)}, expected DISK:NAME`;
    throw new InputError("read the command line", [{ field, code: "PLACE", message }]);
  }
  return disk === "file" ? { kind: "file", dir: folder } : { kind: "disk", disk, folder };
}

function isUrl(text: string): boolean {
  return /^https?:\/\//.test(text);
}

/** The services keep the engine in `store`; a directory without one is an engine's own. */
async function engineDirectory(dataDir: string): Promise<string> {
  const inner = join(dataDir, "store");
  const found = await stat(inner).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  });
  return found?.isDirectory() === true ? inner : dataDir;
}

function told({ files, startedMs, finishedMs }: BackupManifest): string {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const seconds = ((finishedMs - startedMs) / 1000).toFixed(1);
  return `${files.length} files, ${(bytes / 1e6).toFixed(1)} MB, ${seconds} s`;
}
