/**
 * collect.ts: `isotherm collect`: watches hosts by ssh, and sends what they count to an ingest.
 *
 * Known hosts, the key and the token are read again while it runs, so that a host is let in, and a secret rotated, without a restart.
 */
import type { Command } from "commander";
import { readFileSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { startCollector, type Collector, type HostConfig } from "../collectors/collector.ts";
import { CollectorMetrics } from "../collectors/collector-metrics.ts";
import { Inventory, type InventoryHost } from "../collectors/inventory.ts";
import { parseKnownHosts, type KnownHosts } from "../collectors/known-hosts.ts";
import { errorCode, InputError, OperationalError } from "../core/errors.ts";
import { checkPort, createApp, listen, NO_TOKENS } from "../server/http.ts";
import { operations } from "../server/operations.ts";
import { readiness } from "../server/readiness.ts";
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
      const { ingestUrl, queryUrl, name, host, port } = config.collect;
      const peers = {
        ingestUrl: required(config, "collect.ingestUrl", ingestUrl, "the URL of an ingest"),
        queryUrl: required(config, "collect.queryUrl", queryUrl, "the URL of the query API"),
        token: tokenOf(config),
      };
      await checkPort(host, port);
      const watched = await startConfiguredCollector(role, peers);
      const url = await serveOperations(role, watched);
      return `collector ${name} watches ${watched.hosts} hosts, and answers on ${url}`;
    },
  );
}

function tokenOf(config: Config): string {
  return required(config, "collect.tokenFile", config.collect.token, "a file with a token of the role collector");
}

/** How the collector is, over HTTP. @returns where */
async function serveOperations({ config, log, metrics, closers }: Role, watched: WatchedHosts): Promise<string> {
  const { host, port } = config.collect;
  const app = createApp({ log, tokens: NO_TOKENS, bodyLimitBytes: 1024 });
  const ready = readiness([{ otherwise: "windows are lost", check: () => watched.check() }]);
  operations(app, { service: "collector", ready, metrics });
  const url = await listen(app, host, port);
  closers.add(() => app.close());
  return url;
}

export interface CollectorPeers {
  readonly ingestUrl: string;
  readonly queryUrl: string;
  /** In place of a token of the configuration, which holds where there is one. */
  readonly token: string;
}

export interface WatchedHosts {
  /** How many there were at the start. */
  readonly hosts: number;
  /** @throws OperationalError COLLECTOR_LOSES while windows are lost, or will be soon */
  check(): void;
}

export async function startConfiguredCollector(role: Role, peers: CollectorPeers): Promise<WatchedHosts> {
  const { config, log, closers, metrics } = role;
  const { name, spoolBytes, spoolDir } = config.collect;
  const secrets = { token: config.collect.token ?? peers.token, ...(await readSsh(config)) };
  await checkHostsFile(config);
  // Nothing to tell until the collector runs.
  let tell: Collector["setHosts"] = () => undefined;
  const configs = (list: readonly InventoryHost[]): HostConfig[] => list.map((host) => hostConfig(host));
  let sources = inventorySources(config);
  const inventory = new Inventory({ sources: [...sources.values()], onChange: (list) => tell(configs(list)), log });
  const hosts = await inventory.start();
  const collector = await startCollector({
    name,
    spoolDirectory: spoolDir ?? join(config.store.dataDir, "spool"),
    spoolBytes,
    ingestUrl: withoutSlash(peers.ingestUrl),
    queryUrl: withoutSlash(peers.queryUrl),
    token: () => secrets.token,
    privateKey: () => secrets.privateKey,
    knownHosts: () => secrets.knownHosts(),
    ownerOf: (zone) => inventory.ownerOf(zone),
    metrics: new CollectorMetrics(metrics),
    log,
    hosts: configs(hosts),
  });
  tell = (list) => collector.setHosts(list);
  closers.add(() => collector.close());
  // Closed before the collector, which must not be given hosts any more.
  closers.add(() => inventory.close());
  // It may have changed while the collector started.
  tell(configs(inventory.hosts));
  role.reloads.add({
    keys: ["collect.hosts", "collect.hostsFile", "collect.triton.", ...SECRET_KEYS],
    prepare: async (next) => {
      const ssh = await readSsh(next);
      const token = next.collect.token ?? peers.token;
      await checkHostsFile(next);
      const wanted = inventorySources(next, sources);
      return async () => {
        Object.assign(secrets, ssh, { token });
        sources = wanted;
        await inventory.setSources([...wanted.values()]);
      };
    },
  });
  return {
    hosts: hosts.length,
    check: () => {
      const why = collector.problem();
      if (why !== "") throw new OperationalError("COLLECTOR_LOSES", `deliver windows: ${why}`);
    },
  };
}

const SECRET_KEYS = ["collect.token", "collect.tokenFile", "collect.keyFile", "collect.knownHostsFile"];

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
