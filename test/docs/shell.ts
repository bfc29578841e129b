/**
 * shell.ts: a document's commands in one bash, as its reader types them: each sees the variables and files of those before it.
 *
 * `isotherm` is a file in front of the PATH that hands the command to cli-process.ts; so does `npm run isotherm --`. All else is the
 * machine's own.
 */
import { fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const CLI_PROCESS = fileURLToPath(new URL("cli-process.ts", import.meta.url));

/** For the commands of one document; far more than they take. What has no status then was not reached, or did not end. */
const LIMIT_MS = 120_000;

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class Shell {
  readonly #folder: string;
  readonly #cli: ChildProcess;
  #scripts = 0;

  private constructor(folder: string, cli: ChildProcess) {
    this.#folder = folder;
    this.#cli = cli;
  }

  /** @param folder an empty one; whoever made it removes it */
  static async start(folder: string): Promise<Shell> {
    const at = (...names: string[]): string => join(folder, ...names);
    for (const name of ["bin", "jobs", "scripts"]) mkdirSync(at(name));
    const put = (name: string, text: string): void => {
      writeFileSync(at("bin", name), `#!/bin/bash\n${text}\n`);
      chmodSync(at("bin", name), 0o755);
    };
    put(
      "isotherm",
      `job=$(mktemp -d '${at("jobs")}/XXXXXXXX') || exit 99
printf '%s\\0' "$@" >"$job/args"; env -0 >"$job/env"; pwd >"$job/cwd"
if [ -p /dev/stdin ] || [ -f /dev/stdin ]; then cat >"$job/stdin"; fi
curl -sS --unix-socket '${at("socket")}' "http://docs/$(basename "$job")" || exit 99
cat "$job/stderr" >&2; cat "$job/stdout"; exit "$(cat "$job/status")"`,
    );
    put(
      "npm",
      `[ "$1 $2 $3" = "run isotherm --" ] || { echo "npm $*: not in this test" >&2; exit 99; }\nexec isotherm "\${@:4}"`,
    );
    const cli = fork(CLI_PROCESS, [at("socket"), at("jobs")], {
      execArgv: ["--import", import.meta.resolve("tsx")],
      stdio: "inherit",
    });
    await Promise.race([
      once(cli, "message"),
      once(cli, "exit").then(() => Promise.reject(new Error("no cli-process"))),
    ]);
    return new Shell(folder, cli);
  }

  /** Runs commands of one document one after the other, also after one that failed. */
  async run(commands: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Promise<Outcome[]> {
    const folder = join(this.#folder, "scripts", String(++this.#scripts));
    mkdirSync(folder);
    const file = (i: number, kind: string): string => join(folder, `${i}.${kind}`);
    const driver = commands.map((text, i) => {
      writeFileSync(file(i, "sh"), `${text}\n`);
      // Not in a subshell: `export` and `cd` hold for what follows.
      return `. '${file(i, "sh")}' >'${file(i, "out")}' 2>'${file(i, "err")}' </dev/null; echo $? >'${file(i, "status")}'`;
    });
    writeFileSync(join(folder, "driver.sh"), `${driver.join("\n")}\n`);
    const PATH = `${join(this.#folder, "bin")}:${process.env["PATH"] ?? ""}`;
    const child = spawn("bash", [join(folder, "driver.sh")], {
      cwd,
      env: { HOME: cwd, PATH, ...env },
      stdio: "ignore",
    });
    const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
    await once(child, "exit");
    clearTimeout(limit);
    const read = (i: number, kind: string): string =>
      existsSync(file(i, kind)) ? readFileSync(file(i, kind), "utf8") : "";
    return commands.map((_, i) => ({
      status: Number(read(i, "status") || 98),
      stdout: read(i, "out"),
      stderr: read(i, "err"),
    }));
  }

  async close(): Promise<void> {
    const ended = once(this.#cli, "exit");
    this.#cli.kill("SIGKILL");
    await ended;
  }
}
