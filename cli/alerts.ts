/**
 * alerts.ts: `isotherm alerts list|test|silence`: what fires, what a rule would have found, and quiet for a while, through the query API.
 */
import { Command } from "commander";
import { readFile } from "node:fs/promises";
import type { AlertRulesPage, AlertsPage, AlertTest, SilenceInfo } from "../core/alerts/api.ts";
import { parseRule } from "../core/alerts/read-rule.ts";
import { MATCHER_OPS, type Matcher } from "../core/alerts/silence.ts";
import type { InstrumentationInfo } from "../core/api.ts";
import { errorChain, errorCode, InputError, OperationalError } from "../core/errors.ts";
import type { SpecInput } from "../core/instrumentation.ts";
import { findMetric } from "../d-scripts/catalogue.ts";
import { alertsText, testText, type RuleGround, type ZoneNames } from "./alert-texts.ts";
import { answer, openApi, withApi, type Api, type ApiOptions } from "./api-client.ts";
import { parseYaml } from "./config.ts";
import { findLike } from "./find-instrumentation.ts";
import { integerOption } from "./options.ts";
import { zoneNames } from "./zone-names.ts";

const EXAMPLES = `Examples:
  isotherm alerts list --token-file operator.token
  isotherm alerts test rules.yaml --days 14
  isotherm alerts silence alertname=slow zonename!=web-0 --minutes 90 --comment 'moving disks'
`;

/** The most that the API answers at once. */
const PAGE = 500;

