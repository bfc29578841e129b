/**
 * alerts.test.ts: alerting as people see it, on the whole product: a rule is made with the form, tried, saved, fires, is silenced; and nobody sees
 * another's.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Locator, Page } from "playwright-core";
import type { AlertInfo, AlertRuleInfo, HookInfo, SilenceInfo } from "../../core/alerts/api.ts";
import { parseRule } from "../../core/alerts/read-rule.ts";
import type { FleetInfo, InstrumentationSummary, TenantInfo } from "../../core/api.ts";
import { assertUsable, textOf, useStackBed, type StackBed } from "./stack-bed.ts";
import { until } from "../until.ts";

const { open, release } = useStackBed();
let bed: StackBed;
let calls: InstrumentationSummary;

const draftOf = (rule: object): string => `page=alerts&draft=${encodeURIComponent(JSON.stringify(rule))}`;
const line = (page: Page, name: string): Locator => page.locator(`[data-line="${name}"]`);

/** A rule that fires at once, for each zone: every call takes longer than a microsecond. */
const ruleOf = (name: string, more: object = {}): object => ({
  ...{ name, instrumentation: calls.id, per: "zonename", everySec: 1 },
  condition: { kind: "quantile", q: 0.99, windowSec: 5, above: 1000 },
  ...more,
});

async function rules(): Promise<readonly AlertRuleInfo[]> {
  return (await bed.operator.json<{ rules: AlertRuleInfo[] }>("/v1/alerts/rules")).rules;
}

async function firing(name: string): Promise<readonly AlertInfo[]> {
  return until(`alerts of ${name}`, async () => {
    const { alerts } = await bed.operator.json<{ alerts: AlertInfo[] }>("/v1/alerts");
    const own = alerts.filter((each) => each.name === name && each.status === "firing");
    return own.length > 0 ? own : undefined;
  });
}

/** What the browser itself says of an answer that is no 2xx. */
function expectRefusal(): void {
  assert.match(bed.problems.splice(0).join("; "), /^(Failed to load resource: .* 4\d\d \([\w ]+\)(; )?)+$/);
}

