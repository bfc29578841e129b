/**
 * host.ts: this machine as a host with DTrace for Linux: sshd, the wrapper, and the dtrace that is on PATH or in a chroot.
 *
 * ISOTHERM_DTRACE_CHROOT names a folder with a Debian in it that has DTrace, where this machine's own packages have none
 * (docs/linux.md). The wrapper then finds a command `dtrace` that enters the folder; its programs are written below it.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseKnownHosts, type KnownHosts } from "../../collectors/known-hosts.ts";
import type { SshTarget } from "../../collectors/ssh.ts";
import { makeBed, NO_SSHD, SHELLS, which, type Bed } from "../wrapper/bed.ts";
import { processesOf } from "../wrapper/remote.ts";
import { until } from "../until.ts";

const CHROOT = process.env["ISOTHERM_DTRACE_CHROOT"] ?? "";
const SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

/** For `describe`: false, or why there can be no test. */
export const NO_DTRACE: string | false = whyNot();

function whyNot(): string | false {
  const not = (why: string): string => `NO DTRACE FOR LINUX HERE: ${why} (docs/linux.md)`;
  if (process.platform !== "linux") return not(`this is ${process.platform}`);
  if (CHROOT === "" && which("dtrace") === undefined) return not("there is no command dtrace");
  if (process.getuid?.() !== 0) return not("it needs root");
  if (NO_SSHD !== false) return NO_SSHD;
  const [command = "", ...rest] = CHROOT === "" ? ["dtrace"] : ["chroot", CHROOT, "dtrace"];
  const tried = spawnSync(command, [...rest, "-q", "-n", "BEGIN { exit(0); }"], { encoding: "utf8", timeout: 60_000 });
  if (tried.status === 0) return false;
  const said = tried.error?.message ?? tried.stderr.split("\n")[0] ?? "";
  return not(`dtrace cannot trace: ${said}`);
}

export interface LinuxHost {
  readonly target: SshTarget;
  readonly knownHosts: KnownHosts;
  /** Settles once no process of the wrapper's is left, and no program. */
  nothingLeft(withinMs: number): Promise<void>;
  close(): Promise<void>;
}

/** @param name what the collector calls it */
export async function makeLinuxHost(name: string): Promise<LinuxHost> {
  const bed = await makeBed();
  const programs = mkdtempSync(join(CHROOT === "" ? bed.folder : join(CHROOT, "tmp"), "isotherm-linux-"));
  const [shell] = SHELLS;
  if (shell === undefined) throw new Error("no shell that the wrapper is meant for");
  const { port, username, privateKey } = bed.install(shell, {
    // As installed, but for the place of dtrace and of its programs; compiling waits for a machine that is busy with tests.
    settings: { PATH: pathOf(bed), TMP_DIR: programs, LEASE_SEC: 5, KILL_SEC: 2, COMPILE_SEC: 60 },
  });
  return {
    target: { host: name, address: "127.0.0.1", port, username, privateKey },
    knownHosts: parseKnownHosts(`[${name}]:${port} ${publicKeyOf(join(bed.folder, "host_key"))}\n`),
    nothingLeft: async (withinMs) => {
      const left = (): boolean => readdirSync(programs).some((name) => name.startsWith("isotherm."));
      await until("no process is left, and no program", () => processesOf(bed.folder).size === 0 && !left(), withinMs);
    },
    close: async () => {
      await bed.close();
      rmSync(programs, { recursive: true, force: true });
    },
  };
}

/** With a folder of the bed's own in front in any case: by it, in their environment, the host's processes are found. */
function pathOf(bed: Bed): string {
  const folder = join(bed.folder, "linux");
  mkdirSync(folder);
  if (CHROOT !== "") {
    const file = join(folder, "dtrace");
    const inside = 'cd "$1" 2>/dev/null; shift; exec dtrace "$@"';
    writeFileSync(file, `#!/bin/sh\nexec chroot '${CHROOT}' /bin/sh -c '${inside}' sh "\${PWD#'${CHROOT}'}" "$@"\n`);
    chmodSync(file, 0o755);
  }
  return `${folder}:${SYSTEM_PATH}`;
}

function publicKeyOf(privateKeyFile: string): string {
  const { status, stdout, stderr } = spawnSync("ssh-keygen", ["-y", "-f", privateKeyFile], { encoding: "utf8" });
  if (status !== 0) throw new Error(`ssh-keygen -y: ${stderr}`);
  return stdout.trim();
}