export function alertsCommand(): Command {
  const command = new Command("alerts")
    .description("what fires, what a rule would have found, and quiet for a while")
    .addHelpText("before", EXAMPLES);
  command.addCommand(
    reaching("list", "alerts that are pending, fire, or were resolved lately")
      .addHelpText(
        "before",
        "Examples:\n  isotherm alerts list\n  isotherm alerts list --all --json | jq -r '.alerts[].name'\n",
      )
      .option("--all", "resolved ones too")
      .option("--json", "print JSON: {alerts: [...]}, as the API has them")
      .action(async (options: ApiOptions & { all?: boolean; json?: boolean }) => {
        const api = await openApi(options, process.env, process.stderr);
        const query = { limit: PAGE };
        const { alerts, next } = await answer<AlertsPage>(api, api.client.GET("/v1/alerts", { params: { query } }));
        const shown = alerts.filter(({ status }) => options.all === true || status !== "resolved");
        if (options.json === true) {
          process.stdout.write(jsonText({ alerts: shown }));
          return;
        }
        const [rules, zones] = shown.length === 0 ? [new Map(), new Map()] : await aboutRules(api);
        process.stdout.write(alertsText(shown, rules, zones));
        if (next !== null)
          process.stderr.write(`isotherm: these are of the newest ${PAGE}; the page has all of them\n`);
      }),
  );
  command.addCommand(
    reaching("test", "try the rules of a YAML file against what was, before they are saved")
      .addHelpText(
        "before",
        "Examples:\n  isotherm alerts test rules.yaml\n  isotherm alerts test rules.yaml --days 30 --json | jq '.rules[].alerts | length'\n",
      )
      .argument("<file>", "a file with `rules`, or one rule")
      .option("--days <n>", "how far back", integerOption("--days", 1, 90), 7)
      .option("--json", "print JSON: {rules: [{name, ...}]}, each as the API answers POST /v1/alerts/test")
      .action(async (file: string, options: ApiOptions & { days: number; json?: boolean }) => {
        const rules = await rulesIn(file);
        const api = await openApi(options, process.env, process.stderr);
        const tests: ({ readonly name: string } & AlertTest)[] = [];
        let zones: ZoneNames | undefined;
        for (const [at, each] of rules.entries()) {
          const place = `${file}: rules[${at}]`;
          const tested = await tryRule(api, each, place, options.days);
          const name = typeof each["name"] === "string" ? each["name"] : "";
          tests.push({ name, ...tested.test });
          if (options.json === true) continue;
          zones ??= await zoneNames(api);
          process.stdout.write(testText(name, tested.test, tested.ground, zones, options.days));
        }
        if (options.json === true) process.stdout.write(jsonText({ rules: tests }));
      }),
  );
  command.addCommand(
    reaching("silence", "send nothing of alerts with these labels")
      .addHelpText(
        "before",
        "Examples:\n  isotherm alerts silence alertname=slow zonename!=web-0 --minutes 90 --comment 'moving disks'\n",
      )
      .argument("<matcher...>", "alertname=slow, zonename!=web-0, severity^=p")
      .option("--minutes <n>", "for how long", integerOption("--minutes", 1, 60 * 24 * 365), 60)
      .option("--comment <text>", "why")
      .action(async (texts: string[], options: ApiOptions & { minutes: number; comment?: string }) => {
        const endsMs = Date.now() + options.minutes * 60_000;
        const body = { matchers: texts.map(matcherOf), endsMs, comment: options.comment ?? "" };
        const api = await openApi(options, process.env, process.stderr);
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
    const message = `${JSON.stringify(text)} is no matcher, expected NAME=VALUE, NAME!=VALUE or NAME^=BEGIN`;
    throw new InputError(message, [{ field: "matcher", code: "BAD_ARGUMENT", message }]);
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
  // A file of hooks alone has no rule; one without either is a rule.
  const { rules = "hooks" in values ? [] : [values] } = values;
  if (Array.isArray(rules) && rules.length > 0) return rules as Record<string, unknown>[];
  const message = `${file} has no rules, expected \`rules\`, a list, or one rule`;
  throw new InputError(message, [{ field: "rules", code: "NO_RULES", message }]);
}

/** @param place what errors call the rule */
async function tryRule(
  api: Api,
  input: Readonly<Record<string, unknown>>,
  place: string,
  days: number,
): Promise<{ readonly test: AlertTest; readonly ground: RuleGround }> {
  const { instrumentation } = input;
  const isDescribed = typeof instrumentation === "object" && instrumentation !== null;
  const id = isDescribed
    ? await findLike(api, instrumentation as SpecInput, `${place}.instrumentation`)
    : instrumentation;
  const rule: Record<string, unknown> = { ...input, instrumentation: id };
  const body = { rule, from: -days * 86_400 };
  try {
    const test = await answer<AlertTest>(api, api.client.POST("/v1/alerts/test", { body }));
    return { test, ground: groundOf(rule, await measured(api)) };
  } catch (cause) {
    if (errorCode(cause) !== "API_REFUSED") throw cause;
    throw new OperationalError("API_REFUSED", `try ${place}`, { cause });
  }
}

/** Of each rule that the token may see, by id; and what zones are called. */
async function aboutRules(api: Api): Promise<[ReadonlyMap<string, RuleGround>, ZoneNames]> {
  const query = { limit: PAGE };
  const [{ rules }, all, zones] = await Promise.all([
    answer<AlertRulesPage>(api, api.client.GET("/v1/alerts/rules", { params: { query } })),
    measured(api),
    zoneNames(api),
  ]);
  return [new Map(rules.map(({ id, rule }) => [id, groundOf(rule, all)])), zones];
}

async function measured(api: Api): Promise<readonly InstrumentationInfo[]> {
  type Answer = { readonly instrumentations: readonly InstrumentationInfo[] };
  return (await answer<Answer>(api, api.client.GET("/v1/instrumentations"))).instrumentations;
}

/** What the API has read is well formed; a kind of condition may be newer than this program. */
function groundOf(rule: Readonly<Record<string, unknown>>, all: readonly InstrumentationInfo[]): RuleGround {
  const info = all.find(({ id }) => id === rule["instrumentation"]);
  const metric = info === undefined ? undefined : findMetric(info.metric)?.metric;
  const known =
    info === undefined || metric === undefined
      ? null
      : { metric, numeric: info.numeric, isLinear: info.scheme?.startsWith("lquantize") === true };
  const per = typeof rule["per"] === "string" ? rule["per"] : null;
  try {
    return { condition: parseRule(rule).condition, measured: known, per };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { condition: null, measured: known, per };
  }
}

function jsonText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
