/**
 * spool-lock.ts: one process for one spool. Two would give the same numbers to different batches.
 *
 * Node has no flock(2), so the holder is a file `lock-<n>` that names it. A dead holder is succeeded by making `lock-<n+1>`,
 * which the file system lets one process do; the highest number is never removed, so numbers only rise and two successors
 * cannot pass each other. A pid comes back after a reboot or in a container: with it goes when that process was started.
 */
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { errorCode, OperationalError } from "../core/errors.ts";

export interface SpoolLock {
  release(): void;
}

interface Holder {
  /** 0 when released. */
  readonly pid: number;
  readonly host: string;
  readonly started: string;
}

const NAME = /^lock-(\d{1,12})$/;

/** @throws OperationalError SPOOL_IN_USE */
export function lockSpool(directory: string): SpoolLock {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const self: Holder = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
  const draft = join(directory, `lock-draft-${process.pid}-${Math.random().toString(36).slice(2)}`);
  writeFileSync(draft, JSON.stringify(self), { mode: 0o600 });
  try {
    for (;;) {
      const numbers = lockNumbers(directory);
      const highest = numbers.at(-1) ?? 0;
      const holder = highest === 0 ? undefined : readHolder(join(directory, `lock-${highest}`));
      if (holder !== undefined && isAlive(holder)) throw inUse(directory, holder);
      const path = join(directory, `lock-${highest + 1}`);
      if (!linked(draft, path)) continue;
      for (const number of numbers) rmSync(join(directory, `lock-${number}`), { force: true });
      return { release: () => release(path, draft, self) };
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

function inUse(directory: string, holder: Holder): OperationalError {
  const { pid, host } = holder;
  return new OperationalError("SPOOL_IN_USE", `open the spool ${directory}: process ${pid} on ${host} has it open`, {
    info: { pid, host },
  });
}

function lockNumbers(directory: string): number[] {
  return readdirSync(directory)
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

function release(path: string, draft: string, self: Holder): void {
  writeFileSync(draft, JSON.stringify({ ...self, pid: 0 }), { mode: 0o600 });
  renameSync(draft, path);
}

/** @returns undefined for a file that names nobody: a crash of the machine emptied it */
function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function isAlive({ pid, host, started }: Holder): boolean {
  // Of another machine, or a container that is gone, nothing can be learnt; its spool came here by somebody's decision.
  if (pid === 0 || host !== hostname()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) === "ESRCH") return false;
  }
  return startOf(pid) === started;
}

/** When a process was started: boot and clock ticks since (proc(5)); "" where there is no /proc. */
function startOf(pid: number): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field, in parentheses, may hold anything; the 22nd is the start.
    return `${boot} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""}`;
  } catch {
    return "";
  }
}
