/**
 * The way to ingest: what goes first, what is tried again and when, what is given up.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { openSpool } from "../../collectors/spool-open.ts";
import type { FrozenBatch } from "../../collectors/spool.ts";
import { Uploader } from "../../collectors/uploader.ts";
import type { HostReport } from "../../core/host-status.ts";
import { coverageRow } from "../spool/rows.ts";
import { until } from "../until.ts";

const ZONES = [{ name: "z", owner: "acme", alias: "web", state: "running" }];

function report(atMs: number, rest: Partial<HostReport> = {}): HostReport {
  return { collector: "c", atMs, state: "up", reason: "", platform: "", ...rest };
}

describe("the uploader", () => {
  const calls: { readonly what: string; readonly atMs: number; readonly body: string; readonly id: string }[] = [];
  /** How the next calls are answered; then 200. */
  let answers: { readonly status: number; readonly headers?: Record<string, string>; readonly text?: string }[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      calls.push({
        what: `${request.method ?? ""} ${request.url ?? ""}`,
        atMs: Date.now(),
        body: body.toString("latin1"),
        id: ["stream", "seq", "after"].map((name) => String(request.headers[`isotherm-${name}`])).join(" "),
      });
      const { status, headers, text } = answers.shift() ?? { status: 200 };
      response.writeHead(status, headers).end(text ?? '{"outcome":"stored"}');
    });
  });
  before(() => new Promise<void>((done) => server.listen(0, "127.0.0.1", done)));
  const ends: (() => Promise<void> | void)[] = [];
  after(async () => {
    server.close();
    for (const end of ends) await end();
  });

  const start = async () => {
    calls.length = 0;
    answers = [];
    const directory = mkdtempSync(join(tmpdir(), "isotherm-spool-"));
    let wake = (): void => undefined;
    const opened = await openSpool({
      directory,
      collector: "c",
      capacityBytes: 10_000,
      groupMs: 0,
      onReady: () => wake(),
      onLoss: () => undefined,
      onTrouble: (error) => {
        throw error;
      },
    });
    const { spool } = opened;
    ends.push(
      () => opened.close(),
      () => rmSync(directory, { recursive: true }),
    );
    const alarms: string[] = [];
    const refused: FrozenBatch[] = [];
    const uploader = new Uploader({
      ingestUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      token: "t",
      spool,
      retryMinMs: 50,
      onRefused: (batch) => refused.push(batch),
      onAlarm: (_facts, message, denied) => alarms.push(denied ? `denied: ${message}` : message),
    });
    wake = () => uploader.wake();
    const batch = (mark: number): number => spool.append(new Uint8Array(8).fill(mark), 1, [coverageRow(mark)]);
    return { spool, uploader, alarms, refused, batch };
  };

  test("sends owners before the batches that need them, also when they have to be sent again", async () => {
    const { uploader, batch } = await start();
    answers = [{ status: 503 }];
    uploader.report("cn-01", report(1, { zones: ZONES }));
    uploader.report("cn-01", report(2));
    batch(1);
    uploader.start();
    await until("all is sent", () => calls.some((call) => call.what === "POST /v1/batches"));
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
    const { uploader, batch } = await start();
    answers = [{ status: 503, headers: { "retry-after": "60" } }];
    uploader.report("cn-01", report(1));
    await until("the report is stuck", () => calls.length === 1);
    batch(1);
    uploader.start();
    await until("the batch is sent", () => calls.some((call) => call.what === "POST /v1/batches"));
    await uploader.close(0);
  });

  test("waits as Retry-After says, in seconds or as a date, and never in a tight loop", async () => {
    for (const header of ["1", new Date(Date.now() + 1_999).toUTCString(), "soon"]) {
      const { uploader, batch, alarms } = await start();
      answers = [{ status: 429, headers: { "retry-after": header } }];
      batch(1);
      uploader.start();
      await until("two tries", () => calls.length === 2);
      const waitedMs = (calls[1]?.atMs ?? 0) - (calls[0]?.atMs ?? 0);
      assert.ok(waitedMs >= (header === "1" ? 990 : 20), `${header}: ${waitedMs} ms`);
      assert.equal(alarms.length, 1);
      await uploader.close(0);
    }
  });

  for (const status of [400, 413, 415, 422]) {
    test(`leaves out a batch that is refused with ${status}, and says that its number will not come`, async () => {
      const { uploader, batch, refused } = await start();
      answers = [{ status }];
      batch(1);
      batch(2);
      uploader.start();
      await until("both were sent", () => calls.length === 2);
      await uploader.close(1_000);
      assert.deepEqual(
        refused.map(({ coverage }) => coverage.map((row) => row.tick)),
        [[1]],
      );
      const [stream = "", seq] = (calls[0]?.id ?? "").split(" ");
      assert.deepEqual([calls[0]?.id, seq], [`${stream} 1 0`, "1"]);
      assert.equal(calls[1]?.id, `${stream} 2 0`, "ingest has nothing before it, and nothing else will come");
      assert.equal(calls[1].body, "\u0002".repeat(8));
    });
  }

  test("keeps a batch while its token is denied, says so as a thing for people, and goes on when it is accepted", async () => {
    const { uploader, spool, batch, alarms } = await start();
    answers = [{ status: 401 }, { status: 403 }];
    batch(1);
    uploader.start();
    await until("it was denied", () => uploader.isDenied);
    assert.equal(spool.length, 1);
    await until("it is delivered", () => spool.length === 0);
    assert.equal(calls.length, 3);
    assert.deepEqual(
      alarms.map((alarm) => alarm.slice(0, 27)),
      ["denied: ingest answered 401", "denied: ingest answered 403"],
    );
    assert.equal(uploader.isDenied, false);
    await uploader.close(0);
  });

  test("follows a 409 under a new stream, in which nothing comes before", async () => {
    const { uploader, spool, batch } = await start();
    answers = [{ status: 200 }, { status: 409 }];
    batch(1);
    batch(2);
    uploader.start();
    await until("both are delivered", () => spool.length === 0);
    const [first, second, third] = calls.map(({ id }) => id.split(" "));
    assert.equal(first?.[0], second?.[0]);
    assert.notEqual(second?.[0], third?.[0]);
    assert.deepEqual(third?.slice(1), ["2", "0"]);
    assert.equal(calls[1]?.body, calls[2]?.body);
    await uploader.close(0);
  });

  test("takes no page of a proxy for an acknowledgement", async () => {
    const { uploader, spool, batch } = await start();
    answers = [{ status: 200, text: "<html>please sign in</html>" }];
    batch(1);
    uploader.start();
    await until("it is delivered", () => spool.length === 0);
    assert.deepEqual([calls.length, calls[0]?.id === calls[1]?.id], [2, true]);
    await uploader.close(0);
  });
});
