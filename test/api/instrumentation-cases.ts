/**
 * instrumentation-cases.ts: the life of an instrumentation over HTTP: previewed, listed, changed, cloned, capped. They share the
 * engine, and the rows in it, with test/selections/selections.test.ts.
 */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type {
  AuditPage,
  InstrumentationDetail,
  InstrumentationInfo,
  InstrumentationPreview,
  InstrumentationSummary,
} from "../../core/api.ts";
import type { HostDetail } from "../../core/host-status.ts";
import type { TokenRow } from "../../store/tokens.ts";
import type { Client } from "../e2e/stack.ts";
import type { Api } from "./api-fixture.ts";

/** A tenant of its own, with a zone on one host. */
const INITECH = "33333333-3333-4333-8333-333333333333";

/**
 * @param acme a tenant with zones on host cn-01
 * @param globex another, with zones there
 * @param standing syscall.ops by execname, pid and latency
 */
export function instrumentationCases(
  acme: string,
  globex: string,
  parts: () => { readonly api: Api; readonly standing: string },
): void {
  const client = (tenant: string): Client => parts().api.tenant(tenant);
  const send = async (by: Client, method: string, path: string, body: object, status: number): Promise<unknown> => {
    const headers = { "content-type": "application/json" };
    const response = await by.fetch(path, { method, headers, body: JSON.stringify(body) });
    const text = await response.text();
    assert.equal(response.status, status, text);
    return JSON.parse(text) as unknown;
  };
  const create = (by: Client, body: object): Promise<InstrumentationSummary> => by.post("/v1/instrumentations", body);
  const preview = (by: Client, body: object): Promise<InstrumentationPreview> =>
    by.post("/v1/instrumentations", { ...body, dryRun: true });
  const actions = async (by: Client, object: string): Promise<unknown[]> =>
    (await by.json<AuditPage>(`/v1/audit?object=${object}`)).entries.map(({ action, detail }) => [action, detail]);

  describe("instrumentations", () => {
    before(async () => {
      const { api, standing } = parts();
      const { spec } = api.services.state.instrumentations.get(standing) ?? { spec: "" };
      await report(api, "cn-01", [{ metric: "syscall.ops", supported: true, reason: "", missing: [] }], spec);
      const why = "the host lacks the probes of sched";
      await report(api, "cn-02", [{ metric: "syscall.ops", supported: false, reason: why, missing: [] }]);
    });

    test("a list says whose each is, how old, when it ends and what it costs", async () => {
      const made = await create(client(acme), {
        metric: "syscall.ops",
        decomposition: ["errno"],
        idleMaxSec: 60,
        lifeSec: 3600,
      });
      const { instrumentations } = await client(acme).json<{ instrumentations: InstrumentationSummary[] }>(
        "/v1/instrumentations",
      );
      const own = instrumentations.find(({ id }) => id === made.id);
      assert.deepEqual([own?.owner, own?.cost], [acme, "high"]);
      assert.ok((own?.ageSec ?? -1) >= 0 && (own?.ageSec ?? 100) < 60);
      assert.ok(Math.abs((own?.idleExpiresMs ?? 0) - Date.now() - 60_000) < 10_000);
      assert.ok(Math.abs((own?.expiresMs ?? 0) - Date.now() - 3_600_000) < 10_000);
      const standing = instrumentations.find((each) => each.standing);
      assert.deepEqual([standing?.owner, standing?.idleExpiresMs, standing?.expiresMs], ["operator", null, null]);
      await client(acme).fetch(`/v1/instrumentations/${made.id}`, { method: "DELETE" });
    });

    test("label, retention and idle-max change; what is counted does not, nor what is not one's own", async () => {
      const made = await create(client(acme), { metric: "syscall.ops", decomposition: ["syscall"] });
      const path = `/v1/instrumentations/${made.id}`;
      const change = { label: "calls", retentionSec: 86_400, idleMaxSec: 120 };
      const changed = (await send(client(acme), "PATCH", path, change, 200)) as InstrumentationSummary;
      assert.deepEqual([changed.label, changed.retentionSec, changed.idleMaxSec], ["calls", 86_400, 120]);
      const read = await client(acme).json<InstrumentationDetail>(path);
      assert.deepEqual([read.label, read.createdMs, read.decomposition], ["calls", made.createdMs, ["syscall"]]);
      assert.deepEqual((await actions(client(acme), made.id))[0], ["instrumentation.change", change]);
      for (const wrong of [{}, { predicate: {} }, { idleMaxSec: 0 }, { retentionSec: 1 }]) {
        await send(client(acme), "PATCH", path, wrong, 400);
      }
      await send(client(globex), "PATCH", path, { label: "mine" }, 404);
      const { standing } = parts();
      for (const by of [client(acme), parts().api.operator]) {
        await send(by, "PATCH", `/v1/instrumentations/${standing}`, { label: "x" }, 409);
      }
      await client(acme).fetch(path, { method: "DELETE" });
    });

    test("a clone is the original with changes, and the caller's own", async () => {
      const { standing, api } = parts();
      const path = `/v1/instrumentations/${standing}/clone`;
      const body = { decomposition: ["execname", "latency"], predicate: { eq: ["syscall", "read"] }, label: "reads" };
      const made = (await send(client(acme), "POST", path, body, 201)) as InstrumentationSummary;
      assert.deepEqual([made.owner, made.standing, made.label], [acme, false, "reads"]);
      assert.deepEqual([made.predicate, made.decomposition], [body.predicate, body.decomposition]);
      // It is not standing as the original is, and ends unread; the scheme is of the same field, and stays.
      assert.deepEqual([made.idleMaxSec, made.scheme], [600, "llquantize(10,3,10,20)"]);
      assert.deepEqual(await actions(client(acme), made.id), [
        ["instrumentation.clone", { metric: "syscall.ops", label: "reads", from: standing }],
      ]);
      const other = { decomposition: ["subsecond"], dryRun: true };
      const preview = (await send(client(acme), "POST", path, other, 200)) as InstrumentationPreview;
      assert.equal(preview.instrumentation.scheme, "lquantize(0,1000,10)");
      await send(client(globex), "POST", `/v1/instrumentations/${made.id}/clone`, {}, 404);
      await send(client(acme), "POST", path, { metric: "cpu.usage" }, 400);
      await api.operator.fetch(`/v1/instrumentations/${made.id}`, { method: "DELETE" });
    });

    test("a preview says the program, the cost and where it would run, and makes nothing", async () => {
      const { api, standing } = parts();
      const { operator } = api;
      const ids = (): string[] => api.services.state.instrumentations.all().map(({ id }) => id);
      const were = ids();
      const told = await preview(operator, { metric: "syscall.ops", decomposition: ["execname", "latency"] });
      assert.deepEqual(ids(), were);
      assert.match(told.program ?? "", /^syscall:::return$/m);
      assert.deepEqual([told.cost, told.probes], ["high", ["syscall:::entry", "syscall:::return"]]);
      assert.deepEqual([told.hosts.supported, told.hosts.unsupported, told.hosts.unknown], [1, 1, 0]);
      assert.deepEqual(
        told.hosts.list?.map(({ host, supported, reason, eventsPerSec }) => [host, supported, reason, eventsPerSec]),
        [
          ["cn-01", true, "", 1234],
          ["cn-02", false, "the host lacks the probes of sched", null],
        ],
      );
      assert.deepEqual(
        told.warnings.map(({ code }) => code),
        ["UNSUPPORTED", "HIGH_COST"],
      );
      assert.deepEqual([told.refused, told.caps], [null, { instrumentations: null, enablingsPerHost: 20 }]);
      const equal = await preview(operator, { metric: "syscall.ops", decomposition: ["execname", "pid", "latency"] });
      assert.deepEqual(equal.equal, [standing]);
      const free = await preview(operator, { metric: "cpu.usage" });
      assert.deepEqual([free.cost, free.program, free.estimate.eventsPerSec], ["free", null, null]);
    });

    test("a tenant is told counts of its own hosts, and events of its own zones", async () => {
      const input = { metric: "syscall.ops", decomposition: ["latency"] };
      const told = await preview(client(acme), input);
      assert.deepEqual(told.hosts, { supported: 1, unsupported: 0, unknown: 0, full: 0 });
      assert.doesNotMatch(JSON.stringify(told), /cn-0|globex|1234/);
      const all = await preview(parts().api.operator, input);
      const others = await preview(client(globex), input);
      assert.deepEqual([told.estimate.basis, others.estimate.basis], ["same", "same"]);
      const [own, theirs, sum] = [told, others, all].map(({ estimate }) => estimate.eventsPerSec ?? NaN);
      assert.ok((own ?? 0) > 0 && (theirs ?? 0) > (own ?? 0));
      assert.ok(Math.abs((own ?? 0) + (theirs ?? 0) - (sum ?? 0)) < 1e-6);
      const some = await preview(client(acme), { ...input, predicate: { eq: ["execname", "app-1"] } });
      assert.deepEqual([some.estimate.basis, some.estimate.eventsPerSec], ["most", own]);
    });

    test("what makes no D program is refused before any host hears of it", async () => {
      const input = { metric: "syscall.ops", decomposition: ["latency"], scheme: "edges(1000,2000)" };
      for (const body of [input, { ...input, dryRun: true }]) {
        await send(parts().api.operator, "POST", "/v1/instrumentations", body, 400);
      }
    });

    test("where every host of a tenant has twenty enablings a new one is refused; where one has room, it waits at the others", async () => {
      const { api } = parts();
      const { query, state } = api.services;
      const principal = { role: "tenant", tenant: globex } as TokenRow;
      // Put past the cap of a tenant, as many tenants together would.
      const filling = Array.from({ length: 20 }, (_, i) =>
        query.instrumentations.draft({ metric: "syscall.ops", predicate: { eq: ["pid", i] } }, principal),
      );
      await state.instrumentations.put(filling);
      const zone = { alias: "x", state: "running" };
      await api.services.state.ownership.report("cn-03", [{ ...zone, name: "zone-i", owner: INITECH }], Date.now());
      const initech = api.client(await api.token("tenant", INITECH));
      const input = { metric: "syscall.ops", decomposition: ["errno", "latency"] };
      // A host that is not known to be full has room, also one that nobody has spoken of.
      assert.equal((await preview(initech, input)).refused, null);
      await state.ownership.report(
        "cn-01",
        [
          { ...zone, name: "zone-a", owner: acme },
          { ...zone, name: "zone-b", owner: acme },
          { ...zone, name: "zone-g", owner: globex },
          { ...zone, name: "zone-j", owner: INITECH },
        ],
        Date.now(),
      );
      await state.ownership.report("cn-03", [], Date.now());
      const told = await preview(initech, input);
      assert.deepEqual([told.refused, told.hosts.full], ["TOO_MANY_ENABLINGS", 1]);
      const refusal = await send(initech, "POST", "/v1/instrumentations", input, 429);
      assert.equal((refusal as { code: string }).code, "TOO_MANY_ENABLINGS");
      // Counters cost nothing, and what runs already costs nothing more.
      await create(initech, { metric: "cpu.usage" });
      await create(initech, { metric: "syscall.ops", predicate: { eq: ["pid", 0] } });
      await state.ownership.report("cn-02", [{ ...zone, name: "zone-k", owner: INITECH }], Date.now());
      await report(api, "cn-02", [{ metric: "syscall.ops", supported: true, reason: "", missing: [] }]);
      const made = await create(initech, input);
      assert.deepEqual(
        (await preview(initech, { ...input, granularitySec: 5 })).warnings.map(({ code }) => code),
        ["HOST_FULL", "HIGH_COST"],
      );
      await initech.json<InstrumentationInfo>(`/v1/instrumentations/${made.id}`);
      await state.instrumentations.put(filling.map((row) => ({ ...row, deletedMs: 1 })));
    });
  });
}

/** Says how a host is, as its collector would. @param spec of an enabling that counts 1234 events a second there */
async function report(api: Api, host: string, metrics: HostDetail["metrics"], spec?: string): Promise<void> {
  const running = { state: "running", cause: "running", reason: "", sinceMs: 1, retryAtMs: null } as const;
  const enabling = {
    ...running,
    metric: "syscall.ops",
    eventsPerSec: 1234,
    dropsPerSec: 0,
    losses: {},
    unknownSample: "",
  };
  const enablings = spec === undefined ? [] : [{ ...enabling, spec }];
  const detail: HostDetail = { dtrace: "", bootSec: 0, clockOffsetMs: null, enablings, metrics };
  const nowMs = Date.now();
  const about = { name: host, collector: "test", platform: "test", state: "up", reason: "" } as const;
  // Straight into the table: ingest would store it a moment later, with other reports.
  await api.services.state.hosts.put([{ ...about, sinceMs: nowMs, seenMs: nowMs, detail: JSON.stringify(detail) }]);
}
