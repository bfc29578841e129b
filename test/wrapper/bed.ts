/**
 * bed.ts: hosts for the wrapper's tests: a real sshd on loopback, and copies of the wrapper behind keys of their own.
 *
 * node listens and hands each connection to an `sshd -i`, so no port is guessed, and every process of a connection is known.
 * sshd itself allows all it can (forwarding, terminals, agents, environment): what is refused, the key's line and the wrapper
 * refuse. A host is a folder: the wrapper, its settings, false tools before the real ones in PATH, and what they wrote down.
 * Its processes are found by that folder's name in their arguments or environment.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseKnownHosts } from "../../collectors/known-hosts.ts";
import { connect, DEFAULT_TIMINGS, makeKeyPair, type SshConnection } from "../../collectors/ssh.ts";
import { installTools } from "./tools.ts";

export const WRAPPER = fileURLToPath(new URL("../../deploy/wrapper/isotherm-wrapper", import.meta.url));

export interface Shell {
  readonly name: string;
  /** What follows `#!`. */
  readonly interpreter: string;
}

/**
 * Those of the shells that the wrapper is meant for which this machine has: two unlike ones, or with ISOTHERM_ALL_SHELLS=1
 * all of them, which takes half a minute longer.
 */
export const SHELLS: readonly Shell[] = [
  ["dash", "dash", ""],
  ["mksh", "mksh", ""],
  ["ksh93", "ksh93", ""],
  ["bash --posix", "bash", " --posix"],
  ["busybox", "busybox", " sh"],
]
  .flatMap(([name = "", file = "", argument = ""]) => {
    const path = which(file);
    return path === undefined ? [] : [{ name, interpreter: path + argument }];
  })
  .slice(0, process.env["ISOTHERM_ALL_SHELLS"] === "1" ? undefined : 2);

const SSHD = which("sshd");

/** For `describe`: false, or why there can be no test. */
export const NO_SSHD: string | false =
  SSHD === undefined
    ? "NO SSHD ON THIS MACHINE: the wrapper is not tested (Debian: apt-get install openssh-server)"
    : false;

