/**
 * cli/parse.ts: `isotherm parse`: saved dtrace output to JSON lines, or to a heatmap.
 *
 * The thin edge around collectors/parse-any.ts: files and streams in, text out, problems on standard error. docs/parse.md
 * says what each label becomes. It is also the honest test of the parser: what it prints can be held against any file.
 */
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import type { Readable, Writable } from "node:stream";

import { Command } from "commander";

import { isHostile } from "../collectors/aggregation-keys.ts";
import { AnyReader, type AnyDistribution, type AnyProblem, type AnyScalar } from "../collectors/parse-any.ts";
import { errorCode, OperationalError } from "../core/errors.ts";
import { formatScheme } from "../core/histogram/scheme.ts";
import { DistributionPicture } from "./distribution-png.ts";

const HELP = `
Examples:
  isotherm parse out.txt
  dtrace -s latency.d | isotherm parse | jq .keys
  isotherm parse out.txt --png out.png

Prints one JSON line for each distribution and each scalar, in the order of the file:

  {"keys":["bash",7],"scheme":"quantize","buckets":[[low,high,count],...]}
  {"keys":["bash",7],"value":42}

Every printed row comes out, those of count 0 too. A bucket holds the integers low <= v < high; null is an open or unknown
end. Integers above 2^53 in magnitude are strings. "scheme" is there where the labels leave no doubt.

  label      quantize                 lquantize, llquantize
  L          0: [0,1); L: [L,2L)      [L, next label)
  -L         (-2L,-L] = [1-2L,1-L)    lquantize: [-L, next label); llquantize on Linux: the mirror of L
  < N        -                        [null,N)
  >= N       -                        [N,null)
  <= -N      -                        [null,1-N)
  abs() < N  -                        [1-N,N)

The last row's high edge is not printed: it follows from the spacing of the rows (docs/parse.md); null where that is unknown.
Output of -x agghist, -x aggpack and -x aggzoom is refused: one line on standard error each, exit status 1; the rest of the
file is printed all the same.

Exit status: 0 everything was read; 1 something was refused, or a file could not be read or written.`;

export interface ParseIo {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** @throws (by parseAsync) OperationalError PARSE_REFUSED or PARSE_FAILED: exit status 1 */
export function parseCommand(io: ParseIo = process): Command {
  return new Command("parse")
    .description("turn saved dtrace output into JSON lines, or into a heatmap")
    .argument("[file]", "what dtrace printed; standard input when absent or -")
    .option("--png <file>", "draw the distributions as a heatmap, one column each, instead of printing lines")
    .addHelpText("after", HELP)
    .action(async (file: string | undefined, options: { png?: string }) => {
      const name = file === undefined || file === "-" ? "standard input" : file;
      const source = file === undefined || file === "-" ? io.stdin : createReadStream(file);
      const refused = await attempt(name, () =>
        options.png === undefined ? printLines(source, io) : draw(source, options.png, io),
      );
      if (refused > 0)
        throw new OperationalError("PARSE_REFUSED", `read ${name}: ${refused} refused, the rest printed`);
    });
}

/** Runs the work and says what could not be read or written; a reader that closed our output early is no failure. */
async function attempt(name: string, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (cause) {
    if (errorCode(cause) === "EPIPE") return 0;
    throw new OperationalError("PARSE_FAILED", `parse ${name}`, { cause });
  }
}

/** @returns how much was refused */
async function printLines(source: Readable, { stdout, stderr }: ParseIo): Promise<number> {
  let lines = "";
  let failure: Error | undefined;
  const onError = (error: Error): void => void (failure = error);
  stdout.on("error", onError);
  const refused = await readAll(
    source,
    stderr,
    (item) => {
      lines += "buckets" in item ? distributionLine(item) : scalarLine(item);
    },
    async () => {
      if (failure !== undefined) throw failure;
      const full = lines !== "" && !stdout.write(lines);
      lines = "";
      if (full) await once(stdout, "drain");
    },
  );
  stdout.off("error", onError);
  return refused;
}

async function draw(source: Readable, file: string, { stderr }: ParseIo): Promise<number> {
  const picture = new DistributionPicture();
  const refused = await readAll(source, stderr, (item) => "buckets" in item && picture.add(item));
  const drawn = picture.render();
  if (drawn === undefined) throw new Error("nothing to draw: no distribution has a count");
  await writeFile(file, drawn.png);
  stderr.write(`${file}: ${drawn.columns} distributions, ${drawn.steps} steps; darkest: ${drawn.largest}\n`);
  if (picture.leftOut > 0) stderr.write(`${file}: ${picture.leftOut} more distributions are not in it\n`);
  return refused;
}

/** Reads a source to its end. @returns how much was refused */
async function readAll(
  source: Readable,
  stderr: Writable,
  onItem: (item: AnyDistribution | AnyScalar) => void,
  afterChunk: () => Promise<void> = async () => {},
): Promise<number> {
  let refused = 0;
  const reader = new AnyReader({
    onDistribution: onItem,
    onScalar: onItem,
    onProblem: (problem) => {
      if (isRefusal(problem)) refused++;
      stderr.write(
        `isotherm parse: line ${problem.line}: ${isRefusal(problem) ? "refused: " : ""}${problem.message}\n`,
      );
    },
  });
  for await (const chunk of source) {
    reader.push(typeof chunk === "string" ? Buffer.from(chunk) : (chunk as Uint8Array));
    await afterChunk();
  }
  reader.end();
  await afterChunk();
  return refused;
}

function isRefusal({ kind }: AnyProblem): boolean {
  return kind === "agghist" || kind === "aggpack" || kind === "aggzoom";
}

/** One JSON line, with its newline. */
export function distributionLine({ keys, scheme, buckets }: AnyDistribution): string {
  return toLine({ keys, ...(scheme === null ? {} : { scheme: formatScheme(scheme) }), buckets });
}

/** One JSON line, with its newline. */
export function scalarLine({ keys, value }: AnyScalar): string {
  return toLine({ keys, value });
}

function toLine(value: unknown): string {
  const json = JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? String(each) : each));
  return `${inert(json)}\n`;
}

/** Keys come from strangers and may end on a terminal: what JSON leaves of control and bidi characters is escaped too. */
function inert(json: string): string {
  let from = 0;
  let out = "";
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code < 0x7f || !isHostile(code)) continue;
    out += `${json.slice(from, at)}\\u${code.toString(16).padStart(4, "0")}`;
    from = at + 1;
  }
  return out + json.slice(from);
}
