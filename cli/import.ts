/**
 * import.ts: `isotherm import`: history by hours from a file, or from the simulator, straight into the hour tier of a store.
 */
import { Command } from "commander";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { historyLines } from "../collectors/simulator/history.ts";
import { InputError, OperationalError } from "../core/errors.ts";
import type { HistoryLine } from "../core/hours.ts";
import { createStoreClient, type StoreClient, type StoreConnection } from "../store/client.ts";
import { startEngine } from "../store/engine.ts";
import { migrate } from "../store/migrations.ts";
import { openState } from "../store/state.ts";
import { Closers } from "./closers.ts";
import { importHistory, type ImportOptions } from "./import-history.ts";
import type { ImportReport } from "./import-store.ts";
import { integerOption, pathOption } from "./options.ts";

interface Options {
  readonly data?: string;
  readonly url?: string;
  readonly user: string;
  readonly passwordFile?: string;
  readonly database: string;
  readonly simulated?: number;
  readonly hosts: number;
  readonly zones: number;
  readonly seed: number;
  readonly print?: boolean;
  readonly enable?: boolean;
}

const EXAMPLES = `Examples:
  isotherm import history.jsonl --data data/isotherm
  zcat history.jsonl.gz | isotherm import - --url http://127.0.0.1:8123 --user isotherm_ingest --password-file secret
  isotherm import --simulated 730 --data data/capacity
  isotherm import --simulated 2 --print | head
`;

const NOTES = `
docs/capacity.md describes the lines. A run that was interrupted is begun again: hours that are there are compared and left.`;

export function importCommand(): Command {
  return new Command("import")
    .description("put history by hours into a store: from JSON lines, or simulated")
    .argument("[file]", "JSON lines; - is standard input")
    .option("--data <dir>", "the data directory of an embedded store that no process has open", pathOption)
    .option("--url <url>", "ClickHouse's HTTP interface")
    .option("--user <name>", "its user", "default")
    .option("--password-file <file>", "a file that holds the user's password", pathOption)
    .option("--database <name>", "the database", "isotherm")
    .option("--simulated <days>", "so many days of a simulated fleet", integerOption("--simulated", 1, 730))
    .option("--hosts <n>", "simulated hosts", integerOption("--hosts", 1, 200), 3)
    .option("--zones <n>", "simulated zones on each", integerOption("--zones", 1, 100), 6)
    .option("--seed <n>", "of the simulation", integerOption("--seed", 0, 2 ** 31 - 1), 1)
    .option("--print", "print the simulated lines, and store nothing")
    .option("--enable", "let DTrace metrics of the file run on the hosts from now on")
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", NOTES)
    .action(async function (this: Command, file: string | undefined, options: Options) {
      const print = (text: string): void => this.configureOutput().writeOut?.(text);
      const lines = linesOf(file, options);
      if (options.print === true) {
        for await (const line of lines) print(`${JSON.stringify(line)}\n`);
        return;
      }
      const startedMs = performance.now();
      const report = await withStore(options, (store, state) =>
        importHistory(lines, { store, state, enable: options.enable === true || options.simulated !== undefined }),
      );
      print(told(report, performance.now() - startedMs));
    });
}

function linesOf(file: string | undefined, options: Options): AsyncIterable<HistoryLine> | Iterable<HistoryLine> {
  const { simulated, hosts, zones, seed } = options;
  if ((file === undefined) === (simulated === undefined)) {
    const message = "expected a file or --simulated, and not both";
    throw new InputError(`find the history: ${message}`, [{ field: "file", code: "ONE_OF", message }]);
  }
  if (simulated !== undefined)
    return historyLines({ days: simulated, hosts, zonesPerHost: zones, seed, nowMs: Date.now() });
  return parsedLines(file === "-" ? process.stdin : createReadStream(file ?? ""));
}

/** @throws InputError with the number of a line that is no JSON; OperationalError IMPORT_FILE */
export async function* parsedLines(source: NodeJS.ReadableStream): AsyncGenerator<HistoryLine> {
  let number = 0;
  try {
    for await (const text of createInterface({ input: source, crlfDelay: Infinity })) {
      number += 1;
      yield parsedLine(text, number);
    }
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new OperationalError("IMPORT_FILE", "read the history", { cause });
  }
}

function parsedLine(text: string, number: number): HistoryLine {
  try {
    const line: unknown = JSON.parse(text);
    if (typeof line === "object" && line !== null && !Array.isArray(line)) return line as HistoryLine;
  } catch {
    // Told below.
  }
  const message = "expected an object as JSON";
  throw new InputError(`read line ${number}: ${message}`, [{ field: "line", code: "NOT_JSON", message }]);
}

async function withStore(
  options: Options,
  work: (store: StoreClient, state: ImportOptions["state"]) => Promise<ImportReport>,
): Promise<ImportReport> {
  if ((options.data === undefined) === (options.url === undefined)) {
    const message = "expected one of --data and --url";
    throw new InputError(`find the store: ${message}`, [{ field: "data", code: "ONE_OF", message }]);
  }
  const closers = new Closers();
  try {
    const store = createStoreClient(await connect(options, closers));
    closers.add(() => store.close());
    // A ClickHouse that others share is migrated by a person (isotherm migrate).
    if (options.data !== undefined) await migrate(store, Date.now());
    const state = await openState(store, () => undefined);
    closers.add(() => state.close());
    return await work(store, state);
  } finally {
    await closers.close();
  }
}

async function connect(options: Options, closers: Closers): Promise<StoreConnection> {
  const { data, url, user: username, passwordFile, database } = options;
  if (url !== undefined) {
    const password = passwordFile === undefined ? "" : await passwordIn(passwordFile);
    return { url, username, password, database };
  }
  const engine = await startEngine({ dataDir: join(data ?? "", "store") });
  closers.add(() => engine.close());
  return engine;
}

async function passwordIn(path: string): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(path)) chunks.push(chunk as Buffer);
  } catch (cause) {
    throw new OperationalError("IMPORT_FILE", `read the password in ${path}`, { cause });
  }
  return Buffer.concat(chunks).toString("utf8").trimEnd();
}

function told({ hours, known, rows }: ImportReport, tookMs: number): string {
  const again = known === 0 ? "" : `, ${known} were there already`;
  return `imported ${hours} hours, ${rows} rows in ${(tookMs / 1000).toFixed(1)} s${again}\n`;
}
