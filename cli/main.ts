#!/usr/bin/env node
/**
 * main.ts: the program `isotherm`: reads the command line, and is the only file that ends the process.
 *
 * Exit status: 0 done; 1 failed; 2 the command line or the configuration is wrong.
 */
import { Command, CommanderError } from "commander";
import { errorChain, errorCode, InputError } from "../core/errors.ts";
import { demoCommand } from "./demo.ts";
import { metricsCommand } from "./metrics.ts";
import { parseCommand } from "./parse.ts";
import { scriptCommand } from "./script.ts";

/** What to do about an error, in the command line's own words. */
const HINTS: Readonly<Record<string, string>> = {
  PORT_IN_USE: " (--port chooses another, and --port 0 takes any free one)",
  DATA_DIRECTORY_IN_USE: " (--data chooses another)",
};

const program = new Command("isotherm")
  .description("exact latency heatmaps of SmartOS fleets, from DTrace and kstat, per tenant and live")
  .exitOverride()
  .configureOutput({ writeErr: (text) => process.stderr.write(text.replace(/^error: /, "isotherm: ")) });

const commands = [demoCommand(), metricsCommand(), scriptCommand(), parseCommand()];
for (const command of commands) program.addCommand(inherit(command));

try {
  await program.parseAsync();
  process.exit(0);
} catch (error) {
  process.exit(explain(error));
}

/** Subcommands made elsewhere do not inherit how errors leave. */
function inherit(command: Command): Command {
  return command.copyInheritedSettings(program).exitOverride();
}

/** Says what went wrong in one line. @returns the exit status */
function explain(error: unknown): number {
  // Commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const hint = HINTS[errorCode(error) ?? ""] ?? "";
  process.stderr.write(`isotherm: ${errorChain(error)}${hint}\n`);
  return error instanceof InputError ? 2 : 1;
}
