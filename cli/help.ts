/**
 * help.ts: how every command's help reads: examples first, then usage, options, and what the exit status says.
 */
import type { Command, HelpContext } from "commander";

/** Applies it to a command; its subcommands have been made by whoever made it. */
export function examplesFirst(command: Command): Command {
  const own = command as unknown as { outputHelp: (context?: HelpContext) => void };
  const print = own.outputHelp.bind(command);
  own.outputHelp = (context) => {
    const output = command.configureOutput();
    let text = "";
    const take = (piece: string): void => void (text += piece);
    command.configureOutput({ writeOut: take, writeErr: take });
    try {
      print(context);
    } finally {
      command.configureOutput(output);
    }
    if (context?.error === true) output.writeErr?.(reordered(text));
    else output.writeOut?.(reordered(text));
  };
  return command;
}

/** The help of a command as one text. */
export function helpOf(command: Command, width: number): string {
  const output = command.configureOutput();
  let text = "";
  command.configureOutput({
    writeOut: (piece) => void (text += piece),
    getOutHelpWidth: () => width,
    getOutHasColors: () => false,
  });
  try {
    command.outputHelp();
  } finally {
    command.configureOutput(output);
  }
  return text;
}

/** The block of examples goes to the front; it ends at an empty line. */
export function reordered(text: string): string {
  const lines = text.split("\n");
  const from = lines.findIndex((line) => /^Examples?:$/.test(line));
  if (from <= 0) return text;
  const length = lines.slice(from).findIndex((line) => line === "");
  const examples = lines.splice(from, length < 0 ? lines.length : length + 1).filter((line) => line !== "");
  // No two empty lines where they were.
  if (lines[from] === "" && lines[from - 1] === "") lines.splice(from, 1);
  return [...examples, "", ...lines].join("\n");
}
