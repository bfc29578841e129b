/**
 * host-remove.ts: `isotherm host remove`: undoes `host add`, the host first: where it cannot be changed nothing is forgotten.
 */
import { uninstall } from "../collectors/enrol.ts";
import { parseKnownHosts, withoutKnownHost } from "../collectors/known-hosts.ts";
import { readCollectorKey } from "./collect.ts";
import { readConfig } from "./config.ts";
import {
  connectAdmin,
  enrolOptions,
  knownHostsFile,
  readIfThere,
  replaceFile,
  sayReport,
  type AdminOptions,
  type Terminal,
} from "./host-admin.ts";
import { findHosts, hostsNow } from "./host-inventory.ts";
import { withoutHost } from "./hosts-file.ts";

export interface RemoveOptions extends AdminOptions {
  readonly local?: boolean;
}

/** @throws OperationalError SSH_CONNECT, SSH_HOST_KEY, ENROL_FAILED; InputError where there is no such host */
export async function removeHost(name: string, options: RemoveOptions, { stdout, env }: Terminal): Promise<void> {
  const say = (text: string): void => void stdout.write(text);
  const config = await readConfig(options.config, env);
  const [host] = findHosts(await hostsNow(config), [name]);
  if (host === undefined) return;
  const knownPath = knownHostsFile(config);
  const knownText = await readIfThere(knownPath);
  if (options.local !== true) {
    const enrol = enrolOptions(options, await readCollectorKey(config));
    const admin = await connectAdmin(host, options, parseKnownHosts(knownText), env);
    try {
      sayReport(await uninstall(admin, enrol), say);
    } finally {
      admin.close();
    }
  }
  let found = false;
  const places: [path: string | undefined, at: readonly string[]][] = [
    [config.file, ["collect", "hosts"]],
    [config.collect.hostsFile, []],
  ];
  for (const [path, at] of places) {
    const text = path === undefined ? undefined : withoutHost(path, await readIfThere(path), at, name);
    if (path === undefined || text === undefined) continue;
    await replaceFile(path, text);
    found = true;
    say(`${path} has the host no more${at.length > 0 ? ": start the collector again" : ""}\n`);
  }
  if (!found) say(`note: ${name} comes from Triton, and stays in the inventory until CNAPI has it no more\n`);
  const without = withoutKnownHost(knownText, name, host.port);
  if (without === knownText) return;
  await replaceFile(knownPath, without);
  say(`${knownPath} has its key no more\n`);
}
