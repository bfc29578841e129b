/**
 * What one caller can take from the others: how many reads run, what each may cost, and that a read ends with its reader.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ErrorBody } from "../../core/api.ts";
import { BatchBuilder } from "../../core/batch-builder.ts";
import { MAX_VIEWERS_PER_TENANT, ReadGate } from "../../query-api/limits.ts";
import type { StoreClient } from "../../store/client.ts";
import { Client } from "../e2e/stack.ts";
import { postBatch, startApi, type Api } from "./api-fixture.ts";
import { startQueryApp } from "./query-app.ts";
import { until } from "../until.ts";

const ACME = "11111111-1111-4111-8111-111111111111";
const GLOBEX = "22222222-2222-4222-8222-222222222222";
const NEVER = new AbortController().signal;

describe("turns of reads", () => {
  const limits = { perCaller: 2, total: 3, waiting: 2, waitMs: 1000 };

  test("one caller has its share and no more; what another gives back is not for those who have theirs", async () => {
    const gate = new ReadGate(limits);
    const order: string[] = [];
    const enter = (caller: string): Promise<() => void> =>
      gate.enter(caller, NEVER).then((leave) => {
        order.push(caller);
        return leave;
      });
    const first = await enter("a");
    await enter("a");
    const third = enter("a");
    const b = await enter("b");
    const second = enter("b");
    assert.deepEqual([order, gate.running, gate.waiting], [["a", "a", "b"], 3, 2]);
    b();
    await second;
    assert.deepEqual(order, ["a", "a", "b", "b"], "b's turn is not a's, who came first but has two");
    first();
    await third;
    assert.deepEqual([order.at(-1), gate.running, gate.waiting], ["a", 3, 0]);
  });

  test("a turn is given back once, however often it is called", async () => {
    const gate = new ReadGate(limits);
    const leave = await gate.enter("a", NEVER);
    await gate.enter("a", NEVER);
    leave();
    leave();
    assert.equal(gate.running, 1);
  });

  test("a full queue, and a long wait, are told to come again; who leaves makes room", async () => {
    const gate = new ReadGate({ ...limits, waitMs: 30 });
    const leaves = await Promise.all([gate.enter("a", NEVER), gate.enter("a", NEVER)]);
    const gone = new AbortController();
    const left = gate.enter("a", gone.signal);
    const late = gate.enter("a", NEVER);
    await assert.rejects(gate.enter("a", NEVER), { code: "TOO_MANY_READS" });
    gone.abort();
    await assert.rejects(left, { code: "STORE_ABORTED" });
    assert.equal(gate.waiting, 1);
    await assert.rejects(late, { code: "TOO_MANY_READS" });
    for (const leave of leaves) leave();
    assert.deepEqual([gate.running, gate.waiting], [0, 0]);
    await assert.rejects(new ReadGate({ ...limits, total: 0 }).enter("a", AbortSignal.abort()), {
      code: "STORE_ABORTED",
    });
  });
});

describe("the limits of the query API", () => {
  let api: Api;
  let id: string;

  before(async () => {
    api = await startApi([
      { id: ACME, name: "acme" },
      { id: GLOBEX, name: "globex" },
    ]);
    const input = { metric: "syscall.ops", decomposition: ["execname", "latency"] };
    id = (await api.services.query.instrumentations.ensureStanding(input)).id;
  });
  after(() => api.close());

  test("columns x range are bounded whatever is asked for: the finest that fits, or 400 naming the field", async () => {
    const to = Math.floor(Date.now() / 1000);
    const year = 365 * 86_400;
    const path = `/v1/instrumentations/${id}/heatmap?to=${to}`;
    const answer = await api.operator.json<{ columns: unknown[]; stepSec: number }>(
      `${path}&from=${to - 2 * year}&columns=4000`,
    );
    assert.ok(answer.columns.length <= 4000);
    assert.equal(answer.stepSec, 21_600);
    for (const [query, field] of [
      [`&from=${to - 3 * year}`, "from"],
      [`&columns=4001`, "columns"],
      [`&columns=0`, "columns"],
      [`&columns=1e9`, "columns"],
      [`&from=1e300`, "from"],
    ] as const) {
      const refused = await api.operator.fetch(path + query);
      assert.equal(refused.status, 400, query);
      assert.ok(
        ((await refused.json()) as ErrorBody).errors.some((each) => each.field === field),
        query,
      );
    }
  });

  test("a read's query ends in the engine when its reader goes away, and its turn is free again", async () => {
    const heavy = heavyStore(api.services.store, "abandoned");
    const { url, close } = await startQueryApp(api, { store: heavy, readLimits: { perCaller: 1 } });
    const gone = new AbortController();
    const path = `/v1/instrumentations/${id}/breakdown?by=execname`;
    const read = new Client(url, api.operator.token).fetch(path, { signal: gone.signal });
    const ended = assert.rejects(read, { name: "AbortError" });
    await until("the engine reads", async () => (await running("abandoned")) > 0);
    gone.abort();
    await ended;
    const left = performance.now();
    await until("the engine has ended the read", async () => (await running("abandoned")) === 0);
    assert.ok(performance.now() - left < 10_000, "the engine does not go on for nobody");
    // The next read of the same caller has the turn at once, and is ended the same way.
    const again = new AbortController();
    const next = assert.rejects(new Client(url, api.operator.token).fetch(path, { signal: again.signal }));
    await until("the engine reads again", async () => (await running("abandoned")) > 0);
    again.abort();
    await next;
    await close();
    await until("the engine has ended that read too", async () => (await running("abandoned")) === 0);
  });

  test("whatever reads the store waits for its turn: previews, the trail, and what was sent too", async () => {
    const full = await startQueryApp(api, { readLimits: { total: 0, waiting: 0 } });
    const client = new Client(full.url, api.tenant(ACME).token);
    const input = { metric: "syscall.ops", decomposition: ["latency"], dryRun: true };
    const selection = { instrumentation: id, from: -60 };
    for (const [path, body] of [
      [`/v1/instrumentations/${id}/heatmap`, undefined],
      ["/v1/audit", undefined],
      ["/v1/alerts/deliveries", undefined],
      [`/v1/capacity/reports/${"0".repeat(16)}/runs/${"0".repeat(32)}`, undefined],
      ["/v1/instrumentations", input],
      [`/v1/instrumentations/${id}/clone`, { dryRun: true }],
      ["/v1/selections/follow-up", { selection, by: "syscall", dryRun: true }],
    ] as const) {
      const headers = { "content-type": "application/json" };
      const answer = await client.fetch(path, body && { method: "POST", headers, body: JSON.stringify(body) });
      assert.deepEqual([answer.status, ((await answer.json()) as ErrorBody).code], [429, "TOO_MANY_READS"], path);
    }
    await full.close();
  });

  test("a tenant changes so much and then waits; another, reads, dry runs and operators do not", async () => {
    const busy = await startQueryApp(api, { changeLimits: { burst: 3, refillMs: 60_000 } });
    const make = (client: Client, more: object = {}): Promise<Response> =>
      client.fetch("/v1/instrumentations", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ metric: "syscall.ops", decomposition: ["latency"], ...more }),
      });
    const [acme, globex, operator] = [api.tenant(ACME), api.tenant(GLOBEX), api.operator].map(
      ({ token }) => new Client(busy.url, token),
    ) as [Client, Client, Client];
    const { id: made } = (await (await make(acme)).json()) as { id: string };
    assert.equal((await acme.fetch(`/v1/instrumentations/${made}`, { method: "DELETE" })).status, 204);
    assert.equal((await make(acme)).status, 201);
    const refused = await make(acme);
    assert.deepEqual([refused.status, ((await refused.json()) as ErrorBody).code], [429, "TOO_MANY_CHANGES"]);
    assert.equal(refused.headers.get("retry-after"), "60");
    assert.equal((await make(acme, { dryRun: true })).status, 200);
    assert.equal((await acme.fetch("/v1/instrumentations")).status, 200);
    assert.equal((await make(globex)).status, 201);
    for (let i = 0; i < 4; i++) assert.equal((await make(operator)).status, 201);
    await busy.close();
  });

  test("a tenant's reads beyond its share wait, then are 429 with Retry-After; another's and inserts go on", async () => {
    const heavy = heavyStore(api.services.store, "bomb");
    const readLimits = { perCaller: 2, total: 4, waiting: 2, waitMs: 100 };
    const bombed = await startQueryApp(api, { store: heavy, readLimits });
    const gone = new AbortController();
    const path = `/v1/instrumentations/${id}/breakdown?by=execname`;
    const refusals: Response[] = [];
    const reads = Array.from({ length: 8 }, async () => {
      const client = new Client(bombed.url, api.tenant(ACME).token);
      const answer = await client.fetch(path, { signal: gone.signal }).catch(() => undefined);
      if (answer !== undefined) refusals.push(answer);
    });
    await until("six refusals", () => Promise.resolve(refusals.length === 6));
    for (const refused of refusals) {
      assert.equal(refused.status, 429);
      assert.equal(refused.headers.get("retry-after"), "1");
      assert.equal(((await refused.json()) as ErrorBody).code, "TOO_MANY_READS");
    }
    assert.ok((await running("bomb")) <= 2);
    // Others are served meanwhile: reads of the same tenant that need no turn, another's values, and ingest.
    assert.equal((await new Client(bombed.url, api.tenant(ACME).token).fetch("/v1/instrumentations")).status, 200);
    assert.equal((await api.tenant(GLOBEX).fetch(path)).status, 200);
    const began = performance.now();
    assert.equal((await postBatch(api, "beside", 1, oneRow(id))).status, 200);
    assert.ok(performance.now() - began < 10_000);
    gone.abort();
    await Promise.all(reads);
    await bombed.close();
    await until("the bombs have ended", async () => (await running("bomb")) === 0);
  });

  test("a tenant has only so many live viewers; whoever leaves makes room, and operators are not counted", async () => {
    const tenant = api.tenant(ACME);
    const path = `/v1/instrumentations/${id}/live`;
    const viewers = Array.from({ length: MAX_VIEWERS_PER_TENANT }, () => new AbortController());
    const opened = await Promise.all(viewers.map(({ signal }) => tenant.fetch(path, { signal })));
    assert.ok(opened.every(({ status }) => status === 200));
    const refused = await tenant.fetch(path);
    assert.equal(refused.status, 429);
    assert.ok(Number(refused.headers.get("retry-after")) > 0);
    assert.equal(((await refused.json()) as ErrorBody).code, "TOO_MANY_VIEWERS");
    const operator = new AbortController();
    assert.equal((await api.operator.fetch(path, { signal: operator.signal })).status, 200);
    operator.abort();
    viewers[0]?.abort();
    const next = new AbortController();
    await until("a viewer has left", async () => {
      const answer = await tenant.fetch(path, { signal: next.signal });
      if (answer.status !== 200) await answer.text();
      return answer.status === 200;
    });
    for (const each of [...viewers, next]) each.abort();
  });

  /** How many queries of that name the engine works on, by what it says itself. */
  async function running(name: string): Promise<number> {
    const [row] = await api.services.store.query<{ n: number }>(
      "SELECT toUInt32(count()) AS n FROM system.processes WHERE startsWith(Settings['log_comment'], {name:String})",
      { name },
    );
    return row?.n ?? 0;
  }
});

/** A store on which every read is one that takes a minute, under a name to be found by, with the read's own limits and signal. */
function heavyStore(store: StoreClient, name: string): StoreClient {
  let n = 0;
  const endless = "SELECT sum(sipHash64(number)) AS total FROM numbers(3000000000) SETTINGS max_threads = 1";
  return {
    ...store,
    query: (_sql, _params, options) => store.query(endless, {}, { ...options, queryId: `${name}-${n++}` }),
  };
}

function oneRow(spec: string): ReturnType<BatchBuilder["finish"]> {
  const builder = new BatchBuilder();
  const about = { spec, enabling: "e", host: "cn-01", tick: 1, ts: Math.floor(Date.now() / 1000) };
  builder.addWindow({ ...about, zone: "", keys: ["x"], bucket: [1], count: [1], value: 0 });
  return builder.finish();
}
