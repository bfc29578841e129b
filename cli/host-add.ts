/**
 * host-add.ts: `isotherm host add`: from a name to a host that is watched.
 *
 *   key shown ──compared──▶ wrapper and key installed ──the collector gets in──▶ known_hosts ──▶ inventory
 *        └── not the host's: nothing has been touched     └── it does not: both taken away again
 *
 * The inventory comes last: a running collector that watches it finds everything else in place.
 */
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";
import { addressSeen, install, isFrom, uninstall } from "../collectors/enrol.ts";
import { checkHost, type HostCheck } from "../collectors/host-check.ts";
import type { InventoryHost } from "../collectors/inventory.ts";
import { checkHostKey, fingerprintOf, knownHostLine, parseKnownHosts } from "../collectors/known-hosts.ts";
import { shownHostKey } from "../collectors/ssh.ts";
import { SupportBook } from "../collectors/support.ts";
import { Turns } from "../collectors/turns.ts";
import { OperationalError } from "../core/errors.ts";
import { checksText } from "./check.ts";
import { readCollectorKey } from "./collect.ts";
import { readConfig } from "./config.ts";
import {
  badOption,
  connectAdmin,
  enrolOptions,
  inventoryFile,
  knownHostsFile,
  readIfThere,
  replaceFile,
  sayReport,
  type AdminOptions,
  type Terminal,
} from "./host-admin.ts";
import { hostConfig, hostsNow } from "./host-inventory.ts";
import { withHost } from "./hosts-file.ts";
import { inkFor } from "./ink.ts";
import { progressOn } from "./progress.ts";

export interface AddOptions extends AdminOptions {
  readonly address?: string;
  readonly port: number;
  readonly username: string;
  readonly platform: string;
  readonly owner?: string;
  readonly fingerprint?: string;
  readonly from?: string;
  readonly timeout: number;
}

const WRAPPER = fileURLToPath(new URL("../deploy/wrapper/isotherm-wrapper", import.meta.url));
/** In a compiled program this file is a folder deeper. */
const WRAPPER_BUILT = fileURLToPath(new URL("../../deploy/wrapper/isotherm-wrapper", import.meta.url));

/** @throws OperationalError SSH_CONNECT, SSH_HOST_KEY, ENROL_FAILED, CHECK_FAILED; InputError */
export async function addHost(name: string, options: AddOptions, terminal: Terminal): Promise<void> {
  const { stdout, stderr, env } = terminal;
  const say = (text: string): void => void stdout.write(text);
  const host = hostOf(name, options);
  const config = await readConfig(options.config, env);
  const privateKey = await readCollectorKey(config);
  const enrol = enrolOptions(options, privateKey);
  const inventory = await hostsNow(config);
  const knownPath = knownHostsFile(config);
  const knownText = await readIfThere(knownPath);

  const key = await shownHostKey({ host: name, ...host });
  const isKnown = await settleKey(host, key, knownText, options, terminal);
  const line = knownHostLine(name, host.port, key);
  const known = parseKnownHosts(`${knownText}\n${line}`);

  const progress = progressOn(stderr);
  let check: HostCheck;
  progress.say(`connecting to ${name} as ${options.admin}`);
  const admin = await connectAdmin(host, options, known, env).finally(() => progress.end());
  try {
    const from = options.from === "any" ? "" : (options.from ?? (await addressSeen(admin)));
    if (!isFrom(from)) throw badOption("--from", from, "addresses with commas between, or any");
    sayReport(await install(admin, { ...enrol, from, wrapper: await wrapperText() }), say);
    const waiting = progressOn(stderr);
    waiting.say(`checking ${name} as the collector`);
    check = await checkHost({
      host: hostConfig(host, privateKey),
      knownHosts: known,
      timeoutMs: options.timeout * 1000,
      support: new SupportBook(),
      turns: new Turns(1),
    }).finally(() => waiting.end());
    if (!getsIn(check)) {
      stderr.write(checksText([check], inkFor(stderr, env)));
      sayReport(await uninstall(admin, enrol), (text) => stderr.write(text));
      throw new OperationalError("ENROL_FAILED", `add ${name}: the collector does not get in; the host is as it was`);
    }
  } finally {
    admin.close();
  }

  if (!isKnown) {
    const gap = knownText === "" || knownText.endsWith("\n") ? "" : "\n";
    await replaceFile(knownPath, `${knownText}${gap}${line}\n`);
    say(`${knownPath} has its key\n`);
  }
  if (!inventory.some((each) => each.name === name)) {
    const { path, at } = inventoryFile(config);
    await replaceFile(path, withHost(path, await readIfThere(path), at, written(host)));
    say(`${path} has the host${at.length > 0 ? ": start the collector again to watch it" : ""}\n`);
  }
  say(`\n${checksText([check], inkFor(stdout, env))}`);
  if (!check.ok) throw new OperationalError("CHECK_FAILED", `add ${name}: it is in the inventory, but not fit yet`);
}

