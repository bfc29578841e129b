/**
 * demo-command.ts: a document's `npm start ...` until it has printed its URL and its tokens, and its end.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";

export interface RunningDemo {
  readonly said: string;
  readonly end: () => Promise<void>;
}

/** @param args appended: a free port, a folder */
export async function runDemo(command: string, args: readonly string[], cwd: string): Promise<RunningDemo> {
  const line = `exec ${command}${command.includes(" -- ") ? "" : " --"} ${args.join(" ")}`;
  // A group of its own, as a terminal makes one: npm does not hand signals on. What its parts say of each other's end is nobody's concern.
  const child = spawn("bash", ["-c", line], { cwd, stdio: ["ignore", "pipe", "ignore"], detached: true });
  let said = "";
  child.stdout.on("data", (bytes: Buffer) => (said += bytes.toString()));
  const ended = once(child, "exit");
  while (!said.includes("Ctrl-C")) {
    await Promise.race([once(child.stdout, "data"), ended]);
    if (child.exitCode !== null) throw new Error(`${line}: ended with ${child.exitCode}: ${said}`);
  }
  return {
    said,
    end: async () => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGINT");
      await ended;
    },
  };
}
