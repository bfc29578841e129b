/**
 * What is said of a command line that cannot be read: one line, the nearest word only where one is near, and where help is.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Command } from "commander";
import { amountOption } from "../../cli/options.ts";
import { editsBetween, nearestWord, usageLine } from "../../cli/usage.ts";
import { packageVersion, versionText } from "../../cli/version.ts";

const COMMANDS = ["serve", "check", "host", "instrumentation", "watch", "top", "export", "completion", "config"];

describe("the word that was meant", () => {
  const rows: [typed: string, meant: string | undefined][] = [
    ["wach", "watch"],
    ["tpo", "top"],
    ["tops", "top"],
    ["hosts", "host"],
    ["chekc", "check"],
    ["instr", "instrumentation"],
    ["exprot", "export"],
    ["nope", undefined],
    ["ls", undefined],
    ["co", undefined],
    ["status", undefined],
  ];
  for (const [typed, meant] of rows) {
    test(`of ${typed} is ${meant ?? "not guessed"}`, () => assert.equal(nearestWord(typed, COMMANDS), meant));
  }

  test("is counted in letters to insert, delete, replace and swap", () => {
    assert.deepEqual(
      [editsBetween("", "abc"), editsBetween("abc", "abc"), editsBetween("abcd", "acbd"), editsBetween("top", "nope")],
      [3, 0, 1, 2],
    );
  });
});

describe("a wrong command line", () => {
  /** What the program says, as commander would have it printed. */
  const said = (...args: string[]): string => {
    let text = "";
    const program = new Command("isotherm").version("1").exitOverride().showSuggestionAfterError(false);
    const watch = new Command("watch").option("--count <n>", "so many", amountOption("--count")).argument("<what>");
    program.addCommand(watch);
    for (const command of [program, watch]) {
      command.exitOverride().configureOutput({
        writeErr: (piece) => void (text += piece),
        outputError: (error, write) => write(usageLine(command, error)),
      });
    }
    watch.showSuggestionAfterError(false).action(() => undefined);
    assert.throws(() => program.parse(args, { from: "user" }));
    return text;
  };
  const rows: [args: string[], line: string][] = [
    [["nope"], "isotherm: unknown command 'nope' (isotherm --help)\n"],
    [["wacth"], "isotherm: unknown command 'wacth'; did you mean watch? (isotherm --help)\n"],
    [["version"], "isotherm: unknown command 'version'; did you mean --version? (isotherm --help)\n"],
    [
      ["watch", "x", "--cout", "3"],
      "isotherm: unknown option '--cout'; did you mean --count? (isotherm watch --help)\n",
    ],
    [["watch"], "isotherm: missing required argument 'what' (isotherm watch --help)\n"],
    [
      ["watch", "x", "--count", "many"],
      'isotherm: --count is "many", expected a number above 0 (isotherm watch --help)\n',
    ],
  ];
  for (const [args, line] of rows) {
    test(`${args.join(" ")} is one line that says where help is`, () => assert.equal(said(...args), line));
  }
});

test("the version says everything that a report of a fault needs", async () => {
  assert.match(await packageVersion(), /^\d+\.\d+\.\d+/);
  assert.equal(
    await versionText(),
    `isotherm ${await packageVersion()}, Node ${process.version}, ${process.platform} ${process.arch}`,
  );
});
