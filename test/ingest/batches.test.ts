/**
 * What ingest does with a batch: counts it once, whatever is sent how often, and refuses what is not whole.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { BatchBuilder } from "../../core/batch-builder.ts";
import { QUARANTINE, type Batch } from "../../core/window.ts";
import { Streams, type BatchId } from "../../ingest/streams.ts";
import { WindowsTable } from "../../ingest/windows.ts";
import { encodeBatch } from "../../wire/batch.ts";
import { postBatch, startApi, type Api, type PostOptions } from "../api/api-fixture.ts";

/** Noon of yesterday (UTC): not late, and far from the ends of its day. */
const SEC = Math.floor(Date.now() / 86_400_000) * 86_400 - 43_200;

const ROW = {
  spec: "s",
  enabling: "e",
  host: "cn-01",
  tick: 1,
  ts: SEC,
  zone: "zone-a",
  keys: ["k"],
  bucket: [1],
  count: [1],
  value: 0,
};

describe("ingest", () => {
  let api: Api;
  before(async () => {
    api = await startApi([]);
    await api.reportZones("cn-01", [{ name: "zone-a", owner: "acme", alias: "", state: "running" }]);
  });
  after(() => api.close());

  const stored = async (stream: string): Promise<{ rows: number; events: number }> => {
    const [row] = await api.services.store.query<{ rows: number; events: number }>(
      `SELECT toUInt32(count()) AS rows, toFloat64(sum(arraySum(count))) AS events FROM windows
       WHERE stream = {stream:String} AND kind IN (0, 1)`,
      { stream },
    );
    return row ?? { rows: -1, events: -1 };
  };

  test("a batch sent twice counts once", async () => {
    const body = encodeBatch(batchOf(3));
    const first = await postBatch(api, "twice", 1, batchOf(3), { body });
    const second = await postBatch(api, "twice", 1, batchOf(3), { body });
    assert.deepEqual([first.status, first.text], [200, '{"outcome":"stored"}']);
    assert.deepEqual([second.status, second.text], [200, '{"outcome":"duplicate"}']);
    assert.deepEqual(await stored("twice"), { rows: 4, events: 6 });
  });

  test("the same batch sent ten times at once counts once", async () => {
    const body = encodeBatch(batchOf(5));
    const posts = Array.from({ length: 10 }, () => postBatch(api, "flood", 1, batchOf(5), { body }));
    const answers = await Promise.all(posts);
    assert.equal(answers.filter((each) => each.text.includes("stored")).length, 1);
    assert.equal(answers.filter((each) => each.text.includes("duplicate")).length, 9);
    assert.deepEqual(await stored("flood"), { rows: 6, events: 15 });
  });

  test("a batch that ingest has forgotten is found in the data", async () => {
    await postBatch(api, "forgotten", 1, batchOf(1));
    const body = encodeBatch(batchOf(1));
    await postBatch(api, "forgotten", 2, batchOf(1), { body });
    // Another ingest process on the same store knows nothing of the stream.
    const streams = new Streams(new WindowsTable(api.services.store));
    const again: BatchId = { ...idOf("forgotten", 2), digest: digestOf(body) };
    assert.equal(await streams.submit(again, () => Promise.reject(new Error("must not insert"))), "duplicate");
  });

  test("a number that skips is refused with the one expected, and nothing is stored", async () => {
    await postBatch(api, "gap", 1, batchOf(1));
    const answer = await postBatch(api, "gap", 3, batchOf(1));
    assert.equal(answer.status, 409);
    assert.equal(answer.headers.get("isotherm-expected-seq"), "2");
    assert.deepEqual(await stored("gap"), { rows: 2, events: 1 });
  });

  test("a number that skips is stored where the sender says that nothing will come in between", async () => {
    const after = (seq: number): PostOptions => ({ headers: { "isotherm-after": String(seq) } });
    await postBatch(api, "skips", 1, batchOf(1));
    const answer = await postBatch(api, "skips", 70_000, batchOf(2), after(1));
    assert.deepEqual([answer.status, answer.text], [200, '{"outcome":"stored"}']);
    const late = await postBatch(api, "skips", 5, batchOf(1), after(1));
    assert.equal(late.text, '{"outcome":"duplicate"}', "what was left out is not stored any more");
    const missing = await postBatch(api, "skips", 70_002, batchOf(1), after(70_001));
    assert.deepEqual([missing.status, missing.headers.get("isotherm-expected-seq")], [409, "70001"]);
    assert.deepEqual(await stored("skips"), { rows: 5, events: 4 });
  });

  test("a number that comes again with other bytes is a conflict, also when only the data know", async () => {
    await postBatch(api, "copied", 1, batchOf(1));
    await postBatch(api, "copied", 2, batchOf(1));
    const answer = await postBatch(api, "copied", 1, batchOf(2));
    assert.deepEqual([answer.status, (JSON.parse(answer.text) as { code: string }).code], [409, "BATCH_CONFLICT"]);
    const streams = new Streams(new WindowsTable(api.services.store));
    const other: BatchId = { ...idOf("copied", 1), digest: "sha-256=:other:" };
    await assert.rejects(
      streams.submit(other, () => Promise.reject(new Error("must not insert"))),
      {
        code: "BATCH_CONFLICT",
      },
    );
    assert.deepEqual(await stored("copied"), { rows: 4, events: 2 });
  });

  test("after an insert with an unknown outcome the data decide", async () => {
    let high = 0;
    const streams = new Streams({ highestSeq: () => Promise.resolve(high), digestOf: () => Promise.resolve("") });
    const lost = streams.submit(idOf("s", 1), () => {
      high = 1;
      return Promise.reject(new Error("stored, but the reply was lost"));
    });
    await assert.rejects(lost, /reply was lost/);
    assert.equal(await streams.submit(idOf("s", 1), () => Promise.reject(new Error("must not insert"))), "duplicate");
    await assert.rejects(
      streams.submit(idOf("s", 2), () => Promise.reject(new Error("not stored"))),
      /not stored/,
    );
    assert.equal(await streams.submit(idOf("s", 2), () => Promise.resolve()), "stored");
  });

  test("while an insert that was given up still runs, the data decide nothing yet", async () => {
    const { store } = api.services;
    const slow = store.query(
      "SELECT sleepEachRow(0.5) FROM numbers(3)",
      {},
      { queryId: "insert/other=7/pending=1/1-2-3" },
    );
    await new Promise((wake) => setTimeout(wake, 500));
    const table = new WindowsTable(store);
    await assert.rejects(table.highestSeq("pending"), { code: "STORE_UNAVAILABLE" });
    assert.equal(await table.highestSeq("pend"), 0);
    await slow;
    assert.equal(await table.highestSeq("pending"), 0);
  });

  const spoiled: [name: string, options: PostOptions, status: number, code: string][] = [
    ["a wrong digest", { digest: `sha-256=:${"A".repeat(43)}=:` }, 400, "BATCH_DIGEST"],
    ["a wrong row count", { rows: 3 }, 400, "BATCH_ROWS"],
    ["an empty body", { body: new Uint8Array(0) }, 400, ""],
    ["a body that is no Arrow", { body: Buffer.from("hello, this is not arrow") }, 400, ""],
    ["a body cut in half", { body: encodeBatch(batchOf(1)).subarray(0, 700) }, 400, ""],
    ["another content type", { contentType: "application/json" }, 400, ""],
    ["a content encoding", { headers: { "content-encoding": "gzip" } }, 415, "UNSUPPORTED_ENCODING"],
    ["a body over 4 MiB", { body: new Uint8Array(5 * 1024 * 1024) }, 413, ""],
    ["a stream name with a quote", { headers: { "isotherm-stream": "x'y" } }, 400, "INVALID_INPUT"],
    ["a seq of 0", { headers: { "isotherm-seq": "0" } }, 400, "INVALID_INPUT"],
    ["no digest", { headers: { "content-digest": "" } }, 400, "INVALID_INPUT"],
  ];
  for (const [name, options, status, code] of spoiled) {
    test(`${name} is refused and stores nothing`, async () => {
      const stream = name.replaceAll(/[^a-z]/g, "-");
      const answer = await postBatch(api, stream, 1, batchOf(1), options);
      assert.equal(answer.status, status, answer.text);
      if (code !== "") assert.equal((JSON.parse(answer.text) as { code: string }).code, code);
      assert.deepEqual(await stored(stream), { rows: 0, events: 0 });
    });
  }

  test("a row's tenant is who owned its zone at its time, never what the batch says", async () => {
    const at = (SEC + 100) * 1000;
    const { ownership } = api.services.state;
    await ownership.report("cn-09", [{ name: "moving", owner: "acme", alias: "", state: "running" }], at - 50_000);
    await ownership.report("cn-09", [{ name: "moving", owner: "globex", alias: "", state: "running" }], at);
    await ownership.report("cn-09", [], at + 50_000);
    const builder = new BatchBuilder();
    for (const [ts, zone] of [
      [SEC + 99, "moving"],
      [SEC + 100, "moving"],
      [SEC + 160, "moving"],
      [SEC, "unheard-of"],
      [SEC, "global"],
    ] as const) {
      builder.addWindow({ ...ROW, host: "cn-09", zone, ts });
    }
    await postBatch(api, "owners", 1, builder.finish());
    const rows = await api.services.store.query<{ tenant: string }>(
      "SELECT tenant FROM windows WHERE stream = 'owners' AND kind = 1 ORDER BY zone = 'moving' DESC, zone DESC, ts",
    );
    assert.deepEqual(
      rows.map((row) => row.tenant),
      ["acme", "globex", QUARANTINE, QUARANTINE, "operator"],
    );
  });
});

function idOf(stream: string, seq: number): BatchId {
  return { stream, seq, after: seq - 1, digest: "" };
}

function digestOf(body: Uint8Array): string {
  return `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
}

/** `windows` rows whose counts are 1, 2, 3..., and their coverage. */
function batchOf(windows: number): Batch {
  const builder = new BatchBuilder();
  for (let i = 1; i <= windows; i++) builder.addWindow({ ...ROW, keys: [`k${i}`], count: [i] });
  builder.addCoverage({
    ...ROW,
    status: "ok",
    reason: "",
    dropped: 0,
    events: 0,
    endedMs: 0,
    receivedMs: 0,
    elapsedNs: 0,
    detail: "",
  });
  return builder.finish();
}
