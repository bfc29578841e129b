/**
 * process.ts: `isotherm demo` as a process, what it prints, and the processes that it starts.
 */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LONG } from "../long.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What is promised on a machine of its own; beside other tests the end is waited for, and found out whether it comes. */
export const END_MS = LONG ? 3_000 : 30_000;

export interface Running {
  readonly process: ChildProcessWithoutNullStreams;
  output(): string;
  errors(): string;
  /** The URL once it is printed. */
  url(): Promise<string>;
  exit(): Promise<number | null>;
}

function start(args: readonly string[]): Running {
  const child = spawn(process.execPath, ["--import", "tsx", join(ROOT, "cli/main.ts"), "demo", ...args], { cwd: ROOT });
  let output = "";
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const exit = once(child, "exit").then(([code]) => code as number | null);
  const url = new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const found = /http:\/\/\S+/.exec(output)?.[0];
      if (found !== undefined && output.includes("Ctrl-C")) resolve(found);
    });
    void exit.then((code) => reject(new Error(`the demo ended with ${String(code)}: ${errors}`)));
  });
  url.catch(() => undefined);
  return { process: child, output: () => output, errors: () => errors, url: () => url, exit: () => exit };
}

/** Starts demos, and ends those that a test leaves running. */
export class Demos {
  readonly #running: Running[] = [];

  run(args: readonly string[]): Running {
    const demo = start(args);
    this.#running.push(demo);
    return demo;
  }

  async end(): Promise<void> {
    for (const demo of this.#running) demo.process.kill("SIGTERM");
    await Promise.all(this.#running.splice(0).map((demo) => demo.exit()));
  }
}

/** Processes below one, by /proc; an empty list where there is none. */
export function descendants(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((each) => /^\d+$/.test(each))) {
    try {
      const fields = readFileSync(`/proc/${name}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
      parents.set(Number(name), Number(fields[1]));
    } catch {
      // It has ended meanwhile.
    }
  }
  const found = [pid];
  for (const parent of found) for (const [child, of] of parents) if (of === parent) found.push(child);
  return found.slice(1);
}

export function isEngine(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("engine-process");
  } catch {
    return false;
  }
}

export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
