/**
 * remote.ts: commands as the wrapper's tests look at them, with and without ssh, and what they leave behind.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Channel, ExitStatus, SshConnection } from "../../collectors/ssh.ts";
import { until } from "../until.ts";

export interface Outcome extends ExitStatus {
  readonly stdout: string;
  readonly stderr: string;
}

/** A command under way. */
export class Remote {
  readonly channel: Channel;
  /** Settles when the channel has closed. */
  readonly ended: Promise<Outcome>;
  stdout = "";
  stderr = "";
  bytes = 0;

  constructor(channel: Channel, exit: Promise<ExitStatus>) {
    this.channel = channel;
    channel.on("data", (chunk: Buffer) => {
      this.bytes += chunk.length;
      this.stdout = (this.stdout + chunk.toString("utf8")).slice(-100_000);
    });
    channel.stderr.on("data", (chunk: Buffer) => (this.stderr += chunk.toString("utf8")));
    this.ended = exit.then((status) => ({ ...status, stdout: this.stdout, stderr: this.stderr }));
  }

  async has(text: string): Promise<void> {
    await until(`"${text}" on standard output; standard error: ${this.stderr}`, () => this.stdout.includes(text));
  }
}

export async function start(connection: SshConnection, command: string, input = ""): Promise<Remote> {
  const { channel, exit } = await connection.exec(command);
  const remote = new Remote(channel, exit);
  if (input !== "") channel.write(input);
  return remote;
}

/** Starts a command, ends its input, waits for its end. */
export async function run(connection: SshConnection, command: string, input = ""): Promise<Outcome> {
  const remote = await start(connection, command, input);
  remote.channel.end();
  return remote.ended;
}

/** The wrapper without ssh. */
export function runWrapper(wrapper: string, command: string, input: string | Buffer = ""): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const env = { SSH_ORIGINAL_COMMAND: command, SSH_CONNECTION: "192.0.2.7 50022 192.0.2.1 22" };
    const child = spawn(wrapper, [], { env, stdio: ["pipe", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")));
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
    // The wrapper may have refused before it has read everything.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

export interface TestProgram {
  readonly nonce: string;
  /** The program and the line that ends it. */
  readonly input: string;
}

export function program(text: string): TestProgram {
  const nonce = randomBytes(16).toString("hex");
  return { nonce, input: `${text}\n@program-end ${nonce}\n` };
}

/** A program for the false dtrace. */
export function fake(what: string): TestProgram {
  return program(`/* fake ${what} */\nBEGIN\n{\n\texit(0);\n}`);
}

/** Waits until nothing that ran on a host is left: no process, not a sleep, no private folder. */
export async function nothingLeft(host: { readonly folder: string }, withinMs = 10_000): Promise<void> {
  const left = (): string[] => [...processesOf(host.folder).values(), ...readdirSync(join(host.folder, "tmp"))];
  const deadline = Date.now() + withinMs;
  while (left().length > 0) {
    assert.ok(Date.now() < deadline, `left behind: ${left().join("; ")}`);
    await new Promise((resolve) => setTimeout(resolve, SNAPSHOT_MS));
  }
}

/** The processes of a host, by pid: those that have its folder in their arguments or environment. */
export function processesOf(folder: string): Map<number, string> {
  if (Date.now() - snapshot.takenMs > SNAPSHOT_MS) snapshot = takeSnapshot();
  const found = snapshot.processes.filter(({ environment }) => environment.includes(folder));
  return new Map(found.map(({ pid, command }) => [pid, command]));
}

interface Process {
  readonly pid: number;
  readonly command: string;
  /** With the arguments. */
  readonly environment: string;
}

/** Tests that run at once share a look at /proc: it is what costs most here. */
const SNAPSHOT_MS = 50;
let snapshot: { readonly takenMs: number; readonly processes: readonly Process[] } = { takenMs: 0, processes: [] };

/** Linux only; elsewhere there is nothing to see, and nothing is found to be left. */
function takeSnapshot(): typeof snapshot {
  const takenMs = Date.now();
  const pids = existsSync("/proc/self/environ") ? readdirSync("/proc").filter((name) => /^\d+$/.test(name)) : [];
  const processes = pids.flatMap((pid): Process[] => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      const command = line.replaceAll("\0", " ").trim();
      // A process that has ended and waits for its parent has no arguments; and the clients and servers are not the host's.
      if (command === "" || /^(?:\S*\/)?(?:sshd|ssh|sftp|scp)\b/.test(command)) return [];
      return [{ pid: Number(pid), command, environment: line + readFileSync(`/proc/${pid}/environ`, "utf8") }];
    } catch {
      // It has ended since.
      return [];
    }
  });
  return { takenMs, processes };
}
