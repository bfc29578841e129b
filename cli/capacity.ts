/**
 * capacity.ts: `isotherm capacity ...`: who grows, what is left, and when a limit is reached, asked of a running service.
 */
import { Command, Option } from "commander";
import type * as api from "../core/capacity.ts";
import { withApi, type ApiOptions } from "./api-client.ts";
import { askService, writeAnswer, type Query } from "./capacity-client.ts";
import { reportsCommand } from "./capacity-reports.ts";
import * as tables from "./capacity-tables.ts";
import { amountOption, integerOption, pathOption } from "./options.ts";

interface Common extends ApiOptions {
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
  readonly format?: string;
  readonly output?: string;
}

/** A subcommand: what is asked, and how its answer is shown in a terminal. */
interface Question<Answer> {
  readonly path: (args: readonly string[]) => string;
  readonly query: (options: Readonly<Record<string, string | number | undefined>>) => Query;
  /** null: JSON only. */
  readonly show: ((answer: Answer) => string) | null;
}

const EXAMPLES = `Examples:
  isotherm capacity growth --resource cpu --token-file operator.token
  isotherm capacity fit --cpu 200 --memory 8589934592 --disk 107374182400
  isotherm capacity report --format html --output capacity.html
`;

export function capacityCommand(): Command {
  const command = new Command("capacity")
    .description("who grows, what is left, and when a limit is reached")
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", "\ndocs/capacity.md says what each figure means.");
  command.addCommand(
    keyed(asked("growth", "who grows, and who reaches its limit when"))
      .option("--horizon-days <n>", "look so far ahead", integerOption("--horizon-days", 1, 730))
      .addOption(new Option("--rank <how>", "which keys, where there are more").choices(["growth", "size"]))
      .option("--limit <value>", "in place of the limits that were measured", amountOption("--limit"))
      .action(action<api.CapacityGrowth>(simple("growth", tables.growthText))),
  );
  command.addCommand(
    basis(asked("headroom", "what is left on each host")).action(
      action<api.CapacityHeadroom>(simple("headroom", tables.headroomText)),
    ),
  );
  command.addCommand(
    basis(asked("fit", "where a zone of a given size fits"))
      .option("--cpu <percent>", "of one CPU", amountOption("--cpu"))
      .option("--memory <bytes>", "of memory", amountOption("--memory"))
      .option("--disk <bytes>", "of disk", amountOption("--disk"))
      .action(action<api.CapacityFit>(simple("fit", tables.fitText))),
  );
  command.addCommand(
    keyed(asked("consumers", "who uses most")).action(
      action<api.CapacityConsumers>(simple("consumers", tables.consumersText)),
    ),
  );
  command.addCommand(
    keyed(asked("hours", "working hours against nights and weekends"))
      .option("--from-hour <n>", "work begins", integerOption("--from-hour", 0, 23))
      .option("--to-hour <n>", "and ends", integerOption("--to-hour", 1, 24))
      .option("--offset-minutes <n>", "of local time to UTC", integerOption("--offset-minutes", -840, 840))
      .action(action<api.CapacityHours>(simple("hours", tables.hoursText))),
  );
  command.addCommand(
    asked("neighbours", "who waited for a CPU while who used it").action(
      action<api.CapacityNeighbours>(simple("neighbours", tables.neighboursText)),
    ),
  );
  command.addCommand(
    asked("heatmap", "how busy all CPUs or disks were, as JSON")
      .addOption(new Option("--resource <name>", "of what").choices(["cpus", "disks"]))
      .option("--columns <n>", "at most so many", integerOption("--columns", 1, 4000))
      .action(action<api.CapacityHeatmap>(simple("heatmap", null))),
  );
  command.addCommand(
    asked("months", "percentiles of an instrumentation by month")
      .argument("<instrumentation>", "its id")
      .option("--q <fractions>", "0.5,0.99")
      .action(action<api.InstrumentationMonths>(ofInstrumentation("months", tables.monthsText))),
  );
  command.addCommand(
    asked("forecast", "what an instrumentation's percentiles will be, as JSON")
      .argument("<instrumentation>", "its id")
      .option("--q <fractions>", "0.5,0.99")
      .option("--horizon-days <n>", "look so far ahead", integerOption("--horizon-days", 1, 730))
      .option("--limit <value>", "when is it reached", amountOption("--limit"))
      .action(action<api.InstrumentationForecast>(ofInstrumentation("forecast", null))),
  );
  command.addCommand(
    asked("report", "all of it; --format html is a page to be printed")
      .option("--tenant <id>", "of this tenant's zones")
      .option("--items <n>", "at most so many of each", integerOption("--items", 1, 100))
      .option("--horizon-days <n>", "look so far ahead", integerOption("--horizon-days", 1, 730))
      .action(action<api.CapacityReport>(simple("report", null))),
  );
  command.addCommand(reportsCommand());
  return command;
}

