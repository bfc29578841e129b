/**
 * The repository's own rules: who may import whom, one door for each dependency, no cycles, every error code documented.
 */
import type { ICruiseResult } from "dependency-cruiser";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, test } from "node:test";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Without test and bench, which may import anything. */
const FOLDERS = ["core", "wire", "d-scripts", "store", "server", "collectors", "ingest", "query-api", "web", "cli"];

describe("the repository", () => {
  test("keeps its import rules: layers, doors, no cycles", async () => {
    // The command and not the library: under this process's loader it takes four times as long.
    const bin = join(ROOT, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
    const args = [bin, "--config", ".dependency-cruiser.cjs", "--output-type", "json", ...FOLDERS];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, maxBuffer: 2 ** 28 });
    const { summary } = JSON.parse(stdout) as ICruiseResult;
    assert.ok(summary.totalCruised > 100, "the rules have seen the code");
    assert.deepEqual(
      summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`),
      [],
    );
  });

  test("documents every error code that it throws, and throws every one that it documents", async () => {
    const thrown = new Set<string>();
    let all = "";
    for (const path of await sources()) {
      const text = await readFile(path, "utf8");
      all += text;
      for (const match of text.matchAll(/new OperationalError\(\s*"([A-Z_]+)"/g)) thrown.add(match[1] ?? "");
      for (const match of text.matchAll(/\? "([A-Z]+_[A-Z_]+)" : "([A-Z]+_[A-Z_]+)"/g)) {
        thrown.add(match[1] ?? "").add(match[2] ?? "");
      }
    }
    const page = await readFile(join(ROOT, "docs/errors.md"), "utf8");
    const documented = new Set([...page.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map((match) => match[1] ?? ""));
    const undocumented = [...thrown].filter((code) => !documented.has(code));
    assert.deepEqual(undocumented, [], "thrown but not in docs/errors.md");
    const unknown = [...documented].filter((code) => !all.includes(`"${code}"`));
    assert.deepEqual(unknown, [], "in docs/errors.md but thrown nowhere");
  });

  test("runs every folder of tests with npm test, once", async () => {
    const all = (await readdir(join(ROOT, "test"), { recursive: true })).filter((path) => path.endsWith(".test.ts"));
    const folders = new Set(all.map((path) => dirname(path)));
    const grouped: string[] = [];
    for (const suite of ["groups", "faults"]) {
      for (const group of await readdir(join(ROOT, "test", suite))) {
        const call = /together\(([^)]*)\)/.exec(await readFile(join(ROOT, "test", suite, group), "utf8"))?.[1] ?? "";
        grouped.push(...[...call.matchAll(/"([^"]+)"/g)].map(([, folder = ""]) => folder));
      }
    }
    assert.deepEqual(grouped.sort(), [...folders].sort(), "test/groups and test/faults name each folder once");
  });

  test("opens every source file with a comment that says why it exists", async () => {
    const bare: string[] = [];
    for (const path of await sources()) {
      const text = await readFile(path, "utf8");
      if (!text.replace(/^#!.*\n/, "").startsWith("/**")) bare.push(path.slice(ROOT.length));
    }
    assert.deepEqual(bare, []);
  });
});

async function sources(): Promise<string[]> {
  const lists = await Promise.all(
    [...FOLDERS, "bench"].map(async (folder) => {
      const entries = await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !/dist|node_modules/.test(entry.parentPath))
        .map((entry) => join(entry.parentPath, entry.name));
    }),
  );
  return lists.flat();
}
