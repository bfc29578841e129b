/**
 * The help of every command, as the program itself prints it: docs/cli.md is that help, and each begins with examples.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { format } from "prettier";

const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

describe("the command line", () => {
  let printed: string;
  before(async () => {
    const args = ["--import", "tsx", MAIN, "manual"];
    ({ stdout: printed } = await promisify(execFile)(process.execPath, args, { encoding: "utf8" }));
  });

  test("is described by docs/cli.md, word for word", async () => {
    const page = await readFile(new URL("../../docs/cli.md", import.meta.url), "utf8");
    const formatted = await format(printed, { parser: "markdown", printWidth: 120 });
    assert.equal(page, formatted, "isotherm manual > docs/cli.md && npx prettier --write docs/cli.md");
  });

  test("explains each command with examples, before anything else; a subcommand's may stand with its command", () => {
    const sections = [...printed.matchAll(/^#{2,4} (isotherm .*)\n\n```\n([\s\S]*?)\n```$/gm)];
    assert.ok(sections.length > 25, `${sections.length} commands`);
    const examples = new Map<string, string>();
    for (const [, name = "", help = ""] of sections) {
      assert.ok(help.includes(`Usage: ${name}`), name);
      const parent = examples.get(name.split(" ").slice(0, 2).join(" ")) ?? "";
      const own = /^Examples?:\n/.test(help) ? (help.split("\n\nUsage:")[0] ?? "") : "";
      examples.set(name, own);
      assert.ok(`${own}${parent}`.includes(name), `${name}: an example of it comes first`);
    }
  });
});