const FORMATS = ["json", "csv", "arrow", "parquet", "jsonl"];

/** What an example of a subcommand goes on with. */
const EXAMPLE_OF: Readonly<Record<string, string>> = {
  growth: " --resource memory --by tenant --horizon-days 180",
  headroom: " --basis committed",
  fit: " --cpu 200 --memory 8589934592 --disk 107374182400",
  consumers: " --resource cpu --items 10",
  hours: " --from-hour 9 --to-hour 17 --offset-minutes 60",
  neighbours: " --from=-604800",
  heatmap: " --resource disks --columns 365",
  months: " 89abcdef01234567 --q 0.5,0.99 --format csv --output months.csv",
  forecast: " 89abcdef01234567 --q 0.99 --horizon-days 90",
  report: " --format html --output capacity.html",
};

function asked(name: string, description: string): Command {
  return withApi(new Command(name))
    .description(description)
    .addHelpText("before", `Examples:\n  isotherm capacity ${name}${EXAMPLE_OF[name] ?? ""}\n`)
    .option("--from <s>", "epoch seconds; negative: seconds before --to")
    .option("--to <s>", "epoch seconds; now unless said otherwise")
    .option("--json", "print the answer as it came")
    .addOption(new Option("--format <name>", "as a file").choices(name === "report" ? [...FORMATS, "html"] : FORMATS))
    .option("-o, --output <file>", "write there", pathOption);
}

function keyed(command: Command): Command {
  return command
    .addOption(new Option("--resource <name>", "of what").choices(["cpu", "memory", "pool", "disk", "nic"]))
    .addOption(new Option("--by <what>", "whose").choices(["zone", "tenant", "host", "device"]))
    .option("--tenant <id>", "of this tenant's zones")
    .option("--items <n>", "at most so many", integerOption("--items", 1, 100));
}

function basis(command: Command): Command {
  return command.addOption(
    new Option("--basis <what>", "free beside what; committed: caps and limits").choices(["used", "committed"]),
  );
}

function simple<Answer>(name: string, show: Question<Answer>["show"]): Question<Answer> {
  return { path: () => `/v1/capacity/${name}`, query: ownOf, show };
}

function ofInstrumentation<Answer>(name: string, show: Question<Answer>["show"]): Question<Answer> {
  return { path: ([id = ""]) => `/v1/instrumentations/${encodeURIComponent(id)}/${name}`, query: ownOf, show };
}

/** Options are named as the parameters are; those of the command itself are no parameters. */
function ownOf(options: Readonly<Record<string, string | number | undefined>>): Query {
  const { url: _url, tokenFile: _file, json: _json, output: _output, ...query } = options;
  return query;
}

function action<Answer>(question: Question<Answer>) {
  return async (...given: unknown[]): Promise<void> => {
    const command = given.at(-1) as Command;
    const options = command.opts<Common>();
    const print = (text: string): void => command.configureOutput().writeOut?.(text);
    const query = question.query(command.opts());
    const response = await askService(options, process.env, question.path(command.args), query);
    const isPlain = options.json === true || options.format !== undefined || options.output !== undefined;
    if (isPlain || question.show === null) await writeAnswer(response, options.output, print);
    else print(question.show((await response.json()) as Answer));
  };
}
