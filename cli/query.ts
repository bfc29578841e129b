/**
 * query.ts: `isotherm query`: the query API and the page, on a ClickHouse that ingests in other processes store into.
 *
 * Live columns come from the ingests' feeds. While one cannot be followed the page goes on, with what the store has.
 */
import { isIP } from "node:net";
import type { Command } from "commander";
import type { LiveFeed } from "../core/window.ts";
import { FeedClient } from "../query-api/feed-client.ts";
import { startQueryApi, type AccessOptions, type QueryService } from "../query-api/service.ts";
import { checkPort } from "../server/http.ts";
import type { Metrics } from "../server/metrics.ts";
import { readAlertFiles } from "./alert-files.ts";
import { problem, required, type Config } from "./config.ts";
import { openSharedStore, type RoleStore } from "./role-store.ts";
import { ServiceToken } from "./role-tokens.ts";
import { roleCommand, type Role } from "./role.ts";
import { packageVersion } from "./version.ts";
import { buildWeb } from "./web-build.ts";

export function queryCommand(): Command {
  return roleCommand("query", "answer queries and serve the page, from a ClickHouse", ["store"], async (role) => {
    const { config, log, metrics, closers } = role;
    await checkPort(config.query.host, config.query.port);
    const ingestUrls = required(config, "query.ingestUrls", config.query.ingestUrls, "the URLs of all ingests");
    const opened = await openSharedStore(role);
    const feed = new FeedClient({
      ingestUrls: ingestUrls.map(withoutSlash),
      token: new ServiceToken(opened.state.tokens).get,
      onState: (facts, isConnected) => {
        if (isConnected) log.info(facts, "ingest is followed");
        else log.warn(facts, "ingest is not followed; live columns wait");
      },
    });
    const { url } = await startConfiguredQuery(role, opened, feed);
    followMetrics(feed, metrics);
    feed.start();
    closers.add(() => feed.close());
    return `query API and page listen on ${url}`;
  });
}

export async function startConfiguredQuery(
  { config, log, metrics, closers, reloads }: Role,
  { store, state }: RoleStore,
  feed: LiveFeed,
): Promise<QueryService> {
  const { host, port, web, publicUrl, trustedProxies = [], readLimits } = config.query;
  requireNetworks(config, "query.trustedProxies", trustedProxies);
  const webDir = web ? await buildWeb() : null;
  const version = await packageVersion();
  const common = { store, state, feed, log, metrics, version, host, port };
  const access = {
    ...oidcOf(config),
    trustedProxies,
    alerting: await readAlertFiles(config),
    ...(publicUrl !== undefined && { publicUrl }),
    ...(readLimits !== undefined && { readLimits }),
  };
  const query = await startQueryApi({ ...common, ...access, simulated: false, signInCode: null, webDir });
  closers.add(() => query.close());
  reloads.add({
    keys: ["alerts."],
    prepare: async (next) => query.alerts.reading(await readAlertFiles(next)),
  });
  reloads.add({
    keys: ["query.readLimits."],
    prepare: (next) => () => query.limitReads(next.query.readLimits ?? {}),
  });
  return query;
}

/** @throws InputError naming what is no address and no network */
export function requireNetworks(config: Pick<Config, "file">, key: string, texts: readonly string[]): void {
  for (const text of texts) {
    const [address = "", prefix, ...rest] = text.split("/");
    const bits = isIP(address) === 4 ? 32 : 128;
    const isPrefix = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
    if (isIP(address) === 0 || !isPrefix || rest.length > 0) {
      const what = `${key} has ${JSON.stringify(text)}, expected addresses and networks such as 10.0.0.0/8`;
      throw problem(config.file, key, what);
    }
  }
}

/** @throws InputError naming what is missing beside an issuer */
function oidcOf(config: Config): Pick<AccessOptions, "oidc"> {
  const { issuer, jwksUrl, audience, ...rest } = config.query.oidc ?? {};
  if (issuer === undefined) return {};
  if (rest.clientId !== undefined)
    required(config, "query.publicUrl", config.query.publicUrl, "where the OpenID provider sends people back to");
  return {
    oidc: {
      ...rest,
      issuer,
      jwksUrl: required(config, "query.oidc.jwksUrl", jwksUrl, "where the provider publishes its keys"),
      audience: required(config, "query.oidc.audience", audience, "what tokens for Isotherm have in `aud`"),
    },
  };
}

/** The feeds that are followed, on /metrics. */
export function followMetrics(feed: Pick<FeedClient, "connected" | "counts">, metrics: Metrics): void {
  const connected = metrics.gauge("feed_connected", "Ingests that are being followed.");
  const gaps = metrics.gauge("feed_gaps", "Times that the feed could not go on where it had ended.");
  const resumed = metrics.gauge("feed_resumed", "Times that the feed went on where it had ended.");
  metrics.beforeText(() => {
    connected.set(feed.connected.now);
    gaps.set(feed.counts.gaps);
    resumed.set(feed.counts.resumed);
  });
}

export function withoutSlash(url: string): string {
  return url.replace(/\/$/, "");
}
