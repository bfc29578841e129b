/**
 * docs/writing-a-metric.md, in a copy of the sources: the files that the page shows are written, its changes applied, its commands run.
 */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { runDemo } from "../docs/demo-command.ts";
import { blocks, commands, NOT_HERE, ROOT, ruleFor } from "../docs/pages.ts";

const PAGE = "docs/writing-a-metric.md";
/** What the commands touch. */
const COPIED = [
  "core",
  "wire",
  "d-scripts",
  "store",
  "server",
  "collectors",
  "ingest",
  "query-api",
  "web",
  "cli",
  "bench",
  "test",
];
const FILES = ["docs", "deploy", "package.json", "tsconfig.base.json"];

describe(PAGE, () => {
  let copy: string;
  before(() => {
    copy = mkdtempSync(join(tmpdir(), "isotherm-metric-"));
    for (const name of [...COPIED, ...FILES]) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  });
  after(() => rmSync(copy, { recursive: true, force: true }));

  const bash = async (text: string, env: Readonly<Record<string, string>> = {}): Promise<string> => {
    // A test that starts tests: they are not this one's.
    const { NODE_TEST_CONTEXT: _, ...own } = process.env;
    const options = { cwd: copy, env: { ...own, ...env }, maxBuffer: 2 ** 26 };
    const { stdout } = await promisify(execFile)("bash", ["-c", text], options);
    return stdout;
  };

  test("its files and changes fit the sources, and its tests pass on the new metric", async () => {
    for (const { meta, text } of blocks(PAGE, "ts", "d")) writeFileSync(join(copy, meta), `${text}\n`);
    for (const { text } of blocks(PAGE, "diff")) {
      const { status, stdout, stderr } = spawnSync("git", ["apply", "--recount", "-C1", "-"], {
        cwd: copy,
        input: `${text}\n`,
      });
      assert.equal(status, 0, `${String(stdout)}${String(stderr)}`);
    }
    const run = commands(PAGE).filter(({ text }) => ruleFor(NOT_HERE, PAGE, text) === undefined);
    let tested = "";
    for (const { text } of run.filter(({ text }) => !/npm start|watch/.test(text))) tested += await bash(text);
    assert.match(tested, /zfs\.zil_commit: clauses and fields fit together/);
    assert.match(tested, /fbt::zil_commit:return/);
  });

  test("and it has a heatmap", async () => {
    const start = commands(PAGE).find(({ text }) => text === "npm start")?.text ?? "";
    const args = ["--port", "0", "--hosts", "1", "--backfill", "0", "--data", join(copy, "data")];
    const { said, end } = await runDemo(start, args, copy);
    try {
      writeFileSync(join(copy, "operator.token"), `${/operator +(iso_\S+)/.exec(said)?.[1] ?? ""}\n`);
      const watch = commands(PAGE).find(({ text }) => text.includes("watch zfs.zil_commit"))?.text ?? "";
      const ISOTHERM_URL = new URL(/http:\/\/\S+/.exec(said)?.[0] ?? "").origin;
      assert.match(await bash(`${watch} --count 3`, { ISOTHERM_URL }), /Z +\d+ .* 1\/1\n/);
    } finally {
      await end();
    }
  });
});
