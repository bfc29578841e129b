/**
 * isotherm watch, top and export as people run them: on a terminal of their own (script(1)), against a demo that counts.
 */
import assert from "node:assert/strict";
import { execFile, execFileSync, spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { makeKeyPair } from "../../collectors/ssh.ts";
import { tableFromIPC } from "../../wire/arrow.ts";
import { Demos } from "../demo/process.ts";
import { until } from "../until.ts";

const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
const NO_SCRIPT = existsSync("/usr/bin/script") ? false : "NO script(1) ON THIS MACHINE: terminals are not tested";
const OPEN = "\u001b[?1049h\u001b[?25l";
const CLOSE = "\u001b[0m\u001b[?25h\u001b[?1049l";

describe("commands that read the API", { skip: NO_SCRIPT }, () => {
  if (NO_SCRIPT !== false) return;
  let dir: string;
  let environment: NodeJS.ProcessEnv;
  const demos = new Demos();
  const terminals: ChildProcessWithoutNullStreams[] = [];

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "isotherm-terminal-"));
    const demo = demos.run([
      "--data",
      join(dir, "data"),
      "--port",
      "0",
      "--hosts",
      "1",
      "--zones",
      "2",
      "--backfill",
      "60",
    ]);
    const url = await demo.url();
    const token = /operator +(iso_\S+)/.exec(demo.output())?.[1] ?? "";
    await writeFile(join(dir, "token"), `${token}\n`, { mode: 0o600 });
    environment = {
      PATH: process.env["PATH"],
      HOME: dir,
      TERM: "xterm-256color",
      ISOTHERM_URL: new URL(url).origin,
      ISOTHERM_TOKEN_FILE: join(dir, "token"),
    };
  });
  after(async () => {
    for (const each of terminals) each.kill("SIGKILL");
    await demos.end();
    await rm(dir, { recursive: true, force: true });
  });

  const run = async (...args: string[]): Promise<{ stdout: string; stderr: string; status: number }> => {
    try {
      const all = ["--import", "tsx", MAIN, ...args];
      const { stdout, stderr } = await promisify(execFile)(process.execPath, all, {
        env: environment,
        maxBuffer: 2 ** 28,
      });
      return { stdout, stderr, status: 0 };
    } catch (error) {
      const { stdout = "", stderr = "", code } = error as { stdout?: string; stderr?: string; code?: number };
      return { stdout, stderr, status: code ?? -1 };
    }
  };

  /** A command on a terminal of 100 by 20; when it has ended the shell says how, and how the terminal is. */
  const onTerminal = (name: string, args: string) => {
    const files = { tty: join(dir, `${name}.tty`), pid: join(dir, `${name}.pid`) };
    const script = join(dir, `${name}.sh`);
    // A file, since `script` would have another shell expand `$!` and `$?` first.
    writeFileSync(
      script,
      `stty cols 100 rows 20
tty >${files.tty}
${process.execPath} --import tsx ${MAIN} ${args} &
echo $! >${files.pid}
fg >/dev/null 2>&1
echo status=$?
stty -a | tr ' ;' '\\n\\n' | grep -E '^-?(icanon|echo)$'
`,
    );
    const child = spawn("script", ["-qfec", `bash -m ${script}`, "/dev/null"], { env: environment });
    terminals.push(child);
    let output = "";
    child.stdout.on("data", (bytes: Buffer) => (output += bytes.toString("utf8")));
    return {
      output: () => output,
      forget: () => (output = ""),
      type: (text: string) => child.stdin.write(text),
      signal: async (signal: NodeJS.Signals) => process.kill(Number(await readFile(files.pid, "utf8")), signal),
      resize: async (columns: number, rows: number) => {
        const tty = (await readFile(files.tty, "utf8")).trim();
        execFileSync("stty", ["-F", tty, "cols", String(columns), "rows", String(rows)]);
      },
      /** What was on the screen after `CLOSE`. */
      ended: async (): Promise<string> => {
        if (child.exitCode === null) await once(child, "exit");
        const at = output.lastIndexOf(CLOSE);
        assert.ok(at >= 0, `the screen is given back: ${output.slice(-300)}`);
        return output.slice(at + CLOSE.length).replaceAll("\r", "");
      },
    };
  };
  const GIVEN_BACK = /^status=0\nicanon\necho\n$/;

  test("watch draws a live heatmap, follows the terminal's size, narrows to a key, and gives the screen back on q", async () => {
    const terminal = onTerminal("keys", "watch syscall.ops");
    await until("cells", () => terminal.output().includes(OPEN) && /[▀▄]/.test(terminal.output()));
    assert.ok(terminal.output().includes("\u001b[0;38;5;"), "in 256 colours");
    assert.match(terminal.output(), /1 of 1 hosts/);
    await until("keys of the breakdown", () => /postgres|nginx|node/.test(terminal.output()));
    terminal.forget();
    await terminal.resize(60, 10);
    await until("another size", () => terminal.output().includes("\u001b[10;1H"));
    assert.ok(!terminal.output().includes("\u001b[11;1H"), "no line below the last");
    await terminal.resize(100, 20);
    terminal.type("\u001b[B");
    await until("a chosen key", () => terminal.output().includes("\u001b[7m"));
    terminal.type("\r");
    await until("only that one", () => /only execname/.test(terminal.output()));
    terminal.type("q");
    assert.match(await terminal.ended(), GIVEN_BACK);
  });

  for (const [name, end] of [
    ["Ctrl-C", (terminal: ReturnType<typeof onTerminal>) => terminal.type("\u0003")],
    ["SIGTERM", (terminal: ReturnType<typeof onTerminal>) => terminal.signal("SIGTERM")],
  ] as const) {
    test(`top lists zones, and gives the screen back on ${name}`, async () => {
      const terminal = onTerminal(name, "top --sort rate");
      await until("zones", () => /RATE\*/.test(terminal.output()) && /\d\/s/.test(terminal.output()));
      await end(terminal);
      assert.match(await terminal.ended(), GIVEN_BACK);
    });
  }

  test("watch without a terminal is a line a column, and a reader that goes is no failure", async () => {
    const { stdout, stderr, status } = await run("watch", "syscall.ops", "--count", "2");
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ +\S+ +[\d.]+ .s .* 1\/1\n){2}$/);
    const reader = spawn(process.execPath, ["--import", "tsx", MAIN, "watch", "syscall.ops", "--json"], {
      env: environment,
    });
    let said = "";
    reader.stderr.on("data", (bytes: Buffer) => (said += bytes.toString()));
    const [first] = (await once(reader.stdout, "data")) as [Buffer];
    assert.equal((JSON.parse(first.toString().split("\n")[0] ?? "") as { reporting: number }).reporting, 1);
    reader.stdout.destroy();
    const [code] = (await once(reader, "exit")) as [number | null];
    assert.deepEqual([code, said], [0, ""]);
  });

  test("top is one table where nobody can press a key, and JSON where asked", async () => {
    const { stdout } = await run("top");
    assert.match(stdout, /^syscall\.ops over 10 s, by p99\nZONE +ALIAS +HOST +RATE +P50 +P99\* +CPU\n/);
    const { zones } = JSON.parse((await run("top", "--json")).stdout) as {
      zones: { rate: number; p99: number; cpu: number }[];
    };
    assert.ok(zones.length >= 2 && zones.every(({ rate, p99 }) => rate > 0 && p99 > 0), JSON.stringify(zones));
    assert.ok(
      zones.some(({ cpu }) => cpu > 0),
      "CPU too",
    );
  });

  test("export writes every format whole, or nothing", async () => {
    const to = Math.floor(Date.now() / 1000) - 10;
    const range = ["--from", String(to - 20), "--to", String(to)];
    const counts: number[] = [];
    for (const format of ["csv", "jsonl", "arrow", "parquet"]) {
      const path = join(dir, `rows.${format}`);
      const { status, stderr } = await run("export", "syscall.ops", ...range, "-o", path);
      assert.equal(status, 0, stderr);
      const bytes = await readFile(path);
      if (format === "csv") counts.push(bytes.toString().trim().split("\n").length - 1);
      if (format === "jsonl") counts.push(bytes.toString().trim().split("\n").length);
      if (format === "arrow") counts.push(tableFromIPC(bytes).numRows);
      if (format === "parquet")
        assert.equal(bytes.subarray(0, 4).toString() + bytes.subarray(-4).toString(), "PAR1PAR1");
    }
    assert.ok((counts[0] ?? 0) > 100);
    assert.deepEqual(new Set(counts).size, 1, `the same rows in each: ${counts.join(", ")}`);
    const { stdout } = await run("export", "syscall.ops", ...range, "--value", "quantiles", "--format", "csv");
    assert.equal(stdout.trim().split("\n").length, 21);
    const wrong = await run("export", "syscall.ops", "--value", "breakdown", "--by", "nope", "-o", join(dir, "no.csv"));
    assert.equal(wrong.status, 1);
    assert.match(wrong.stderr, /^isotherm: ask http.*by.*\n$/);
    assert.deepEqual(
      (await readdir(dir)).filter((name) => name.startsWith("no.csv")),
      [],
    );
  });

  test("what is wrong is one line and a status: 2 for the command line, 1 for the API", async () => {
    const rows: [args: string[], status: number, line: RegExp][] = [
      [["watch", "no.such"], 2, /^isotherm: WHAT is "no\.such", expected a metric/],
      [["watch", "cpu.usage"], 2, /expected one with a distribution/],
      [["watch", "syscall.ops", "--by", "nope", "--where", "{"], 2, /--where is "\{", expected JSON/],
      [["export", "syscall.ops"], 2, /--format is missing/],
      [["top", "--token-file", "/nope"], 2, /--token-file is "\/nope", expected a file to read \(ENOENT\)/],
      [["top", "--url", "http://127.0.0.1:1"], 1, /^isotherm: ask http:\/\/127\.0\.0\.1:1: fetch failed: .*--url/],
      [["alerts", "silence", "slow"], 2, /^isotherm: "slow" is no matcher, expected NAME=VALUE/],
      [["alerts", "test", "/nope.yaml"], 2, /^isotherm: read \/nope\.yaml: ENOENT/],
      [["nope"], 2, /^isotherm: unknown command 'nope' \(isotherm --help\)$/m],
      [["capacity", "fit", "--cpu", "much"], 2, /^isotherm: --cpu is "much", expected a number above 0 \(isotherm cap/],
    ];
    for (const [args, status, line] of rows) {
      const outcome = await run(...args);
      assert.deepEqual([outcome.status, outcome.stdout], [status, ""], `${args.join(" ")}: ${outcome.stderr}`);
      assert.match(outcome.stderr, line);
      assert.equal(outcome.stderr.trim().split("\n").length, 1);
    }
  });

  test("what is made is ended again, by its id", async () => {
    const made = await run("instrumentation", "create", "proc.execs", "--by", "execname", "--idle", "60");
    assert.match(made.stdout, /^[0-9a-f]{16}\n$/, made.stderr);
    const id = made.stdout.trim();
    assert.deepEqual(await run("instrumentation", "delete", id), { stdout: "", stderr: "", status: 0 });
    const gone = await run("instrumentation", "show", id);
    assert.equal(gone.status, 1, gone.stdout);
  });

  test("a rule is tried, and what fires listed, with zones by alias, values with units, and as JSON", async () => {
    const instrumentation = { metric: "syscall.ops", decomposition: ["execname", "latency", "syscall"] };
    const condition = { kind: "quantile", q: 0.5, windowSec: 10, above: 1 };
    const rule = { name: "any", instrumentation, per: "zonename", condition, everySec: 10 };
    await writeFile(join(dir, "rules.yaml"), JSON.stringify({ rules: [rule] }));
    const { status, stdout, stderr } = await run("alerts", "test", join(dir, "rules.yaml"), "--days", "1");
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, /^any: would have fired .* in the last day, for \d of \d keys\n/);
    assert.match(stdout, /^ {2}20\S+Z {2}(until now|for .*) {2}worst \S+ us +\S+-0 \([0-9a-f-]{36} on cn-01\)$/m);
    const { rules } = JSON.parse((await run("alerts", "test", join(dir, "rules.yaml"), "--json")).stdout) as {
      rules: { name: string; alerts: unknown[] }[];
    };
    assert.deepEqual([rules.length, rules[0]?.name], [1, "any"]);
    assert.ok((rules[0]?.alerts.length ?? 0) >= 2);
    assert.deepEqual(Object.keys(JSON.parse((await run("alerts", "list", "--all", "--json")).stdout) as object), [
      "alerts",
    ]);
    await writeFile(join(dir, "wrong.yaml"), JSON.stringify({ rules: [rule, { ...rule, per: "nope" }] }));
    const wrong = await run("alerts", "test", join(dir, "wrong.yaml"), "--days", "1");
    assert.equal(wrong.status, 1);
    assert.match(wrong.stderr, /^isotherm: try .*wrong\.yaml: rules\[1\]: ask http.*per.*\n$/);
    await writeFile(join(dir, "hooks.yaml"), JSON.stringify({ hooks: [] }));
    assert.equal((await run("alerts", "test", join(dir, "hooks.yaml"))).status, 2, "no rule is no success");
  });

  test("a reader that has seen enough is no failure, a full disk is", async () => {
    const shell = async (command: string): Promise<string> => {
      const { stdout } = await promisify(execFile)("bash", ["-c", command, "bash", process.execPath, MAIN], {
        env: environment,
      });
      return stdout;
    };
    assert.equal(
      await shell('"$1" --import tsx "$2" manual 2>&1 | head -1; echo "${PIPESTATUS[0]}"'),
      "# The command line\n0\n",
    );
    assert.equal(
      await shell('"$1" --import tsx "$2" metrics 2>&1 >/dev/full; echo "$?"'),
      "isotherm: write to standard output: ENOSPC: no space left on device, write\n1\n",
    );
  });

  test("the version is one line", async () => {
    const { status, stdout } = await run("--version");
    assert.equal(status, 0);
    assert.match(stdout, /^isotherm \d+\.\d+\.\d+, Node v\d+\.\d+\.\d+, \w+ \w+\n$/);
  });

  test("check prints a table, says on standard error how many hosts are unfit, and ends with 1; without hosts with 0", async () => {
    const { privateKey } = makeKeyPair();
    await writeFile(join(dir, "key"), privateKey, { mode: 0o600 });
    await writeFile(join(dir, "known_hosts"), "");
    const collect = { keyFile: "key", knownHostsFile: "known_hosts" };
    const hosts = [{ name: "cn-01", address: "127.0.0.1", port: 1 }];
    await writeFile(join(dir, "one.yaml"), JSON.stringify({ collect: { ...collect, hosts } }));
    const { status, stdout, stderr } = await run("check", "-c", join(dir, "one.yaml"));
    assert.deepEqual([status, stderr], [1, "isotherm: check hosts: 1 of 1 are not fit\n"]);
    assert.match(
      stdout,
      /^HOST .*\ncn-01 +x refused .*\n\nx cn-01: reach: connect to cn-01:1: .*ECONNREFUSED.*\n {4}is sshd running/,
    );
    await writeFile(join(dir, "none.yaml"), JSON.stringify({ collect }));
    assert.deepEqual(await run("check", "-c", join(dir, "none.yaml"), "--json"), {
      stdout: '{\n  "hosts": []\n}\n',
      stderr: "",
      status: 0,
    });
    const unknown = await run("check", "-c", join(dir, "one.yaml"), "cn-02");
    assert.equal(unknown.status, 2);
    assert.match(unknown.stderr, /"cn-02" is in no inventory, expected one of cn-01/);
  });
});
