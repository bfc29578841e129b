/**
 * Lists page by page, hooks that are changed, and the rules that the repository keeps as an example, over HTTP.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { readAlertFile } from "../../cli/alert-files.ts";
import type { AlertRulesPage, ChangedHookInfo, HooksPage, NewHookInfo, SilencesPage } from "../../core/alerts/api.ts";
import type { ErrorBody } from "../../core/api.ts";
import { InputError } from "../../core/errors.ts";
import { pageOf, type Place } from "../../query-api/pages.ts";
import { LONG } from "../long.ts";
import { startBed, type Bed } from "./bed.ts";

describe("a list in pages", () => {
  const entry = fc.record({ name: fc.string({ maxLength: 5 }), atMs: fc.nat(20), id: fc.uuid() });
  const RUNS = { numRuns: LONG ? 10_000 : 300, seed: 3 };
  type Entry = { readonly name: string; readonly atMs: number; readonly id: string };
  const orders: Readonly<Record<string, readonly [of: (each: Entry) => Place, by: "after" | "before"]>> = {
    "by name": [({ name, id }) => [name, id], "after"],
    "with the newest first": [({ atMs, id }) => [atMs, id], "before"],
  };
  for (const [name, [placeOf, by]] of Object.entries(orders)) {
    test(`${name} has each entry once, also while others come and go`, () => {
      const lists = fc.tuple(
        fc.uniqueArray(entry, { selector: ({ id }) => id }),
        fc.array(entry),
        fc.integer({ min: 1, max: 7 }),
      );
      fc.assert(
        fc.property(lists, ([kept, passing, limit]) => {
          const whole = pageOf(kept, placeOf, {}).page;
          const seen: Entry[] = [];
          let cursor: string | undefined;
          for (let turn = 0; ; turn++) {
            // On every other page there are strangers among them.
            const all = turn % 2 === 0 ? kept : [...passing, ...kept];
            const { page, next } = pageOf(all, placeOf, { [by]: cursor, limit });
            assert.ok(page.length <= limit);
            seen.push(...page.filter((each) => kept.includes(each)));
            if (next === null) break;
            cursor = next;
          }
          assert.deepEqual(seen, whole);
        }),
        RUNS,
      );
    });
  }

  test("refuses what is no cursor of its kind, and names it", () => {
    const text = Buffer.from('["a","b"]').toString("base64url");
    for (const before of ["", "x", "e30", text, Buffer.from('[-1,"b"]').toString("base64url")]) {
      assert.throws(
        () => pageOf<Entry>([], ({ atMs, id }) => [atMs, id], { before }),
        (error: unknown) => error instanceof InputError && error.errors[0]?.field === "before",
      );
    }
  });
});

describe("over HTTP", () => {
  let bed: Bed;
  before(async () => {
    const path = fileURLToPath(new URL("../../deploy/alerts/example.yaml", import.meta.url));
    bed = await startBed(await readAlertFile("example.yaml", path));
  });
  after(() => bed.close());

  const send = async (method: string, path: string, body: unknown): Promise<{ status: number; body: ErrorBody }> => {
    const init = { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const response = await bed.api.operator.fetch(path, init);
    return { status: response.status, body: (await response.json()) as ErrorBody };
  };

  test("the example's rules fit what there is to be measured, and can be evaluated", async () => {
    const { rules, next } = await bed.api.operator.json<AlertRulesPage>("/v1/alerts/rules");
    assert.deepEqual([rules.length, next], [7, null]);
    for (const { fromFile, problem, rule } of rules) {
      assert.ok(fromFile && (problem === "" || problem.startsWith("waiting")), `${String(rule["name"])}: ${problem}`);
    }
  });

  test("rules, hooks and silences come page by page", async () => {
    for (let i = 0; i < 3; i++) {
      await bed.api.operator.post("/v1/alerts/hooks", { name: `hook ${i}`, url: "https://127.0.0.1/" });
      const matchers = [{ name: "alertname", value: `x${i}` }];
      await bed.api.operator.post("/v1/alerts/silences", { matchers, endsMs: Date.now() + 60_000 });
    }
    const names: string[] = [];
    for (let after = ""; ;) {
      const query = `limit=2${after === "" ? "" : `&after=${after}`}`;
      const { rules, next } = await bed.api.operator.json<AlertRulesPage>(`/v1/alerts/rules?${query}`);
      names.push(...rules.map(({ rule }) => String(rule["name"])));
      if (next === null) break;
      after = next;
    }
    assert.deepEqual(names, [...names].sort());
    assert.equal(names.length, 7);
    const hooks = await bed.api.operator.json<HooksPage>("/v1/alerts/hooks?limit=2");
    const rest = await bed.api.operator.json<HooksPage>(`/v1/alerts/hooks?after=${hooks.next ?? ""}`);
    assert.deepEqual(
      [...hooks.hooks, ...rest.hooks].map(({ name }) => name),
      ["hook 0", "hook 1", "hook 2"],
    );
    const [newest] = (await bed.api.operator.json<SilencesPage>("/v1/alerts/silences?limit=1")).silences;
    assert.equal(newest?.matchers[0]?.value, "x2");
    const wrong = await bed.api.operator.fetch("/v1/alerts/rules?after=x");
    assert.deepEqual(((await wrong.json()) as ErrorBody).errors[0]?.field, "after");
  });

  test("a hook is changed in what is given; its secret is shown only where a new one is made", async () => {
    const made = await bed.api.operator.post<NewHookInfo>("/v1/alerts/hooks", { name: "h", url: "https://127.0.0.1/" });
    const path = `/v1/alerts/hooks/${made.id}`;
    const change = async (body: object): Promise<ChangedHookInfo> => (await send("PATCH", path, body)).body as never;
    const { secret: _made, ...before } = made;
    const changed = await change({ repeatSec: 3600, groupBy: ["zonename"] });
    assert.deepEqual(changed, { ...before, repeatSec: 3600, groupBy: ["zonename"], secret: null });
    const { secret } = await change({ secret: null });
    assert.ok(secret !== null && secret !== made.secret && secret.length >= 32);
    assert.equal((await change({ url: "https://127.0.0.1/other" })).repeatSec, 3600);
    const wrong: Readonly<Record<string, object>> = {
      ...{ name: { name: "other" }, url: { url: "ftp://x" }, secret: { secret: "short" } },
      ...{ repeatSec: { repeatSec: 1 }, groupBy: { groupBy: null } },
    };
    for (const [field, body] of Object.entries(wrong)) {
      const refused = await send("PATCH", path, body);
      assert.deepEqual([refused.status, refused.body.errors[0]?.field], [400, field]);
    }
  });

  test("a rule that names a hook or an instrumentation that there is not is refused, and says which field", async () => {
    const rule = { name: "x", instrumentation: bed.instrumentation, condition: { kind: "rate", above: 1 } };
    const hooks = await send("POST", "/v1/alerts/rules", { ...rule, hooks: ["hook 0", "nope"] });
    assert.deepEqual([hooks.status, hooks.body.errors[0]?.field], [400, "hooks[1]"]);
    const none = await send("POST", "/v1/alerts/rules", { ...rule, instrumentation: "0".repeat(16) });
    assert.equal(none.status, 404);
    assert.match(none.body.message, /^instrumentation: /);
    const where = await send("POST", "/v1/alerts/rules", { ...rule, where: { eq: ["nope", "x"] } });
    assert.deepEqual([where.status, where.body.errors[0]?.field], [400, "where.eq"]);
  });
});
