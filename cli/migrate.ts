/**
 * migrate.ts: `isotherm migrate`: brings a store's tables to this program's version, and says what it did.
 *
 * The services do this for the embedded engine at each start. A cluster is migrated by hand, so that nobody's restart changes it.
 */
import { Command, InvalidArgumentError } from "commander";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError, OperationalError } from "../core/errors.ts";
import { createStoreClient } from "../store/client.ts";
import { access, CLUSTER, createDatabase, EMBEDDED, type Form } from "../store/ddl.ts";
import { startEngine } from "../store/engine.ts";
import { migrate, MIGRATIONS } from "../store/migrations.ts";
import { TABLES } from "../store/tables.ts";
import { Closers } from "./closers.ts";
import { pathOption } from "./options.ts";

export interface MigrateOptions {
  readonly data?: string;
  readonly url?: string;
  readonly user: string;
  readonly passwordFile?: string;
  readonly database: string;
  readonly cluster?: string;
  readonly sql?: boolean;
}

const EXAMPLES = `
Examples:
  isotherm migrate --data data/demo
  isotherm migrate --url http://127.0.0.1:8123 --user isotherm_ingest --password-file secret --cluster isotherm
  isotherm migrate --sql --cluster isotherm > schema.sql

A database that a newer isotherm has migrated is refused. Every step may be run again.`;

export function migrateCommand(): Command {
  return new Command("migrate")
    .description("bring a store's tables to this version: of an embedded store, or of ClickHouse at a URL")
    .option("--data <dir>", "the data directory of an embedded store that no process has open", pathOption)
    .option("--url <url>", "ClickHouse's HTTP interface", urlOption)
    .option("--user <name>", "its user", "default")
    .option("--password-file <file>", "a file that holds the user's password", pathOption)
    .option("--database <name>", "the database", nameOption, CLUSTER.database)
    .option("--cluster <name>", "make replicated and distributed tables on this cluster", nameOption)
    .option("--sql", "print the statements of a new store, access rules of a cluster too, and run none")
    .addHelpText("after", EXAMPLES)
    .action(async function (this: Command, options: MigrateOptions) {
      const print = (text: string): void => this.configureOutput().writeOut?.(text);
      print(options.sql === true ? script(formOf(options)) : report(await run(options)));
    });
}

function formOf({ cluster, database }: Pick<MigrateOptions, "cluster" | "database">): Form {
  return cluster === undefined ? EMBEDDED : { ...CLUSTER, cluster, database };
}

/** All statements that make a store, in their order. */
export function script(form: Form): string {
  const tables = MIGRATIONS.flatMap(({ version, name, statements }) => [
    `-- ${version}: ${name}`,
    ...statements(form).map((statement) => `${statement};`),
  ]);
  const around = form.kind === "cluster" ? [createDatabase(form), ...access(TABLES, form)] : [];
  const [first, ...rest] = around.map((statement) => `${statement};`);
  return `${[...(first === undefined ? [] : [first]), ...tables, ...rest].join("\n\n")}\n`;
}

function report(applied: readonly string[]): string {
  if (applied.length === 0) return "nothing to do: the tables are of this version\n";
  return applied.map((name) => `applied: ${name}\n`).join("");
}

/** @returns the names of what was applied */
export async function run(options: MigrateOptions): Promise<string[]> {
  if ((options.data === undefined) === (options.url === undefined)) {
    const message = "expected one of --data and --url";
    throw new InputError(`find the store: ${message}`, [{ field: "data", code: "ONE_OF", message }]);
  }
  const closers = new Closers();
  try {
    const connection = await connect(options, closers);
    const form = formOf(options);
    if (form.kind === "cluster") {
      const anywhere = createStoreClient({ ...connection, database: "default" });
      closers.add(() => anywhere.close());
      await anywhere.command(createDatabase(form));
    }
    const store = createStoreClient(connection);
    closers.add(() => store.close());
    return await migrate(store, Date.now(), form);
  } finally {
    await closers.close();
  }
}

async function connect(
  { data, url, user, passwordFile, database }: MigrateOptions,
  closers: Closers,
): Promise<{ url: string; username: string; password: string; database: string }> {
  if (url !== undefined) {
    const password = passwordFile === undefined ? "" : await passwordIn(passwordFile);
    return { url, username: user, password, database };
  }
  const engine = await startEngine({ dataDir: join(data ?? "", "store") });
  closers.add(() => engine.close());
  return engine;
}

async function passwordIn(path: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).trimEnd();
  } catch (cause) {
    throw new OperationalError("STORE_UNAVAILABLE", `read the password in ${path}`, { cause });
  }
}

function nameOption(text: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(text)) return text;
  throw new InvalidArgumentError(`the value is ${JSON.stringify(text)}, expected a name of letters, digits and _`);
}

function urlOption(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError(`the value is ${JSON.stringify(text)}, expected http://HOST:PORT or https://...`);
}
