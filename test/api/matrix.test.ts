/**
 * Every route x every caller x every id: made from the table of routes, so that a route nobody has thought about fails it.
 *
 * Each answer that a tenant's token gets, errors included, is searched for the bytes of another tenant. That the search finds
 * something where there is something to be found is shown by mutants: the same API on statements without their predicate.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Client } from "../e2e/stack.ts";
import { ROWS, TEXTS, type Row, type Who } from "./matrix-rows.ts";
import { GLOBEX, NOBODY, SEC, startBed, type Bed, type Things } from "./matrix-bed.ts";

type Caller = "operator" | "writer" | "reader" | "collector" | "service";

const MAY: Readonly<Record<Who, readonly Caller[]>> = {
  anybody: ["operator", "writer", "reader", "collector", "service"],
  bearers: ["operator", "writer", "reader", "collector"],
  readers: ["operator", "writer", "reader"],
  writers: ["operator", "writer"],
  operators: ["operator"],
  collectors: ["collector"],
};
const CALLERS = MAY.anybody;

interface Answer {
  readonly status: number;
  readonly text: string;
  /** What an outsider could compare: all but the time, and what differs by connection. */
  readonly headers: string;
}

describe("every route", () => {
  let bed: Bed;
  before(async () => (bed = await startBed()));
  after(() => bed.close());

  const rows = Object.entries(ROWS).map(([name, row]) => {
    const [method = "", url = ""] = name.split(" ");
    return { name, method, url, row };
  });

  test("has a row here, each row is of a route, and every parameter that takes text is known", () => {
    const there = bed.routes.filter(({ method }) => method !== "HEAD").map(({ method, url }) => `${method} ${url}`);
    assert.deepEqual([...there].sort(), Object.keys(ROWS).sort());
    for (const { method, url, texts } of bed.routes) {
      for (const text of texts) assert.ok(TEXTS[text], `${method} ${url}: what could a tenant do with ${text}?`);
      const params = [...url.matchAll(/:(\w+)/g)].map(([, param = ""]) => param);
      const { id, params: others = {} } = ROWS[`${method === "HEAD" ? "GET" : method} ${url}`] ?? {};
      const given = [...(id === undefined ? [] : ["id"]), ...Object.keys(others)];
      assert.deepEqual(params.sort(), given.sort(), `${method} ${url}`);
    }
  });

  test("answers nobody, and bearers of what is no token, with 401, unless it is anybody's", async () => {
    const callers = [
      undefined,
      "Bearer",
      "Bearer x",
      `Bearer ${"a".repeat(200)}`,
      "Basic eDp5",
      `Bearer ${bed.ended.token}`,
    ];
    for (const { name, method, url, row } of rows) {
      const texts = new Set<string>();
      for (const authorization of callers) {
        const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
        const path = url.replace(":id", row.id === undefined ? "" : bed.own[row.id]);
        const answer = await ask(new Client(bed.url, ""), method, path, row, undefined, headers);
        if (row.who === "anybody") assert.notEqual(answer.status, 401, name);
        else assert.equal(answer.status, 401, `${name} as ${authorization}`);
        if (row.who !== "anybody") texts.add(answer.text);
      }
      assert.ok(texts.size <= 1, `${name}: what is wrong with a token is nobody's to learn`);
    }
  });

  test("answers each kind of token as its row says: 2xx or 403", async () => {
    for (const { name, method, url, row } of rows) {
      const one = async (caller: Caller): Promise<void> => {
        const allowed = MAY[row.who].includes(caller);
        // Who may not is told so before the id is looked at.
        const path = allowed
          ? await pathFor(url, row)
          : url.replace(":id", row.id === undefined ? "" : bed.own[row.id]);
        const { status, text } = await ask(bed[caller], method, path, row, bodyFor(row));
        if (allowed && row.status !== undefined) assert.equal(status, row.status, `${name} as ${caller}: ${text}`);
        else if (allowed) assert.equal(Math.floor(status / 100), 2, `${name} as ${caller}: ${status} ${text}`);
        else assert.equal(status, 403, `${name} as ${caller}: ${text}`);
        if (caller === "writer" || caller === "reader") assert.deepEqual(bed.marksIn(text), [], `${name} as ${caller}`);
      };
      // Reads are dear, and to them a tenant's token is one whether it may write or not.
      await Promise.all(CALLERS.filter((caller) => caller !== "writer" || row.values !== true).map(one));
    }
  });

  test("answers an id of another's as one that does not exist, to the byte, and a malformed one with 400", async () => {
    for (const { name, method, url, row } of rows) {
      if (row.id === undefined) continue;
      for (const caller of (["writer", "reader"] as const).filter((each) => MAY[row.who].includes(each))) {
        const at = async (id: string): Promise<Answer> =>
          ask(bed[caller], method, url.replace(":id", id), row, bodyFor(row));
        const foreign = await at(bed.foreign[row.id]);
        assert.equal(foreign.status, 404, `${name}: ${foreign.text}`);
        assert.deepEqual(foreign, await at(bed.unknown[row.id]), name);
        for (const id of ["%00", "..%2f", "'", "%F0%9F%92%A9", "a".repeat(150)]) {
          const malformed = await at(id);
          assert.ok([400, 404].includes(malformed.status), `${name} of ${id}: ${malformed.status}`);
          assert.deepEqual(bed.marksIn(malformed.text), [], name);
        }
      }
    }
    // Still there: none of these calls did anything to them.
    for (const kind of ["instrumentation", "token", "tenant"] as const) {
      const path = { instrumentation: "instrumentations", token: "tokens", tenant: "tenants" }[kind];
      const list = await (await bed.operator.fetch(`/v1/${path}`)).text();
      assert.ok(list.includes(bed.foreign[kind]), kind);
    }
  });

  test("answers a tenant that names another in the query as if that did not exist", async () => {
    for (const { method, url, texts } of bed.routes.filter((route) => route.texts.includes("tenant"))) {
      if (method === "HEAD") continue;
      const row = ROWS[`${method} ${url}`] as Row;
      const at = async (tenant: string): Promise<Answer> => {
        const query = [row.query, `tenant=${tenant}`].filter((part) => part !== undefined).join("&");
        return ask(bed.reader, method, await pathFor(url, row), { ...row, query });
      };
      const foreign = await at(GLOBEX);
      assert.equal(foreign.status, 404, `${url} ${texts.join()}`);
      assert.deepEqual(foreign, await at(NOBODY), url);
    }
    for (const { name, method, url, row } of rows.filter((each) => each.row.tenantInBody)) {
      const at = (tenant: string): Promise<Answer> => ask(bed.reader, method, url, row, { ...bodyFor(row), tenant });
      const foreign = await at(GLOBEX);
      assert.equal(foreign.status, 404, name);
      assert.deepEqual(foreign, await at(NOBODY), name);
    }
  });

  test("answers a body that names another's as if that did not exist", async () => {
    for (const { name, method, url, row } of rows.filter((each) => each.row.names !== undefined)) {
      const at = async (things: Things): Promise<Answer> =>
        ask(bed.writer, method, await pathFor(url, row), row, bodyFor(row, things));
      const foreign = await at(bed.foreign);
      assert.equal(foreign.status, 404, `${name}: ${foreign.text}`);
      assert.deepEqual(foreign, await at(bed.unknown), name);
    }
  });

  test("shows a tenant nothing of another's, whatever it filters by and wherever its page begins", async () => {
    assert.deepEqual(await leaks(bed.url), []);
    const { text } = await ask(bed.reader, "GET", `/v1/audit?before=${bed.foreignCursor}`, { who: "readers" });
    assert.deepEqual(bed.marksIn(text), []);
    const entries = (JSON.parse(text) as { entries: { owner: string }[] }).entries;
    assert.ok(entries.length > 0 && entries.every(({ owner }) => owner === bed.own.tenant));
    const byObject = `/v1/audit?object=${bed.foreign.instrumentation}`;
    const none = (await ask(bed.reader, "GET", byObject, { who: "readers" })).text;
    assert.deepEqual(JSON.parse(none), { entries: [], next: null });
  });

  test("would show it if a statement lacked its predicate: this search finds what there is to be found", async () => {
    let changed = 0;
    const without = (predicate: RegExp) => (sql: string) =>
      sql.replace(predicate, () => {
        changed += 1;
        return "1";
      });
    const values = await bed.mutant(without(/\btenant = \{\w+:String\}/g));
    const found = await leaks(values.url);
    await values.close();
    assert.ok(changed > 0, "the mutation is one");
    // Every route that reads values leaks without it: none has a second wall behind the first that would hide a hole in it.
    const reading = rows.filter(({ row }) => row.values === true).map(({ name }) => name);
    for (const name of reading)
      assert.ok(
        found.some((leak) => leak.startsWith(name)),
        `${name}: no leak was seen`,
      );
    changed = 0;
    const trail = await bed.mutant(without(/\bowner = \{owner:String\}/g));
    assert.ok((await leaks(trail.url)).some((leak) => leak.startsWith("GET /v1/audit")));
    await trail.close();
    assert.ok(changed > 0);
  });

  /** What of globex's an API shows to acme, over all routes that read. */
  async function leaks(url: string): Promise<string[]> {
    const found: string[] = [];
    const client = new Client(url, bed.reader.token);
    const everything = encodeURIComponent(JSON.stringify({ ne: ["execname", "nothing"] }));
    const readable = rows.filter(
      ({ method, row }) =>
        (method === "GET" || row.values === true) && MAY[row.who].includes("reader") && row.status === undefined,
    );
    const look = async ({ name, method, url: path, row }: (typeof rows)[number]): Promise<void> => {
      const filters = bed.routes.some((route) => route.url === path && route.texts.includes("where"));
      const queries = filters ? [row.query, `${row.query}&where=${everything}`] : [row.query];
      for (const query of queries) {
        const id = row.id === undefined ? "" : row.values === true ? bed.standing : bed.own[row.id];
        const answer = await ask(client, method, path.replace(":id", id), { ...row, ...(query && { query }) });
        assert.ok(answer.status < 300, `${name}: ${answer.status} ${answer.text}`);
        found.push(...bed.marksIn(`${answer.text} ${answer.headers}`).map((mark) => `${name}: ${mark}`));
        if (row.values === true) assert.match(answer.text, new RegExp(`${SEC}|postgres`), "it has acme's own");
      }
    };
    // As many at once as one tenant may.
    const left = readable.values();
    const worker = async (): Promise<void> => {
      for (const each of left) await look(each);
    };
    await Promise.all(Array.from({ length: 5 }, worker));
    return found;
  }

  async function pathFor(url: string, row: Row): Promise<string> {
    if (row.id === undefined) return url;
    const id = row.ends === true ? await bed.fresh(row.id) : row.values === true ? bed.standing : bed.own[row.id];
    return url.replace(":id", id);
  }

  function bodyFor(row: Row, things = bed.own): Record<string, unknown> | undefined {
    return row.body?.(
      bed,
      row.values === true && things === bed.own ? { ...things, instrumentation: bed.standing } : things,
    );
  }

  async function ask(
    client: Client,
    method: string,
    path: string,
    row: Row,
    body: unknown = bodyFor(row),
    headers?: Record<string, string>,
  ): Promise<Answer> {
    const gone = new AbortController();
    const filled = path.replaceAll(/:(\w+)/g, (all, name: string) => row.params?.[name] ?? all);
    const asked = row.query === undefined ? filled : `${filled}?${row.query}`;
    const json = body === undefined ? {} : { "content-type": "application/json" };
    const init: RequestInit = { method, signal: gone.signal };
    if (body !== undefined) init.body = JSON.stringify(body);
    // A sign-in comes from the site's own page.
    const origin = { origin: client.url };
    const response =
      headers === undefined
        ? await client.fetch(asked, { ...init, headers: { ...json, ...origin } })
        : await fetch(client.url + asked, { ...init, headers: { ...json, ...origin, ...headers } });
    const shown = [...response.headers].filter(([name]) => !["date", "connection", "keep-alive"].includes(name));
    const text = response.ok && row.until !== undefined ? await readUntil(response, row.until) : await response.text();
    gone.abort();
    return { status: response.status, text, headers: JSON.stringify(shown) };
  }
});

async function readUntil(response: Response, until: RegExp): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    if (until.test(text)) break;
  }
  return text;
}
