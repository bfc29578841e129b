/**
 * workload.ts: programs of which it is known how often they call what, under names that nothing else has.
 *
 * They are copies of the system's own: a copy's name is its execname, so that a predicate finds it among all that runs here.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, copyFileSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { which } from "../wrapper/bed.ts";

/** An execname has at most 15 characters. */
export class Workload {
  readonly prefix = `iso${randomBytes(3).toString("hex")}-`;
  readonly #folder = mkdtempSync(join(tmpdir(), "isotherm-workload-"));

  constructor() {
    for (const name of ["dd", "rmdir", "sleep", "sh"]) {
      const copy = join(this.#folder, this.name(name));
      copyFileSync(realpathSync(which(name) ?? name), copy);
      chmodSync(copy, 0o755);
    }
  }

  name(program: string): string {
    return this.prefix + program;
  }

  /** `count` calls of write, of one byte each. */
  async write(count: number): Promise<void> {
    await this.#run("dd", ["if=/dev/zero", "of=/dev/null", "bs=1", `count=${count}`, "status=none"]);
  }

  /** `count` calls of rmdir, each of which fails: there is no such directory. */
  async fail(count: number): Promise<void> {
    await this.#run(
      "rmdir",
      Array.from({ length: count }, (_, i) => join(this.#folder, `none-${i}`)),
    );
  }

  /** `count` forks by a shell. */
  async fork(count: number): Promise<void> {
    await this.#run("sh", ["-c", `i=0; while [ $i -lt ${count} ]; do : & i=$((i + 1)); done; wait`]);
  }

  /** A process that is killed. */
  async kill(): Promise<void> {
    const child = spawn(join(this.#folder, this.name("sleep")), ["60"], { stdio: "ignore" });
    await new Promise((resolve) => {
      child.on("spawn", () => child.kill("SIGKILL"));
      child.on("close", resolve);
    });
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #run(program: string, args: readonly string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = spawn(join(this.#folder, this.name(program)), args, { stdio: "ignore" });
      child.on("error", reject);
      child.on("close", () => resolve());
    });
  }
}
