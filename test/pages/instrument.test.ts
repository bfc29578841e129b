/**
 * instrument.test.ts: asking for something to be measured, on the page and against the whole product: what the form says is what the
 * host then runs.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { InstrumentationSummary } from "../../core/api.ts";
import { assertUsable, textOf, useStackBed, type StackBed } from "./stack-bed.ts";

const { open, release } = useStackBed();
let bed: StackBed;

const DRAFT = { metric: "syscall.ops", decomposition: ["execname", "latency"] };
const draft = (more: object = {}): string =>
  `page=instrument&draft=${encodeURIComponent(JSON.stringify({ ...DRAFT, ...more }))}`;
const PREVIEW = "[data-preview=current]";

describe("the page that asks for measurements", { timeout: 120_000 }, () => {
  before(async () => {
    bed = await open();
  });
  after(release);

  const listed = async (): Promise<InstrumentationSummary[]> =>
    (await bed.operator.json<{ instrumentations: InstrumentationSummary[] }>("/v1/instrumentations")).instrumentations;

  test("shows the D program, the cost and the hosts of what is in the link", () =>
    bed.onPage(draft({ predicate: { eq: ["execname", "postgres"] } }), async (page) => {
      await page.waitForSelector(PREVIEW);
      assert.match(await textOf(page, "[data-program]"), /execname == "postgres"/);
      assert.equal(await textOf(page, "[data-cost]"), "high");
      assert.match(await textOf(page, ".facts"), /on 1 of 1 host/);
      assert.equal(await page.inputValue("[aria-label='value of execname']"), "postgres");
    }));

  test("makes what was built, and follows it on its host until it runs; the address carries all of it", () =>
    bed.onPage("page=instrument", async (page) => {
      await page.getByRole("button", { name: "+ condition" }).click();
      await page.selectOption(".condition >> nth=0 >> [aria-label=field]", "latency");
      await page.selectOption(".condition >> nth=0 >> [aria-label=comparison]", "ge");
      await page.fill(".condition >> nth=0 >> input", "2 ms");
      await page.getByRole("button", { name: "+ condition" }).click();
      await page.selectOption(".condition >> nth=1 >> [aria-label=comparison]", "prefix");
      assert.equal(await textOf(page, ".draft-end [role=status]"), "a condition lacks its value");
      await page.fill(".condition >> nth=1 >> input", "post");
      await page
        .getByRole("button", { name: "when it ends" })
        .or(page.locator("[title='when it ends']"))
        .first()
        .click();
      await page.getByRole("option", { name: "after 1 h", exact: true }).click();
      await page.fill("[aria-label=name]", "slow calls");
      await page.waitForFunction(
        (selector) =>
          document.querySelector(selector)?.querySelector("[data-program]")?.textContent.includes("2000000") === true,
        PREVIEW,
      );
      await page.getByRole("button", { name: "start measuring" }).click();
      await page.waitForSelector("[data-states='running 1']", { timeout: 30_000 });
      assert.match(await textOf(page, ".state"), /Running on its one host\..*cn-01 running/);
      const made = (await listed()).find(({ label }) => label === "slow calls");
      assert.deepEqual(made?.predicate, { and: [{ ge: ["latency", 2_000_000] }, { prefix: ["execname", "post"] }] });
      const row = await textOf(page, `[data-instrumentation="${made.id}"]`);
      assert.match(
        row,
        /slow calls .*latency is at least 2 ms and execname begins with post operators high .*(1 h|59 min)/,
      );
      assert.match(page.url(), /draft=.*slow/);
    }));

  test("stops one when asked twice", () =>
    bed.onPage("page=instrument", async (page) => {
      const { id } = await bed.operator.post<{ id: string }>("/v1/instrumentations", {
        ...DRAFT,
        label: "to be stopped",
      });
      const row = page.locator(`[data-instrumentation="${id}"]`);
      await page.reload();
      await row.getByRole("button", { name: "stop", exact: true }).click();
      await row.getByRole("button", { name: "stop it" }).click();
      await row.waitFor({ state: "detached" });
      assert.ok((await listed()).every((each) => each.id !== id));
    }));

  test("says at the field what is wrong with it, and asks for nothing then", () =>
    bed.onPage(draft({ scheme: "llquantize(3)" }), async (page) => {
      await page.waitForSelector(".draft-value .problem");
      assert.match(await textOf(page, ".draft-line:has([aria-label='bucket scheme'])"), /expected|parameters|scheme/);
      assert.ok(await page.getByRole("button", { name: "start measuring" }).isDisabled());
      // What the browser itself says of an answer that is no 200.
      assert.match(bed.problems.splice(0).join(), /^Failed to load resource: .* 400 \(Bad Request\)$/);
    }));

  test("shows a reader what is measured, and no form", async () => {
    const { tokens } = bed.stack.services.state;
    const [tenant] = bed.stack.fleet.tenants;
    const reader = await tokens.make({ role: "tenant", tenant: tenant?.id ?? "", scope: "read", label: "reader" });
    await bed.onPage(
      "page=instrument",
      async (page) => {
        await page.waitForSelector("[data-instrumentation]");
        assert.equal(await page.locator("form.draft").count(), 0);
        assert.match(await textOf(page, ".measure-none"), /may look but not ask/);
        assert.equal(await page.getByRole("link", { name: "fleet" }).count(), 0);
      },
      { token: reader.text },
    );
  });

  test("serves everybody in both themes, fits a phone, and leaves no word on the console", async () => {
    const predicate = { and: [{ eq: ["execname", "a"] }, { not: { eq: ["execname", "b"] } }] };
    await bed.onPage(draft({ predicate }), async (page) => {
      await page.waitForSelector(PREVIEW);
      await page.locator(".opener").first().click();
      await page.waitForSelector("[data-states]");
      await assertUsable(page);
    });
    assert.deepEqual(bed.problems, []);
  });
});
