/**
 * deploy/systemd: a unit that systemd takes, that gives a role what it needs and little more.
 */
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort } from "../../bench/peers/peer.ts";

const HERE = fileURLToPath(new URL("../../deploy/systemd/", import.meta.url));
const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
const unit = readFileSync(join(HERE, "isotherm@.service"), "utf8");
const missing = (...paths: string[]): string | false => {
  const none = paths.find((path) => !existsSync(path));
  return none === undefined ? false : `NO ${none} ON THIS MACHINE: not checked by it`;
};
const ANALYZE = "/usr/bin/systemd-analyze";
const STRACE = "/usr/bin/strace";
/** "Overall exposure level", of 10. */
const MOST_EXPOSED = 1.5;

describe("the unit", () => {
  let dir: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), "isotherm-systemd-"));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));
  /** The instance of a role, with a program that is here. */
  const written = (text = unit): string => {
    const path = join(dir, "isotherm@serve.service");
    writeFileSync(path, text.replaceAll("/usr/local/bin/isotherm", "/bin/true"));
    return path;
  };

  test("is what systemd knows", { skip: missing(ANALYZE) }, () => {
    const verify = (text?: string) => spawnSync(ANALYZE, ["verify", "--man=no", written(text)], { encoding: "utf8" });
    assert.deepEqual([verify().status, verify().stderr.trim()], [0, ""]);
    assert.match(verify(unit.replace("ProtectHome=", "ProtectHouse=")).stderr, /Unknown key (name )?'ProtectHouse'/);
  });

  test("exposes little", { skip: missing(ANALYZE) }, () => {
    const analyze = (text: string) =>
      spawnSync(
        ANALYZE,
        ["security", "--offline=true", "--no-pager", `--threshold=${MOST_EXPOSED * 10}`, written(text)],
        {
          encoding: "utf8",
        },
      );
    const { status, stdout } = analyze(unit);
    const level = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1]);
    assert.ok(status === 0 && level <= MOST_EXPOSED, stdout.slice(-400));
    assert.notEqual(analyze(unit.replace(/^(Protect|Restrict|Private).*$/gm, "")).status, 0);
    console.log(`# exposure level ${level}`);
  });

  test("reloads by SIGHUP, ends by SIGTERM to the role alone, and is not started again with a wrong configuration", () => {
    assert.match(unit, /^ExecReload=\/bin\/kill -HUP \$MAINPID$/m);
    assert.match(unit, /^KillMode=mixed$/m);
    assert.match(unit, /^RestartPreventExitStatus=2$/m);
  });

  const rights = missing(STRACE, ANALYZE);
  /** serve, until it is ready, under strace. @returns what strace wrote */
  const traced = async (...options: string[]): Promise<string> => {
    const trace = join(dir, "trace");
    const config = join(dir, "isotherm.yaml");
    const port = await freePort();
    const store = { dataDir: join(dir, "data"), memoryBytes: 2 ** 30 };
    writeFileSync(config, JSON.stringify({ store, query: { port, web: false }, ingest: { port: 0 } }));
    const serve = [process.execPath, "--import", "tsx", MAIN, "serve", "-c", config];
    const child = spawn(STRACE, ["-f", "-qq", "-o", trace, ...options, ...serve]);
    let errors = "";
    child.stderr.on("data", (bytes: Buffer) => (errors += bytes.toString()));
    await Promise.race([
      once(child.stdout, "data"),
      once(child, "exit").then(() => Promise.reject(new Error(`it ended: ${errors}`))),
    ]);
    assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 200);
    // To the tracee: strace writes when it has ended.
    const [pid = ""] = execFileSync("pgrep", ["-P", String(child.pid)], { encoding: "utf8" })
      .trim()
      .split("\n");
    process.kill(Number(pid), "SIGTERM");
    await once(child, "exit");
    return readFileSync(trace, "utf8");
  };

  test("filters no system call that serve and its engine need", { skip: rights }, async () => {
    const allowed = allowedCalls();
    const lines = (await traced("-c", "-U", "name")).split("\n").map((line) => line.trim());
    const made = lines.filter((name) => /^[a-z_0-9]+$/.test(name) && name !== "syscall" && name !== "total");
    assert.ok(made.length > 50, `${made.length} calls seen`);
    const beyond = made.filter((name) => !allowed.has(name));
    assert.deepEqual(
      beyond.filter((name) => !TOLERATED.includes(name)),
      [],
    );
    console.log(`# ${made.length} kinds of system calls; beyond the filter: ${beyond.join(", ")}`);
  });

  test("takes that what it can do without is refused", { skip: rights }, async () => {
    const calls = TOLERATED.join(",");
    const trace = await traced("--seccomp-bpf", "-e", `trace=${calls}`, "-e", `inject=${calls}:error=EPERM`);
    assert.match(trace, /EPERM.*INJECTED/);
  });
});

/** What V8 and the engine ask for and can do without: the test has them fail as the filter would. */
const TOLERATED = ["pkey_alloc"];

/** By SystemCallFilter: what is named is allowed, what is named after "~" is not. */
function allowedCalls(): Set<string> {
  const calls = new Set<string>();
  const of = (group: string): string[] =>
    execFileSync(ANALYZE, ["syscall-filter", "--no-pager", group], { encoding: "utf8" })
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "" && !line.startsWith("#") && line !== group)
      .flatMap((line) => (line.startsWith("@") ? of(line) : [line]));
  for (const [, not = "", groups = ""] of unit.matchAll(/^SystemCallFilter=(~?)(.*)$/gm)) {
    for (const call of groups.split(" ").flatMap(of)) {
      if (not === "") calls.add(call);
      else calls.delete(call);
    }
  }
  return calls;
}
