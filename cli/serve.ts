/**
 * serve.ts: `isotherm serve`: ingest, query API, page and collector in one process, with an engine of its own or a ClickHouse.
 */
import type { Command } from "commander";
import { checkPort } from "../server/http.ts";
import type { Tokens } from "../store/tokens.ts";
import { startConfiguredCollector, type WatchedHosts } from "./collect.ts";
import { startConfiguredIngest } from "./ingest.ts";
import { startConfiguredQuery } from "./query.ts";
import { openAnyStore } from "./role-store.ts";
import { roleCommand } from "./role.ts";

export function serveCommand(): Command {
  return roleCommand(
    "serve",
    "run everything in one process, watching real hosts",
    ["store", "collect"],
    async (role) => {
      const { config, closers } = role;
      // Nobody should wait for an engine to be told that a port is taken.
      await checkPort(config.query.host, config.query.port);
      await checkPort(config.ingest.host, config.ingest.port);
      const opened = await openAnyStore(role);
      let watched: WatchedHosts | undefined;
      const losses = { otherwise: "the collector loses windows", check: () => watched?.check() };
      const ingest = await startConfiguredIngest(role, opened, [losses]);
      const query = await startConfiguredQuery(role, opened, ingest.feed);
      const { hosts, hostsFile, triton, ingestUrl = ingest.url, queryUrl = query.url, name } = config.collect;
      if (hosts.length > 0 || hostsFile !== undefined || triton?.cnapiUrl !== undefined) {
        const { tokens } = opened.state;
        const own = await ownToken(tokens, name);
        closers.add(() => own.revoke());
        watched = await startConfiguredCollector(role, {
          ingestUrl,
          queryUrl,
          token: own.token,
        });
      }
      return `page and query API on ${query.url}, ingest on ${ingest.url}, ${watched?.hosts ?? 0} hosts`;
    },
  );
}

/** The collector's own, new at each start; those that an unclean end has left are worth nothing any more. */
async function ownToken(tokens: Tokens, name: string): Promise<{ token: string; revoke: () => Promise<void> }> {
  const label = `serve: collector ${name}`;
  const revoke = async (): Promise<void> => {
    const old = tokens.all().filter((row) => row.role === "collector" && row.label === label && row.revokedMs === 0);
    for (const row of old) await tokens.revoke(row.id);
  };
  await revoke();
  return { token: await tokens.create("collector", "", label), revoke };
}
