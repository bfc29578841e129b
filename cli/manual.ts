/**
 * manual.ts: `isotherm manual`: docs/cli.md, printed from the commands' own help; a test holds the two together.
 */
import { Command } from "commander";
import { helpOf } from "./help.ts";

const HEAD = `# The command line

<!-- Printed by \`isotherm manual\` from the commands: change them there. -->

Every command explains itself: \`isotherm COMMAND --help\`, examples first. \`isotherm completion SHELL\` prints what bash, zsh or fish
need to complete commands, options and metrics. \`isotherm --version\` says which version this is, and on which Node and platform.

## What holds for all of them

| Exit status | Meaning                                                                                             |
| ----------- | --------------------------------------------------------------------------------------------------- |
| 0           | Done; or ended as asked: a service, the demo, watch and top by q, Ctrl-C or SIGTERM, anything by a reader of its output that went |
| 1           | Failed: one line on standard error says what was attempted, and why it failed ([errors](errors.md)) |
| 2           | The command line or the configuration is wrong: the line names the option or key, its value, and what was expected |
| 130, 143    | Ended by Ctrl-C (130) or SIGTERM (143) before it was done |

- Results go to standard output, everything else to standard error. \`--json\` is for programs: its shape is in the command's help.
- Colours are for terminals only, and \`NO_COLOR\` switches them off. What takes longer than a second says on a terminal how far it is.
- Commands that ask the query API take \`--url\` or \`ISOTHERM_URL\`, and a token from \`--token-file\`, \`ISOTHERM_TOKEN_FILE\` or
  \`ISOTHERM_TOKEN\`; never on the command line, where others could read it.
- Commands that take a configuration (\`-c\`) read it as [configuration.md](configuration.md) says.
`;

const WIDTH = 100;

export function manualCommand(): Command {
  return new Command("manual")
    .description("print docs/cli.md: the help of every command")
    .addHelpText("before", "Examples:\n  isotherm manual | less\n")
    .action(function (this: Command) {
      const { parent } = this;
      if (parent !== null) this.configureOutput().writeOut?.(manualPage(parent));
    });
}

export function manualPage(program: Command): string {
  return `${HEAD}${program.commands.map((each) => section(each, `${program.name()} ${each.name()}`, 2)).join("")}`;
}

function section(command: Command, path: string, level: number): string {
  const help = helpOf(command, WIDTH).trimEnd();
  const inner = command.commands.map((each) => section(each, `${path} ${each.name()}`, level + 1));
  return `\n${"#".repeat(level)} ${path}\n\n\`\`\`\n${help}\n\`\`\`\n${inner.join("")}`;
}
