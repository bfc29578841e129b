#!/usr/bin/env node
/**
 * main.ts: the program `isotherm`: reads the command line, and is the only file that ends the process.
 *
 * Exit status: 0 done; 1 failed; 2 the command line or the configuration is wrong.
 */
import { Command, CommanderError } from "commander";
import { errorChain, errorCode, InputError } from "../core/errors.ts";
import { alertsCommand } from "./alerts.ts";
import { backupCommand, restoreCommand } from "./backup.ts";
import { checkCommand } from "./check.ts";
import { capacityCommand } from "./capacity.ts";
import { collectCommand } from "./collect.ts";
import { completionCommand } from "./completion.ts";
import { configCommand } from "./config-command.ts";
import { demoCommand } from "./demo.ts";
import { importCommand } from "./import.ts";
import { exportCommand } from "./export.ts";
import { examplesFirst } from "./help.ts";
import { hostCommand } from "./host-command.ts";
import { ingestCommand } from "./ingest.ts";
import { instrumentationCommand } from "./instrumentation.ts";
import { manualCommand } from "./manual.ts";
import { metricsCommand } from "./metrics.ts";
import { migrateCommand } from "./migrate.ts";
import { parseCommand } from "./parse.ts";
import { queryCommand } from "./query.ts";
import { scriptCommand } from "./script.ts";
import { serveCommand } from "./serve.ts";
import { topCommand } from "./top.ts";
import { usageLine } from "./usage.ts";
import { versionText } from "./version.ts";
import { watchCommand } from "./watch.ts";

/** What to do about an error, in the command line's own words. */
const HINTS: Readonly<Record<string, string>> = {
  PORT_IN_USE: " (--port chooses another, and --port 0 takes any free one)",
  DATA_DIRECTORY_IN_USE: " (--data chooses another)",
  SPOOL_IN_USE: " (each collector needs a spool of its own: --data chooses another directory)",
  API_UNREACHABLE: " (does the service run there? --url or ISOTHERM_URL says where)",
};

/** The same for what takes a configuration file. */
const ROLE_HINTS: Readonly<Record<string, string>> = {
  PORT_IN_USE: " (query.port, ingest.port or collect.port in the configuration)",
  DATA_DIRECTORY_IN_USE: " (store.dataDir in the configuration)",
  SPOOL_IN_USE: " (each collector needs a spool of its own: collect.spoolDir in the configuration)",
};

const EXAMPLES = `Examples:
  isotherm demo                               everything on this machine, watching a simulated fleet
  isotherm host add cn-07 -c isotherm.yaml    let a collector in on a host
  isotherm check -c isotherm.yaml             is the fleet fit to be watched?
  isotherm serve -c isotherm.yaml             watch it
  isotherm watch syscall.ops                  a live heatmap in this terminal
`;

const program = new Command("isotherm")
  .description("exact latency heatmaps of SmartOS fleets, from DTrace and kstat, per tenant and live")
  .version(await versionText(), "-V, --version", "print the versions of this program and of Node, and the platform")
  .exitOverride()
  .showSuggestionAfterError(false)
  .addHelpText("before", EXAMPLES);
examplesFirst(explaining(program));

const commands = [
  serveCommand(),
  ingestCommand(),
  queryCommand(),
  collectCommand(),
  checkCommand(),
  hostCommand(),
  configCommand(),
  instrumentationCommand(),
  alertsCommand(),
  demoCommand(),
  watchCommand(),
  topCommand(),
  exportCommand(),
  metricsCommand(),
  scriptCommand(),
  parseCommand(),
  backupCommand(),
  restoreCommand(),
  migrateCommand(),
  importCommand(),
  capacityCommand(),
  completionCommand(),
  manualCommand(),
];
for (const command of commands) program.addCommand(inherit(command));

let outputFailure: Error | undefined;
process.stdout.on("error", (error: Error) => void (outputFailure ??= error));

try {
  await program.parseAsync();
  // What was written last may have failed a moment later.
  await new Promise((resolve) => setImmediate(resolve));
  // A reader that has seen enough (`| head`) is no failure; a full disk is.
  if (outputFailure !== undefined && errorCode(outputFailure) !== "EPIPE")
    throw new Error("write to standard output", { cause: outputFailure });
  process.exit(0);
} catch (error) {
  process.exit(explain(error));
}

/** Subcommands made elsewhere do not inherit how errors leave. */
function inherit(command: Command): Command {
  for (const each of command.commands) inherit(each);
  return examplesFirst(explaining(command.copyInheritedSettings(program).exitOverride()));
}

/** What cannot be read is said in a line of our own. */
function explaining(command: Command): Command {
  return command.configureOutput({ outputError: (said, write) => write(usageLine(command, said)) });
}

/** Says what went wrong in one line. @returns the exit status */
function explain(error: unknown): number {
  // Commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const hints = process.argv.some((each) => each === "-c" || each.startsWith("--config")) ? ROLE_HINTS : HINTS;
  const hint = hints[errorCode(error) ?? ""] ?? "";
  process.stderr.write(`isotherm: ${errorChain(error)}${hint}\n`);
  return error instanceof InputError ? 2 : 1;
}
