/**
 * fleet.test.ts: what operators are told of hosts, zones and how data arrive is what collectors have said and sent; boards are kept as
 * they were saved.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { BoardInfo, ErrorBody, FleetInfo, HostInfo, ZoneInfo } from "../../core/api.ts";
import { BatchBuilder } from "../../core/batch-builder.ts";
import type { EnablingStatus, HostDetail, HostReport, MetricSupport } from "../../core/host-status.ts";
import { postBatch, startApi, type Api } from "./api-fixture.ts";

const ACME = "11111111-1111-4111-8111-111111111111";
const GLOBEX = "22222222-2222-4222-8222-222222222222";

describe("the fleet", () => {
  let api: Api;
  before(async () => {
    api = await startApi([{ id: ACME, name: "acme" }]);
  });
  after(() => api.close());

  test("has every zone with its host and owner, named or not", async () => {
    await api.reportZones("cn-02", [{ name: "z2", owner: GLOBEX, alias: "db", state: "down" }]);
    await api.reportZones("cn-01", [{ name: "z1", owner: ACME, alias: "web", state: "running" }]);
    const { zones } = await api.operator.json<{ zones: ZoneInfo[] }>("/v1/zones");
    assert.deepEqual(zones, [
      { zone: "z1", alias: "web", host: "cn-01", state: "running", owner: ACME, ownerName: "acme", sinceMs: 0 },
      { zone: "z2", alias: "db", host: "cn-02", state: "down", owner: GLOBEX, ownerName: null, sinceMs: 0 },
    ]);
  });

  test("keeps what a collector does not know apart from no and from zero", async () => {
    const metrics = [null, false, true].map((supported): MetricSupport => ({
      ...{ metric: `m.${String(supported)}`, supported, reason: "", missing: [] },
    }));
    const enabling: EnablingStatus = {
      ...{ spec: "s", metric: "m.true", state: "running", cause: "running", reason: "", sinceMs: 1, retryAtMs: null },
      ...{ eventsPerSec: null, dropsPerSec: 0, losses: {}, unknownSample: "" },
    };
    const detail: HostDetail = { dtrace: "1.13", bootSec: 1, clockOffsetMs: null, enablings: [enabling], metrics };
    const about = { collector: "test", atMs: Date.now(), state: "up", reason: "", platform: "p" } as const;
    const report: HostReport = { ...about, detail };
    const response = await fetch(`${api.services.ingest.url}/v1/hosts/cn-01`, {
      method: "PUT",
      headers: { authorization: `Bearer ${api.collector}`, "content-type": "application/json" },
      body: JSON.stringify(report),
    });
    assert.ok(response.ok, await response.text());
    const host = async (): Promise<HostInfo | undefined> =>
      (await api.operator.json<{ hosts: HostInfo[] }>("/v1/hosts")).hosts.find(({ name }) => name === "cn-01");
    while ((await host())?.metrics.length !== 3) await new Promise((wake) => setTimeout(wake, 20));
    const { clockOffsetMs, enablings, metrics: told } = (await host()) as HostInfo;
    assert.deepEqual(
      { clockOffsetMs, enablings, metrics: told },
      { clockOffsetMs: null, enablings: [enabling], metrics },
    );
  });

  /** What a collector says of a host, its clock being so far ahead. */
  async function say(host: string, state: "up" | "down", aheadMs: number, owner: string): Promise<void> {
    const zones = [{ name: `zone-${host}`, owner, alias: "", state: "running" }];
    const about = { collector: "test", atMs: Date.now() + aheadMs, reason: "", platform: "p" };
    const response = await fetch(`${api.services.ingest.url}/v1/hosts/${host}`, {
      method: "PUT",
      headers: { authorization: `Bearer ${api.collector}`, "content-type": "application/json" },
      body: JSON.stringify({ ...about, state, zones }),
    });
    assert.ok(response.ok, await response.text());
  }

  const DAY_MS = 86_400_000;
  for (const [how, aheadMs] of [
    ["a day ahead", DAY_MS],
    ["set back by a day", 0],
  ] as const) {
    test(
      `believes a collector whose clock was ${how} again at once: a host is down, and a zone its new owner's`,
      { timeout: 10_000 },
      async () => {
        const host = `cn-clock-${aheadMs}`;
        const later = aheadMs === 0 ? -DAY_MS : 0;
        await say(host, "up", 0, ACME);
        await say(host, "up", aheadMs, GLOBEX);
        await say(host, "down", later, GLOBEX);
        const state = async () =>
          (await api.operator.json<{ hosts: HostInfo[] }>("/v1/hosts")).hosts.find(({ name }) => name === host)?.state;
        // Reports of a moment are stored together, a moment later.
        while ((await state()) !== "down") await new Promise((wake) => setTimeout(wake, 20));
        assert.equal(api.services.state.ownership.ownerAt(host, `zone-${host}`, Date.now() + 1000), GLOBEX);
      },
    );
  }

  test("counts windows whole, partial and missing, what was lost, and each stream's batches", async () => {
    const sec = Math.floor(Date.now() / 1000) - 20;
    const batch = (host: string, statuses: readonly string[]) => {
      const builder = new BatchBuilder();
      statuses.forEach((status, i) => {
        const endedMs = status === "gap" ? 0 : (sec + i + 1) * 1000;
        builder.addCoverage({
          ...{ spec: "spec", enabling: "e", host, tick: i + 1, ts: sec + i, status, elapsedNs: 1e9, detail: "" },
          ...{ reason: status === "gap" ? "ssh_down" : "", dropped: status === "partial" ? 7 : 0, events: 10 },
          ...{ endedMs, receivedMs: endedMs === 0 ? 0 : endedMs + 250 },
        } as Parameters<BatchBuilder["addCoverage"]>[0]);
      });
      return builder.finish();
    };
    await postBatch(api, "run-1", 1, batch("cn-01", ["ok", "ok", "partial", "gap", "gap"]));
    await postBatch(api, "run-1", 2, batch("cn-02", ["ok"]));
    await postBatch(api, "run-2", 1, batch("cn-03", ["gap"]));
    const { hosts, streams } = await api.operator.json<FleetInfo>("/v1/fleet");
    const counts = { whole: 0, partial: 0, gaps: 0, dropped: 0, reason: "" };
    assert.deepEqual(hosts, [
      {
        ...counts,
        host: "cn-01",
        newestTs: sec + 2,
        delayMs: 250,
        whole: 2,
        partial: 1,
        gaps: 2,
        dropped: 7,
        reason: "ssh_down",
      },
      { ...counts, host: "cn-02", newestTs: sec, delayMs: 250, whole: 1 },
      { ...counts, host: "cn-03", newestTs: null, delayMs: null, gaps: 1, reason: "ssh_down" },
    ]);
    const told = streams.map(({ stream, seq, batches, rows }) => [stream, seq, batches, rows]);
    assert.deepEqual(told.sort(), [
      ["run-1", 2, 2, 6],
      ["run-2", 1, 1, 1],
    ]);
  });

  test("has a stream's batches from the token that sent the first: another's would make duplicates of what comes", async () => {
    const batch = (tick: number) => {
      const builder = new BatchBuilder();
      const about = {
        spec: "spec",
        enabling: "e",
        host: "cn-07",
        tick,
        ts: Math.floor(Date.now() / 1000) - 300 + tick,
      };
      builder.addCoverage({
        ...{ ...about, status: "ok", reason: "", dropped: 0, events: 0, elapsedNs: 1e9, detail: "" },
        ...{ endedMs: 0, receivedMs: 0 },
      });
      return builder.finish();
    };
    await postBatch(api, "own-stream", 1, batch(1));
    const other = { ...api, collector: await api.token("collector", "") };
    const headers = { "isotherm-after": "1" };
    const forged = await postBatch(other, "own-stream", Number.MAX_SAFE_INTEGER, batch(2), { headers });
    assert.deepEqual([forged.status, (JSON.parse(forged.text) as ErrorBody).code], [403, "STREAM_CLAIMED"]);
    const next = await postBatch(api, "own-stream", 2, batch(3));
    assert.deepEqual([next.status, JSON.parse(next.text)], [200, { outcome: "stored" }]);
  });
});

