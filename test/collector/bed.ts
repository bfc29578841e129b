/**
 * bed.ts: a collector between simulated hosts and a server that stands for both ingest and the query API: no engine, no SQL.
 * What the collector says (rows, reports, log lines) is kept to be looked at.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { Writable } from "node:stream";
import { pino } from "pino";
import { startCollector, type Collector, type CollectorOptions, type HostConfig } from "../../collectors/collector.ts";
import { parseKnownHosts } from "../../collectors/known-hosts.ts";
import { startFleet, type Fleet } from "../../collectors/simulator/fleet.ts";
import type { FleetOptions } from "../../collectors/simulator/options.ts";
import { makeKeyPair } from "../../collectors/ssh.ts";
import { textAt } from "../../core/batch-builder.ts";
import type { EnablingStatus, HostReport } from "../../core/host-status.ts";
import type { Assignment } from "../../core/instrumentation.ts";
import { KIND_COVERAGE, type Batch } from "../../core/window.ts";
import { decodeBatch } from "../../wire/batch.ts";

/** A coverage row as it arrived. */
export interface Seen {
  readonly spec: string;
  readonly host: string;
  readonly enabling: string;
  readonly tick: number;
  readonly ts: number;
  readonly status: string;
  readonly reason: string;
  readonly dropped: number;
  readonly events: number;
  readonly detail: string;
}

export interface Bed {
  readonly fleet: Fleet;
  readonly collector: Collector;
  /** As the collector was given them. */
  readonly hosts: readonly HostConfig[];
  /** In the order of arrival. */
  readonly coverage: readonly Seen[];
  readonly log: readonly {
    readonly level: number;
    readonly msg: string;
    readonly host?: string;
    readonly reason?: string;
  }[];
  readonly reports: ReadonlyMap<string, HostReport>;
  /** How many reports, and how many with zones, each host has had. */
  readonly reportCounts: ReadonlyMap<string, { all: number; withZones: number }>;
  /** What the next answers to batches are; then 200. */
  readonly answers: { status: number; headers?: Record<string, string> }[];
  assign(...assignments: readonly Assignment[]): void;
  /** What the last report says of a spec. */
  status(host: string, spec: string): EnablingStatus | undefined;
  close(): Promise<void>;
}

/** Ids are digests of specs: any 16 hex digits will do here. */
export function assignment(n: number, rest: Partial<Assignment> = {}): Assignment {
  return {
    id: String(n).padStart(16, "0"),
    metric: "syscall.ops",
    predicate: {},
    decomposition: ["latency"],
    scheme: null,
    granularitySec: 1,
    scope: "all",
    requestedBy: "test",
    ...rest,
  };
}

export async function startBed(
  fleetOptions: Omit<FleetOptions, "clientPublicKey">,
  options: Partial<CollectorOptions> = {},
  prepare: (fleet: Fleet) => void = () => undefined,
): Promise<Bed> {
  const keys = makeKeyPair();
  const fleet = await startFleet({ zonesPerHost: 2, tenants: 2, ...fleetOptions, clientPublicKey: keys.publicKey });
  prepare(fleet);
  const coverage: Seen[] = [];
  const log: Bed["log"][number][] = [];
  const reports = new Map<string, HostReport>();
  const reportCounts = new Map<string, { all: number; withZones: number }>();
  const answers: Bed["answers"] = [];
  let assignments: readonly Assignment[] = [];
  const followers = new Set<ServerResponse>();
  const push = (response: ServerResponse): void => {
    response.write(`event: assignments\ndata: ${JSON.stringify(assignments)}\n\n`);
  };
  const takeReport = (host: string, report: HostReport): void => {
    const counts = reportCounts.get(host) ?? { all: 0, withZones: 0 };
    reportCounts.set(host, {
      all: counts.all + 1,
      withZones: counts.withZones + (report.zones === undefined ? 0 : 1),
    });
    if (report.atMs >= (reports.get(host)?.atMs ?? 0)) reports.set(host, report);
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = request.url ?? "";
    if (url === "/v1/assignments") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      followers.add(response);
      response.on("close", () => followers.delete(response));
      push(response);
      return;
    }
    const body = await buffer(request);
    const answer = request.method === "POST" ? answers.shift() : undefined;
    if (request.method === "PUT") {
      takeReport(decodeURIComponent(url.split("/")[3] ?? ""), JSON.parse(body.toString()) as HostReport);
    } else if (answer === undefined) coverage.push(...coverageOf(decodeBatch(body)));
    response.writeHead(answer?.status ?? 200, answer?.headers).end('{"outcome":"stored"}');
  };
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const lines = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString().trim().split("\n")) log.push(JSON.parse(line) as Bed["log"][number]);
      done();
    },
  });
  const knownHosts = parseKnownHosts(
    fleet.hosts.map(({ name, port, hostKey }) => `[${name}]:${port} ${hostKey}`).join("\n"),
  );
  const spoolDirectory = await mkdtemp(join(tmpdir(), "isotherm-spool-"));
  const hosts = fleet.hosts.map(({ name, port }): HostConfig => ({
    name,
    platform: "smartos",
    target: { host: name, address: "127.0.0.1", port, username: "isotherm", privateKey: keys.privateKey },
  }));
  const collector = await startCollector({
    name: "test",
    spoolDirectory,
    hosts,
    knownHosts: () => knownHosts,
    ingestUrl: url,
    queryUrl: url,
    token: "test",
    log: pino({ level: "info", base: null }, lines),
    lingerMs: 20,
    reportEveryMs: 500,
    reconnectMinMs: 100,
    reconnectMaxMs: 400,
    ...options,
  });
  return {
    fleet,
    collector,
    hosts,
    coverage,
    log,
    reports,
    reportCounts,
    answers,
    assign: (...list) => {
      assignments = list;
      followers.forEach(push);
    },
    status: (host, spec) => reports.get(host)?.detail?.enablings.find((each) => each.spec === spec),
    close: async () => {
      await collector.close(0);
      await rm(spoolDirectory, { recursive: true, force: true });
      await fleet.close();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function coverageOf(batch: Batch): Seen[] {
  return Array.from({ length: batch.rows }, (_, row) => row)
    .filter((row) => batch.kind[row] === KIND_COVERAGE)
    .map((row) => ({
      spec: textAt(batch.spec, row),
      host: textAt(batch.host, row),
      enabling: textAt(batch.enabling, row),
      tick: batch.tick[row] ?? 0,
      ts: batch.ts[row] ?? 0,
      status: textAt(batch.status, row),
      reason: textAt(batch.reason, row),
      dropped: Number(batch.dropped[row] ?? 0n),
      events: Number(batch.events[row] ?? 0n),
      detail: textAt(batch.detail, row),
    }));
}