describe("the alerts page", { timeout: 240_000 }, () => {
  before(async () => {
    bed = await open();
    const { instrumentations } = await bed.operator.json<{ instrumentations: InstrumentationSummary[] }>(
      "/v1/instrumentations",
    );
    const found = instrumentations.find(({ metric, standing }) => metric === "syscall.ops" && standing);
    assert.ok(found !== undefined);
    calls = found;
    // Something must have happened before a rule can be tried against it.
    await until("seconds in the store", async () => {
      const { hosts } = await bed.operator.json<FleetInfo>("/v1/fleet");
      return (hosts[0]?.newestTs ?? 0) > 0 ? true : undefined;
    });
  });
  after(async () => {
    for (const { id } of await rules()) await bed.operator.fetch(`/v1/alerts/rules/${id}`, { method: "DELETE" });
    await release();
  });

  test("makes a rule: what is wrong stands at its field, where it would have fired beside it, and then it fires", () =>
    bed.onPage("page=alerts", async (page) => {
      await page.getByRole("button", { name: "+ rule" }).click();
      await line(page, "measured").locator("button").first().click();
      await page.keyboard.type("syscall.ops latency");
      await page
        .getByRole("option", { name: /^syscall\.ops latency.*every 1 s, operators/ })
        .first()
        .click();
      await page.locator("[title='a state for each']").click();
      await page.getByRole("option", { name: /^zone/ }).click();
      await page.fill("[aria-label=window]", "0 s");
      await page.getByRole("button", { name: "save", exact: true }).click();
      assert.match(await textOf(page, "[data-line=name]"), /expected a name/);
      assert.match(await textOf(page, "[data-line='fires on']"), /expected a number here/);
      await page.fill("[aria-label=name]", "every call");
      await page.fill("[aria-label=threshold]", "1 us");
      await page.fill("[aria-label='evaluated every']", "1 s");
      await page.getByRole("button", { name: "save", exact: true }).click();
      // That a window has a second at least is the server's to say.
      await line(page, "fires on").getByText("expected a whole number from 1").waitFor();
      expectRefusal();
      await page.fill("[aria-label=window]", "5 s");
      await page.getByRole("button", { name: "1 h", exact: true }).click();
      await page.getByRole("button", { name: "try it" }).click();
      await page.waitForSelector("[data-tried=yes]", { timeout: 60_000 });
      assert.match(
        await textOf(page, "[data-would]"),
        /^It would have fired \d+ times in the last 1 h, for \d keys\.$/,
      );
      assert.ok((await page.locator(".try [data-fired]").count()) >= 3);
      assert.ok(Number(await page.locator("[data-values]").getAttribute("data-values")) > 0);
      assert.equal(await page.locator("[data-threshold]").getAttribute("data-threshold"), "1000");
      await page.fill("[aria-label=threshold]", "2 us");
      assert.equal(await page.locator("[data-threshold]").getAttribute("data-threshold"), "2000");
      await page.getByText("That was before your last change").waitFor();
      await page.getByRole("button", { name: "save", exact: true }).click();
      await page.waitForSelector("[data-rule='every call']");
      await page.waitForSelector("[data-rule-editor]", { state: "detached" });
      const [made] = await rules();
      const saved = parseRule(made?.rule);
      assert.deepEqual(saved.condition, {
        ...{ kind: "quantile", q: 0.99, windowSec: 5 },
        threshold: { direction: "above", value: 2000, resolve: 2000 },
      });
      assert.equal(saved.per, "zonename");
      await page.waitForSelector("[data-alert='every call'][data-status=firing]", { timeout: 60_000 });
      const [alert] = await firing("every call");
      const row = await textOf(page, `[data-alert-key="${alert?.key}"]`);
      assert.match(
        row,
        /^firing (partial )?every call \S+ p99 of latency over 5 s above 2 us [\d.]+ [um]?s above 2 us \d+ s view ?silence$/,
      );
    }));

  test("shows when a rule fired, and leads to the view of that time with what it was about", () =>
    bed.onPage("page=alerts", async (page) => {
      await firing("every call");
      await page.locator("[data-rule='every call'] .opener").click();
      await page.waitForSelector("[data-history] [data-fired]", { timeout: 30_000 });
      assert.match(await textOf(page, "[data-history]"), /It has fired (once|\d+ times) in the last 1 h\./);
      await page.locator("[data-stretch] a").first().click();
      await page.waitForSelector("[data-selected]", { timeout: 30_000 });
      const params = new URLSearchParams(new URL(page.url()).hash.slice(1));
      assert.equal(params.get("i"), calls.id);
      assert.match(params.get("sel") ?? "", /^\d+,\d+,2000,$/);
      assert.match(params.get("where") ?? "", /^zonename:/);
    }));

  test("silences one of its alerts, says so wherever it stands, and ends the silence", () =>
    bed.onPage("page=alerts", async (page) => {
      const [alert] = await firing("every call");
      const row = page.locator(`[data-alert="every call"][data-alert-key="${alert?.key}"]`);
      await row.getByRole("button", { name: "silence" }).click();
      await page.fill(".silence-now [aria-label='how long']", "2 h");
      await page.fill(".silence-now [aria-label=why]", "known");
      await page.keyboard.press("Enter");
      await row.getByText("silenced").waitFor();
      const { silences } = await bed.operator.json<{ silences: SilenceInfo[] }>("/v1/alerts/silences");
      assert.deepEqual(silences[0]?.matchers, [
        { name: "alertname", op: "=", value: "every call" },
        { name: "zonename", op: "=", value: alert?.key },
      ]);
      assert.match(await textOf(page, "[data-silence]"), /quiet now .* all the time .* in (2 h|1 h 59 min) known/);
      assert.match(await textOf(page, "[data-summary]"), /^\d alerts fire \(1 silenced\)/);
      await page.locator("[data-silence]").getByRole("button", { name: "end" }).click();
      await page.getByRole("button", { name: "end it" }).click();
      await page.waitForSelector("[data-silence]", { state: "detached" });
      await row.getByText("silenced").waitFor({ state: "detached" });
    }));

  test("pauses a rule, changes it with the form, and deletes it when asked twice", () =>
    bed.onPage("page=alerts", async (page) => {
      const row = page.locator("[data-rule='every call']");
      await row.getByRole("button", { name: "pause" }).click();
      await row.getByText("paused").waitFor();
      await row.getByRole("button", { name: "enable" }).click();
      await row.getByRole("button", { name: "pause" }).waitFor();
      await row.getByRole("button", { name: "edit" }).click();
      assert.equal(await page.inputValue("[aria-label=threshold]"), "2 us");
      await page.fill("[aria-label=name]", "every slow call");
      await page.fill("[aria-label=threshold]", "1000 s");
      await page.getByRole("button", { name: "save", exact: true }).click();
      const changed = page.locator("[data-rule='every slow call']");
      await changed.waitFor();
      await changed.locator("[data-rule-state=calm]").waitFor();
      await changed.getByRole("button", { name: "delete", exact: true }).click();
      await changed.getByRole("button", { name: "delete it" }).click();
      await changed.waitFor({ state: "detached" });
      assert.deepEqual(await rules(), []);
    }));

  test("makes a rule of a selection in the view: its values and its keys", async () => {
    const { hosts } = await bed.operator.json<FleetInfo>("/v1/fleet");
    const to = (hosts[0]?.newestTs ?? 0) - 5;
    const region = `${to - 10},${to},100000,10000000`;
    const zone = bed.stack.fleet.hosts[0]?.zones.find(({ name }) => name !== "global")?.name ?? "";
    await bed.onPage(`i=${calls.id}&from=${to - 60}&to=${to}&sel=${region}&where=zonename:${zone}`, async (page) => {
      await page.waitForSelector("[data-selected]", { timeout: 30_000 });
      const count = Number(await page.locator("[data-selected]").getAttribute("data-selected"));
      await page.locator("[data-alert-on-this]").click();
      await page.waitForSelector("[data-rule-editor]");
      assert.equal(await page.inputValue("[aria-label='lower value']"), "100 us");
      assert.equal(await page.inputValue("[aria-label='upper value']"), "10 ms");
      assert.equal(await page.inputValue("[aria-label=threshold]"), String(Math.floor(count / 2)));
      await page.getByRole("button", { name: "save", exact: true }).click();
      await page.waitForSelector("[data-rule]");
      const [made] = await rules();
      const { condition, where } = parseRule(made?.rule);
      assert.deepEqual(where, { eq: ["zonename", zone] });
      assert.ok(condition.kind === "mass" && condition.low === 100_000 && condition.high === 10_000_000);
      assert.equal(condition.windowSec, 10);
      await bed.operator.fetch(`/v1/alerts/rules/${made?.id}`, { method: "DELETE" });
    });
  });

  test("adds a hook, shows its secret once, says what a test of it came to, changes and deletes it", () =>
    bed.onPage("page=alerts", async (page) => {
      await page.getByRole("button", { name: "+ hook" }).click();
      await page.fill("[aria-label='hook name']", "pager");
      await page.fill("[aria-label=URL]", "ftp://pager.example.com/");
      await page.getByRole("button", { name: "add the hook" }).click();
      await line(page, "URL").getByText("expected an https URL").waitFor();
      expectRefusal();
      // Nothing on loopback may be a target: the attempt is refused before it is made.
      await page.fill("[aria-label=URL]", "https://127.0.0.1:9/pager");
      await page.getByRole("button", { name: "add the hook" }).click();
      const row = page.locator("[data-hook=pager]");
      await row.waitFor();
      assert.match(await textOf(page, "[data-secret]"), /^[\w-]{32}$/);
      await page.getByRole("button", { name: "I have it" }).click();
      await row.getByRole("button", { name: "test" }).click();
      await row.locator("[data-hook-test=failed]").waitFor();
      assert.match(await textOf(page, "[data-hook-test]"), /^a test alert did not arrive: /);
      await row.getByRole("button", { name: "change" }).click();
      await page.fill("[aria-label='repeat after']", "2 h");
      await page.getByRole("button", { name: "save", exact: true }).click();
      await row.getByText("2 h").waitFor();
      const { hooks } = await bed.operator.json<{ hooks: HookInfo[] }>("/v1/alerts/hooks");
      assert.equal(hooks.find(({ name }) => name === "pager")?.repeatSec, 7200);
      const made = await bed.operator.post<AlertRuleInfo>("/v1/alerts/rules", ruleOf("untold", { hooks: ["pager"] }));
      const letter = page.locator("[data-letter=dead]").first();
      await letter.waitFor({ timeout: 60_000 });
      assert.match(await textOf(page, "[data-letter=dead]"), /^[-\d]+ [\d:]+ pager \d alerts? 1 .* send again$/);
      await letter.getByRole("button", { name: "send again" }).click();
      // Another may have come meanwhile.
      const attempts = page.locator("[data-letter=dead] [data-label=attempts]", { hasText: /^[23]$/ });
      await attempts.first().waitFor({ timeout: 60_000 });
      await bed.operator.fetch(`/v1/alerts/rules/${made.id}`, { method: "DELETE" });
      await row.getByRole("button", { name: "delete", exact: true }).click();
      await row.getByRole("button", { name: "delete it" }).click();
      await row.waitFor({ state: "detached" });
    }));

  test("shows a tenant its own alerts and rules, of its own zones, and nothing of others", async () => {
    const [first, second] = bed.stack.tenants;
    assert.ok(first !== undefined && second !== undefined);
    await bed.operator.post("/v1/alerts/rules", ruleOf("the operators’"));
    await first.post("/v1/alerts/rules", ruleOf("its own"));
    const own = await firing("its own");
    const { tenants } = await bed.operator.json<{ tenants: TenantInfo[] }>("/v1/tenants");
    const zones = new Set(
      tenants.find(({ id }) => id === bed.stack.fleet.tenants[0]?.id)?.zones.map(({ name }) => name),
    );
    assert.ok(own.every(({ key }) => zones.has(key ?? "")));
    await bed.onPage(
      "page=alerts",
      async (page) => {
        await page.waitForSelector("[data-alert='its own'][data-status=firing]");
        assert.deepEqual(
          await page.locator("[data-rule]").evaluateAll((all) => all.map((each) => each.getAttribute("data-rule"))),
          ["its own"],
        );
        assert.equal(await page.locator("[data-alert='the operators’']").count(), 0);
      },
      { token: first.token },
    );
    await bed.onPage(
      "page=alerts",
      async (page) => {
        await page.getByText("No rule yet.").waitFor();
        assert.equal(await textOf(page, "[data-firing]"), "fires now Nothing can fire: there are no rules yet.");
      },
      { token: second.token },
    );
  });

  test("shows a reader what fires, and nothing that changes anything", async () => {
    const [tenant] = bed.stack.fleet.tenants;
    const reader = await bed.stack.services.state.tokens.make({
      ...{ role: "tenant", tenant: tenant?.id ?? "", scope: "read", label: "reader" },
    });
    await bed.onPage(
      draftOf(ruleOf("a link that somebody sent")),
      async (page) => {
        await page.waitForSelector("[data-rule='its own']");
        assert.match(await textOf(page, "[data-summary]"), /may look but not change anything/);
        assert.equal(await page.locator("[data-rule-editor]").count(), 0);
        const words = await page.locator("main button").allInnerTexts();
        assert.deepEqual(
          words.filter((word) => /silence|rule$|hook$|edit|pause|delete/.test(word)),
          [],
        );
      },
      { token: reader.text },
    );
  });

  test("keeps what it has when the connection goes, says so, and recovers", () =>
    bed.onPage("page=alerts", async (page) => {
      await page.waitForSelector("[data-rule='its own']");
      await page.context().setOffline(true);
      await page.waitForSelector(".motion.disconnected");
      assert.match(await textOf(page, "[data-summary]"), /no connection; as of/);
      assert.equal(await page.locator("[data-rule='its own']").count(), 1);
      await page.context().setOffline(false);
      await page.waitForSelector(".motion.live");
      await page.waitForSelector(".notice", { state: "detached" });
      assert.ok(bed.problems.splice(0).every((text) => text.includes("ERR_INTERNET_DISCONNECTED")));
    }));

  test("serves everybody in both themes, fits a phone, and leaves no word on the console", async () => {
    const [info] = await rules();
    await bed.onPage(`${draftOf(ruleOf("tried"))}&open=${info?.id}`, async (page) => {
      await page.getByRole("button", { name: "1 h", exact: true }).first().click();
      await page.getByRole("button", { name: "try it" }).click();
      await page.waitForSelector("[data-tried=yes]", { timeout: 60_000 });
      await page.waitForSelector("[data-history]");
      await page.getByRole("button", { name: "+ silence" }).click();
      await page.getByRole("button", { name: "only at certain hours" }).click();
      await page.getByRole("button", { name: "+ hook" }).click();
      await assertUsable(page);
    });
    assert.deepEqual(bed.problems, []);
  });
});