describe("a board", () => {
  let api: Api;
  before(async () => {
    api = await startApi([
      { id: ACME, name: "acme" },
      { id: GLOBEX, name: "globex" },
    ]);
  });
  after(() => api.close());

  const INPUT = {
    name: "web",
    panels: [
      {
        ...{ metric: "syscall.ops", decomposition: ["execname", "latency"], by: null },
        where: [{ field: "zonename", not: true, values: ["a", "b"] }],
      },
    ],
    rangeSec: 600,
  };
  const boardsOf = async (id: string): Promise<BoardInfo[]> =>
    (await api.tenant(id).json<{ boards: BoardInfo[] }>("/v1/boards")).boards;

  test("comes back as it was saved and changed, to its tenant and to operators, and survives in the store", async () => {
    const made = await api.tenant(ACME).post<BoardInfo>("/v1/boards", INPUT);
    assert.deepEqual(
      { name: made.name, panels: made.panels, rangeSec: made.rangeSec, owner: made.owner },
      { ...INPUT, owner: ACME },
    );
    const body = JSON.stringify({ ...INPUT, name: "changed", panels: [] });
    const put = { method: "PUT", headers: { "content-type": "application/json" }, body };
    const changed = await api.tenant(ACME).json<BoardInfo>(`/v1/boards/${made.id}`, put);
    assert.deepEqual([changed.name, changed.panels, changed.createdMs], ["changed", [], made.createdMs]);
    assert.deepEqual(await boardsOf(ACME), [changed]);
    assert.deepEqual(await boardsOf(GLOBEX), []);
    assert.deepEqual((await api.operator.json<{ boards: BoardInfo[] }>("/v1/boards")).boards, [changed]);
    const { boards } = api.services.state;
    boards.forget([made.id]);
    await boards.refresh();
    assert.deepEqual(await boardsOf(ACME), [changed]);
    assert.equal((await api.tenant(ACME).fetch(`/v1/boards/${made.id}`, { method: "DELETE" })).status, 204);
    assert.deepEqual(await boardsOf(ACME), []);
  });

  test("is refused where it is not one", async () => {
    const wrong = [
      { ...INPUT, name: "" },
      { ...INPUT, rangeSec: 1 },
      { ...INPUT, panels: Array.from({ length: 25 }, () => INPUT.panels[0]) },
      { ...INPUT, panels: [{ ...INPUT.panels[0], sql: "SELECT 1" }] },
    ];
    for (const body of wrong) await assert.rejects(api.operator.post("/v1/boards", body), /400/);
  });

  test("is one of a hundred at most", async () => {
    const { boards } = api.services.state;
    const row = {
      owner: GLOBEX,
      name: "one of many",
      panels: [],
      rangeSec: 60,
      createdMs: 1,
      changedMs: 1,
      deletedMs: 0,
    };
    await boards.put(Array.from({ length: 100 }, (_, i) => ({ ...row, id: i.toString(16).padStart(16, "0") })));
    await assert.rejects(api.tenant(GLOBEX).post("/v1/boards", INPUT), /429.*TOO_MANY_BOARDS/);
    await api.tenant(ACME).post("/v1/boards", INPUT);
  });
});
