/**
 * config-command.ts: `isotherm config`: what holds, and what there is to be set.
 */
import { Command } from "commander";
import { configPage } from "./config-page.ts";
import { printConfig, readConfig } from "./config.ts";

export function configCommand(): Command {
  const command = new Command("config")
    .description("show the configuration, or the page that describes it")
    .addHelpText("before", "Examples:\n  isotherm config print -c isotherm.yaml\n");
  command
    .command("print")
    .description("print the configuration as it holds: file, environment and defaults, secrets hidden")
    .requiredOption("-c, --config <file>", "the configuration file")
    .addHelpText("before", "Examples:\n  ISOTHERM_QUERY_PORT=9000 isotherm config print -c isotherm.yaml\n")
    .action(async function (this: Command, options: { config: string }) {
      const text = printConfig(await readConfig(options.config, process.env));
      this.configureOutput().writeOut?.(text);
    });
  command
    .command("page")
    .description("print docs/configuration.md")
    .addHelpText("before", "Examples:\n  isotherm config page | less\n")
    .action(function (this: Command) {
      this.configureOutput().writeOut?.(configPage());
    });
  return command;
}
