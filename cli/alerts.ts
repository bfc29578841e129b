/**
 * alerts.ts: `isotherm alerts list|test|silence`: what fires, what a rule would have found, and quiet for a while, through the query API.
 */
import { Command, InvalidArgumentError } from "commander";
import { readFile } from "node:fs/promises";
import type { AlertInfo, AlertTest, SilenceInfo } from "../core/alerts/api.ts";
import { MATCHER_OPS, type Matcher } from "../core/alerts/silence.ts";
import { errorChain, InputError } from "../core/errors.ts";
import type { SpecInput } from "../core/instrumentation.ts";
import { answer, openApi, withApi, type ApiOptions } from "./api-client.ts";
import { parseYaml } from "./config.ts";
import { findLike } from "./find-instrumentation.ts";
import { integerOption } from "./options.ts";

const EXAMPLES = `Examples:
  isotherm alerts list --token-file operator.token
  isotherm alerts test rules.yaml --days 14
  isotherm alerts silence alertname=slow zonename!=web-0 --minutes 90 --comment 'moving disks'
`;

export function alertsCommand(): Command {
  const command = new Command("alerts")
    .description("what fires, what a rule would have found, and quiet for a while")
    .addHelpText("before", EXAMPLES);
  command.addCommand(
    reaching("list", "alerts that are pending, fire, or were resolved lately")
      .option("--all", "resolved ones too", false)
      .action(async (options: ApiOptions & { all: boolean }) => {
        const api = await openApi(options, process.env);
        const { alerts } = await answer<{ alerts: AlertInfo[] }>(api, api.client.GET("/v1/alerts"));
        const shown = alerts.filter(({ status }) => options.all || status !== "resolved");
        process.stdout.write(shown.length === 0 ? "nothing fires\n" : shown.map(alertLine).join(""));
      }),
  );
  command.addCommand(
    reaching("test", "try the rules of a YAML file against what was, before they are saved")
      .argument("<file>", "a file with `rules`, or one rule")
      .option("--days <n>", "how far back", integerOption("--days", 1, 90), 7)
      .action(async (file: string, options: ApiOptions & { days: number }) => {
        const api = await openApi(options, process.env);
        for (const [at, each] of (await rulesIn(file)).entries()) {
          const { instrumentation } = each;
          const isDescribed = typeof instrumentation === "object" && instrumentation !== null;
          const field = `${file}: rules[${at}].instrumentation`;
          const id = isDescribed ? await findLike(api, instrumentation as SpecInput, field) : instrumentation;
          const rule: Record<string, unknown> = { ...each, instrumentation: id };
          const body = { rule, from: -options.days * 86_400 };
          const tested = await answer<AlertTest>(api, api.client.POST("/v1/alerts/test", { body }));
          process.stdout.write(testText(String(rule["name"]), tested));
        }
      }),
  );
  command.addCommand(
    reaching("silence", "send nothing of alerts with these labels")
      .argument("<matcher...>", "alertname=slow, zonename!=web-0, severity^=p")
      .option("--minutes <n>", "for how long", integerOption("--minutes", 1, 60 * 24 * 365), 60)
      .option("--comment <text>", "why", "")
      .action(async (texts: string[], options: ApiOptions & { minutes: number; comment: string }) => {
        const endsMs = Date.now() + options.minutes * 60_000;
        const body = { matchers: texts.map(matcherOf), endsMs, comment: options.comment };
        const api = await openApi(options, process.env);
        const { id } = await answer<SilenceInfo>(api, api.client.POST("/v1/alerts/silences", { body }));
        process.stdout.write(`silence ${id} until ${new Date(endsMs).toISOString()}\n`);
      }),
  );
  return command;
}

function reaching(name: string, description: string): Command {
  return withApi(new Command(name).description(description));
}

function matcherOf(text: string): Matcher {
  const match = /^([a-zA-Z_]\w*)(!=|\^=|=)(.*)$/.exec(text);
  const op = MATCHER_OPS.find((each) => each === match?.[2]);
  if (match === null || op === undefined) {
    throw new InvalidArgumentError(
      `${JSON.stringify(text)} is no matcher, expected NAME=VALUE, NAME!=VALUE or NAME^=BEGIN`,
    );
  }
  return { name: match[1] ?? "", op, value: match[3] ?? "" };
}

async function rulesIn(file: string): Promise<Record<string, unknown>[]> {
  const source = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new InputError(`read ${file}: ${errorChain(cause)}`, [
      { field: "file", code: "UNREADABLE", message: "expected a YAML file" },
    ]);
  });
  const values = parseYaml(file, source);
  const { rules = [values] } = values;
  return Array.isArray(rules) ? (rules as Record<string, unknown>[]) : [];
}

function alertLine({
  status,
  name,
  key,
  sinceMs,
  value,
  isPartial,
  isSilenced,
  unknownSinceMs,
  annotations,
}: AlertInfo): string {
  const marks = [isPartial ? "partial" : "", isSilenced ? "silenced" : "", unknownSinceMs === null ? "" : "no data"];
  const about = [
    new Date(sinceMs).toISOString(),
    status.padEnd(8),
    name,
    key ?? "",
    value === null ? "-" : rounded(value),
  ];
  const said = annotations["summary"] ?? "";
  return `${[...about, ...marks.filter((mark) => mark !== ""), said].join("  ").trimEnd()}\n`;
}

function testText(name: string, { fromTs, toTs, stepSec, evaluations, unknown, alerts, notes }: AlertTest): string {
  const time = (ts: number): string => new Date(ts * 1000).toISOString();
  const head = `${name}: ${alerts.length} alerts from ${time(fromTs)} to ${time(toTs)}, tried ${evaluations} times, every ${stepSec} s; no data at ${unknown}\n`;
  const lines = alerts.map(
    ({ key, fromTs: from, toTs: to, worst }) =>
      `  ${time(from)} to ${to === null ? "now" : time(to)}  ${key ?? ""}  worst ${worst === null ? "-" : rounded(worst)}\n`,
  );
  return [head, ...lines, ...notes.map((note) => `  (${note})\n`)].join("");
}

/** Four digits: what is left of a percentile's interpolation says nothing. */
function rounded(value: number): string {
  return String(Number(value.toPrecision(4)));
}
