/**
 * export.ts: `isotherm export`: any value of the API as a file, streamed.
 *
 * A file appears under its name only once it is whole: until then, and for ever if the answer breaks off, it is not there.
 */
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { once } from "node:events";
import type { Writable } from "node:stream";
import { Command, InvalidArgumentError, Option } from "commander";
import { errorCode, InputError, OperationalError } from "../core/errors.ts";
import { formatQuantity } from "../core/units.ts";
import { openApi, withApi, type ApiOptions } from "./api-client.ts";
import { badWhat, findInstrumentation, parseWhere } from "./find-instrumentation.ts";
import { piecesOf } from "../core/pieces.ts";
import { integerOption } from "./options.ts";
import { progressOn } from "./progress.ts";

const VALUES = ["windows", "heatmap", "series", "breakdown", "quantiles"] as const;
const FORMATS = ["csv", "arrow", "parquet", "jsonl"] as const;
type Format = (typeof FORMATS)[number];

const EXAMPLES = `Examples:
  isotherm export syscall.ops --from -3600 -o hour.parquet                       windows as stored, format by the name
  isotherm export syscall.ops --value quantiles --q 0.5,0.99 --format csv       to standard output
  isotherm export cpu.usage --value series --by zonename --from -86400 --columns 1440 -o cpu.csv
  isotherm export syscall.ops --value breakdown --by execname --format jsonl | jq -r .execname
`;

const HELP = `
What a row is, column by column: docs/values.md (export). --from and --to are epoch seconds, ISO 8601 (2026-01-31T12:00:00Z), or,
below zero, so many seconds before --to.

Exit status: 0 the file is whole, or its reader went; 1 it is not (with -o nothing is left of it); 2 the command line is wrong.`;

interface ExportOptions extends ApiOptions {
  readonly value: (typeof VALUES)[number];
  readonly format?: Format;
  readonly out?: string;
  readonly from: number;
  readonly to?: number;
  readonly columns?: number;
  readonly by?: string;
  readonly low?: number;
  readonly high?: number;
  readonly q?: string;
  readonly where?: string;
  readonly tenant?: string;
}

export function exportCommand(): Command {
  return withApi(new Command("export"))
    .description("write any value as CSV, Arrow, Parquet or JSON lines, to a file or standard output")
    .argument("<what>", "a metric, such as syscall.ops, or the id of an instrumentation")
    .addOption(new Option("--value <name>", "what of it").choices(VALUES).default("windows"))
    .addOption(new Option("--format <name>", "the file's format (default: by the name of --out)").choices(FORMATS))
    .option("-o, --out <file>", "where to; standard output by default")
    .option("--from <time>", "begin", timeOption("--from"), -600)
    .option("--to <time>", "end; now by default", timeOption("--to"))
    .option("--columns <n>", "heatmap, series, quantiles: at most so many", integerOption("--columns", 1, 10_000))
    .option("--by <field>", "series, breakdown: a key")
    .option("--low <value>", "breakdown: only values from this on, in base units", Number)
    .option("--high <value>", "breakdown: only values below this, in base units", Number)
    .option("--q <fractions>", "quantiles: such as 0.5,0.99")
    .option("--where <json>", "only what a predicate over the keys selects")
    .option("--tenant <uuid>", "operators: only this tenant's rows")
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", HELP)
    .action(async (what: string, options: ExportOptions) => {
      const query = exportQuery(options);
      const api = await openApi(options, process.env);
      const found = await findInstrumentation(api, what);
      if (found === undefined) throw badWhat(what, "one that is measured: make an instrumentation of it first");
      const ended = new AbortController();
      const end = (): void => ended.abort(new OperationalError("EXPORT_BROKEN", "export: called off"));
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, end);
      const path = `/v1/instrumentations/${encodeURIComponent(found.id)}/export?${query}`;
      const response = await api.open(path, "*/*", ended.signal);
      await (options.out === undefined
        ? pour(response, ended.signal, process.stdout)
        : toFile(response, ended.signal, options.out));
    });
}

/** @throws InputError where no format can be told */
function exportQuery(options: ExportOptions): string {
  const { value, out, from, to, columns, by, low, high, q, tenant } = options;
  const suffix = /\.(\w+)$/.exec(out ?? "")?.[1];
  const format = options.format ?? FORMATS.find((each) => each === suffix);
  if (format === undefined) {
    const message = `--format is missing, expected one of ${FORMATS.join(", ")}, or a name of --out that ends in one`;
    throw new InputError(message, [{ field: "--format", code: "BAD_OPTION", message }]);
  }
  const where = parseWhere(options.where);
  const given = { value, format, from, to, columns, by, low, high, q, tenant };
  const query = new URLSearchParams();
  for (const [name, each] of Object.entries(given)) if (each !== undefined) query.set(name, String(each));
  if (where !== undefined) query.set("where", JSON.stringify(where));
  return query.toString();
}

/** Epoch seconds; below zero: so many before the end. */
function timeOption(name: string): (text: string) => number {
  return (text) => {
    const time = /^-?\d{1,12}$/.test(text) ? Number(text) : Date.parse(text) / 1000;
    if (Number.isFinite(time)) return Math.floor(time);
    throw new InvalidArgumentError(
      `${name} is ${JSON.stringify(text)}, expected epoch seconds, 2026-01-31T12:00:00Z, or seconds before the end below zero`,
    );
  };
}

async function toFile(response: Response, signal: AbortSignal, path: string): Promise<void> {
  const part = `${path}.${process.pid}.part`;
  const file = createWriteStream(part, { flags: "wx" });
  try {
    await once(file, "open");
    const bytes = await pour(response, signal, file);
    file.end();
    await once(file, "close");
    await rename(part, path);
    process.stderr.write(`${path}: ${formatQuantity(bytes, "bytes")}\n`);
  } catch (cause) {
    file.destroy();
    await rm(part, { force: true });
    throw cause instanceof OperationalError ? cause : new OperationalError("EXPORT_BROKEN", `write ${path}`, { cause });
  }
}

/**
 * Everything that comes, at the pace of its reader.
 *
 * @returns bytes
 * @throws OperationalError EXPORT_BROKEN where the answer ends before its end; a reader that goes is no failure
 */
export async function pour(response: Response, signal: AbortSignal, to: Writable): Promise<number> {
  const progress = progressOn(process.stderr);
  let failure: Error | undefined;
  const onError = (error: Error): void => void (failure = error);
  to.on("error", onError);
  let bytes = 0;
  try {
    for await (const piece of piecesOf(response, signal)) {
      if (failure !== undefined) break;
      bytes += piece.length;
      progress.say(formatQuantity(bytes, "bytes"));
      if (!to.write(piece)) await Promise.race([once(to, "drain"), once(to, "close")]);
    }
  } catch (cause) {
    if (failure === undefined) {
      throw cause instanceof OperationalError
        ? cause
        : new OperationalError("EXPORT_BROKEN", `export: the answer broke off after ${bytes} bytes`, { cause });
    }
  } finally {
    progress.end();
    to.off("error", onError);
  }
  if (failure !== undefined && errorCode(failure) !== "EPIPE") throw failure;
  return bytes;
}
