/**
 * Tokens and accounts as operators and tenants manage them: scopes, rotation, the end of a token in another process, guesses.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { AuditPage, ErrorBody, NewTokenInfo, TenantDetail, TenantInfo, TokenInfo } from "../../core/api.ts";
import { Guesses } from "../../server/guesses.ts";
import { silentLog } from "../../server/log.ts";
import { createStoreClient } from "../../store/client.ts";
import { openState } from "../../store/state.ts";
import { Tokens } from "../../store/tokens.ts";
import { Client } from "../e2e/stack.ts";
import { LONG } from "../long.ts";
import { startApi, type Api } from "./api-fixture.ts";
import { startQueryApp } from "./query-app.ts";

const ACME = "11111111-1111-4111-8111-111111111111";
const GLOBEX = "22222222-2222-4222-8222-222222222222";
const NEW = "44444444-4444-4444-8444-444444444444";
/** Ten thousand are the same, for longer. */
const GUESSES = LONG ? 10_000 : 400;
const INSTRUMENTATION = { metric: "syscall.ops", decomposition: ["latency"] };

/** The last of its parts, which may have underscores in it. */
const secretOf = (token: string): string => token.split("_").slice(2).join("_");

describe("tokens and accounts", () => {
  let api: Api;
  before(async () => {
    api = await startApi([
      { id: ACME, name: "acme" },
      { id: GLOBEX, name: "globex" },
    ]);
    await api.reportZones("cn-01", [{ name: "zone-a", owner: ACME, alias: "web", state: "running" }]);
  });
  after(() => api.close());

  const send = (client: Client, method: string, path: string, body?: unknown): Promise<Response> =>
    client.fetch(path, {
      method,
      ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
  const make = (by: Client, body: object): Promise<NewTokenInfo> => by.post("/v1/tokens", { label: "made", ...body });
  const works = async ({ token }: { token: string }): Promise<boolean> =>
    (await api.client(token).fetch("/v1/session")).ok;

  describe("scopes", () => {
    test("a tenant's token to read looks at everything and changes nothing", async () => {
      const { token, scope } = await make(api.operator, { role: "tenant", tenant: ACME });
      assert.equal(scope, "read", "the least unless said otherwise");
      const reader = api.client(token);
      assert.equal((await send(reader, "GET", "/v1/instrumentations")).status, 200);
      const refused = await send(reader, "POST", "/v1/instrumentations", INSTRUMENTATION);
      assert.equal(refused.status, 403);
      assert.equal(((await refused.json()) as ErrorBody).code, "WRONG_ROLE");
      const made = await api.tenant(ACME).post<{ id: string }>("/v1/instrumentations", INSTRUMENTATION);
      assert.equal((await send(reader, "DELETE", `/v1/instrumentations/${made.id}`)).status, 403);
      assert.equal((await send(reader, "GET", "/v1/tokens")).status, 403);
      assert.equal((await send(api.tenant(ACME), "DELETE", `/v1/instrumentations/${made.id}`)).status, 204);
    });

    test("a session of the page may do what the token may that it was traded for", async () => {
      const { token } = await make(api.operator, { role: "tenant", tenant: ACME, scope: "read" });
      const headers = { "content-type": "application/json", origin: api.url };
      const answer = await fetch(`${api.url}/v1/session`, { method: "POST", headers, body: JSON.stringify({ token }) });
      assert.equal(((await answer.json()) as { scope: string }).scope, "read");
      const cookie = (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
      const body = JSON.stringify(INSTRUMENTATION);
      const post = await fetch(`${api.url}/v1/instrumentations`, {
        method: "POST",
        headers: { ...headers, cookie },
        body,
      });
      assert.equal(post.status, 403);
    });

    test("a tenant that may write makes tokens of its own, and of nobody else's", async () => {
      const writer = api.tenant(ACME);
      assert.ok(await works(await make(writer, { role: "tenant" })));
      for (const role of ["operator", "collector"]) {
        assert.equal((await send(writer, "POST", "/v1/tokens", { role, label: "x" })).status, 400, role);
      }
      assert.equal(
        (await send(writer, "POST", "/v1/tokens", { role: "tenant", tenant: GLOBEX, label: "x" })).status,
        404,
      );
      const { tokens } = await writer.json<{ tokens: TokenInfo[] }>("/v1/tokens");
      assert.ok(tokens.length > 1 && tokens.every(({ tenant }) => tenant === ACME));
    });

    test("a list never has a secret, nor its digest", async () => {
      const { token } = await make(api.operator, { role: "tenant", tenant: ACME });
      const text = await (await api.operator.fetch("/v1/tokens")).text();
      assert.ok(text.includes(token.split("_")[1] ?? "?"), "the token is there");
      assert.ok(!text.includes(secretOf(token)));
      assert.doesNotMatch(text, /[0-9a-f]{64}/);
    });

    test("at most fifty of one tenant; operators are told of a tenant that nobody knows", async () => {
      const tenant = NEW;
      const body = { role: "tenant", tenant, label: "x" };
      assert.equal((await send(api.operator, "POST", "/v1/tokens", body)).status, 400);
      assert.equal((await send(api.operator, "PUT", `/v1/tenants/${NEW}`, { name: "new" })).status, 201);
      const { tokens } = api.services.state;
      await Promise.all(Array.from({ length: 50 }, () => tokens.create("tenant", NEW, "many")));
      assert.equal((await send(api.operator, "POST", "/v1/tokens", body)).status, 429);
    });
  });

  describe("the end of a token", () => {
    test("a token that expires is worth nothing from then on", async () => {
      let now = Date.now();
      const tokens = new Tokens(api.services.store, () => now);
      const { text, row } = await tokens.make({ role: "tenant", tenant: ACME, label: "short", lifeMs: 60_000 });
      assert.equal(tokens.verify(text)?.id, row.id);
      now += 60_000;
      assert.equal(tokens.verify(text), undefined);
      assert.ok(tokens.isGenuine(text), "and yet it is no guess");
    });

    test("a token's successor has its rights, and both are valid until the overlap is over", async () => {
      const old = await make(api.operator, { role: "collector", expiresInSec: 86_400 * 30 });
      const next = await api.operator.post<NewTokenInfo>(`/v1/tokens/${old.id}/rotate`, { overlapSec: 3600 });
      assert.deepEqual([next.role, next.label, next.lineage], ["collector", "made", old.id]);
      assert.ok((await works(old)) && (await works(next)));
      const { tokens } = await api.operator.json<{ tokens: TokenInfo[] }>("/v1/tokens");
      const ending = tokens.find(({ id }) => id === old.id);
      assert.ok((ending?.expiresMs ?? Infinity) <= Date.now() + 3_600_000);
      const third = await send(api.operator, "POST", `/v1/tokens/${next.id}/rotate`, {});
      assert.equal(((await third.json()) as ErrorBody).code, "TOKEN_ROTATION", "never three");
      await send(api.operator, "DELETE", `/v1/tokens/${old.id}`);
      assert.ok(!(await works(old)));
      const again = await send(api.operator, "POST", `/v1/tokens/${next.id}/rotate`, { overlapSec: 0 });
      assert.equal(again.status, 201);
      assert.ok(!(await works(next)), "without an overlap the old one ends at once");
    });

    test("two rotations at once make one successor", async () => {
      const old = await make(api.operator, { role: "collector" });
      const both = await Promise.all([1, 2].map(() => send(api.operator, "POST", `/v1/tokens/${old.id}/rotate`, {})));
      assert.deepEqual(both.map(({ status }) => status).sort(), [201, 409]);
    });

    test("a collector keeps its hosts when its token changes", async () => {
      const report = async (token: string): Promise<number> => {
        const body = { collector: "c", atMs: Date.now(), state: "up", reason: "", platform: "test", zones: [] };
        const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
        const url = `${api.services.ingest.url}/v1/hosts/cn-rotated`;
        return (await fetch(url, { method: "PUT", headers, body: JSON.stringify(body) })).status;
      };
      const old = await make(api.operator, { role: "collector" });
      assert.equal(await report(old.token), 200);
      const next = await api.operator.post<NewTokenInfo>(`/v1/tokens/${old.id}/rotate`, {});
      assert.equal(await report(next.token), 200);
      assert.equal(
        await report((await make(api.operator, { role: "collector" })).token),
        409,
        "another one's is not it",
      );
    });

    test("a revocation holds in another process within five seconds", async () => {
      // Another process has its own client, its own memory of the tables, and its own API.
      const store = createStoreClient(api.services.engine);
      const state = await openState(store, () => undefined);
      const { url: other, close } = await startQueryApp(api, { ...state, store });
      try {
        const token = await make(api.operator, { role: "tenant", tenant: ACME });
        const status = async (): Promise<number> => (await new Client(other, token.token).fetch("/v1/session")).status;
        await state.tokens.refresh();
        assert.equal(await status(), 200);
        const live = await new Client(other, token.token).fetch("/v1/tenants");
        assert.equal(live.status, 200);
        const began = performance.now();
        await send(api.operator, "DELETE", `/v1/tokens/${token.id}`);
        while ((await status()) !== 401 && performance.now() - began < 5_000) await sleep(50);
        assert.equal(await status(), 401);
      } finally {
        await close();
        state.close();
        await store.close();
      }
    });

    test("sessions that have expired leave the store, tokens that people made do not", async () => {
      let now = Date.now();
      const tokens = new Tokens(api.services.store, () => now);
      const life = { role: "tenant", tenant: ACME, label: "sweep", lifeMs: 1000 } as const;
      const kept = await tokens.make(life);
      const session = await tokens.make({ ...life, parent: kept.row.id });
      const service = await tokens.make({ ...life, role: "service", tenant: "" });
      assert.equal(await tokens.sweep(), 0, "not before");
      now += 1000;
      assert.equal(await tokens.sweep(), 2);
      const ids = [kept, session, service].map(({ row }) => row.id);
      const left = async (): Promise<unknown[]> =>
        api.services.store.query("SELECT id FROM tokens FINAL WHERE has({ids:Array(String)}, id)", { ids });
      // The engine deletes in its own time.
      for (let i = 0; i < 100 && (await left()).length > 1; i++) await sleep(20);
      assert.deepEqual(await left(), [{ id: kept.row.id }]);
      assert.deepEqual(
        tokens.all().filter(({ id }) => ids.includes(id)),
        [kept.row],
      );
    });
  });

  describe("accounts", () => {
    const id = "55555555-5555-4555-8555-555555555555";
    const account = (by = api.operator): Promise<TenantDetail> => by.json(`/v1/tenants/${id}`);

    test("are named before or after their first zone, renamed, and show whose zones were when", async () => {
      const zone = { name: "zone-n", owner: id, alias: "app", state: "running" };
      await api.reportZones("cn-02", [zone]);
      const { tenants } = await api.operator.json<{ tenants: TenantInfo[] }>("/v1/tenants?unnamed=true");
      assert.deepEqual(
        tenants.map((each) => each.id),
        [id],
      );
      assert.deepEqual([(await account()).named, (await account()).name], [false, id]);
      assert.equal((await send(api.operator, "PUT", `/v1/tenants/${id}`, { name: "initech" })).status, 201);
      assert.equal((await send(api.operator, "PUT", `/v1/tenants/${id}`, { name: "initrode" })).status, 200);
      assert.equal((await account()).name, "initrode");
      assert.equal((await send(api.operator, "DELETE", `/v1/tenants/${id}`)).status, 409, "it has a zone");
      await api.reportZones("cn-02", []);
      const [interval] = (await account()).intervals;
      assert.deepEqual(
        [interval?.zone, interval?.alias, interval?.host, interval?.fromMs],
        ["zone-n", "app", "cn-02", 0],
      );
      assert.ok(interval?.toMs, "it has ended");
    });

    test("a tenant sees itself, without hosts", async () => {
      const detail = await api.client(await api.token("tenant", id)).fetch(`/v1/tenants/${id}`);
      const text = await detail.text();
      assert.equal((JSON.parse(text) as TenantDetail).intervals.length, 1);
      assert.ok(!text.includes("cn-02"));
    });

    test("one that ends takes its tokens and instrumentations with it", async () => {
      const token = await make(api.operator, { role: "tenant", tenant: id, scope: "write" });
      const made = await api.client(token.token).post<{ id: string }>("/v1/instrumentations", INSTRUMENTATION);
      assert.equal((await send(api.operator, "DELETE", `/v1/tenants/${id}`)).status, 204);
      assert.ok(!(await works(token)));
      assert.equal((await api.operator.fetch(`/v1/instrumentations/${made.id}`)).status, 404);
      const { tenants } = await api.operator.json<{ tenants: TenantInfo[] }>("/v1/tenants");
      assert.ok(!tenants.some((each) => each.id === id));
      assert.equal((await send(api.operator, "DELETE", `/v1/tenants/${id}`)).status, 404);
    });

    test("no account takes the name of what stands for no owner", async () => {
      for (const reserved of ["operator", "quarantine"]) {
        assert.equal((await send(api.operator, "PUT", `/v1/tenants/${reserved}`, { name: "x" })).status, 400, reserved);
      }
    });

    test("the trail has each of these, by whom, for the tenant as well", async () => {
      const { entries } = await api.operator.json<AuditPage>(`/v1/audit?tenant=${id}`);
      assert.deepEqual(
        entries.map(({ action }) => action),
        ["tenant.delete", "instrumentation.create", "token.create", "tenant.rename", "tenant.create"],
      );
    });
  });

  describe("the cookie", () => {
    const signIn = async (url: string): Promise<string> => {
      const headers = { "content-type": "application/json", origin: url };
      const body = JSON.stringify({ token: api.tenant(ACME).token });
      const answer = await fetch(`${url}/v1/session`, { method: "POST", headers, body });
      return answer.headers.get("set-cookie") ?? "";
    };

    test("is the host's alone and never travels in clear, where the site is reached by https", async () => {
      const { url, close } = await startQueryApp(api, { publicUrl: "https://isotherm.example" });
      const set = await signIn(url);
      assert.match(set, /^__Host-isotherm_session=/);
      assert.match(set, /; Path=\/(;|$)/);
      assert.match(set, /; HttpOnly; Secure; SameSite=Strict$/);
      assert.doesNotMatch(set, /Domain/i);
      const cookie = set.split(";")[0] ?? "";
      const status = async (sent: string): Promise<number> =>
        (await fetch(`${url}/v1/session`, { headers: { cookie: sent } })).status;
      assert.equal(await status(cookie), 200);
      // Any site of the domain could have set this one.
      assert.equal(await status(cookie.replace("__Host-", "")), 401);
      await close();
    });

    test("has no such prefix by http, where browsers would refuse it", async () => {
      const set = await signIn(api.url);
      assert.match(set, /^isotherm_session=/);
      assert.doesNotMatch(set, /Secure/);
    });
  });

  describe("wrong tokens", () => {
    test(`${GUESSES} of them are 429 for nearly all, and what is right passes all the same`, async () => {
      const statuses = new Map<number, number>();
      for (let i = 0; i < GUESSES; i += 100) {
        const answers = await Promise.all(
          Array.from({ length: 100 }, async (_, n) => {
            const guess = `iso_${String(i + n).padStart(16, "0")}_${"A".repeat(43)}`;
            const response = await fetch(`${api.url}/v1/session`, { headers: { authorization: `Bearer ${guess}` } });
            await response.text();
            return response;
          }),
        );
        for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (i === GUESSES - 100) assert.match(answers.at(-1)?.headers.get("retry-after") ?? "", /^[1-9][0-9]*$/);
      }
      assert.deepEqual([...statuses.keys()].sort(), [401, 429]);
      assert.ok((statuses.get(429) ?? 0) > GUESSES - 100, JSON.stringify([...statuses]));
      assert.equal((await api.operator.fetch("/v1/session")).status, 200);
    });

    test("one that was right once is 401 still: a page left open guesses nothing", async () => {
      const ended = await make(api.operator, { role: "tenant", tenant: ACME });
      await send(api.operator, "DELETE", `/v1/tokens/${ended.id}`);
      assert.equal((await api.client(ended.token).fetch("/v1/session")).status, 401);
    });

    test("behind a proxy that is trusted count against who sent them, and nobody else can say who that is", async () => {
      const guess = { authorization: `Bearer iso_${"0".repeat(16)}_${"B".repeat(43)}` };
      for (const [trustedProxies, expected] of [
        [["127.0.0.0/8"], [401, 429, 401]],
        [["192.0.2.1"], [401, 429, 429]],
      ] as const) {
        const { url, close } = await startQueryApp(api, {
          trustedProxies,
          guessLimits: { burst: 1, refillMs: 60_000 },
        });
        const seen: number[] = [];
        for (const sender of ["198.51.100.1", "198.51.100.1", "198.51.100.2"]) {
          const headers = { ...guess, "x-forwarded-for": sender };
          seen.push((await fetch(`${url}/v1/session`, { headers })).status);
        }
        assert.deepEqual(seen, expected, trustedProxies.join());
        await close();
      }
    });

    test("are counted by address, and an IPv6 network is one", () => {
      let now = 0;
      const guesses = new Guesses({ burst: 2, refillMs: 1000 }, () => now);
      const isRefused = (address: string): boolean => {
        try {
          guesses.count(address);
          return false;
        } catch {
          return true;
        }
      };
      assert.deepEqual(["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"].map(isRefused), [
        false,
        false,
        true,
        false,
      ]);
      now += 1000;
      assert.deepEqual(["192.0.2.1", "192.0.2.1"].map(isRefused), [false, true]);
      const v6 = ["2001:db8:1:2::1", "2001:db8:1:2:3::9", "2001:db8:1:2:ffff:0:0:1", "2001:db8:1:3::1"];
      assert.deepEqual(v6.map(isRefused), [false, false, true, false]);
    });
  });

  test("no token is in a log line or an error", async () => {
    const lines: string[] = [];
    const log = silentLog();
    log.level = "trace";
    const seen = (...args: unknown[]): void => void lines.push(JSON.stringify(args));
    Object.assign(log, { info: seen, warn: seen, error: seen, debug: seen, trace: seen, child: () => log });
    const { url, close } = await startQueryApp(api, {
      store: { ...api.services.store, query: () => Promise.reject(new Error("broken")) },
      log,
      ready: () => Promise.reject(new Error("not there")),
    });
    const secret = secretOf(api.operator.token);
    for (const path of ["/v1/audit", "/v1/nothing", "/readyz"]) {
      const answer = await new Client(url, api.operator.token).fetch(path);
      assert.ok(answer.status >= 400);
      assert.ok(!(await answer.text()).includes(secret));
    }
    // In a URL it is no token, and is not written down either.
    assert.equal((await fetch(`${url}/v1/session?token=${api.operator.token}`)).status, 401);
    await close();
    assert.ok(lines.length > 0, "something was logged");
    assert.ok(!lines.join("\n").includes(secret));
  });
});
