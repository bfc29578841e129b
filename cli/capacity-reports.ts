/**
 * capacity-reports.ts: `isotherm capacity reports ...`: capacity reports under a name, sent by a schedule. A report is called by its name, as its
 * owner does, or by its id.
 */
import { Command } from "commander";
import type { SavedReportInfo, SavedReportsPage } from "../core/reports/api.ts";
import { scheduleText } from "../core/reports/schedule.ts";
import { InputError } from "../core/errors.ts";
import { answer, openApi, withApi, type Api, type ApiOptions } from "./api-client.ts";
import { integerOption } from "./options.ts";
import { plain, table } from "./table.ts";

interface SaveOptions extends ApiOptions {
  readonly hook?: string;
  readonly every?: string;
  readonly at: string;
  readonly weekday?: number;
  readonly day?: number;
  readonly tenant?: string;
  readonly rangeDays?: number;
  readonly horizonDays?: number;
  readonly items?: number;
}

export function reportsCommand(): Command {
  const command = new Command("reports")
    .description("capacity reports under a name, sent to a hook by a schedule")
    .addHelpText(
      "before",
      "Examples:\n  isotherm capacity reports save monday --every week --weekday 1 --hook pager\n",
    );
  command.addCommand(
    withApi(new Command("list"))
      .description("saved reports: when each is due, and what became of its last run")
      .addHelpText("before", "Examples:\n  isotherm capacity reports list\n")
      .option("--json", "print them as the API does")
      .action(
        acting(async (api, _args, command) => {
          const reports = await listed(api);
          return command.opts<{ json?: boolean }>().json === true
            ? `${JSON.stringify({ reports }, null, 2)}\n`
            : reportsText(reports);
        }),
      ),
  );
  command.addCommand(
    withApi(new Command("save"))
      .description("save a report, or change the one of that name")
      .addHelpText(
        "before",
        "Examples:\n  isotherm capacity reports save monday --every week --weekday 1 --at 06:00 --hook pager\n" +
          "  isotherm capacity reports save quarter --range-days 90 --horizon-days 90\n",
      )
      .argument("<name>", "what it is called")
      .option("--hook <name>", "the webhook that is told")
      .option("--every <what>", "day, week or month; without it, only when asked for")
      .option("--at <HH:MM>", "UTC", "06:00")
      .option("--weekday <n>", "every week: 0 is Sunday", integerOption("--weekday", 0, 6))
      .option("--day <n>", "every month: its day, or its last one", integerOption("--day", 1, 31))
      .option("--tenant <id>", "operators: of this tenant's zones")
      .option("--range-days <n>", "how far it looks back", integerOption("--range-days", 1, 730))
      .option("--horizon-days <n>", "and ahead", integerOption("--horizon-days", 1, 730))
      .option("--items <n>", "at most so many of each", integerOption("--items", 1, 100))
      .action(
        acting(async (api, [name = ""], command) => {
          const body = bodyOf(name, command.opts<SaveOptions>());
          const was = (await listed(api)).find((each) => each.name === name);
          const params = { path: { id: was?.id ?? "" } };
          const saved = await answer<SavedReportInfo>(
            api,
            was === undefined
              ? api.client.POST("/v1/capacity/reports", { body })
              : api.client.PUT("/v1/capacity/reports/{id}", { params, body }),
          );
          return reportsText([saved]);
        }),
      ),
  );
  command.addCommand(
    named("show", "one saved report, as JSON", " monday", async (_api, report) =>
      Promise.resolve(`${JSON.stringify(report, null, 2)}\n`),
    ),
  );
  command.addCommand(
    named("run", "have a report made and sent now", " monday", async (api, { id, name }) => {
      await answer(api, api.client.POST("/v1/capacity/reports/{id}/run", { params: { path: { id } } }));
      return `${plain(name)} will be made and sent; \`isotherm capacity reports list\` shows when it was\n`;
    }),
  );
  command.addCommand(
    named("delete", "delete a saved report", " monday", async (api, { id, name }) => {
      await answer(api, api.client.DELETE("/v1/capacity/reports/{id}", { params: { path: { id } } }));
      return `${plain(name)} is deleted\n`;
    }),
  );
  return command;
}

function named(
  verb: string,
  description: string,
  example: string,
  act: (api: Api, report: SavedReportInfo) => Promise<string>,
): Command {
  return withApi(new Command(verb))
    .description(description)
    .addHelpText("before", `Examples:\n  isotherm capacity reports ${verb}${example}\n`)
    .argument("<name>", "its name or id")
    .action(acting(async (api, [name = ""]) => act(api, await found(api, name))));
}

/** Prints what a command has to say. */
function acting(act: (api: Api, args: readonly string[], command: Command) => Promise<string>) {
  return async (...given: unknown[]): Promise<void> => {
    const command = given.at(-1) as Command;
    const text = await act(
      await openApi(command.opts<ApiOptions>(), process.env, process.stderr),
      command.args,
      command,
    );
    command.configureOutput().writeOut?.(text);
  };
}

async function listed(api: Api): Promise<SavedReportInfo[]> {
  const all: SavedReportInfo[] = [];
  for (let after: string | undefined; ;) {
    const query = after === undefined ? {} : { after };
    const { reports, next } = await answer<SavedReportsPage>(
      api,
      api.client.GET("/v1/capacity/reports", { params: { query } }),
    );
    all.push(...reports);
    if (next === null) return all;
    after = next;
  }
}

async function found(api: Api, name: string): Promise<SavedReportInfo> {
  const report = (await listed(api)).find((each) => each.name === name || each.id === name);
  if (report !== undefined) return report;
  const message = `there is no saved report ${JSON.stringify(name)}, expected a name of \`isotherm capacity reports list\``;
  throw new InputError(message, [{ field: "name", code: "UNKNOWN_REPORT", message }]);
}

/** What is not given is left to the API: it names what is wrong. */
function bodyOf(name: string, options: SaveOptions): Record<string, unknown> {
  const { every, at, weekday, day, hook, tenant, rangeDays, horizonDays, items } = options;
  const schedule = every === undefined ? null : { every, at, weekday: weekday ?? null, day: day ?? null };
  const given = { hook, tenant, rangeDays, horizonDays, items };
  return { name, schedule, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}

function reportsText(reports: readonly SavedReportInfo[]): string {
  if (reports.length === 0) return "no report is saved\n";
  const time = (ms: number | null): string => (ms === null ? "-" : `${new Date(ms).toISOString().slice(0, 16)}Z`);
  return table([
    ["NAME", "WHEN", "HOOK", "NEXT", "LAST", ""],
    ...reports.map(({ name, schedule, hook, nextMs, last, problem, isWaiting }) => {
      const missed = last === null || last.missed === 0 ? "" : `stood for ${last.missed} that were missed`;
      const said = [isWaiting ? "asked for" : "", problem, last?.problem ?? "", missed].filter((each) => each !== "");
      const when = schedule === null ? "when asked for" : scheduleText(schedule);
      return [name, when, hook ?? "-", time(nextMs), time(last?.ranMs ?? null), said.join("; ")];
    }),
  ]);
}