export function which(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/usr/local/sbin", "/sbin"];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

export interface HostOptions {
  /** Lines at the wrapper's head to be replaced. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** What `uname -s` says. Default SunOS, so that the false zoneadm and vmadm are asked. */
  readonly system?: string;
  /** A path of an awk to use. */
  readonly awk?: string;
}

export interface BedHost {
  readonly folder: string;
  readonly wrapper: string;
  readonly keyFile: string;
  readonly privateKey: string;
  readonly port: number;
  readonly username: string;
  connect(): Promise<SshConnection>;
  /** What a tool or the wrapper wrote: `syslog`, `dtrace.argv`, `dtrace.env`, `program.d`; empty where nothing did. */
  read(file: string): string;
  /** Makes an empty file for a false tool to find. */
  write(file: string): void;
  switchOff(): void;
}

export interface Bed {
  readonly folder: string;
  readonly port: number;
  /** `ssh-ed25519 AAAA...` */
  readonly hostKey: string;
  install(shell: Shell, options?: HostOptions): BedHost;
  /** All sshd processes now serving connections. */
  readonly servers: ReadonlySet<ChildProcess>;
  close(): Promise<void>;
}

let hosts = 0;

/** A lease that no test outlasts: where a test is about silence it says so, and nothing else ends for lack of a lease. */
const DEFAULTS = { LEASE_SEC: 60, KILL_SEC: 1 };

/** Without sshd: for what needs none. */
export function makeHost(parent: string, shell: Shell, options: HostOptions = {}): Omit<BedHost, "port" | "connect"> {
  const folder = join(parent, `host-${++hosts}.`);
  for (const each of ["", "bin", "tmp"]) mkdirSync(join(folder, each));
  installTools(folder, options);
  const wrapper = join(folder, "isotherm-wrapper");
  const settings = {
    PATH: `${join(folder, "bin")}:/usr/sbin:/usr/bin:/sbin:/bin`,
    OFF_FILES: `'${join(folder, "off")} ${join(folder, "other-off")}'`,
    TMP_DIR: join(folder, "tmp"),
    ...DEFAULTS,
    ...options.settings,
  };
  writeFileSync(wrapper, edited(readFileSync(WRAPPER, "utf8"), shell, settings));
  chmodSync(wrapper, 0o755);
  const { privateKey, publicKey } = soundKeyPair();
  const keyFile = join(folder, "key");
  writeFileSync(keyFile, privateKey, { mode: 0o600 });
  const line = `restrict,from="127.0.0.1",command="${wrapper}" ${publicKey}\n`;
  appendFileSync(join(parent, "authorized_keys"), line);
  return {
    folder,
    wrapper,
    keyFile,
    privateKey,
    username: userInfo().username,
    read: (file) => (existsSync(join(folder, file)) ? readFileSync(join(folder, file), "utf8") : ""),
    write: (file) => writeFileSync(join(folder, file), ""),
    switchOff: () => writeFileSync(join(folder, "other-off"), ""),
  };
}

/** The wrapper as an operator would have edited it. @throws Error where it has no such setting */
function edited(text: string, shell: Shell, settings: Readonly<Record<string, string | number>>): string {
  let result = text.replace(/^#!.*/, `#!${shell.interpreter}`);
  for (const [name, value] of Object.entries(settings)) {
    const line = new RegExp(`^${name}=.*$`, "m");
    if (!line.test(result)) throw new Error(`the wrapper has no setting ${name}`);
    result = result.replace(line, () => `${name}=${value}`);
  }
  return result;
}

/** ssh2 loses the leading zero of every 256th ed25519 key that it makes, and then cannot read it (mscdex/ssh2#1513). */
function soundKeyPair(): ReturnType<typeof makeKeyPair> {
  for (;;) {
    const pair = makeKeyPair();
    const blob = Buffer.from(pair.publicKey.split(" ")[1] ?? "", "base64");
    if (blob.length === 4 + "ssh-ed25519".length + 4 + 32) return pair;
  }
}

/** @param rootLogin sshd's PermitRootLogin */
export async function makeBed(rootLogin = "forced-commands-only"): Promise<Bed> {
  const folder = mkdtempSync(join(tmpdir(), "isotherm-wrapper-"));
  const hostKey = soundKeyPair();
  writeFileSync(join(folder, "host_key"), hostKey.privateKey, { mode: 0o600 });
  writeFileSync(join(folder, "authorized_keys"), "");
  writeFileSync(join(folder, "sshd_config"), sshdConfig(folder, rootLogin));
  // sshd runs as root only where this exists; on an installed server its unit makes it.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  checkConfig(folder);
  const servers = new Set<ChildProcess>();
  const listener = createServer({ pauseOnConnect: true }, (socket) => {
    const server = spawn(SSHD ?? "", ["-i", "-e", "-f", join(folder, "sshd_config")], {
      stdio: [socket, socket, "pipe"],
    });
    socket.destroy();
    servers.add(server);
    server.stderr.on("data", (bytes: Buffer) => appendFileSync(join(folder, "sshd.log"), bytes));
    server.on("close", () => servers.delete(server));
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as AddressInfo;
  const knownHosts = parseKnownHosts(`[127.0.0.1]:${port} ${hostKey.publicKey}\n`);
  const connections = new Set<SshConnection>();
  return {
    folder,
    port,
    hostKey: hostKey.publicKey,
    servers,
    install: (shell, options) => {
      const host = makeHost(folder, shell, options);
      const connectTo = async (): Promise<SshConnection> => {
        const { username, privateKey } = host;
        const connection = await connect(
          { host: "127.0.0.1", port, username, privateKey },
          knownHosts,
          DEFAULT_TIMINGS,
        );
        connections.add(connection);
        return connection;
      };
      return { ...host, port, connect: connectTo };
    },
    close: async () => {
      for (const connection of connections) connection.close();
      await new Promise((resolve) => listener.close(resolve));
      for (const server of servers) server.kill("SIGKILL");
      await Promise.all([...servers].map((server) => once(server, "close")));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function sshdConfig(folder: string, rootLogin: string): string {
  return [
    `HostKey ${join(folder, "host_key")}`,
    `AuthorizedKeysFile ${join(folder, "authorized_keys")}`,
    "PidFile none",
    "UsePAM no",
    "StrictModes no",
    "UseDNS no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    `PermitRootLogin ${rootLogin}`,
    "AllowTcpForwarding yes",
    "AllowStreamLocalForwarding yes",
    "AllowAgentForwarding yes",
    "X11Forwarding yes",
    "PermitTTY yes",
    "AcceptEnv LANG LC_* PATH IFS TMPDIR TMP_DIR OFF_FILES LEASE_SEC",
    "Subsystem sftp internal-sftp",
    // Bash under sshd reads ~/.bashrc, which may do and print anything, unless it believes that it is within a shell.
    "SetEnv SHLVL=2",
    "",
  ].join("\n");
}

function checkConfig(folder: string): void {
  const { status, stderr } = spawnSync(SSHD ?? "", ["-t", "-f", join(folder, "sshd_config")], { encoding: "utf8" });
  if (status !== 0) throw new Error(`sshd -t: ${stderr}`);
}
