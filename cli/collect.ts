/**
 * collect.ts: `isotherm collect`: watches hosts by ssh, and sends what they count to an ingest.
 *
 * Known hosts are read again before each connection, so that a host is let in without a restart.
 */
import type { Command } from "commander";
import { readFileSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { startCollector } from "../collectors/collector.ts";
import { parseKnownHosts, type KnownHosts } from "../collectors/known-hosts.ts";
import { errorCode, InputError } from "../core/errors.ts";
import { problem, required, type Config } from "./config.ts";
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
      await startConfiguredCollector(role, {
        ingestUrl: required(config, "collect.ingestUrl", ingestUrl, "the URL of an ingest"),
        queryUrl: required(config, "collect.queryUrl", queryUrl, "the URL of the query API"),
        token: required(config, "collect.tokenFile", token, "a file with a token of the role collector"),
      });
      return `collector ${config.collect.name} watches ${config.collect.hosts.length} hosts`;
    },
  );
}

export interface CollectorPeers {
  readonly ingestUrl: string;
  readonly queryUrl: string;
  readonly token: string;
}

export async function startConfiguredCollector({ config, log, closers }: Role, peers: CollectorPeers): Promise<void> {
  const { name, hosts, spoolBytes, spoolDir, keyFile, knownHostsFile } = config.collect;
  const privateKey = await readKey(config, required(config, "collect.keyFile", keyFile, "a private key"));
  const knownHosts = knownHostsOf(
    config,
    required(config, "collect.knownHostsFile", knownHostsFile, "a file as OpenSSH's known_hosts"),
  );
  const collector = await startCollector({
    name,
    spoolDirectory: spoolDir ?? join(config.store.dataDir, "spool"),
    spoolBytes,
    ingestUrl: withoutSlash(peers.ingestUrl),
    queryUrl: withoutSlash(peers.queryUrl),
    token: peers.token,
    knownHosts,
    log,
    hosts: hosts.map((host) => ({
      name: host.name,
      platform: host.platform,
      ...(host.owner === undefined ? {} : { owner: host.owner }),
      target: {
        host: host.name,
        port: host.port,
        username: host.username,
        privateKey,
        ...(host.address === undefined ? {} : { address: host.address }),
      },
    })),
  });
  closers.add(() => collector.close());
}

async function readKey(config: Config, path: string): Promise<string> {
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
