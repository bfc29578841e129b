/**
 * The trail of who did what: complete for what people change, readable to those whose affair it was, page by page.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { AuditInfo, AuditPage } from "../../core/api.ts";
import { silentLog } from "../../server/log.ts";
import { Audit } from "../../store/audit.ts";
import { Client } from "../e2e/stack.ts";
import { startApi, type Api } from "./api-fixture.ts";
import { startQueryApp } from "./query-app.ts";

const ACME = "11111111-1111-4111-8111-111111111111";
const GLOBEX = "22222222-2222-4222-8222-222222222222";
const INSTRUMENTATION = { metric: "syscall.ops", decomposition: ["latency"], label: "mine" };

describe("the audit trail", () => {
  let api: Api;
  before(async () => {
    api = await startApi([
      { id: ACME, name: "acme" },
      { id: GLOBEX, name: "globex" },
    ]);
  });
  after(() => api.close());

  const pages = async (client: Client, query = ""): Promise<AuditInfo[]> => {
    const all: AuditInfo[] = [];
    for (let before: string | null = ""; before !== null;) {
      const path = `/v1/audit?${query}${before === "" ? "" : `&before=${before}`}`;
      const page: AuditPage = await client.json<AuditPage>(path);
      all.push(...page.entries);
      before = page.next;
    }
    return all;
  };

  test("says who made and deleted an instrumentation, and who signed in and out", async () => {
    const made = await api.tenant(ACME).post<{ id: string }>("/v1/instrumentations", INSTRUMENTATION);
    await api.operator.fetch(`/v1/instrumentations/${made.id}`, { method: "DELETE" });
    const headers = { "content-type": "application/json", origin: api.url };
    const body = JSON.stringify({ token: api.tenant(ACME).token });
    const signIn = await fetch(`${api.url}/v1/session`, { method: "POST", headers, body });
    const cookie = (signIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    await fetch(`${api.url}/v1/session`, { method: "DELETE", headers: { cookie, origin: api.url } });
    const trail = await pages(api.operator, `tenant=${ACME}`);
    assert.deepEqual(
      trail
        .reverse()
        .map(({ action, owner, actor, detail }) => [action, owner, actor.role, actor.label, detail["label"]]),
      [
        ["instrumentation.create", ACME, "tenant", "test", "mine"],
        ["instrumentation.delete", ACME, "operator", "test", "mine"],
        ["session.create", ACME, "tenant", "test", undefined],
        ["session.end", ACME, "tenant", "test", undefined],
      ],
    );
  });

  test("what was refused is not in there: it did not happen", async () => {
    const count = async (): Promise<number> => (await pages(api.operator)).length;
    const from = await count();
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: '{"metric":"no.such"}' };
    assert.equal((await api.operator.fetch("/v1/instrumentations", init)).status, 400);
    assert.equal((await api.tenant(GLOBEX).fetch(`/v1/tokens/${"0".repeat(16)}`, { method: "DELETE" })).status, 404);
    assert.equal(await count(), from);
  });

  test("a tenant learns what an operator did to its things, and that it was an operator, not which", async () => {
    const text = await (await api.tenant(ACME).fetch("/v1/audit")).text();
    const { entries } = JSON.parse(text) as AuditPage;
    const byOperator = entries.find(({ action }) => action === "instrumentation.delete");
    assert.deepEqual(byOperator?.actor, { role: "operator", tenant: null });
    assert.ok(!text.includes(api.operator.token.split("_")[1] ?? "?"));
    assert.deepEqual((await pages(api.tenant(GLOBEX))).length, 0);
  });

  test("pages hold each entry once, also where many are of one millisecond", async () => {
    // As of several processes: each numbers its own moments only.
    const atMs = Date.now() + 1000;
    const { store } = api.services;
    const writers = Array.from({ length: 25 }, () => new Audit(store, () => atMs));
    const entry = { action: "test.page", owner: ACME, object: "x", actor: "", actorTenant: "", actorLabel: "" };
    await Promise.all(writers.map((audit) => audit.record({ ...entry, actorRole: "operator", detail: {} })));
    for (const limit of [1, 7, 25, 26]) {
      const all = await pages(api.operator, `action=test.page&limit=${limit}`);
      assert.equal(all.length, 25, `by ${limit}`);
      assert.equal(new Set(all.map(({ id }) => id)).size, 25);
    }
    const limits = await Promise.all(["0", "501", "x"].map((n) => api.operator.fetch(`/v1/audit?limit=${n}`)));
    assert.deepEqual(
      limits.map(({ status }) => status),
      [400, 400, 400],
    );
    assert.equal((await api.operator.fetch("/v1/audit?before=1%20OR%201")).status, 400);
  });

  test("ends with age", async () => {
    const { store } = api.services;
    const threeYears = 3 * 365 * 86_400_000;
    const old = new Audit(store, () => Date.now() - threeYears);
    const entry = { action: "test.age", owner: ACME, object: "x", actor: "", actorTenant: "", actorLabel: "" };
    await old.record({ ...entry, actorRole: "operator", detail: {} });
    const kept = await new Audit(store).record({ ...entry, actorRole: "operator", detail: {} });
    await new Audit(store).sweep();
    const left = async (): Promise<string[]> => (await pages(api.operator, "action=test.age")).map(({ id }) => id);
    // The engine deletes in its own time; each look takes some of it.
    for (let i = 0; i < 100 && (await left()).length > 1; i++);
    assert.deepEqual(await left(), [kept.id]);
  });

  test("an entry that the store does not take is in the log, and what was done is answered", async () => {
    const lines: unknown[] = [];
    const log = silentLog();
    Object.assign(log, { error: (line: unknown) => void lines.push(line) });
    const { store } = api.services;
    const insertRows: typeof store.insertRows = (table, rows, options) =>
      table === "audit" ? Promise.reject(new Error("full")) : store.insertRows(table, rows, options);
    const { url, close } = await startQueryApp(api, { store: { ...store, insertRows }, log });
    await new Client(url, api.tenant(ACME).token).post("/v1/instrumentations", INSTRUMENTATION);
    await close();
    const [line] = lines as { audit: { action: string; actorTenant: string } }[];
    assert.deepEqual([line?.audit.action, line?.audit.actorTenant], ["instrumentation.create", ACME]);
  });
});
