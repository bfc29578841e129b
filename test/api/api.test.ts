/**
 * The query API as its callers meet it: who may, what bad input gets, that tenants are apart. No hosts: rows are put in
 * through ingest, so that their counts are known.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type {
  Breakdown,
  ErrorBody,
  Heatmap,
  InstrumentationInfo,
  MetricInfo,
  Series,
  SessionInfo,
} from "../../core/api.ts";
import { BatchBuilder } from "../../core/batch-builder.ts";
import { postBatch, startApi, type Api } from "./api-fixture.ts";

const ACME = "11111111-1111-4111-8111-111111111111";
const GLOBEX = "22222222-2222-4222-8222-222222222222";
const SEC = Math.floor(Date.now() / 1000) - 120;

describe("the query API", () => {
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
    await api.reportZones("cn-01", [
      { name: "zone-a", owner: ACME, alias: "web-0", state: "running" },
      { name: "zone-g", owner: GLOBEX, alias: "db-0", state: "running" },
    ]);
    await postBatch(api, "s1", 1, batch(row.spec));
  });
  after(() => api.close());

  /** Two seconds: ten events of acme's, a hundred of globex's, a thousand of nobody's; the third second is a gap. */
  function batch(spec: string): ReturnType<BatchBuilder["finish"]> {
    const builder = new BatchBuilder();
    for (const ts of [SEC, SEC + 1]) {
      const about = { spec, enabling: "e", host: "cn-01", tick: ts - SEC + 1, ts };
      for (const [zone, count] of [
        ["zone-a", 10],
        ["zone-g", 100],
        ["zone-x", 1000],
      ] as const) {
        builder.addWindow({ ...about, zone, keys: [`app-${zone}`], bucket: [5, 7], count: [count - 1, 1], value: 0 });
      }
      builder.addCoverage({ ...about, ...COVERED, events: 1110 });
    }
    const gap = { spec, enabling: "e", host: "cn-01", tick: 0, ts: SEC + 2 };
    builder.addCoverage({ ...gap, ...COVERED, status: "gap", reason: "ssh_down", events: 0 });
    return builder.finish();
  }

  const heatmap = (client = api.operator, rest = ""): Promise<Heatmap> =>
    client.json(`/v1/instrumentations/${standing.id}/heatmap?from=${SEC}&to=${SEC + 4}${rest}`);

  describe("who may", () => {
    test("nobody without a token: 401", async () => {
      for (const path of [
        "/v1/session",
        "/v1/metrics",
        "/v1/tenants",
        "/v1/instrumentations",
        `/v1/instrumentations/${standing.id}/heatmap`,
      ]) {
        const response = await fetch(api.url + path);
        assert.equal(response.status, 401, path);
        assert.equal(((await response.json()) as ErrorBody).code, "NO_TOKEN");
      }
    });

    test("a wrong, a malformed and a revoked token are no token", async () => {
      const revoked = await api.token("tenant", ACME);
      await api.services.state.tokens.revoke(revoked.split("_")[1] ?? "");
      const wrong = `${api.operator.token.slice(0, -1)}${api.operator.token.endsWith("A") ? "B" : "A"}`;
      for (const token of [wrong, "x", "", "Bearer", "iso_0000000000000000_", revoked]) {
        const response = await fetch(`${api.url}/v1/session`, { headers: { authorization: `Bearer ${token}` } });
        assert.equal(response.status, 401, token);
      }
    });

    test("a collector may not read, and a reader may not collect", async () => {
      const collector = await api.token("collector", "");
      const read = await fetch(`${api.url}/v1/instrumentations`, { headers: { authorization: `Bearer ${collector}` } });
      assert.equal(read.status, 403);
      assert.equal((await api.operator.fetch("/v1/assignments")).status, 403);
      const report = await fetch(`${api.services.ingest.url}/v1/hosts/cn-01`, {
        method: "PUT",
        headers: { authorization: `Bearer ${api.operator.token}`, "content-type": "application/json" },
        body: "{}",
      });
      assert.equal(report.status, 403);
    });

    test("another tenant's instrumentation answers as one that does not exist, to the byte", async () => {
      const own = await api.tenant(GLOBEX).post<InstrumentationInfo>("/v1/instrumentations", {
        metric: "syscall.ops",
        decomposition: ["latency"],
      });
      for (const [method, rest] of [
        ["GET", ""],
        ["DELETE", ""],
        ["GET", "/heatmap"],
        ["GET", "/breakdown?by=execname"],
        ["GET", "/series"],
        ["GET", "/live"],
      ] as const) {
        const foreign = await api.tenant(ACME).fetch(`/v1/instrumentations/${own.id}${rest}`, { method });
        const unknown = await api.tenant(ACME).fetch(`/v1/instrumentations/${"0".repeat(16)}${rest}`, { method });
        assert.equal(foreign.status, 404, `${method} ${rest}`);
        assert.equal(unknown.status, 404, `${method} ${rest}`);
        assert.equal(await foreign.text(), await unknown.text(), `${method} ${rest}`);
      }
      assert.equal((await api.tenant(GLOBEX).fetch(`/v1/instrumentations/${own.id}`)).status, 200);
      const listed = await api.tenant(ACME).fetch("/v1/instrumentations");
      assert.ok(!(await listed.text()).includes(own.id));
    });

    test("a tenant may not look through another's eyes", async () => {
      const response = await api.tenant(ACME).fetch(`/v1/instrumentations/${standing.id}/heatmap?tenant=${GLOBEX}`);
      assert.equal(response.status, 404);
    });

    test("a page signs in with a token, acts by cookie from its own origin only, and signs out", async () => {
      const origin = { origin: api.url, "content-type": "application/json" };
      const signIn = await fetch(`${api.url}/v1/session`, {
        method: "POST",
        headers: origin,
        body: JSON.stringify({ token: api.tenant(ACME).token }),
      });
      assert.equal(signIn.status, 200);
      const info = (await signIn.json()) as SessionInfo;
      assert.deepEqual([info.role, info.tenant?.name, info.tenant?.zones.length], ["tenant", "acme", 1]);
      const set = signIn.headers.get("set-cookie") ?? "";
      assert.match(set, /HttpOnly/);
      assert.match(set, /SameSite=Strict/);
      const cookie = set.split(";")[0] ?? "";
      assert.equal((await fetch(`${api.url}/v1/session`, { headers: { cookie } })).status, 200);
      const body = JSON.stringify({ metric: "syscall.ops", decomposition: ["latency"] });
      const foreign = { cookie, "content-type": "application/json", origin: "http://evil.example" };
      assert.equal(
        (await fetch(`${api.url}/v1/instrumentations`, { method: "POST", headers: foreign, body })).status,
        403,
      );
      const out = await fetch(`${api.url}/v1/session`, { method: "DELETE", headers: { cookie, origin: api.url } });
      assert.equal(out.status, 200);
      assert.equal((await fetch(`${api.url}/v1/session`, { headers: { cookie } })).status, 401);
    });
  });

  describe("what tenants get", () => {
    test("their own zones' counts only; nobody's zones are the operators' to see", async () => {
      assert.equal((await heatmap(api.tenant(ACME))).total, 20);
      assert.equal((await heatmap(api.tenant(GLOBEX))).total, 200);
      assert.equal((await heatmap()).total, 2220);
      assert.equal((await heatmap(api.operator, `&tenant=${ACME}`)).total, 20);
    });

    test("no key of another tenant, in no breakdown and by no filter", async () => {
      const breakdown = await api
        .tenant(ACME)
        .json<Breakdown>(`/v1/instrumentations/${standing.id}/breakdown?by=execname&from=${SEC}&to=${SEC + 4}`);
      assert.deepEqual(breakdown.parts, [{ key: "app-zone-a", total: 20 }]);
      const where = encodeURIComponent(JSON.stringify({ eq: ["zonename", "zone-g"] }));
      assert.equal((await heatmap(api.tenant(ACME), `&where=${where}`)).total, 0);
    });

    test("no operator metric and no operator field", async () => {
      const { metrics } = await api.tenant(ACME).json<{ metrics: MetricInfo[] }>("/v1/metrics");
      assert.ok(metrics.length > 0);
      for (const metric of metrics) {
        assert.equal(metric.audience, "tenant", metric.name);
        assert.ok(
          metric.fields.every((field) => field.audience === "tenant"),
          metric.name,
        );
      }
    });

    test("no hostname", async () => {
      for (const path of [
        "/v1/tenants",
        "/v1/instrumentations",
        `/v1/instrumentations/${standing.id}/heatmap?from=${SEC}`,
      ]) {
        const text = await (await api.tenant(ACME).fetch(path)).text();
        assert.ok(!text.includes("cn-01"), path);
      }
    });

    test("at most ten instrumentations", async () => {
      const client = api.client(await api.token("tenant", "33333333-3333-4333-8333-333333333333"));
      const make = () =>
        client.fetch("/v1/instrumentations", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ metric: "syscall.ops", decomposition: ["latency"] }),
        });
      for (let i = 0; i < 10; i++) assert.equal((await make()).status, 201);
      assert.equal((await make()).status, 429);
    });
  });

  describe("missing is missing", () => {
    test("a watched second without events is 0, an unwatched one null with its reason", async () => {
      const where = encodeURIComponent(JSON.stringify({ eq: ["execname", "nothing"] }));
      const { columns } = await heatmap(api.operator, `&where=${where}`);
      assert.deepEqual(
        columns.map(({ total, reporting, expected, reason }) => ({ total, reporting, expected, reason })),
        [
          { total: 0, reporting: 1, expected: 1, reason: "" },
          { total: 0, reporting: 1, expected: 1, reason: "" },
          { total: null, reporting: 0, expected: 1, reason: "ssh_down" },
          { total: null, reporting: 0, expected: 1, reason: "" },
        ],
      );
    });
  });

  describe("bad input is answered by field", () => {
    const cases: [name: string, body: unknown, field: string][] = [
      ["unknown metric", { metric: "no.such" }, "metric"],
      ["unknown field", { metric: "syscall.ops", decomposition: ["nope"] }, "decomposition[0]"],
      ["field twice", { metric: "syscall.ops", decomposition: ["execname", "execname"] }, "decomposition[1]"],
      ["unknown operator", { metric: "syscall.ops", predicate: { like: ["execname", "x"] } }, "predicate.like"],
      [
        "unknown field in a predicate",
        { metric: "syscall.ops", predicate: { and: [{ eq: ["nope", "x"] }] } },
        "predicate.and[0].eq",
      ],
      ["quote in a string", { metric: "syscall.ops", predicate: { eq: ["execname", 'x") || (1'] } }, "predicate.eq"],
      ["bad scheme", { metric: "syscall.ops", decomposition: ["latency"], scheme: "llquantize(10,3,10,7)" }, "scheme"],
      [
        "a latency that kstats do not tell",
        { metric: "fs.slow_ops", decomposition: ["latency"], predicate: { gt: ["latency", 7] } },
        "predicate",
      ],
      [
        "other buckets than the kernel's",
        { metric: "fs.slow_ops", decomposition: ["latency"], scheme: "quantize" },
        "scheme",
      ],
      ["scheme without numeric field", { metric: "syscall.ops", scheme: "quantize" }, "scheme"],
      ["bad granularity", { metric: "syscall.ops", granularitySec: 7 }, "granularitySec"],
      ["unknown property", { metric: "syscall.ops", color: "red" }, "color"],
      ["no metric", {}, "metric"],
    ];
    for (const [name, body, field] of cases) {
      test(name, async () => {
        const response = await api.operator.fetch("/v1/instrumentations", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        });
        const answer = (await response.json()) as ErrorBody;
        assert.equal(response.status, 400);
        assert.equal(answer.code, "INVALID_INPUT");
        assert.ok(
          answer.errors.some((each) => each.field === field),
          JSON.stringify(answer),
        );
      });
    }

    const queries: [name: string, path: string, field: string][] = [
      ["where is not JSON", "heatmap?where=%7B", "where"],
      ["where names a field that is no key", "heatmap?where=%7B%22eq%22%3A%5B%22pid%22%2C1%5D%7D", "where.eq"],
      ["to before from", "heatmap?from=100&to=50", "from"],
      ["columns beyond the limit", "heatmap?columns=100000", "columns"],
      ["unknown parameter", "heatmap?nope=1", "nope"],
      ["breakdown by what is no key", "breakdown?by=pid", "by"],
    ];
    for (const [name, path, field] of queries) {
      test(name, async () => {
        const response = await api.operator.fetch(`/v1/instrumentations/${standing.id}/${path}`);
        const answer = (await response.json()) as ErrorBody;
        assert.equal(response.status, 400, JSON.stringify(answer));
        assert.ok(
          answer.errors.some((each) => each.field === field),
          JSON.stringify(answer),
        );
      });
    }
  });

  test("a heatmap as Arrow says what its JSON says", async () => {
    const response = await api.operator.fetch(`/v1/instrumentations/${standing.id}/heatmap?from=${SEC}&to=${SEC + 4}`, {
      headers: { accept: "application/vnd.apache.arrow.stream" },
    });
    const { tableFromIPC } = await import("apache-arrow");
    const table = tableFromIPC(new Uint8Array(await response.arrayBuffer()));
    const json = await heatmap();
    assert.equal(table.schema.metadata.get("total"), String(json.total));
    assert.equal(table.numRows, json.columns.length);
    for (const [i, column] of json.columns.entries()) {
      const row = table.get(i)?.toJSON() as Record<string, unknown>;
      assert.deepEqual(
        [
          row["ts"],
          row["total"],
          row["p99"],
          row["reason"],
          [...(row["bucket"] as Iterable<number>)],
          [...(row["count"] as Iterable<number>)],
        ],
        [column.ts, column.total, column.p99, column.reason, column.bucket, column.count],
      );
    }
  });

  test("the routes describe themselves, and operations need no token", async () => {
    const openapi = (await (await fetch(`${api.url}/openapi.json`)).json()) as { paths: Record<string, unknown> };
    for (const path of [
      "/v1/metrics",
      "/v1/instrumentations",
      "/v1/instrumentations/{id}/heatmap",
      "/v1/instrumentations/{id}/live",
    ]) {
      assert.ok(openapi.paths[path], path);
    }
    assert.equal((await fetch(`${api.url}/healthz`)).status, 200);
    assert.equal((await fetch(`${api.url}/readyz`)).status, 200);
    assert.match(
      await (await fetch(`${api.url}/metrics`)).text(),
      /isotherm_ingest_batches_total\{outcome="stored"\} 1/,
    );
  });

  test("an instrumentation is created with its program, listed, deleted, and then gone", async () => {
    const made = await api.operator.post<InstrumentationInfo>("/v1/instrumentations", {
      metric: "syscall.ops",
      decomposition: ["syscall", "latency"],
      predicate: { eq: ["execname", "postgres"] },
    });
    const detail = await api.operator.json<{ program: string }>(`/v1/instrumentations/${made.id}`);
    assert.match(detail.program, /execname == "postgres"/);
    assert.equal((await api.operator.fetch(`/v1/instrumentations/${made.id}`, { method: "DELETE" })).status, 204);
    assert.equal((await api.operator.fetch(`/v1/instrumentations/${made.id}`)).status, 404);
    assert.equal((await api.operator.fetch(`/v1/instrumentations/${standing.id}`, { method: "DELETE" })).status, 409);
  });
});

