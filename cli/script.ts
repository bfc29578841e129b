/**
 * script.ts: `isotherm script METRIC`: the D program that an instrumentation would run, for review before it runs.
 *
 * It is the very text that a collector would send, but for the nonce, which is made for each enabling. Bad input is answered in
 * one line that names the key, its value and what was expected, and by exit status 2.
 */
import { createHash } from "node:crypto";
import { Command } from "commander";
import { InputError } from "../core/errors.ts";
import { canonicalSpec, parseSpec } from "../core/instrumentation.ts";
import { findMetric } from "../d-scripts/catalogue.ts";
import { compileProgram } from "../d-scripts/compile.ts";
import type { Platform } from "../d-scripts/recipe.ts";

export interface ScriptOptions {
  readonly by?: string;
  readonly where?: string;
  readonly scheme?: string;
  readonly granularity?: string;
  readonly zone?: readonly string[];
  readonly platform: string;
}

const EXAMPLES = `
Examples:
  isotherm script syscall.ops
  isotherm script syscall.ops --by execname,latency --where '{"eq": ["execname", "postgres"]}'
  isotherm script syscall.ops --by syscall,latency --scheme 'llquantize(10,3,10,100)' --granularity 10
  isotherm script fs.rw_ops --by optype,size --zone 7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11
  isotherm script proc.execs --by execname --platform linux

The program's nonce is all zeros: a collector makes one for each enabling. "isotherm metrics" lists metrics and fields.`;

/** The nonce of a program that is only looked at. */
const REVIEW_NONCE = "0".repeat(32);

/** Which option a field of an InputError came from. */
const OPTION_OF: Readonly<Record<string, string>> = {
  metric: "METRIC",
  decomposition: "--by",
  predicate: "--where",
  scheme: "--scheme",
  granularitySec: "--granularity",
  zones: "--zone",
  platform: "--platform",
};

export function scriptCommand(): Command {
  return new Command("script")
    .description("print the D program that an instrumentation of METRIC would run")
    .argument("<metric>", "a metric that DTrace gathers, such as syscall.ops")
    .option("--by <fields>", "fields to break down by, with commas between; at most one numeric")
    .option("--where <json>", 'a predicate, such as {"eq": ["execname", "node"]}')
    .option("--scheme <scheme>", "buckets of the numeric field, such as llquantize(10,3,10,20)")
    .option("--granularity <seconds>", "seconds between frames: 1, 5, 10, 30 or 60")
    .option("--zone <names...>", "count these zones only (default: all)")
    .option("--platform <name>", "whose DTrace: smartos or linux", "smartos")
    .addHelpText("after", EXAMPLES)
    .action(function (this: Command, metric: string, options: ScriptOptions) {
      try {
        this.configureOutput().writeOut?.(scriptText(metric, options));
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        this.error(`isotherm script: ${explain(error, metric, options)}`, { exitCode: 2, code: "isotherm.input" });
      }
    });
}

/** @throws InputError naming what is wrong in the options */
export function scriptText(name: string, options: ScriptOptions): string {
  const entry = findMetric(name);
  if (entry === undefined) throw inputError("metric", "expected a metric of the catalogue (isotherm metrics)");
  const spec = parseSpec(
    {
      metric: name,
      decomposition: options.by?.split(",").map((field) => field.trim()),
      predicate: parseWhere(options.where),
      scheme: options.scheme,
      granularitySec: options.granularity === undefined ? undefined : Number(options.granularity),
    },
    entry.metric,
  );
  return compileProgram({
    entry,
    spec,
    specId: createHash("sha256").update(canonicalSpec(spec)).digest("hex"),
    nonce: REVIEW_NONCE,
    zones: options.zone ?? null,
    requestedBy: "isotherm script",
    platform: parsePlatform(options.platform),
  }).text;
}

function parseWhere(text: string | undefined): unknown {
  try {
    return text === undefined ? {} : JSON.parse(text);
  } catch (cause) {
    throw inputError("predicate", 'expected JSON, such as {"eq": ["execname", "node"]}', cause);
  }
}

function parsePlatform(name: string): Platform {
  if (name === "smartos" || name === "linux") return name;
  throw inputError("platform", "expected smartos or linux");
}

/** One line: `--by latencyy: decomposition[0]: expected one of ...`. */
function explain(error: InputError, metric: string, options: ScriptOptions): string {
  const [first = { field: "", message: "expected other input" }] = error.errors;
  const root = /^[A-Za-z]*/.exec(first.field)?.[0] ?? "";
  const option = OPTION_OF[root];
  if (option === undefined) return `${first.field}: ${first.message}`;
  const given: Readonly<Record<string, string | undefined>> = {
    METRIC: metric,
    "--by": options.by,
    "--where": options.where,
    "--scheme": options.scheme,
    "--granularity": options.granularity,
    "--zone": options.zone?.join(" "),
    "--platform": options.platform,
  };
  const value = JSON.stringify(given[option] ?? "").slice(0, 120);
  const place = first.field === root ? "" : ` (${first.field})`;
  return `${option} ${value}${place}: ${first.message}`;
}

function inputError(field: string, message: string, cause?: unknown): InputError {
  return new InputError("read the options of isotherm script", [{ field, code: "BAD_OPTION", message }], { cause });
}
