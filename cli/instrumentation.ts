/**
 * instrumentation.ts: `isotherm instrumentation list|create|show|delete`: what is being measured, and for whom, through the query API.
 */
import { Command } from "commander";
import type {
  InstrumentationDetail,
  InstrumentationInfo,
  InstrumentationPreview,
  InstrumentationSummary,
} from "../core/api.ts";
import { durationText } from "../core/duration.ts";
import { formatShort } from "../core/units.ts";
import { answer, openApi, withApi, type ApiOptions } from "./api-client.ts";
import { parseWhere } from "./find-instrumentation.ts";
import { integerOption } from "./options.ts";
import { table } from "./table.ts";

const EXAMPLES = `Examples:
  isotherm instrumentation create syscall.ops --by execname,latency --dry-run     what would it run, where, at what cost?
  isotherm instrumentation create syscall.ops --by execname,latency               prints its id
  isotherm instrumentation create fs.logical_ops --by latency --where '{"eq": ["execname", "postgres"]}' --idle 3600
  isotherm instrumentation list
  isotherm instrumentation show 9c1f0e7a5b3d2468
  isotherm instrumentation delete 9c1f0e7a5b3d2468
`;

interface CreateOptions extends ApiOptions {
  readonly by?: readonly string[];
  readonly where?: string;
  readonly label?: string;
  readonly every?: number;
  readonly idle?: number;
  readonly life?: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

type JsonOptions = ApiOptions & { readonly json?: boolean };

export function instrumentationCommand(): Command {
  return new Command("instrumentation")
    .description("what is being measured: list it, begin it, see how it fares, end it")
    .addHelpText("before", EXAMPLES)
    .addCommand(listCommand())
    .addCommand(createCommand())
    .addCommand(showCommand())
    .addCommand(deleteCommand());
}

function listCommand(): Command {
  return withApi(new Command("list").description("those that the token may see, with owner, age, expiry and cost"))
    .option("--json", "print the answer as it came")
    .action(async (options: JsonOptions) => {
      const api = await openApi(options, process.env, process.stderr);
      const got = await answer<{ instrumentations: InstrumentationSummary[] }>(
        api,
        api.client.GET("/v1/instrumentations"),
      );
      process.stdout.write(options.json === true ? jsonText(got) : listText(got.instrumentations, Date.now()));
    });
}

function createCommand(): Command {
  return withApi(new Command("create").description("measure a metric, from now on; prints the id"))
    .argument("<metric>", "such as syscall.ops (isotherm metrics)")
    .option("--by <fields>", "fields to keep apart, by commas; one of them may be numeric", fieldsOption)
    .option("--where <json>", "only the events that a predicate selects")
    .option("--label <text>", "a name for people")
    .option("--every <seconds>", "length of a window", integerOption("--every", 1, 3600))
    .option("--idle <seconds>", "ends after so long without a reader; 0: never", integerOption("--idle", 0, 31_622_400))
    .option("--life <seconds>", "ends after so long, whoever reads", integerOption("--life", 60, 31_622_400))
    .option("--dry-run", "make nothing: print the program, where it would run, and what it would cost")
    .option("--json", "print the answer as it came")
    .action(async (metric: string, options: CreateOptions) => {
      const { by = [], where, label, every, idle, life, dryRun } = options;
      const body = {
        metric,
        decomposition: [...by],
        ...(where !== undefined && { predicate: parseWhere(where) }),
        ...(label !== undefined && { label }),
        ...(every !== undefined && { granularitySec: every }),
        ...(idle !== undefined && { idleMaxSec: idle }),
        ...(life !== undefined && { lifeSec: life }),
        ...(dryRun === true && { dryRun }),
      };
      const api = await openApi(options, process.env, process.stderr);
      const got = await answer<InstrumentationPreview | InstrumentationSummary>(
        api,
        api.client.POST("/v1/instrumentations", { body }),
      );
      if (options.json === true) process.stdout.write(jsonText(got));
      else process.stdout.write("dryRun" in got ? previewText(got) : `${got.id}\n`);
    });
}

function showCommand(): Command {
  return withApi(new Command("show").description("how one fares: on how many hosts it runs, and why not on the others"))
    .argument("<id>", "as list prints it")
    .option("--json", "print the answer as it came")
    .action(async (id: string, options: JsonOptions) => {
      const api = await openApi(options, process.env, process.stderr);
      const got = await answer<InstrumentationDetail>(
        api,
        api.client.GET("/v1/instrumentations/{id}", { params: { path: { id } } }),
      );
      process.stdout.write(options.json === true ? jsonText(got) : detailText(got));
    });
}

function deleteCommand(): Command {
  return withApi(
    new Command("delete").description("end some; what they have counted is kept as long as it would have been"),
  )
    .argument("<id...>", "as list prints them")
    .action(async (ids: string[], options: ApiOptions) => {
      const api = await openApi(options, process.env, process.stderr);
      for (const id of ids) {
        await answer<unknown>(api, api.client.DELETE("/v1/instrumentations/{id}", { params: { path: { id } } }));
      }
    });
}

function fieldsOption(text: string): string[] {
  return text.split(",").filter((field) => field !== "");
}

/** One line each: the longest-lived first, as the API has them. */
export function listText(all: readonly InstrumentationSummary[], nowMs: number): string {
  if (all.length === 0) return "nothing is measured\n";
  const rows = all.map((each) => [
    each.id,
    each.metric,
    each.decomposition.join(",") || "-",
    JSON.stringify(each.predicate) === "{}" ? "-" : JSON.stringify(each.predicate),
    each.owner,
    durationText(each.ageSec),
    endText(each, nowMs),
    each.cost,
  ]);
  return table([["ID", "METRIC", "BY", "WHERE", "OWNER", "AGE", "ENDS", "COST"], ...rows]);
}

/** When it ends, as far as that is known: whichever comes first of an end without readers, and one in any case. */
function endText({ standing, idleExpiresMs, expiresMs }: InstrumentationSummary, nowMs: number): string {
  if (standing) return "standing";
  const ends = [idleExpiresMs, expiresMs].filter((each) => each !== null);
  return ends.length === 0 ? "while it is read" : `in ${durationText((Math.min(...ends) - nowMs) / 1000)}`;
}

export function previewText({
  instrumentation,
  program,
  cost,
  estimate,
  hosts,
  warnings,
  refused,
  equal,
}: InstrumentationPreview): string {
  const { supported, unsupported, unknown, full } = hosts;
  const events = estimate.eventsPerSec;
  const lines = [
    `${instrumentation.metric} by ${instrumentation.decomposition.join(", ") || "nothing"}, every ${instrumentation.granularitySec} s`,
    `cost: ${cost}${events === null ? "" : `, ${estimate.basis === "most" ? "at most " : ""}${formatShort(events)} events/s`}`,
    `hosts: ${supported} can, ${unsupported} cannot, ${unknown} not known, ${full} of those that can are full`,
    ...(equal.length === 0 ? [] : [`counted already by ${equal.join(", ")}: costs no host anything more`]),
    ...warnings.map(({ message }) => `note: ${message}`),
    ...(refused === null ? [] : [`would be refused now: ${refused}`]),
  ];
  return `${lines.join("\n")}\n${program === null ? "" : `\n${program}\n`}`;
}

function detailText({ id, metric, decomposition, states, hosts }: InstrumentationDetail): string {
  const head = `${id}  ${metric} by ${decomposition.join(", ") || "nothing"}\n`;
  const summary = states.map(({ state, reason, hosts: count }) => [String(count), state, reason]);
  const each = (hosts ?? []).map((host) => [host.host, host.state, host.reason]);
  const parts = [head, summary.length === 0 ? "on no host\n" : table([["HOSTS", "STATE", "WHY"], ...summary])];
  if (each.length > 0) parts.push("\n", table([["HOST", "STATE", "WHY"], ...each]));
  return parts.join("");
}

function jsonText(value: InstrumentationInfo | object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
