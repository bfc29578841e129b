/**
 * dtrace-runner.ts: runs D scripts by the dtrace of this machine, or by the one in ISOTHERM_DTRACE_CHROOT.
 *
 * Without the D libraries that nothing here needs: compiling them is four fifths of the time that a start takes.
 */
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { DScript } from "./dtrace-scripts.ts";

const CHROOT = process.env["ISOTHERM_DTRACE_CHROOT"] ?? "";
const COMMAND = CHROOT === "" ? "dtrace" : "chroot";
const BEFORE = CHROOT === "" ? [] : [CHROOT, "dtrace"];
/** The kernel's half of dtrace, which is needed in any case. */
const LIBRARY = "bpf_dlib.o";

/** For `describe`: false, or why no script can run. */
export function whyNoDtrace(): string | false {
  const not = (why: string): string => `NO DTRACE FOR LINUX HERE: ${why} (docs/linux.md)`;
  if (process.platform !== "linux") return not(`this is ${process.platform}`);
  if (process.getuid?.() !== 0) return not("it needs root");
  const tried = spawnSync(COMMAND, [...BEFORE, "-q", "-n", "BEGIN { exit(0); }"], {
    encoding: "utf8",
    timeout: 60_000,
  });
  if (tried.status === 0) return false;
  return not(`dtrace cannot trace: ${tried.error?.message ?? tried.stderr.split("\n")[0] ?? ""}`);
}

export interface Output {
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly status: number | null;
}

export interface Runner {
  run(script: DScript): Promise<Output>;
  /** Removes what the scripts needed. */
  close(): void;
}

export function makeRunner(): Runner {
  const parent = CHROOT === "" ? tmpdir() : join(CHROOT, "tmp");
  const folder = mkdtempSync(join(parent, "isotherm-scripts-"));
  const inside = CHROOT === "" ? folder : join("/tmp", basename(folder));
  const library = libraryFile();
  if (library !== undefined) {
    mkdirSync(join(folder, "lib"));
    copyFileSync(library, join(folder, "lib", LIBRARY));
  }
  const options = library === undefined ? [] : ["-x", `syslibdir=${inside}/lib`];
  return {
    run: (script) => {
      writeFileSync(join(folder, `${script.name}.d`), script.text);
      return run([...BEFORE, ...options, ...script.options, "-s", `${inside}/${script.name}.d`]);
    },
    close: () => rmSync(folder, { recursive: true }),
  };
}

function libraryFile(): string | undefined {
  const roots = [join(CHROOT, "/usr/lib64/dtrace"), join(CHROOT, "/usr/lib/dtrace")];
  const lib = join(CHROOT, "/usr/lib");
  if (existsSync(lib)) for (const name of readdirSync(lib)) roots.push(join(lib, name, "dtrace"));
  return roots.map((root) => join(root, LIBRARY)).find((file) => existsSync(file));
}

function run(args: readonly string[]): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(COMMAND, args, { stdio: ["ignore", "pipe", "pipe"], timeout: 60_000 });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", reject);
    child.on("close", (status) =>
      resolve({ stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString(), status }),
    );
  });
}
