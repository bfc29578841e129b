/**
 * host-inventory.ts: the hosts of a configuration: those that it lists, those of `collect.hostsFile`, those of Triton.
 */
import { readFile } from "node:fs/promises";
import type { HostConfig } from "../collectors/collector.ts";
import { fileSource } from "../collectors/inventory-file.ts";
import { tritonSource } from "../collectors/inventory-triton.ts";
import { fixedSource, type InventoryHost, type InventorySource } from "../collectors/inventory.ts";
import { errorCode, InputError } from "../core/errors.ts";
import type { Config } from "./config.ts";
import { problem } from "./config.ts";
import { parseHosts } from "./hosts-file.ts";

/** Sources by what the configuration says of them: one that a reload leaves as it was is the same, and knows what it knew. */
export type SourceBook = ReadonlyMap<string, InventorySource>;

/**
 * In the order in which they count: of two hosts of one name the first does.
 *
 * @param before those of the configuration that held before
 */
export function inventorySources({ collect, file }: Config, before: SourceBook = new Map()): SourceBook {
  const { hosts, hostsFile, triton } = collect;
  const sources = new Map<string, InventorySource>();
  const add = (about: readonly unknown[], make: () => InventorySource): void => {
    const key = JSON.stringify(about);
    sources.set(key, before.get(key) ?? make());
  };
  add(["list", hosts], () => fixedSource(file, hosts));
  if (hostsFile !== undefined) {
    add(["file", hostsFile], () => fileSource({ path: hostsFile, parse: (text) => parseHosts(hostsFile, text) }));
  }
  const { cnapiUrl, vmapiUrl, everySec = 60, port = 22, username = "root" } = triton ?? {};
  if (cnapiUrl !== undefined) {
    const urls = { cnapiUrl: bare(cnapiUrl), ...(vmapiUrl === undefined ? {} : { vmapiUrl: bare(vmapiUrl) }) };
    const options = { ...urls, everyMs: everySec * 1000, port, username };
    add(["triton", options], () => tritonSource(options));
  }
  return sources;
}

/**
 * The hosts as they are now, for a command that looks once.
 *
 * @throws InputError, OperationalError where a source cannot be read
 */
export async function hostsNow(config: Config): Promise<readonly InventoryHost[]> {
  await checkHostsFile(config);
  const byName = new Map<string, InventoryHost>();
  for (const source of inventorySources(config).values()) {
    for (const host of await source.list()) if (!byName.has(host.name)) byName.set(host.name, host);
  }
  return [...byName.values()];
}

/** A mistake in the file is told at the start, by its line; later the hosts known last hold. @throws InputError */
export async function checkHostsFile(config: Config): Promise<void> {
  const { hostsFile } = config.collect;
  if (hostsFile === undefined) return;
  const text = await readFile(hostsFile, "utf8").catch((cause: unknown) => {
    const why = errorCode(cause) ?? "it cannot be read";
    throw problem(
      config.file,
      "collect.hostsFile",
      `collect.hostsFile is ${JSON.stringify(hostsFile)}, expected a file to read (${why}); an empty list is []`,
    );
  });
  parseHosts(hostsFile, text);
}

/** @param privateKey lets a collector in, where the collector has none for all */
export function hostConfig(host: InventoryHost, privateKey?: string): HostConfig {
  const { name, port, username, platform, owner, address } = host;
  return {
    name,
    platform,
    ...(owner === undefined ? {} : { owner }),
    target: {
      host: name,
      port,
      username,
      ...(privateKey && { privateKey }),
      ...(address === undefined ? {} : { address }),
    },
  };
}

/** @throws InputError where a name is in no source */
export function findHosts(hosts: readonly InventoryHost[], names: readonly string[]): readonly InventoryHost[] {
  if (names.length === 0) return hosts;
  return names.map((name) => {
    const found = hosts.find((each) => each.name === name);
    if (found !== undefined) return found;
    const message = `${JSON.stringify(name)} is in no inventory, expected one of ${hosts.map((each) => each.name).join(", ")}`;
    throw new InputError(message.slice(0, 1000), [{ field: "host", code: "UNKNOWN_HOST", message }]);
  });
}

function bare(url: string): string {
  return url.replace(/\/$/, "");
}
