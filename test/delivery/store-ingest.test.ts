/**
 * What ingest makes of batches that are late, foreign, of another version, or the same twice over; and the audit that looks at it.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { BatchBuilder } from "../../core/batch-builder.ts";
import type { Batch } from "../../core/window.ts";
import { audit } from "../../ingest/audit.ts";
import { encodeBatch } from "../../wire/batch.ts";
import { postBatch, startApi, type Api } from "../api/api-fixture.ts";

const HOUR = 3600;
const nowSec = Math.floor(Date.now() / 1000);

describe("ingest's side of delivery", () => {
  let api: Api;
  before(async () => (api = await startApi([])));
  after(() => api.close());

  const stored = (stream: string): Promise<object[]> =>
    api.services.store.query(
      `SELECT host, kind, tick, status, reason, toFloat64(sum(arraySum(count))) AS counts, toFloat64(sum(events)) AS seen
       FROM windows WHERE stream = {stream:String} AND kind != 2
       GROUP BY host, kind, tick, status, reason ORDER BY host, tick, kind`,
      { stream },
    );
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${api.services.ingest.url}/metrics`)).text();
    return Number(new RegExp(`^isotherm_${name}(?:\\{\\})? (\\d+)`, "m").exec(text)?.[1] ?? 0);
  };
  const call = async (method: string, path: string, token: string, body?: object): Promise<number> => {
    const headers = { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) };
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    return (await fetch(`${api.services.ingest.url}${path}`, init)).status;
  };
  const report = (host: string, token: string, state = "up"): Promise<number> =>
    call("PUT", `/v1/hosts/${host}`, token, { collector: "c", atMs: Date.now(), state, reason: "", platform: "p" });

  test("a window from 47 hours ago is stored as it is", async () => {
    const answer = await postBatch(api, "late-47", 1, batchOf("cn-l", [nowSec - 47 * HOUR]));
    assert.equal(answer.text, '{"outcome":"stored"}');
    assert.deepEqual(await stored("late-47"), [
      { host: "cn-l", kind: 0, tick: 1, status: "ok", reason: "", counts: 0, seen: 5 },
      { host: "cn-l", kind: 1, tick: 1, status: "", reason: "", counts: 5, seen: 0 },
    ]);
  });

  test("one from 49 hours ago becomes a gap of its enabling and tick, is counted, and the stream goes on", async () => {
    const before = await metric("ingest_late_windows_total");
    const late = batchOf("cn-l", [nowSec - 49 * HOUR]);
    // Frozen: to encode it twice would give other bytes.
    const body = encodeBatch(late);
    const answer = await postBatch(api, "late-49", 1, late, { body });
    assert.equal(answer.text, '{"outcome":"stored"}');
    assert.deepEqual(await stored("late-49"), [
      { host: "cn-l", kind: 0, tick: 1, status: "gap", reason: "too_late", counts: 0, seen: 0 },
    ]);
    assert.equal(await metric("ingest_late_windows_total"), before + 1);
    assert.equal((await postBatch(api, "late-49", 2, batchOf("cn-l", [nowSec]))).text, '{"outcome":"stored"}');
    assert.equal((await postBatch(api, "late-49", 1, late, { body })).text, '{"outcome":"duplicate"}');
  });

  test("a host belongs to the first token that reports it; rows of it by another are left out and counted", async () => {
    const other = await api.token("collector", "");
    assert.equal(await report("cn-mine", api.collector), 200);
    assert.equal(await report("cn-mine", other), 409);
    const before = await metric("ingest_foreign_rows_total");
    const both = batchOf("cn-mine", [nowSec], batchOf("cn-theirs", [nowSec]));
    const headers = { authorization: `Bearer ${other}` };
    assert.equal((await postBatch(api, "foreign", 1, both, { headers })).text, '{"outcome":"stored"}');
    assert.deepEqual(
      (await stored("foreign")).map((row) => (row as { host: string }).host),
      ["cn-theirs", "cn-theirs"],
    );
    assert.equal(await metric("ingest_foreign_rows_total"), before + 2);
    // All of a batch may be foreign: it is acknowledged, and nothing is stored but its receipt.
    assert.equal((await postBatch(api, "foreign", 2, batchOf("cn-mine", [nowSec]), { headers })).status, 200);
    assert.equal((await postBatch(api, "foreign", 3, batchOf("cn-theirs", [nowSec]), { headers })).status, 200);
  });

  const moves: [name: string, act: (host: string, token: string) => Promise<unknown>][] = [
    ["an operator releases it", (host) => call("DELETE", `/v1/hosts/${host}/collector`, api.operator.token)],
    ["an operator revokes the token", (_host, token) => api.services.state.tokens.revoke(token.split("_")[1] ?? "")],
    ["its collector reports it as removed", (host, token) => report(host, token, "removed")],
  ];
  moves.forEach(([name, act], i) => {
    test(`another collector gets a host when ${name}`, async () => {
      const [first, second] = [await api.token("collector", ""), await api.token("collector", "")];
      const host = `cn-move-${i}`;
      assert.equal(await report(host, first), 200);
      assert.equal(await report(host, second), 409);
      await act(host, first);
      assert.equal(await report(host, second), 200);
      if (i !== 1) assert.equal(await report(host, first), 409);
    });
  });

  test("only an operator releases a host", async () => {
    assert.equal(await call("DELETE", "/v1/hosts/cn-mine/collector", api.collector), 403);
    assert.equal(await call("DELETE", "/v1/hosts/cn-unheard/collector", api.operator.token), 404);
  });

  test("a batch of the oldest version that is still read, as it was sent then, is stored", async () => {
    const body = readFileSync(new URL("../fixtures/wire/batch-v1.arrow", import.meta.url));
    const answer = await postBatch(api, "old", 1, batchOf("cn-old", [1_700_049_600]), { body });
    assert.deepEqual([answer.status, answer.text], [200, '{"outcome":"stored"}']);
  });

  test("one of a version that ingest does not know is refused for the time being, and says which it is", async () => {
    const body = Buffer.from(encodeBatch(batchOf("cn-new", [nowSec])));
    const at = body.indexOf("isotherm.wire");
    // The value precedes the key: a text of one character behind its length.
    const value = body.lastIndexOf(Buffer.from([1, 0, 0, 0, 0x31, 0]), at + 200);
    body[value + 4] = 0x32;
    const answer = await postBatch(api, "new", 1, batchOf("cn-new", [nowSec]), { body });
    assert.equal(answer.status, 503, answer.text);
    assert.match(answer.text, /BATCH_VERSION.*wire version 2, expected 1/);
    assert.notEqual(answer.headers.get("retry-after"), null);
    assert.deepEqual(await stored("new"), []);
  });

  test("the same number with other bytes is a conflict, also when ingest knows of the first from the data only", async () => {
    const { Streams } = await import("../../ingest/streams.ts");
    const { WindowsTable } = await import("../../ingest/windows.ts");
    const streams = new Streams(new WindowsTable(api.services.store));
    await postBatch(api, "conflict", 1, batchOf("cn-c", [nowSec]));
    const id = { stream: "conflict", seq: 1, after: 0, digest: `sha-256=:${"B".repeat(43)}=:` };
    const never = (): Promise<never> => Promise.reject(new Error("must not insert"));
    await assert.rejects(streams.submit(id, never), { code: "BATCH_CONFLICT" });
  });

  test("the audit finds nothing here, and then what was doubled, lost in part, or added", async () => {
    const { store } = api.services;
    assert.deepEqual(await audit(store, 0), []);
    for (const stream of ["doubled", "torn", "fine"]) {
      await postBatch(api, stream, 1, batchOf("cn-a", [nowSec - 1, nowSec - 2].sort()));
    }
    await store.command("INSERT INTO windows SELECT * FROM windows WHERE stream = 'doubled'");
    await store.command("ALTER TABLE windows DELETE WHERE stream = 'torn' AND tick = 2 SETTINGS mutations_sync = 2");
    const found = await audit(store, Date.now() - HOUR * 1000);
    assert.deepEqual(
      found.sort((a, b) => a.stream.localeCompare(b.stream)),
      [
        { stream: "doubled", seq: "1", rows: 8, declared: 8, receipts: 2 },
        { stream: "torn", seq: "1", rows: 2, declared: 4, receipts: 1 },
      ],
    );
  });
});

/** One window with 5 events, and its coverage, for each instant; `more` goes before. */
function batchOf(host: string, instants: readonly number[], more?: Batch): Batch {
  const builder = new BatchBuilder();
  if (more !== undefined) addTo(builder, more.host.values[0] ?? "", [more.ts[0] ?? 0]);
  addTo(builder, host, instants);
  return builder.finish();
}

function addTo(builder: BatchBuilder, host: string, instants: readonly number[]): void {
  instants.forEach((ts, i) => {
    const of = { spec: "s", enabling: "e", host, tick: i + 1, ts };
    builder.addWindow({ ...of, zone: "global", keys: ["k"], bucket: [1], count: [5], value: 0 });
    const clocks = { endedMs: ts * 1000, receivedMs: ts * 1000, elapsedNs: 1e9 };
    builder.addCoverage({ ...of, ...clocks, status: "ok", reason: "", dropped: 0, events: 5, detail: "" });
  });
}
