/**
 * The way to ingest: what goes first, what is tried again and when, what is given up.
 */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { MemorySpool } from "../../collectors/spool.ts";
import { Uploader } from "../../collectors/uploader.ts";
import type { HostReport } from "../../core/host-status.ts";
import type { CoverageRow } from "../../core/window.ts";
import { until, when } from "./bed.ts";

const ZONES = [{ name: "z", owner: "acme", alias: "web", state: "running" }];

function report(atMs: number, rest: Partial<HostReport> = {}): HostReport {
  return { collector: "c", atMs, state: "up", reason: "", platform: "", ...rest };
}

describe("the uploader", () => {
  const calls: { readonly what: string; readonly atMs: number; readonly body: string }[] = [];
  /** How the next calls are answered; then 200. */
  let answers: { readonly status: number; readonly headers?: Record<string, string> }[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      calls.push({
        what: `${request.method ?? ""} ${request.url ?? ""}`,
        atMs: Date.now(),
        body: body.toString("latin1"),
      });
      const { status, headers } = answers.shift() ?? { status: 200 };
      response.writeHead(status, headers).end("{}");
    });
  });
  before(() => new Promise<void>((done) => server.listen(0, "127.0.0.1", done)));
  after(() => server.close());

  const start = () => {
    calls.length = 0;
    answers = [];
    const spool = new MemorySpool({ collector: "c", capacityBytes: 10_000, onDrop: () => undefined });
    const alarms: string[] = [];
    const refused: (readonly CoverageRow[])[] = [];
    const uploader = new Uploader({
      ingestUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      token: "t",
      spool,
      onRefused: (coverage) => refused.push(coverage),
      onAlarm: (_facts, message) => alarms.push(message),
    });
    const batch = (mark: number): void => spool.append(new Uint8Array(8).fill(mark), 1, [{ ts: mark } as CoverageRow]);
    return { spool, uploader, alarms, refused, batch };
  };

  test("sends owners before the batches that need them, also when they have to be sent again", async () => {
    const { uploader, batch } = start();
    answers = [{ status: 503 }];
    uploader.report("cn-01", report(1, { zones: ZONES }));
    uploader.report("cn-01", report(2));
    batch(1);
    uploader.start();
    await until("all is sent", () => when(calls.some((call) => call.what === "POST /v1/batches")));
    const whats = calls.map((call) => call.what);
    assert.ok(
      whats.slice(0, -1).every((what) => what === "PUT /v1/hosts/cn-01"),
      String(whats),
    );
    const last = JSON.parse(calls.at(-2)?.body ?? "") as HostReport;
    assert.deepEqual(
      [last.atMs, last.zones],
      [2, ZONES],
      "the newest state, with the owners that ingest does not have yet",
    );
    await uploader.close(100);
  });

  test("lets batches go while reports without owners are stuck", async () => {
    const { uploader, batch } = start();
    answers = [{ status: 503, headers: { "retry-after": "60" } }];
    uploader.report("cn-01", report(1));
    await until("the report is stuck", () => when(calls.length === 1));
    batch(1);
    uploader.start();
    await until("the batch is sent", () => when(calls.some((call) => call.what === "POST /v1/batches")), 2_000);
    await uploader.close(0);
  });

  test("waits as Retry-After says, in seconds or as a date, and never in a tight loop", async () => {
    for (const header of ["1", new Date(Date.now() + 1_999).toUTCString(), "soon"]) {
      const { uploader, batch, alarms } = start();
      answers = [{ status: 429, headers: { "retry-after": header } }];
      batch(1);
      uploader.start();
      await until("two tries", () => when(calls.length === 2), 4_000);
      const waitedMs = (calls[1]?.atMs ?? 0) - (calls[0]?.atMs ?? 0);
      assert.ok(waitedMs >= (header === "1" ? 990 : 200), `${header}: ${waitedMs} ms`);
      assert.equal(alarms.length, 1);
      await uploader.close(0);
    }
  });

  test("sets a refused batch aside and goes on under a new name", async () => {
    const { uploader, batch, refused } = start();
    answers = [{ status: 400 }];
    batch(1);
    batch(2);
    uploader.start();
    await until("both were sent", () => when(calls.length === 2));
    await uploader.close(1_000);
    assert.deepEqual(
      refused.map((rows) => rows.map((row) => row.ts)),
      [[1]],
    );
    assert.equal(calls[1]?.body, "\u0002".repeat(8));
  });
});
