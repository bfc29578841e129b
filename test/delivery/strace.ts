/**
 * strace.ts: the system calls of a process, listed, or killed at one of them.
 *
 * strace counts the calls of each thread on their own, so a point is "the n-th such call of any thread".
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Calls that change, or promise something about, what is on the disk. */
const CALLS = [
  ...["open", "openat", "openat2", "creat", "write", "writev", "pwrite64", "pwritev", "ftruncate", "fallocate"],
  ...["fsync", "fdatasync", "sync_file_range", "syncfs", "rename", "renameat", "renameat2", "link", "linkat", "unlink"],
  ...["unlinkat", "mkdir", "mkdirat", "rmdir", "symlink", "symlinkat", "chmod", "fchmod", "utimensat"],
];

export interface KillPoint {
  readonly call: string;
  readonly nth: number;
}

/** Why there can be no such test here; false where there can. */
export function noStrace(): string | false {
  if (process.platform !== "linux") return "strace is Linux's";
  const probe = spawnSync("strace", ["-qq", "-e", "trace=none", "true"], { encoding: "utf8" });
  if (probe.error !== undefined) return "strace is not installed (a package of that name)";
  return probe.status === 0 ? false : `ptrace is not permitted here: ${probe.stderr.trim().slice(0, 200)}`;
}

export class Strace {
  readonly #child: ChildProcess;
  readonly #dir: string;
  readonly #ended: Promise<unknown>;

  /** Attaches to a process and its threads; settles once it is attached. */
  static async attach(pid: number, kill?: KillPoint): Promise<Strace> {
    const calls = kill === undefined ? CALLS.map((call) => `?${call}`).join(",") : kill.call;
    const inject = kill === undefined ? [] : ["-e", `inject=${kill.call}:signal=KILL:when=${kill.nth}`];
    const strace = new Strace(["-f", "-p", String(pid), "-e", `trace=${calls}`, ...inject]);
    await strace.#attached(pid);
    return strace;
  }

  private constructor(args: readonly string[]) {
    this.#dir = mkdtempSync(join(tmpdir(), "isotherm-strace-"));
    this.#child = spawn("strace", ["-o", join(this.#dir, "calls"), ...args], { stdio: ["ignore", "ignore", "pipe"] });
    this.#ended = once(this.#child, "close");
  }

  /** Detaches. @returns the calls: of each, how many one thread made at most */
  async detach(): Promise<Map<string, number>> {
    this.#child.kill("SIGINT");
    await this.#ended;
    const text = readFileSync(join(this.#dir, "calls"), "utf8");
    rmSync(this.#dir, { recursive: true, force: true });
    return mostCalls(text);
  }

  async #attached(pid: number): Promise<void> {
    let said = "";
    for await (const chunk of this.#child.stderr as AsyncIterable<Buffer>) {
      said += chunk.toString("utf8");
      // Threads are attached before it says so.
      if (/attached(?: with \d+ threads)?\n/.test(said)) break;
      if (said.includes("strace: attach:")) throw new Error(`attach to ${pid}: ${said.trim()}`);
    }
    this.#child.stderr?.resume();
  }
}

/** "1234 fsync(22) = 0", and for a call that others came between: "1234 fsync(22 <unfinished ...>", "<... fsync resumed>". */
function mostCalls(text: string): Map<string, number> {
  const ofThread = new Map<string, number>();
  for (const line of text.split("\n")) {
    const match = /^(\d+) +([a-z_0-9]+)\(/.exec(line);
    if (match === null) continue;
    const key = `${match[1] ?? ""} ${match[2] ?? ""}`;
    ofThread.set(key, (ofThread.get(key) ?? 0) + 1);
  }
  const most = new Map<string, number>();
  for (const [key, count] of ofThread) {
    const call = key.split(" ")[1] ?? "";
    most.set(call, Math.max(most.get(call) ?? 0, count));
  }
  return most;
}
