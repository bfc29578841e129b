/**
 * bed.ts: the whole of alerting on a real engine, fed with batches by hand: two hosts, two tenants, one instrumentation; and a receiver of webhooks
 * on loopback that keeps what it is sent.
 */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { AlertInfo } from "../../core/alerts/api.ts";
import { BatchBuilder } from "../../core/batch-builder.ts";
import type { CoverageRow } from "../../core/window.ts";
import type { AlertingOptions } from "../../query-api/alerts/alerts.ts";
import { postBatch, startApi, type Api } from "../api/api-fixture.ts";
import type { Client } from "../e2e/stack.ts";

export const ACME = "11111111-1111-4111-8111-111111111111";
export const GLOBEX = "22222222-2222-4222-8222-222222222222";
export const HOSTS = ["cn-01", "cn-02"] as const;
/** Acme's zone is on the first host, globex' on the second. */
export const ZONES = ["zone-a", "zone-b"] as const;

/** What happened in one second on one host. */
export interface Second {
  readonly host: string;
  readonly zone: string;
  readonly execname?: string;
  /** Latency of the events, ns. */
  readonly latencyNs: number;
  readonly count: number;
}

export interface Bed {
  readonly api: Api;
  readonly instrumentation: string;
  readonly acme: Client;
  readonly globex: Client;
  /** Tells one second: events, and which hosts were watched. */
  tell(ts: number, seconds: readonly Second[], watched?: readonly string[], dropped?: number): Promise<void>;
  alerts(client?: Client): Promise<AlertInfo[]>;
  close(): Promise<void>;
}

export async function startBed(alerting: AlertingOptions = {}): Promise<Bed> {
  const tenants = [
    { id: ACME, name: "acme" },
    { id: GLOBEX, name: "globex" },
  ];
  const api = await startApi(tenants, { alerting: { lease: { ttlMs: 6000, beatMs: 200 }, ...alerting } });
  const row = await api.services.query.instrumentations.ensureStanding({
    metric: "syscall.ops",
    decomposition: ["execname", "latency"],
  });
  await api.reportZones(HOSTS[0], [{ name: ZONES[0], owner: ACME, alias: "web-0", state: "running" }]);
  await api.reportZones(HOSTS[1], [{ name: ZONES[1], owner: GLOBEX, alias: "db-0", state: "running" }]);
  let seq = 0;
  return {
    api,
    instrumentation: row.id,
    acme: api.tenant(ACME),
    globex: api.tenant(GLOBEX),
    tell: async (ts, seconds, watched = HOSTS, dropped = 0) => {
      const answer = await postBatch(api, "bed", ++seq, batchOf(row.spec, ts, seconds, watched, dropped));
      if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
    },
    alerts: async (client = api.operator) => (await client.json<{ alerts: AlertInfo[] }>("/v1/alerts")).alerts,
    close: () => api.close(),
  };
}

function batchOf(spec: string, ts: number, seconds: readonly Second[], watched: readonly string[], dropped: number) {
  const builder = new BatchBuilder();
  for (const { host, zone, execname = "postgres", latencyNs, count } of seconds) {
    const about = { spec, enabling: `e-${host}`, host, tick: ts % 1_000_000, ts };
    builder.addWindow({ ...about, zone, keys: [execname], bucket: [bucketOf(latencyNs)], count: [count], value: 0 });
  }
  for (const host of watched) {
    const about = { spec, enabling: `e-${host}`, host, tick: ts % 1_000_000, ts };
    const row: CoverageRow = {
      ...{ ...about, status: dropped > 0 ? "partial" : "ok", reason: "", dropped, events: 0 },
      ...{ endedMs: (ts + 1) * 1000, receivedMs: (ts + 1) * 1000, elapsedNs: 1e9, detail: "" },
    };
    builder.addCoverage(row);
  }
  return builder.finish();
}

/** The bucket of a latency in the catalogue's scheme of syscall.ops. */
function bucketOf(latencyNs: number): number {
  return buckets.indexOf(latencyNs);
}
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { parseScheme } from "../../core/histogram/scheme.ts";
import { findMetric } from "../../d-scripts/catalogue.ts";
import { fieldOf } from "../../core/metric.ts";
import { until } from "../until.ts";
const metric = findMetric("syscall.ops")?.metric;
if (metric === undefined) throw new Error("the catalogue has syscall.ops");
const buckets = bucketsOf(parseScheme(fieldOf(metric, "latency")?.scheme ?? ""));

/** Tells each second as it ends, until stopped. */
export function startTelling(
  bed: Bed,
  at: (ts: number) => { seconds: readonly Second[]; watched?: readonly string[] },
): () => Promise<void> {
  let next = Math.floor(Date.now() / 1000);
  let last: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    while (next + 1 <= Date.now() / 1000) {
      const ts = next++;
      last = last.then(async () => {
        const { seconds, watched } = at(ts);
        await bed.tell(ts, seconds, watched);
      });
    }
  }, 50);
  return async () => {
    clearInterval(timer);
    await last;
  };
}

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly atMs: number;
}

export interface Receiver {
  readonly url: string;
  /** host:port, to be allowed. */
  readonly target: string;
  readonly received: Received[];
  /** The status of each answer, by how many there were before. */
  answer: (nth: number) => number;
  until(what: string, find: (received: readonly Received[]) => boolean): Promise<void>;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const receiver = { answer: (_nth: number): number => 200 };
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => (text += chunk));
    request.on("end", () => {
      const status = receiver.answer(received.length);
      received.push({ path: request.url ?? "", headers: request.headers, text, atMs: Date.now() });
      response.writeHead(status).end("what a receiver says is nobody's business");
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return Object.assign(receiver, {
    url: `http://127.0.0.1:${port}/hook`,
    target: `127.0.0.1:${port}`,
    received,
    until: async (what: string, find: (all: readonly Received[]) => boolean) => {
      await until(what, () => Promise.resolve(find(received) ? true : undefined), 30_000);
    },
    close: () => new Promise<void>((closed) => server.close(() => closed())),
  });
}
