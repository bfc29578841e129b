/**
 * patterns.test.ts: no regular expression of the product can be made slow: each is given what is worst for most, and has 5 ms.
 *
 * eslint-plugin-regexp proves it for what it understands (eslint.config.js); this is for the rest, and measures.
 */
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import ts from "typescript";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDERS = ["core", "wire", "d-scripts", "store", "server", "collectors", "ingest", "query-api", "web", "cli"];
/** As long as a line from a host may be (collectors/pieces). */
const LENGTH = 4096;
const MAX_MS = 5;

test("no regular expression takes longer than 5 ms on 4 kB of the worst", async () => {
  const slow: string[] = [];
  const patterns = await allPatterns();
  assert.ok(patterns.length > 100, "the patterns have been found");
  for (const { where, source, flags } of patterns) {
    const pattern = new RegExp(source, flags);
    for (const text of worstFor(source)) {
      // The best of several: what a pattern takes, and not what a busy machine adds.
      let bestMs = Infinity;
      for (let i = 0; i < 5 && bestMs > MAX_MS; i++) {
        const begun = performance.now();
        pattern.lastIndex = 0;
        text.replace(pattern, "");
        bestMs = Math.min(bestMs, performance.now() - begun);
      }
      if (bestMs > MAX_MS)
        slow.push(`${where}: /${source}/ ${bestMs.toFixed(1)} ms on ${JSON.stringify(text.slice(0, 20))}`);
    }
  }
  assert.deepEqual(slow, []);
});

/** Long runs of what repetitions take, ended by what no pattern expects; also of the pattern's own letters. */
function worstFor(source: string): string[] {
  const own = source.replace(/\\[a-zA-Z]|[\\^$.*+?()[\]{}|]/g, "").slice(0, 8);
  const runs = [
    "a",
    "0",
    " ",
    "\t",
    "-",
    ".",
    "_",
    ":",
    "/",
    "=",
    ",",
    '"',
    "\\",
    "\n",
    "@",
    "|",
    "a ",
    "0 ",
    "a.",
    "a,",
    "0-",
    "a=",
    '""',
    own,
  ];
  const long = runs
    .filter((run) => run !== "")
    .map((run) => run.repeat(Math.ceil(LENGTH / run.length)).slice(0, LENGTH));
  return long.flatMap((text) => [text, `${text}\u0001`]);
}

async function allPatterns(): Promise<{ where: string; source: string; flags: string }[]> {
  const found: { where: string; source: string; flags: string }[] = [];
  for (const folder of FOLDERS) {
    for (const path of await readdir(join(ROOT, folder), { recursive: true })) {
      if (!/\.tsx?$/.test(path) || path.includes("node_modules") || path.startsWith("dist")) continue;
      const text = await readFile(join(ROOT, folder, path), "utf8");
      const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
      const visit = (node: ts.Node): void => {
        if (ts.isRegularExpressionLiteral(node)) {
          const end = node.text.lastIndexOf("/");
          const line = file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
          found.push({
            where: `${folder}/${path}:${line}`,
            source: node.text.slice(1, end),
            flags: node.text.slice(end + 1),
          });
        }
        ts.forEachChild(node, visit);
      };
      visit(file);
    }
  }
  return found;
}
