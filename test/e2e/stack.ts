/**
 * stack.ts: the whole path in one process, on a temporary folder and free ports: a simulated fleet with its ledger,
 * collector, ingest, engine, query API.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServices, type Services } from "../../cli/services.ts";
import { startCollector, type Collector, type CollectorOptions } from "../../collectors/collector.ts";
import { parseKnownHosts } from "../../collectors/known-hosts.ts";
import { startFleet, type Fleet } from "../../collectors/simulator/fleet.ts";
import type { FleetOptions } from "../../collectors/simulator/options.ts";
import { makeKeyPair } from "../../collectors/ssh.ts";
import { silentLog } from "../../server/log.ts";

export interface Stack {
  readonly fleet: Fleet;
  readonly services: Services;
  readonly operator: Client;
  /** In the order of `fleet.tenants`. */
  readonly tenants: readonly Client[];
  readonly collector: Collector;
  /** For a successor of the collector. */
  readonly collectorOptions: CollectorOptions;
  close(): Promise<void>;
}

export async function startStack(
  fleetOptions: Omit<FleetOptions, "clientPublicKey">,
  collectorOptions: Partial<CollectorOptions> = {},
  webDir: string | null = null,
): Promise<Stack> {
  const dataDir = await mkdtemp(join(tmpdir(), "isotherm-test-"));
  const log = silentLog();
  const keys = makeKeyPair();
  const services = await startServices({
    dataDir,
    host: "127.0.0.1",
    port: 0,
    webDir,
    simulated: true,
    signInCode: null,
    log,
  });
  const fleet = await startFleet({ ...fleetOptions, clientPublicKey: keys.publicKey });
  const { tokens, tenants } = services.state;
  await tenants.put(fleet.tenants.map(({ id, name }) => ({ id, name, createdMs: Date.now() })));
  const knownHosts = parseKnownHosts(
    fleet.hosts.map(({ name, port, hostKey }) => `[${name}]:${port} ${hostKey}`).join("\n"),
  );
  const whole: CollectorOptions = {
    name: "test",
    spoolDirectory: join(dataDir, "spool"),
    hosts: fleet.hosts.map(({ name, port }) => ({
      name,
      platform: "smartos",
      target: { host: name, address: "127.0.0.1", port, username: "isotherm", privateKey: keys.privateKey },
    })),
    knownHosts: () => knownHosts,
    ingestUrl: services.ingest.url,
    queryUrl: services.query.url,
    token: await tokens.create("collector", "", "test"),
    log,
    ...collectorOptions,
  };
  const collector = await startCollector(whole);
  const client = (token: string): Client => new Client(services.query.url, token);
  return {
    fleet,
    services,
    collector,
    collectorOptions: whole,
    operator: client(await tokens.create("operator", "", "test")),
    tenants: await Promise.all(fleet.tenants.map(async ({ id }) => client(await tokens.create("tenant", id, "test")))),
    close: async () => {
      await collector.close(0);
      await fleet.close();
      await services.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Calls the API as one bearer. */
export class Client {
  readonly url: string;
  readonly token: string;

  constructor(url: string, token: string) {
    this.url = url;
    this.token = token;
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${this.token}`, ...(init.headers as Record<string, string> | undefined) };
    return fetch(this.url + path, { ...init, headers });
  }

  /** @throws on any status but 2xx, with the answer's text */
  async json<T>(path: string, init: RequestInit = {}): Promise<T> {
    const response = await this.fetch(path, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${init.method ?? "GET"} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.json<T>(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }
}
