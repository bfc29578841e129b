/**
 * A hook that rules or saved reports name is not deleted under them, whoever saves what at the same moment: in this process, or in another on
 * the same store.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { AlertRulesPage, NewHookInfo } from "../../core/alerts/api.ts";
import type { ErrorBody } from "../../core/api.ts";
import { OperationalError } from "../../core/errors.ts";
import type { SavedReportInfo } from "../../core/reports/api.ts";
import { usesText } from "../../query-api/alerts/hook-uses.ts";
import { Hooks } from "../../query-api/alerts/hooks.ts";
import { readerOf } from "../../query-api/alerts/reader.ts";
import { AlertRules } from "../../query-api/alerts/rules.ts";
import { openAlerts } from "../../store/alerts.ts";
import { openReports } from "../../store/reports.ts";
import { OPERATOR } from "../../core/window.ts";
import { startBed, type Bed } from "./bed.ts";
import type { Client } from "../e2e/stack.ts";
import { until } from "../until.ts";

const URL = "https://127.0.0.1/hook";

describe("a hook", () => {
  let bed: Bed;
  before(async () => {
    bed = await startBed();
  });
  after(() => bed.close());

  const rule = (name: string, hooks: readonly string[]) => ({
    ...{ name, hooks, instrumentation: bed.instrumentation },
    condition: { kind: "rate", windowSec: 10, above: 1e9 },
  });
  const save = (name: string, client: Client = bed.api.operator): Promise<NewHookInfo> =>
    client.post<NewHookInfo>("/v1/alerts/hooks", { name, url: URL });
  const remove = async (path: string, client: Client = bed.api.operator): Promise<[number, string, string]> => {
    const response = await client.fetch(path, { method: "DELETE" });
    if (response.status === 204) return [204, "", ""];
    const { code, message } = (await response.json()) as ErrorBody;
    return [response.status, code, message];
  };

  test("that rules and reports name is not deleted: the answer names them, and it goes once they do not", async () => {
    const { operator } = bed.api;
    const hook = await save("pager");
    const path = `/v1/alerts/hooks/${hook.id}`;
    const slow = await operator.post<{ id: string }>("/v1/alerts/rules", rule("slow reads", ["pager"]));
    const schedule = { every: "week", weekday: 1, at: "06:00" };
    const monday = await operator.post<SavedReportInfo>("/v1/capacity/reports", {
      ...{ name: "monday", hook: "pager", schedule },
    });
    const said = "delete a hook: the rule slow reads and the report monday name it";
    assert.deepEqual(await remove(path), [409, "HOOK_IN_USE", said]);
    await operator.json(`/v1/alerts/rules/${slow.id}`, {
      ...{ method: "PUT", headers: { "content-type": "application/json" } },
      body: JSON.stringify(rule("slow reads", [])),
    });
    const still = "delete a hook: the report monday names it";
    assert.deepEqual(await remove(path), [409, "HOOK_IN_USE", still], "a rule for all hooks names none");
    await remove(`/v1/capacity/reports/${monday.id}`);
    assert.deepEqual(await remove(path), [204, "", ""]);
  });

  test("is of its owner: another's rule with the same name for a hook of its own does not hold it", async () => {
    const [theirs, ours] = [await save("mine", bed.acme), await save("mine")];
    await bed.acme.post("/v1/alerts/rules", rule("of acme", ["mine"]));
    assert.deepEqual(await remove(`/v1/alerts/hooks/${ours.id}`), [204, "", ""]);
    const [status, , message] = await remove(`/v1/alerts/hooks/${theirs.id}`, bed.acme);
    assert.deepEqual([status, message], [409, "delete a hook: the rule of acme names it"]);
  });

  test("of many names a few, and says how many more", () => {
    const uses = Array.from({ length: 8 }, (_, i) => `the rule ${i}`);
    assert.equal(usesText(uses), "the rule 0, the rule 1, the rule 2, the rule 3, the rule 4 and 3 more name it");
  });

  test("that is deleted while a rule that names it is saved: one of the two is refused", async () => {
    for (let round = 0; round < 5; round++) {
      const name = `raced ${round}`;
      const hook = await save(name);
      const saving = bed.api.operator.fetch("/v1/alerts/rules", {
        ...{ method: "POST", headers: { "content-type": "application/json" } },
        body: JSON.stringify(rule(name, [name])),
      });
      const [saved, [removed]] = await Promise.all([saving, remove(`/v1/alerts/hooks/${hook.id}`)]);
      assert.deepEqual(
        [[201, 409].join(), [400, 204].join()].filter((each) => each === [saved.status, removed].join()).length,
        1,
        `${saved.status} ${removed}`,
      );
    }
  });

  test("that is deleted by one process while another saves a rule that names it: never is there a rule without its hook", async () => {
    const { store, state, query } = bed.api.services;
    const principal = readerOf(OPERATOR);
    const [here, there] = [openAlerts(store), openAlerts(store)];
    const hooks = new Hooks(here, openReports(store));
    const rules = new AlertRules(there, query.instrumentations);
    await there.refresh();
    let refused = 0;
    for (let round = 0; round < 5; round++) {
      const name = `afar ${round}`;
      const { id } = await hooks.create({ name, url: URL }, principal);
      await there.refresh();
      const ends = await Promise.allSettled([rules.create(rule(name, [name]), principal), hooks.remove(id, principal)]);
      for (const end of ends) if (end.status === "rejected") assert.ok(end.reason instanceof OperationalError);
      refused += ends.filter(({ status }) => status === "rejected").length;
      await state.alerts.refresh();
      const isNamed = state.alerts.rules.all().some((row) => {
        return row.deletedMs === 0 && (row.rule as { name: string }).name === name;
      });
      const isThere = state.alerts.hooks.get(id)?.deletedMs === 0;
      assert.ok(!isNamed || isThere, `round ${round}: a rule without its hook`);
    }
    assert.ok(refused >= 5, "in each round at least one is refused");
  });

  test("that is changed while it is deleted does not come back", async () => {
    const hook = await save("gone");
    const path = `/v1/alerts/hooks/${hook.id}`;
    const changing = bed.api.operator.fetch(path, {
      ...{ method: "PATCH", headers: { "content-type": "application/json" } },
      body: JSON.stringify({ repeatSec: 3600 }),
    });
    const [[removed]] = await Promise.all([remove(path), changing]);
    assert.equal(removed, 204);
    assert.equal(
      (
        await bed.api.operator.fetch(path, {
          method: "PATCH",
          body: "{}",
          headers: { "content-type": "application/json" },
        })
      ).status,
      404,
    );
  });

  test("has a name of its own, also where two are saved at once", async () => {
    const all = await Promise.allSettled([save("twin", bed.acme), save("twin", bed.acme), save("twin", bed.acme)]);
    assert.equal(all.filter(({ status }) => status === "fulfilled").length, 1);
  });

  test("of a file that has left it is said beside each rule that still names it", async () => {
    const { alerts } = bed.api.services.query;
    await alerts.hooks.ensure([{ json: { name: "filed", url: URL }, path: "hooks[0]" }]);
    await bed.api.operator.post("/v1/alerts/rules", rule("left alone", ["filed"]));
    await alerts.hooks.ensure([]);
    const { rules } = await bed.api.operator.json<AlertRulesPage>("/v1/alerts/rules");
    const id = rules.find((each) => each.rule["name"] === "left alone")?.id ?? "";
    const row = bed.api.services.state.alerts.rules.get(id) ?? assert.fail();
    assert.deepEqual(alerts.rules.lostHooks(row), ["filed"]);
    await until("it is said", () => alerts.problem(row) === "there is no hook filed: nobody is told there");
  });

  test("of a file comes and goes together with the rules of files that name it", async () => {
    const { alerts } = bed.api.services.query;
    const hook = { json: { name: "reloaded", url: URL }, path: "hooks[0]" };
    const named = { json: rule("reloaded", ["reloaded"]), path: "rules[0]" };
    await (
      await alerts.reading({ rules: [named], hooks: [hook] })
    )();
    await assert.rejects(alerts.reading({ rules: [named], hooks: [] }), /alert rule reloaded/);
    assert.ok(
      alerts.hooks.living().some(({ row }) => row.name === "reloaded"),
      "a refused reload changes nothing",
    );
    await (
      await alerts.reading({ rules: [], hooks: [] })
    )();
    assert.equal(
      alerts.hooks.living().some(({ row }) => row.name === "reloaded"),
      false,
    );
  });
});
