/**
 * script.test.ts: the wrapper as a text: what tools say of it, and what its readers are told.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import { SHELLS, which, WRAPPER } from "./bed.ts";

const text = readFileSync(WRAPPER, "utf8");
const readme = readFileSync(new URL("../../deploy/wrapper/README.md", import.meta.url), "utf8");
const shellcheck = which("shellcheck");

test("shellcheck finds nothing", { skip: shellcheck === undefined && "no shellcheck here" }, () => {
  const { status, stdout } = spawnSync(shellcheck ?? "", ["--shell=sh", WRAPPER], { encoding: "utf8" });
  assert.equal(status, 0, stdout);
});

test("every shell can read it", () => {
  for (const { name, interpreter } of SHELLS) {
    const [file = "", ...options] = interpreter.split(" ");
    const { status, stderr } = spawnSync(file, [...options, "-n", WRAPPER], { encoding: "utf8" });
    assert.equal(status, 0, `${name}: ${stderr}`);
  }
});

test("it is executable, begins with /bin/sh, and evaluates nothing", () => {
  assert.equal(statSync(WRAPPER).mode & 0o111, 0o111);
  assert.ok(text.startsWith("#!/bin/sh\n"));
  const code = text.split("\n").filter((line) => !/^\s*#/.test(line));
  assert.deepEqual(
    code.filter((line) => /\beval\b|\bsource\b|^\s*\. |\bsh -c\b|`/.test(line)),
    [],
  );
});

test("the README has every setting, with its value, and every exit status", () => {
  const settings = [...text.matchAll(/^([A-Z_]+)=(\S.*)$/gm)].filter(
    ([, name]) => !["LC_ALL", "IFS"].includes(name ?? ""),
  );
  assert.ok(settings.length > 10);
  for (const [, name = "", value = ""] of settings) {
    const plain = value.replace(/^'|'$/g, "");
    assert.match(readme, new RegExp(`^\\| \`${name}\` +\\| \`${plain.replace(/[.]/g, "\\.")}\` +\\|`, "m"), name);
  }
  const statuses = new Set([...text.matchAll(/\bquit (\d+) /g)].map(([, status]) => status));
  for (const status of [...statuses, "124"]) assert.match(readme, new RegExp(`^\\| ${status} +\\|`, "m"), status);
});
