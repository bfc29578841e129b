/**
 * host-admin.ts: what `host add` and `host remove` have in common: the administrator's connection, the collector's public key,
 * the files in which a host is known.
 */
import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { isSafePath, type EnrolOptions, type EnrolReport } from "../collectors/enrol.ts";
import type { InventoryHost } from "../collectors/inventory.ts";
import type { KnownHosts } from "../collectors/known-hosts.ts";
import { connect, publicKeyOf, type SshConnection } from "../collectors/ssh.ts";
import { errorCode, InputError, OperationalError } from "../core/errors.ts";
import { required, type Config, type Environment } from "./config.ts";

export interface AdminOptions {
  readonly config: string;
  readonly admin: string;
  readonly adminKey?: string;
  readonly folder: string;
  readonly authorizedKeys: string;
}

export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: Environment;
}

/** @throws InputError naming an option */
export function enrolOptions(options: AdminOptions, privateKey: string): EnrolOptions {
  const { folder, authorizedKeys } = options;
  for (const [name, path] of [
    ["--folder", folder],
    ["--authorized-keys", authorizedKeys],
  ] as const) {
    if (!isSafePath(path) || (name === "--folder" && path.startsWith("~"))) {
      throw badOption(name, path, "an absolute path of letters, digits and ._+-");
    }
  }
  const publicKey = publicKeyOf(privateKey);
  if (publicKey === undefined) {
    throw badOption("collect.keyFile", "(hidden)", "a private key without a passphrase");
  }
  return { folder, authorizedKeys, publicKey };
}

/** @throws OperationalError SSH_CONNECT, SSH_HOST_KEY; InputError where there is no key to log in with */
export async function connectAdmin(
  host: InventoryHost,
  options: AdminOptions,
  known: KnownHosts,
  environment: Environment,
): Promise<SshConnection> {
  const { name, port, address } = host;
  const { SSH_AUTH_SOCK: agent } = environment;
  let key: { privateKey: string } | { agent: string };
  if (options.adminKey !== undefined) key = { privateKey: await readAdminKey(options.adminKey) };
  else if (agent !== undefined && agent !== "") key = { agent };
  else throw badOption("--admin-key", "", "a private key, since there is no ssh-agent (SSH_AUTH_SOCK)");
  const target = { host: name, port, username: options.admin, ...(address === undefined ? {} : { address }), ...key };
  return connect(target, known);
}

async function readAdminKey(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw badOption("--admin-key", path, `a file to read (${errorCode(error) ?? "it cannot be read"})`);
  });
  if (publicKeyOf(text) === undefined) {
    throw badOption("--admin-key", path, "a private key without a passphrase; ssh-agent takes the others");
  }
  return text;
}

/** Where a host is written down: the watched file, or the configuration itself. */
export function inventoryFile({ collect, file }: Config): { path: string; at: readonly string[] } {
  const { hostsFile } = collect;
  return hostsFile === undefined ? { path: file, at: ["collect", "hosts"] } : { path: hostsFile, at: [] };
}

export function knownHostsFile(config: Config): string {
  return required(config, "collect.knownHostsFile", config.collect.knownHostsFile, "a file as OpenSSH's known_hosts");
}

/** "" where there is none. */
export async function readIfThere(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return "";
    throw new OperationalError("INVENTORY_FILE", `read ${path}`, { cause: error });
  });
}

/** Puts a finished copy in the file's place: whoever watches it never sees half of it. The mode stays. */
export async function replaceFile(path: string, text: string): Promise<void> {
  try {
    const mode = await stat(path).then(
      (found) => found.mode & 0o777,
      () => 0o644,
    );
    const next = `${path}.${process.pid}.new`;
    await writeFile(next, text, { mode });
    await rename(next, path);
  } catch (cause) {
    throw new OperationalError("INVENTORY_FILE", `write ${path}`, { cause });
  }
}

export function sayReport({ done, notes }: EnrolReport, say: (text: string) => void): void {
  for (const each of done) say(`${each}\n`);
  for (const each of notes) say(`note: ${each}\n`);
}

export function badOption(name: string, value: string, expected: string): InputError {
  const message = `${name} is ${value === "" ? "missing" : JSON.stringify(value)}, expected ${expected}`;
  return new InputError(message, [{ field: name, code: "BAD_OPTION", message }]);
}