const COVERED = {
  status: "ok",
  reason: "",
  dropped: 0,
  endedMs: 0,
  receivedMs: 0,
  elapsedNs: 1e9,
  detail: "",
} as const;

describe("a series of rates", () => {
  let api: Api;
  before(async () => (api = await startApi([])));
  after(() => api.close());

  test("ends with the last column that every host reported, while the next is still on its way", async () => {
    const row = await api.services.query.instrumentations.ensureStanding({
      metric: "cpu.usage",
      decomposition: ["cpumode"],
    });
    const nowSec = Math.floor(Date.now() / 1000);
    for (const host of ["cn-01", "cn-02"]) {
      await api.reportZones(host, [{ name: `zone-${host}`, owner: ACME, alias: "", state: "running" }]);
      const builder = new BatchBuilder();
      const last = host === "cn-01" ? nowSec : nowSec - 1;
      for (let ts = nowSec - 20; ts <= last; ts++) {
        const about = { spec: row.spec, enabling: "e", host, tick: ts, ts };
        builder.addWindow({ ...about, zone: `zone-${host}`, keys: ["user"], bucket: [], count: [], value: 5e8 });
        builder.addCoverage({ ...about, ...COVERED, events: 5e8 });
      }
      await postBatch(api, host, 1, builder.finish());
    }
    const series = await api.operator.json<Series>(
      `/v1/instrumentations/${row.id}/series?from=${nowSec - 10}&to=${nowSec + 2}`,
    );
    assert.equal(series.times.at(-1), nowSec - 1);
    assert.deepEqual([...new Set(series.series[0]?.values)], [100], "two hosts at half a CPU each");
  });

  test("says of each column that nobody watched why, and of others what was lost", async () => {
    const row = await api.services.query.instrumentations.ensureStanding({ metric: "cpu.waittime", decomposition: [] });
    const from = Math.floor(Date.now() / 1000) - 2000;
    await api.reportZones("cn-03", [{ name: "zone-3", owner: ACME, alias: "", state: "running" }]);
    const builder = new BatchBuilder();
    for (const i of [0, 1, 2, 3]) {
      const about = { spec: row.spec, enabling: "e", host: "cn-03", tick: i, ts: from + i };
      if (i === 1) builder.addCoverage({ ...about, ...COVERED, status: "gap", reason: "ssh_down", events: 0 });
      else {
        builder.addWindow({ ...about, zone: "zone-3", keys: [], bucket: [], count: [], value: 5e8 });
        builder.addCoverage({ ...about, ...COVERED, dropped: i === 2 ? 7 : 0, events: 5e8 });
      }
    }
    await postBatch(api, "cn-03", 1, builder.finish());
    const { series, reasons, dropped } = await api.operator.json<Series>(
      `/v1/instrumentations/${row.id}/series?from=${from}&to=${from + 4}`,
    );
    assert.deepEqual(
      series[0]?.values.map((value) => value === null),
      [false, true, false, false],
    );
    assert.deepEqual(
      [reasons, dropped],
      [
        ["", "ssh_down", "", ""],
        [0, 0, 7, 0],
      ],
    );
  });

  test("tells a key without a name from all others", async () => {
    const row = await api.services.query.instrumentations.ensureStanding({
      metric: "cpu.usage",
      decomposition: ["cpumode"],
    });
    const from = Math.floor(Date.now() / 1000) - 2000;
    await api.reportZones("cn-04", [{ name: "zone-4", owner: ACME, alias: "", state: "running" }]);
    const builder = new BatchBuilder();
    const about = { spec: row.spec, enabling: "unnamed", host: "cn-04", tick: 1, ts: from };
    const percents = { "": 30, user: 20, kernel: 10, idle: 5 };
    for (const [key, percent] of Object.entries(percents)) {
      builder.addWindow({ ...about, zone: "zone-4", keys: [key], bucket: [], count: [], value: percent * 1e7 });
    }
    builder.addCoverage({ ...about, ...COVERED, events: 65e7 });
    await postBatch(api, "cn-04", 1, builder.finish());
    const { series } = await api.operator.json<Series>(
      `/v1/instrumentations/${row.id}/series?by=cpumode&limit=2&from=${from}&to=${from + 1}`,
    );
    assert.deepEqual(series, [
      { key: "", isOther: false, values: [30] },
      { key: "user", isOther: false, values: [20] },
      { key: "", isOther: true, values: [15] },
    ]);
  });

  test("gives a growth over several seconds as the rate of those seconds", async () => {
    const row = await api.services.query.instrumentations.ensureStanding({
      metric: "cpu.usage",
      decomposition: ["cpumode"],
    });
    const from = Math.floor(Date.now() / 1000) - 1000;
    const seconds = 6;
    for (const host of ["cn-01", "cn-02"]) {
      await api.reportZones(host, [{ name: `zone-${host}`, owner: ACME, alias: "", state: "running" }]);
      const builder = new BatchBuilder();
      for (let i = 0; i < seconds; i++) {
        // cn-01 lost three samples; cn-02 none, and is idle.
        if (host === "cn-01" && i > 0 && i < 4) continue;
        const sec = host === "cn-01" && i === 4 ? 4 : 1;
        const about = { spec: row.spec, enabling: `late ${host}`, host, tick: i + 1, ts: from + i };
        const value = host === "cn-01" ? sec * 5e8 : 0;
        builder.addWindow({ ...about, zone: `zone-${host}`, keys: ["user"], bucket: [], count: [], value });
        builder.addCoverage({ ...about, ...COVERED, events: value, elapsedNs: sec * 1e9 });
      }
      await postBatch(api, host, 2, builder.finish());
    }
    const path = `/v1/instrumentations/${row.id}/series?by=zonename&from=${from}&to=${from + seconds}`;
    const { series } = await api.operator.json<Series>(path);
    const values = Object.fromEntries(series.map(({ key, values: of }) => [key, of]));
    assert.deepEqual(values["zone-cn-01"], [50, 0, 0, 0, 50, 50]);
    assert.deepEqual(values["zone-cn-02"], [0, 0, 0, 0, 0, 0]);
    const exported = await api.operator.fetch(path.replace("/series?", "/export?value=series&format=jsonl&"));
    const rows = (await exported.text()).trimEnd().split("\n");
    const ofBusy = rows
      .map((row) => JSON.parse(row) as { zonename: string; value: number; total: number })
      .filter(({ zonename }) => zonename === "zone-cn-01");
    assert.deepEqual(
      ofBusy.map(({ value, total }) => [value, total]),
      [50, 0, 0, 0, 50, 50].map((value, i) => [value, i === 4 ? 4 * 5e8 : value * 1e7]),
      "an export has the same rates beside the exact growth",
    );
  });
});
