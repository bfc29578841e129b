/**
 * fleet.test.ts: the operators' page on the whole product: what it says of hosts, zones and neighbours is what the API knows of them.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ZoneInfo } from "../../core/api.ts";
import { neighboursOf } from "../../web/fleet/neighbours.ts";
import { assertUsable, textOf, useStackBed, type StackBed } from "./stack-bed.ts";

describe("noisy neighbours", () => {
  const zone = (name: string, host: string): ZoneInfo => ({
    ...{ zone: name, alias: name, host, state: "running" },
    ...{ owner: "t", ownerName: null, sinceMs: 0 },
  });
  const zones = [zone("a", "h1"), zone("b", "h1"), zone("c", "h2"), zone("global", "h1")];

  test("are set against each other host by host, the longest wait first; the global zone is nobody's", () => {
    const waited = [
      { key: "a", total: 600 },
      { key: "c", total: 3000 },
      { key: "global", total: 9e9 },
    ];
    const used = [
      { key: "b", total: 1200 },
      { key: "a", total: 300 },
      { key: "gone", total: 1e9 },
    ];
    const told = neighboursOf(zones, waited, used, 300).map(({ host, ...sides }) => [
      host,
      ...[sides.waited, sides.used].map((all) => all.map((each) => `${each.zone.zone} ${each.perSec}`).join()),
    ]);
    assert.deepEqual(told, [
      ["h2", "c 10", ""],
      ["h1", "a 2", "b 4,a 1"],
    ]);
  });

  test("are none where nobody waited", () => {
    assert.deepEqual(neighboursOf(zones, [{ key: "a", total: 0 }], [{ key: "b", total: 5 }], 300), []);
  });
});

const { open, release } = useStackBed();
let bed: StackBed;

describe("the fleet page", { timeout: 120_000 }, () => {
  before(async () => {
    bed = await open();
  });
  after(release);

  test("says how each host is, what runs there and what it cannot measure", () =>
    bed.onPage("page=fleet", async (page) => {
      await page.waitForSelector("[data-host=cn-01] .dot.up");
      assert.match(await textOf(page, "[data-summary]"), /^1 of 1 hosts up, 3 zones of 2 tenants; in 5 min: /);
      await page.locator("[data-host=cn-01] .opener").click();
      await page.waitForSelector(".host-details");
      assert.match(page.url(), /host=cn-01/);
      await page.waitForFunction(() =>
        /syscall\.ops\s+running/.test(document.querySelector<HTMLElement>(".host-details")?.innerText ?? ""),
      );
      // Until its probes were tried the host has not said whether it can.
      await page.getByText("metrics that it cannot measure").click({ timeout: 60_000 });
      assert.match(await textOf(page, ".reasons"), /vm\.zvol_ops .*does not match any probes/);
    }));

  test("starts what neighbours are known by, and then says who waited while who consumed", () =>
    bed.onPage("page=fleet", async (page) => {
      for (const button of ["CPU", "ZFS"]) {
        const line = page.locator(".fleet p", { hasText: `${button}:` });
        await line.getByRole("button", { name: "measure it" }).click();
      }
      await page.waitForSelector("[data-resource=CPU] [data-host=cn-01] .amounts li", { timeout: 60_000 });
      const text = await textOf(page, "[data-resource=CPU]");
      assert.match(text, /cn-01 .* [mu]s\/s .* % of a CPU/);
    }));

  test("lists zones with owner and host, as the API has them, filters them, and leads to their board", () =>
    bed.onPage("page=fleet", async (page) => {
      const { zones } = await bed.operator.json<{ zones: ZoneInfo[] }>("/v1/zones");
      await page.waitForSelector("[data-zone]");
      const shown = await page
        .locator("[data-zone]")
        .evaluateAll((rows) => rows.map((row) => row.getAttribute("data-zone")));
      assert.deepEqual(shown.sort(), zones.map(({ zone }) => zone).sort());
      const [first] = zones;
      await page.fill("[aria-label='filter zones']", `${first?.alias} ${first?.host}`);
      assert.equal(await page.locator("[data-zone]").count(), 1);
      await page.getByRole("link", { name: "board", exact: true }).click();
      await page.waitForSelector("[data-board=zone]");
      assert.ok(page.url().includes(first?.zone ?? "?"));
    }));

  test("names the collector and its stream of batches", () =>
    bed.onPage("page=fleet", async (page) => {
      await page.waitForSelector("[data-collector=test]");
      assert.match(await textOf(page, "[data-collector=test]"), /^test 1 1 \d+ s ago /);
      assert.match(await textOf(page, "[data-stream]"), /^test-\w+ \d+ \d+ [\d,]+ \d+ s ago$/);
    }));

  test("keeps what it has when the connection goes, says so, and recovers", () =>
    bed.onPage("page=fleet", async (page) => {
      await page.waitForSelector("[data-host=cn-01]");
      await page.context().setOffline(true);
      await page.waitForSelector(".motion.disconnected");
      assert.match(await textOf(page, ".notice"), /no answer from the server/);
      assert.equal((await page.locator("[data-host=cn-01]").count()) > 0, true);
      await page.context().setOffline(false);
      await page.waitForSelector(".motion.live");
      assert.equal(await page.locator(".notice").count(), 0);
      assert.ok(bed.problems.splice(0).every((text) => text.includes("ERR_INTERNET_DISCONNECTED")));
    }));

  test("is the view to a tenant who asks for it", () =>
    bed.onPage(
      "page=fleet",
      async (page) => {
        await page.waitForSelector("[data-heatmap]");
        assert.equal(await page.locator(".fleet").count(), 0);
      },
      { token: bed.stack.tenants[0]?.token ?? "" },
    ));

  test("serves everybody in both themes, fits a phone, and leaves no word on the console", async () => {
    await bed.onPage("page=fleet&host=cn-01", async (page) => {
      await page.waitForSelector(".host-details");
      await page.waitForSelector("[data-resource]");
      await assertUsable(page);
    });
    assert.deepEqual(bed.problems, []);
  });
});
