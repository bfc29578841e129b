/**
 * api-fixture.ts: ingest, engine and query API without hosts, and a collector's side of them.
 */
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServices, type Services, type ServicesOptions } from "../../cli/services.ts";
import type { Role } from "../../core/api.ts";
import type { Batch } from "../../core/window.ts";
import { silentLog } from "../../server/log.ts";
import type { SeenZone } from "../../store/ownership.ts";
import { encodeBatch } from "../../wire/batch.ts";
import { Client } from "../e2e/stack.ts";

export interface Api {
  readonly url: string;
  readonly services: Services;
  readonly operator: Client;
  readonly collector: string;
  tenant(id: string): Client;
  client(token: string): Client;
  token(role: Role, tenant: string): Promise<string>;
  reportZones(host: string, zones: readonly SeenZone[]): Promise<void>;
  close(): Promise<void>;
}

export async function startApi(
  tenants: readonly { id: string; name: string }[],
  differs: Partial<ServicesOptions> = {},
): Promise<Api> {
  const dataDir = await mkdtemp(join(tmpdir(), "isotherm-test-"));
  const services = await startServices({
    dataDir,
    host: "127.0.0.1",
    port: 0,
    webDir: null,
    simulated: false,
    signInCode: null,
    log: silentLog(),
    ...differs,
  });
  const { tokens } = services.state;
  const url = services.query.url;
  await services.state.tenants.put(tenants.map((each) => ({ ...each, createdMs: 1 })));
  const client = (token: string): Client => new Client(url, token);
  const clients = new Map<string, Client>();
  for (const { id } of tenants) clients.set(id, client(await tokens.create("tenant", id, "test")));
  const collector = await tokens.create("collector", "", "test");
  return {
    url,
    services,
    operator: client(await tokens.create("operator", "", "test")),
    collector,
    tenant: (id) => clients.get(id) as Client,
    client,
    token: (role, tenant) => tokens.create(role, tenant, "test"),
    reportZones: async (host, zones) => {
      const report = { collector: "test", atMs: Date.now(), state: "up", reason: "", platform: "test", zones };
      const response = await fetch(`${services.ingest.url}/v1/hosts/${host}`, {
        method: "PUT",
        headers: { authorization: `Bearer ${collector}`, "content-type": "application/json" },
        body: JSON.stringify(report),
      });
      if (!response.ok) throw new Error(`report ${host}: ${response.status} ${await response.text()}`);
    },
    close: async () => {
      await services.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export interface PostOptions {
  readonly rows?: number;
  readonly digest?: string;
  readonly body?: Uint8Array;
  readonly contentType?: string;
  readonly headers?: Record<string, string>;
}

/** Posts a batch as a collector does; the options spoil it. */
export async function postBatch(
  api: Api,
  stream: string,
  seq: number,
  batch: Batch,
  options: PostOptions = {},
): Promise<{ status: number; text: string; headers: Headers }> {
  const bytes = options.body ?? encodeBatch(batch);
  const digest = createHash("sha256").update(bytes).digest("base64");
  const response = await fetch(`${api.services.ingest.url}/v1/batches`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${api.collector}`,
      "content-type": options.contentType ?? "application/vnd.apache.arrow.stream",
      "isotherm-stream": stream,
      "isotherm-seq": String(seq),
      "isotherm-rows": String(options.rows ?? batch.rows),
      "content-digest": options.digest ?? `sha-256=:${digest}:`,
      ...options.headers,
    },
    body: bytes as Uint8Array<ArrayBuffer>,
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}
