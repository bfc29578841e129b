/**
 * collect.ts: `isotherm collect`: watches hosts by ssh, and sends what they count to an ingest.
 *
 * Known hosts are read again before each connection, so that a host is let in without a restart.
 */
import type { Command } from "commander";
import { readFileSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { startCollector, type Collector, type HostConfig } from "../collectors/collector.ts";
import { Inventory, type InventoryHost } from "../collectors/inventory.ts";
import { parseKnownHosts, type KnownHosts } from "../collectors/known-hosts.ts";
import { errorCode, InputError } from "../core/errors.ts";
import { problem, required, type Config } from "./config.ts";
import { checkHostsFile, hostConfig, inventorySources } from "./host-inventory.ts";
import { withoutSlash } from "./query.ts";
import { roleCommand, type Role } from "./role.ts";

export function collectCommand(): Command {
  return roleCommand(
    "collect",
    "watch hosts by ssh, and send what they count to an ingest",
    ["collect"],
    async (role) => {
      const { config } = role;
      const { ingestUrl, queryUrl, token } = config.collect;
      const hosts = await startConfiguredCollector(role, {
        ingestUrl: required(config, "collect.ingestUrl", ingestUrl, "the URL of an ingest"),
        queryUrl: required(config, "collect.queryUrl", queryUrl, "the URL of the query API"),
        token: required(config, "collect.tokenFile", token, "a file with a token of the role collector"),
      });
      return `collector ${config.collect.name} watches ${hosts} hosts`;
    },
  );
}

export interface CollectorPeers {
  readonly ingestUrl: string;
  readonly queryUrl: string;
  readonly token: string;
}

/** @returns how many hosts there are at the start */
export async function startConfiguredCollector({ config, log, closers }: Role, peers: CollectorPeers): Promise<number> {
  const { name, spoolBytes, spoolDir } = config.collect;
  const { privateKey, knownHosts } = await readSsh(config);
  await checkHostsFile(config);
  // Nothing to tell until the collector runs.
  let tell: Collector["setHosts"] = () => undefined;
  const configs = (list: readonly InventoryHost[]): HostConfig[] => list.map((host) => hostConfig(host, privateKey));
  const inventory = new Inventory({
    sources: inventorySources(config),
    onChange: (list) => tell(configs(list)),
    log,
  });
  const hosts = await inventory.start();
  const collector = await startCollector({
    name,
    spoolDirectory: spoolDir ?? join(config.store.dataDir, "spool"),
    spoolBytes,
    ingestUrl: withoutSlash(peers.ingestUrl),
    queryUrl: withoutSlash(peers.queryUrl),
    token: peers.token,
    knownHosts,
    ownerOf: (zone) => inventory.ownerOf(zone),
    log,
    hosts: configs(hosts),
  });
  tell = (list) => collector.setHosts(list);
  closers.add(() => collector.close());
  // Closed before the collector, which must not be given hosts any more.
  closers.add(() => inventory.close());
  // It may have changed while the collector started.
  tell(configs(inventory.hosts));
  return hosts.length;
}

/** What a collector comes to its hosts with. @throws InputError naming a key of the configuration */
export async function readSsh(config: Config): Promise<{ privateKey: string; knownHosts: () => KnownHosts }> {
  const { knownHostsFile } = config.collect;
  const privateKey = await readCollectorKey(config);
  const path = required(config, "collect.knownHostsFile", knownHostsFile, "a file as OpenSSH's known_hosts");
  return { privateKey, knownHosts: knownHostsOf(config, path) };
}

/** @throws InputError where it cannot be read, or others could */
export async function readCollectorKey(config: Config): Promise<string> {
  const path = required(config, "collect.keyFile", config.collect.keyFile, "a private key");
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) throw problem(config.file, "collect.keyFile", open(path, mode));
    return await readFile(path, "utf8");
  } catch (cause) {
    throw cause instanceof InputError ? cause : unreadable(config, "collect.keyFile", path, cause);
  }
}

/** @throws InputError at once where the file cannot be read; later the hosts known last stay known */
function knownHostsOf(config: Config, path: string): () => KnownHosts {
  let known: KnownHosts;
  try {
    known = parseKnownHosts(readFileSync(path, "utf8"));
  } catch (cause) {
    throw unreadable(config, "collect.knownHostsFile", path, cause);
  }
  return () => {
    try {
      known = parseKnownHosts(readFileSync(path, "utf8"));
    } catch {
      // It is being replaced.
    }
    return known;
  };
}

function open(path: string, mode: number): string {
  const bits = (mode & 0o777).toString(8).padStart(4, "0");
  return `collect.keyFile is ${JSON.stringify(path)} with mode ${bits}, expected 0600: nobody else may read a private key`;
}

function unreadable(config: Config, key: string, path: string, cause: unknown): Error {
  const why = errorCode(cause) ?? "it cannot be read";
  return problem(config.file, key, `${key} is ${JSON.stringify(path)}, expected a file to read (${why})`);
}