function hostOf(name: string, { address, port, username, platform, owner }: AddOptions): InventoryHost {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name)) {
    throw badOption("NAME", name, "letters, digits and ._-");
  }
  if (platform !== "smartos" && platform !== "linux") throw badOption("--platform", platform, "smartos or linux");
  return {
    name,
    port,
    username,
    platform,
    ...(address === undefined ? {} : { address }),
    ...(owner === undefined ? {} : { owner }),
  };
}

/** Without what is a default. */
function written({ name, address, port, username, platform, owner }: InventoryHost): object {
  return {
    name,
    ...(address === undefined ? {} : { address }),
    ...(port === 22 ? {} : { port }),
    ...(username === "root" ? {} : { username }),
    ...(platform === "smartos" ? {} : { platform }),
    ...(owner === undefined ? {} : { owner }),
  };
}

/**
 * A person, or --fingerprint, says that the key is the host's own.
 *
 * @returns whether it was known already
 * @throws OperationalError SSH_HOST_KEY where it is not; InputError where nobody can be asked
 */
async function settleKey(
  { name, port }: InventoryHost,
  key: Buffer,
  knownText: string,
  { fingerprint }: AddOptions,
  { stdin, stdout }: Terminal,
): Promise<boolean> {
  const shown = fingerprintOf(key);
  if (fingerprint !== undefined && fingerprint !== shown) {
    throw new OperationalError("SSH_HOST_KEY", `add ${name}: it shows ${shown}, and not ${fingerprint}`);
  }
  const trouble = checkHostKey(parseKnownHosts(knownText), name, port, key);
  if (trouble === undefined) return true;
  if (!trouble.includes("is unknown")) throw new OperationalError("SSH_HOST_KEY", `add ${name}: ${trouble}`);
  if (fingerprint !== undefined) return false;
  stdout.write(`${name} (port ${port}) shows the key ${shown}\n`);
  if (!stdin.isTTY) {
    throw badOption("--fingerprint", "", `the fingerprint of ${name}'s key, since there is no terminal to ask on`);
  }
  const lines = createInterface({ input: stdin, output: stdout });
  try {
    const answer = await lines.question("Does the host's console show the same? Type yes to go on: ");
    if (answer.trim() === "yes") return false;
  } finally {
    lines.close();
  }
  throw new OperationalError("SSH_HOST_KEY", `add ${name}: its key was not confirmed; nothing has been changed`);
}

function getsIn({ steps }: HostCheck): boolean {
  const doors = ["reach", "host key", "wrapper"];
  return steps.every(({ name, state }) => !doors.includes(name) || state === "ok" || state === "warning");
}

async function wrapperText(): Promise<string> {
  return readFile(WRAPPER, "utf8").catch(() => readFile(WRAPPER_BUILT, "utf8"));
}
