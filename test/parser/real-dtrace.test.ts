/**
 * What real DTrace prints for scripts whose values are known: kept captures always, and scripts run afresh where dtrace exists.
 *
 * A few scripts only; real-dtrace.ts runs as many as one likes.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { LONG } from "../long.ts";
import { compare } from "./dtrace-comparison.ts";
import { fixedScripts } from "./dtrace-fixed-scripts.ts";
import { makeRunner, whyNoDtrace } from "./dtrace-runner.ts";
import { someScript } from "./dtrace-scripts.ts";

const FOLDER = new URL("fixtures/", import.meta.url);
const names = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".out"))
  .map((name) => name.slice(0, -4));

describe("a capture of DTrace for Linux is read as its script says:", () => {
  const scripts = new Map(fixedScripts().map((script) => [script.name, script]));
  for (const name of names) {
    test(name, () => {
      const script = scripts.get(name);
      assert.ok(script, "no script of this name");
      const output = readFileSync(new URL(`${name}.out`, FOLDER));
      assert.deepEqual(compare(script.expected, output).differences, []);
    });

    test(`${name}, with line ends of two characters`, () => {
      const script = scripts.get(name);
      const text = readFileSync(new URL(`${name}.out`, FOLDER), "latin1").replaceAll("\n", "\r\n");
      // A newline within a key is then two characters as well.
      if (name.includes("newline")) return;
      assert.deepEqual(compare(script?.expected ?? [], Buffer.from(text, "latin1")).differences, []);
    });
  }
});

describe("DTrace of this machine", { skip: LONG ? whyNoDtrace() : "seconds a script: npm run test:long" }, () => {
  test("prints what the scripts say", async () => {
    const runner = makeRunner();
    try {
      for (const script of [...fixedScripts().slice(0, 6), ...[3, 4, 8].map(someScript)]) {
        const { stdout, stderr, status } = await runner.run(script);
        assert.equal(status, 0, `${script.name}: ${stderr}`);
        assert.deepEqual(compare(script.expected, stdout).differences, [], script.name);
      }
    } finally {
      runner.close();
    }
  });
});
