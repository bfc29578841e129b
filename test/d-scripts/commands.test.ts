/**
 * `isotherm metrics` and `isotherm script`, as a person at a terminal meets them.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Command, CommanderError } from "commander";
import { metricsCommand } from "../../cli/metrics.ts";
import { scriptCommand } from "../../cli/script.ts";
import { catalogue } from "../../d-scripts/catalogue.ts";
import { clausesOf } from "./d-text.ts";

test("metrics prints a line for each metric", () => {
  const { stdout, status } = run("metrics");
  assert.equal(status, 0);
  const lines = stdout.trimEnd().split("\n").slice(1);
  assert.deepEqual(
    lines.map((line) => line.split(" ")[0]),
    [...catalogue.keys()],
  );
});

test("metrics --json prints the same as data", () => {
  const { metrics } = JSON.parse(run("metrics", "--json").stdout) as { metrics: { name: string; fields: unknown[] }[] };
  assert.deepEqual(
    metrics.map(({ name }) => name),
    [...catalogue.keys()],
  );
});

test("script prints the program for review", () => {
  const where = '{"eq": ["execname", "postgres"]}';
  const { stdout, status } = run(
    "script",
    "syscall.ops",
    "--by",
    "execname,latency",
    "--where",
    where,
    "--zone",
    "web-1",
    "web-2",
  );
  assert.equal(status, 0);
  assert.match(stdout, /^\/\*\n \* @isotherm \{/);
  assert.ok(stdout.includes('(zonename == "web-1" || zonename == "web-2")'));
  assert.equal(clausesOf(stdout).length, 7);
});

const MISTAKES: readonly [string, readonly string[], RegExp][] = [
  ["an unknown metric", ["nope"], /METRIC "nope": expected a metric/],
  ["a kstat metric", ["cpu.usage"], /METRIC "cpu.usage": expected a DTrace metric/],
  [
    "an unknown field",
    ["syscall.ops", "--by", "latencyy"],
    /--by "latencyy" \(decomposition\[0\]\): expected one of zonename, pid/,
  ],
  ["broken JSON", ["syscall.ops", "--where", "{"], /--where "\{": expected JSON/],
  [
    "a bad constant",
    ["syscall.ops", "--where", '{"eq":["execname","a b"]}'],
    /--where .* \(predicate.eq\): expected a string of 1 to 63/,
  ],
  ["a bad scheme", ["syscall.ops", "--by", "latency", "--scheme", "cubic"], /--scheme "cubic": expected quantize/],
  ["a bad granularity", ["syscall.ops", "--granularity", "7"], /--granularity "7": expected one of 1, 5/],
  ["a bad zone", ["syscall.ops", "--zone", "a b"], /--zone "a b": expected names of zones/],
  ["zones where there are none", ["disk.io_ops", "--zone", "a"], /--zone "a": expected all zones/],
  ["an unknown platform", ["syscall.ops", "--platform", "vms"], /--platform "vms": expected smartos or linux/],
  [
    "a metric that the platform lacks",
    ["fs.rw_ops", "--platform", "linux"],
    /--platform "linux": expected one of smartos/,
  ],
  [
    "a field that the platform lacks",
    ["syscall.ops", "--by", "psargs", "--platform", "linux"],
    /--by "psargs": expected fields that DTrace on linux/,
  ],
];

for (const [title, args, message] of MISTAKES) {
  test(`script answers ${title} in one line and with status 2`, () => {
    const { stdout, stderr, status } = run("script", ...args);
    assert.deepEqual({ stdout, status }, { stdout: "", status: 2 });
    assert.match(stderr, message);
    assert.match(stderr, /^isotherm script: [^\n]+\n$/);
  });
}

test("help has examples", () => {
  for (const name of ["metrics", "script"])
    assert.match(run(name, "--help").stdout, new RegExp(`Examples:\n  isotherm ${name}`));
});

function run(...args: string[]): { stdout: string; stderr: string; status: number } {
  let stdout = "";
  let stderr = "";
  const commands = [metricsCommand(), scriptCommand()].map((command) =>
    command.exitOverride().configureOutput({
      writeOut: (text) => void (stdout += text),
      writeErr: (text) => void (stderr += text),
    }),
  );
  const program = new Command("isotherm").exitOverride();
  for (const command of commands) program.addCommand(command);
  try {
    program.parse(args, { from: "user" });
    return { stdout, stderr, status: 0 };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { stdout, stderr, status: error.exitCode };
  }
}
