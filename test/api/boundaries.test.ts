/**
 * The edges of the query API: zones that move between hosts, tokens that end while they are in use, requests that are too large.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Breakdown, ErrorBody, Heatmap, InstrumentationInfo, SelectionBreakdown, Series } from "../../core/api.ts";
import { BatchBuilder } from "../../core/batch-builder.ts";
import { Instrumentations } from "../../query-api/instrumentations.ts";
import { readBreakdown } from "../../query-api/breakdown.ts";
import { specOf } from "../../query-api/instrumentations.ts";
import { TRUE } from "../../core/predicate.ts";
import { postBatch, startApi, type Api } from "./api-fixture.ts";

const ACME = "11111111-1111-4111-8111-111111111111";
const GLOBEX = "22222222-2222-4222-8222-222222222222";
const SEC = Math.floor(Date.now() / 1000) - 100;

describe("the query API at its edges", () => {
  let api: Api;
  let standing: InstrumentationInfo;

  before(async () => {
    api = await startApi([
      { id: ACME, name: "acme" },
      { id: GLOBEX, name: "globex" },
    ]);
    const row = await api.services.query.instrumentations.ensureStanding({
      metric: "syscall.ops",
      decomposition: ["execname", "latency"],
    });
    standing = await api.operator.json<InstrumentationInfo>(`/v1/instrumentations/${row.id}`);
    // acme's zone moves from cn-a to cn-b at SEC + 10; cn-b is not watched. cn-c has no zone but the global one.
    const { ownership } = api.services.state;
    const zone = { name: "zone-a", owner: ACME, alias: "web", state: "running" };
    await ownership.report("cn-a", [zone], (SEC - 1000) * 1000);
    await ownership.report("cn-b", [], (SEC - 1000) * 1000);
    await ownership.report("cn-a", [], (SEC + 10) * 1000);
    await ownership.report("cn-b", [{ ...zone, name: "zone-b" }], (SEC + 10) * 1000);
    await api.reportZones("cn-c", []);
    const builder = new BatchBuilder();
    for (let ts = SEC; ts < SEC + 20; ts++) {
      const a = { spec: row.spec, enabling: "e", host: "cn-a", tick: ts - SEC, ts };
      if (ts < SEC + 10)
        builder.addWindow({ ...a, zone: "zone-a", keys: [`app-${ts % 5}`], bucket: [5], count: [ts % 5], value: 0 });
      builder.addCoverage({ ...a, ...COVERED, dropped: 7, status: "partial" });
    }
    const c = { spec: row.spec, enabling: "e", host: "cn-c", tick: 1, ts: SEC - 30 };
    builder.addWindow({ ...c, zone: "global", keys: ["zpool"], bucket: [5], count: [3], value: 0 });
    builder.addCoverage({ ...c, ...COVERED });
    assert.equal((await postBatch(api, "s1", 1, builder.finish())).status, 200);
  });
  after(() => api.close());

  const path = (rest: string, from = SEC, to = SEC + 20): string =>
    `/v1/instrumentations/${standing.id}/${rest}from=${from}&to=${to}`;

  describe("coverage", () => {
    test("a host that a tenant has left proves nothing to it, and tells it nothing", async () => {
      const { columns } = await api.tenant(ACME).json<Heatmap>(path("heatmap?"));
      const told = columns.map(({ ts, total, reporting, expected, dropped }) => [
        ts - SEC < 10,
        total === null,
        reporting,
        expected,
        dropped,
      ]);
      // cn-b is expected from ever: its zone was seen there first.
      assert.deepEqual(told.slice(0, 10), Array(10).fill([true, false, 1, 2, 7]));
      assert.deepEqual(told.slice(11), Array(9).fill([false, true, 0, 1, 0]));
    });

    test("the same in a series", async () => {
      const { reporting, series } = await api.tenant(ACME).json<Series>(path("series?"));
      assert.deepEqual(reporting.slice(11), Array(9).fill(0));
      assert.ok(series.every(({ values }) => values.slice(11).every((value) => value === null)));
    });

    test("a gauge is the mean of its readings, and no rate", async () => {
      const row = await api.services.query.instrumentations.ensureStanding({
        metric: "memory.rss",
        granularitySec: 10,
      });
      const builder = new BatchBuilder();
      const from = Math.floor(SEC / 60) * 60 - 120;
      for (let ts = from; ts < from + 60; ts += 10) {
        const about = { spec: row.spec, enabling: "g", host: "cn-a", tick: ts - from, ts };
        builder.addWindow({ ...about, zone: "zone-a", keys: [], bucket: [], count: [], value: 1000 + (ts - from) });
        builder.addCoverage({ ...about, ...COVERED });
      }
      await postBatch(api, "gauge", 1, builder.finish());
      const answer = await api
        .tenant(ACME)
        .json<Series>(`/v1/instrumentations/${row.id}/series?from=${from}&to=${from + 60}&columns=1`);
      assert.deepEqual([answer.unit, answer.series], ["bytes", [{ key: "all", isOther: false, values: [1025] }]]);
    });

    test("a tenant without a zone anywhere learns of no host", async () => {
      const { columns } = await api.tenant(GLOBEX).json<Heatmap>(path("heatmap?"));
      assert.ok(columns.every((each) => each.total === null && each.expected === 0 && each.dropped === 0));
    });

    test("operators see a host that has no zones", async () => {
      const { columns } = await api.operator.json<Heatmap>(path("heatmap?", SEC - 30, SEC - 29));
      assert.deepEqual(
        columns.map(({ total, reporting, expected }) => [total, reporting, expected]),
        [[3, 1, 3]],
      );
    });
  });

  describe("a range whose ends lie within a window", () => {
    const from = Math.floor(SEC / 60) * 60 - 600;
    let minutes: string;

    before(async () => {
      const input = { metric: "syscall.ops", decomposition: ["execname", "latency"], granularitySec: 60 };
      const row = await api.services.query.instrumentations.ensureStanding(input);
      minutes = row.id;
      const builder = new BatchBuilder();
      for (const [i, count] of [1, 20, 300, 4000].entries()) {
        const about = { spec: row.spec, enabling: "m", host: "cn-a", tick: i + 1, ts: from + 60 * i };
        builder.addWindow({ ...about, zone: "zone-a", keys: ["cron"], bucket: [5], count: [count], value: 0 });
        builder.addCoverage({ ...about, ...COVERED });
      }
      assert.equal((await postBatch(api, "minutes", 1, builder.finish())).status, 200);
    });

    /** What each way of asking says was added up, from which second to which. */
    async function answers(at: number, to: number): Promise<unknown[][]> {
      const client = api.tenant(ACME);
      const range = `from=${from + at}&to=${from + to}`;
      const part = (rest: string) => client.json<Breakdown>(`/v1/instrumentations/${minutes}/${rest}${range}`);
      const selection = { instrumentation: minutes, from: from + at, to: from + to };
      const chosen = await client.post<SelectionBreakdown>("/v1/selections/breakdown", { selection });
      const all = [await part("heatmap?"), await part("breakdown?by=execname&"), await part("cell?")];
      return [...all, { ...chosen.selection, total: chosen.total }].map(({ total, fromTs, toTs }) => [
        total,
        fromTs - from,
        toTs - from,
      ]);
    }

    test("is answered as whole windows, and says so, however it is asked for", async () => {
      assert.deepEqual(await answers(90, 150), Array(4).fill([320, 60, 180]));
    });

    test("also where it lies within one", async () => {
      assert.deepEqual(await answers(130, 140), Array(4).fill([300, 120, 180]));
    });
  });

  describe("tokens that end", () => {
    const post = { method: "POST", headers: { "content-type": "application/json" } };

    test("a live stream ends within five seconds of its token", async () => {
      const token = await api.token("tenant", ACME);
      const response = await api.client(token).fetch(`/v1/instrumentations/${standing.id}/live`);
      assert.equal(response.status, 200);
      await api.services.state.tokens.revoke(token.split("_")[1] ?? "");
      await ends(response, 5000);
    });

    test("so do a collector's assignments", async () => {
      const token = await api.token("collector", "");
      const response = await api.client(token).fetch("/v1/assignments");
      await api.services.state.tokens.revoke(token.split("_")[1] ?? "");
      await ends(response, 5000);
    });

    test("a live stream ends with its instrumentation", async () => {
      const made = await api.operator.post<InstrumentationInfo>("/v1/instrumentations", {
        metric: "syscall.ops",
        decomposition: ["latency"],
      });
      const response = await api.operator.fetch(`/v1/instrumentations/${made.id}/live`);
      await api.operator.fetch(`/v1/instrumentations/${made.id}`, { method: "DELETE" });
      await ends(response, 5000);
    });

    test("a session ends with the token that it was traded for, and cannot be traded itself", async () => {
      const token = await api.token("tenant", ACME);
      const origin = { ...post.headers, origin: api.url };
      const signIn = (text: string): Promise<Response> =>
        fetch(`${api.url}/v1/session`, { method: "POST", headers: origin, body: JSON.stringify({ token: text }) });
      const cookie = (await signIn(token)).headers.get("set-cookie")?.split(";")[0] ?? "";
      const status = async (): Promise<number> =>
        (await fetch(`${api.url}/v1/session`, { headers: { cookie } })).status;
      assert.equal(await status(), 200);
      assert.equal((await signIn(cookie.split("=")[1] ?? "")).status, 401);
      await api.services.state.tokens.revoke(token.split("_")[1] ?? "");
      assert.equal(await status(), 401);
      await api.services.state.tokens.refresh();
      assert.equal(await status(), 401);
    });
  });

  describe("instrumentations", () => {
    test("a tenant's cap holds when it asks for many at once", async () => {
      const client = api.client(await api.token("tenant", "44444444-4444-4444-8444-444444444444"));
      const answers = await Promise.all(
        Array.from({ length: 20 }, () =>
          client.fetch("/v1/instrumentations", {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ metric: "syscall.ops", decomposition: ["latency"] }),
          }),
        ),
      );
      const statuses = answers.map((each) => each.status).sort();
      assert.deepEqual(statuses, [...Array<number>(10).fill(201), ...Array<number>(10).fill(429)]);
    });

    test("a start of the service is no idleness, and what is watched is never idle", async () => {
      let now = Date.now();
      const table = api.services.state.instrumentations;
      const made = await api.operator.post<InstrumentationInfo>("/v1/instrumentations", {
        metric: "syscall.ops",
        decomposition: ["latency"],
        idleMaxSec: 1,
      });
      now += 3_600_000;
      const restarted = new Instrumentations(table, () => now);
      const deleted = (): boolean => table.get(made.id)?.deletedMs !== 0;
      await restarted.expire();
      assert.equal(deleted(), false);
      const stop = restarted.watch(made.id);
      now += 3_600_000;
      await restarted.expire();
      assert.equal(deleted(), false);
      stop();
      now += 3000;
      await restarted.expire();
      assert.equal(deleted(), true);
    });

    test("a standing one that was deleted comes back alive", async () => {
      const { instrumentations } = api.services.query;
      const input = { metric: "syscall.ops", decomposition: ["syscall", "latency"] };
      const row = await instrumentations.ensureStanding(input);
      await api.services.state.instrumentations.put([{ ...row, deletedMs: 1 }]);
      assert.equal((await instrumentations.ensureStanding(input)).deletedMs, 0);
    });

    test("one whose metric is not known any more hides no other", async () => {
      const row = api.services.state.instrumentations.get(standing.id);
      assert.ok(row);
      const gone = { ...row, id: "f".repeat(16), metric: "no.more", standing: false };
      await api.services.state.instrumentations.put([gone]);
      const { instrumentations } = await api.operator.json<{ instrumentations: InstrumentationInfo[] }>(
        "/v1/instrumentations",
      );
      assert.ok(instrumentations.some((each) => each.id === standing.id));
      assert.equal((await api.operator.fetch(`/v1/instrumentations/${gone.id}`)).status, 404);
    });
  });

  describe("what is too large", () => {
    test("parts beyond the limit are other, and all add up", async () => {
      const answer = await api.tenant(ACME).json<Breakdown>(path("breakdown?by=execname&limit=2&"));
      assert.deepEqual(answer, {
        by: "execname",
        fromTs: SEC,
        toTs: SEC + 20,
        tier: "1s",
        total: 20,
        other: 6,
        parts: [
          { key: "app-4", total: 8 },
          { key: "app-3", total: 6 },
        ],
      });
    });

    test("series beyond the limit are one, and all add up", async () => {
      const { series } = await api.tenant(ACME).json<Series>(path("series?by=execname&limit=2&"));
      const total = (values: readonly (number | null)[]): number =>
        values.reduce<number>((sum, n) => sum + (n ?? 0), 0);
      assert.deepEqual(
        series.map(({ key, values }) => [key, total(values)]),
        [
          ["app-4", 8],
          ["app-3", 6],
          ["", 6],
        ],
      );
    });

    for (const [field, rest] of [
      ["columns", "heatmap?columns=1e999&"],
      ["columns", "series?columns=Infinity&"],
      ["rows", "heatmap?rows=-1e999&"],
      ["top", "heatmap?by=execname&top=%2BInfinity&"],
      ["limit", "windows?limit=1e400&"],
      ["low", "cell?low=-Infinity&"],
    ] as const) {
      test(`no number is infinite, and so above what it may be: ${rest.slice(0, -1)}`, async () => {
        const response = await api.tenant(ACME).fetch(path(rest));
        const { errors } = (await response.json()) as ErrorBody;
        assert.deepEqual([response.status, errors.map((each) => each.field)], [400, [field]]);
      });
    }

    test("nor is one in a header", async () => {
      const headers = { "isotherm-seq": "1e999", "isotherm-after": "1" };
      const { status } = await postBatch(api, "endless", 1, new BatchBuilder().finish(), { rows: 1, headers });
      assert.equal(status, 400);
    });

    test("the end of time is no error", async () => {
      const to = 4_294_967_295;
      const response = await api.operator.fetch(path("heatmap?columns=10&", to - 60_000_000, to));
      assert.equal(response.status, 400);
    });

    test("a read that would take too much is refused, and says so", async () => {
      const row = api.services.state.instrumentations.get(standing.id);
      assert.ok(row);
      const view = { instrumentation: row, ...specOf(row), tenant: null, where: TRUE };
      const { store } = api.services;
      const limited = {
        ...store,
        query: <T>(sql: string, params = {}, options = {}): Promise<T[]> => {
          const { settings } = options as { settings: Record<string, number> };
          return store.query<T>(sql, params, { ...options, settings: { ...settings, max_rows_to_group_by: 2 } });
        },
      };
      const request = { by: "execname", range: { fromTs: SEC, toTs: SEC + 20 }, limit: 10 };
      await assert.rejects(readBreakdown(limited, view, request, SEC + 100), { code: "QUERY_TOO_LARGE" });
    });
  });
});

/** Reads a stream to its end. @throws when it does not end in time */
async function ends(response: Response, withinMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the stream did not end within ${withinMs} ms`)), withinMs);
  });
  try {
    await Promise.race([response.text().catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}

const COVERED = {
  status: "ok",
  reason: "",
  dropped: 0,
  events: 0,
  endedMs: 0,
  receivedMs: 0,
  elapsedNs: 1e9,
  detail: "",
} as const;
