/**
 * bench/collector-sink.ts: what stands for ingest and the query API in bench/collector.ts: a process of its own that hands out
 * assignments, takes batches, and says what arrived and how late.
 */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { HostReport } from "../core/host-status.ts";
import { textAt } from "../core/batch-builder.ts";
import type { Assignment } from "../core/instrumentation.ts";
import { KIND_COVERAGE } from "../core/window.ts";
import { decodeBatch } from "../wire/batch.ts";

export interface SinkTally {
  readonly hostsUp: number;
  readonly batches: number;
  readonly bytes: number;
  readonly rows: number;
  readonly columns: number;
  readonly gaps: number;
  /** From a window's end by the host's clock to its arrival here. */
  readonly lagMs: readonly number[];
  /** From a window's end to its frame's being whole at the collector. */
  readonly frameMs: readonly number[];
}

export type SinkOrder =
  | { readonly type: "assign"; readonly assignments: readonly Assignment[] }
  | { readonly type: "reset" }
  | { readonly type: "tally" };

let assignments: readonly Assignment[] = [];
const followers = new Set<ServerResponse>();
const up = new Set<string>();
let tally = { batches: 0, bytes: 0, rows: 0, columns: 0, gaps: 0 };
let lagMs: number[] = [];
let frameMs: number[] = [];

function push(response: ServerResponse): void {
  response.write(`event: assignments\ndata: ${JSON.stringify(assignments)}\n\n`);
}

function takeBatch(body: Buffer): void {
  const nowMs = Date.now();
  const batch = decodeBatch(body);
  tally.batches += 1;
  tally.bytes += body.length;
  tally.rows += batch.rows;
  for (let row = 0; row < batch.rows; row++) {
    if (batch.kind[row] !== KIND_COVERAGE) continue;
    if (textAt(batch.status, row) === "gap") {
      tally.gaps += 1;
      continue;
    }
    tally.columns += 1;
    const endedMs = Number(batch.endedMs[row] ?? 0n);
    // kstat says whole seconds only.
    if (endedMs % 1000 === 0) continue;
    lagMs.push(nowMs - endedMs);
    frameMs.push(Number(batch.receivedMs[row] ?? 0n) - endedMs);
  }
}

const server = createServer((request, response) => {
  if (request.url === "/v1/assignments") {
    response.writeHead(200, { "content-type": "text/event-stream" });
    followers.add(response);
    push(response);
    return;
  }
  void buffer(request).then((body) => {
    if (request.method === "POST") takeBatch(body);
    else {
      const { state } = JSON.parse(body.toString()) as HostReport;
      const host = request.url ?? "";
      if (state === "up") up.add(host);
      else up.delete(host);
    }
    response.end('{"outcome":"stored"}');
  });
});

process.on("message", (order: SinkOrder) => {
  if (order.type === "assign") {
    assignments = order.assignments;
    followers.forEach(push);
  } else if (order.type === "reset") {
    tally = { batches: 0, bytes: 0, rows: 0, columns: 0, gaps: 0 };
    lagMs = [];
    frameMs = [];
  } else {
    process.send?.({ ...tally, hostsUp: up.size, lagMs, frameMs } satisfies SinkTally);
  }
});
process.on("disconnect", () => process.exit(0));
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
