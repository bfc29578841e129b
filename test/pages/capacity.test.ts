/**
 * capacity.test.ts: the capacity page on services with an imported history whose truth is known: what it says of growth and of limits is
 * what was put in, what cannot be said is refused readably, and a tenant is told of its own zones only.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { reachesTs } from "../../collectors/simulator/history-model.ts";
import { historyLines } from "../../collectors/simulator/history.ts";
import type { CapacityConsumers, CapacityFit, CapacityGrowth } from "../../core/capacity.ts";
import type { HistoryLine } from "../../core/hours.ts";
import { startReceiver, type Receiver } from "../alerts/bed.ts";
import { askingOf, OPTIONS, startCapacity, type CapacityBed } from "../capacity/capacity-bed.ts";
import { launchBrowser } from "../web/browser.ts";
import { builtPage } from "../web/built-page.ts";
import { assertUsable, onPageOf, textOf } from "./stack-bed.ts";

const DAY = 86_400;
/** Links are not among them: they are what nobody measures here. */
const NAMES = new Set(["cpu", "wait", "cap", "rss", "limit", "cpus", "ram", "pool", "calls"]);

/** The history, less three days that nobody watched. */
function* history(fromTs: number): Generator<HistoryLine> {
  const [gapFrom, gapTo] = [fromTs + 20 * DAY, fromTs + 23 * DAY];
  for (const line of historyLines(OPTIONS)) {
    if (line.kind === "metric" && NAMES.has(line.name)) yield line;
    if (line.kind !== "hour" || !NAMES.has(line.of)) continue;
    const isWatched = line.ts < gapFrom || line.ts >= gapTo;
    yield isWatched ? line : { ...line, covered: {}, rows: [] };
  }
}

/** Sections are asked for when they come near the window. */
async function scrollThrough(page: Page): Promise<void> {
  for (let left = await page.locator(".not-near").count(); left > 0; left = await page.locator(".not-near").count()) {
    await page.evaluate(() => document.querySelector(".not-near")?.scrollIntoView());
    await page.waitForFunction((before) => document.querySelectorAll(".not-near").length < before, left);
  }
}

/** Each section reads months of hours, beside everything else that a busy machine does. */
const PATIENCE_MS = 90_000;

const dateOf = (ts: number): string => new Date(ts * 1000).toISOString().slice(0, 10);

describe("the capacity page", { timeout: 400_000 }, () => {
  let bed: CapacityBed;
  let browser: Browser;
  let receiver: Receiver;
  const problems: string[] = [];
  const { zones, zoneOf } = askingOf(() => bed);
  const onPage = (hash: string, look: (page: Page) => Promise<void>, token = bed.api.operator.token): Promise<void> =>
    onPageOf(browser, bed.api.url, token, problems, `page=capacity${hash === "" ? "" : `&${hash}`}`, async (page) => {
      page.setDefaultTimeout(PATIENCE_MS);
      await look(page);
    });
  const ask = <T>(path: string): Promise<T> => bed.api.operator.json<T>(`/v1/capacity/${path}`);

  before(async () => {
    receiver = await startReceiver();
    const alerting = { allowTargets: [receiver.target], lease: { ttlMs: 6000, beatMs: 200 } };
    bed = await startCapacity([], { webDir: await builtPage(), alerting });
    await bed.import(history(bed.fleet.fromTs));
    browser = await launchBrowser();
  });
  after(async () => {
    await browser.close();
    await bed.api.close();
    await receiver.close();
  });

  test("says when a limit is reached: the true day lies between the two that it names", async () => {
    const zone = zoneOf("db");
    // Near enough for eight weeks of history to see.
    const limit = Math.round(zone.memory.endLevel * 1.03);
    await onPage(`resource=memory&ahead=60&limit=${limit}`, async (page) => {
      await page.waitForSelector(`[data-grower="${zone.alias}"][data-grower]`);
      await page.locator(`[data-grower="${zone.alias}"] button`).click();
      await page.waitForSelector(`[data-forecast="${zone.alias}"] [data-meets]`);
      const said = await textOf(page, "[data-fact=reaches]");
      const [, from = "", to = ""] = /between (\d{4}-\d\d-\d\d) and (\d{4}-\d\d-\d\d)/.exec(said) ?? [];
      const truth = dateOf(reachesTs(zone.memory, limit, 60) ?? NaN);
      assert.ok(from !== "" && from <= truth && truth <= to, `${said}; it is ${truth}`);
      const summary = await textOf(page, "[data-summary]");
      assert.match(summary, new RegExp(`^${zone.alias} reaches its memory limit between ${from} and ${to}`));
      assert.match(
        await textOf(page, "[data-fact=back-test]"),
        /^such forecasts were off by .* [GM]iB .* last week’s value: .* were in the band$/,
      );
    });
  });

  test("says who grows, as the API has it, with their own caps; days that nobody watched are missing, and read so by keyboard too", async () => {
    const growth = await ask<CapacityGrowth>(`growth?resource=cpu&by=zone&from=${-365 * DAY}&horizonDays=365`);
    await onPage("", async (page) => {
      await page.waitForSelector("[data-growth='cpu zone'] [data-grower]");
      const shown = await page
        .locator("[data-grower]")
        .evaluateAll((all) => all.map((each) => each.getAttribute("data-grower")));
      assert.deepEqual(
        shown,
        growth.items.map(({ label }) => label),
      );
      for (const { alias, cpuCap } of zones()) {
        await page.locator(`[data-grower="${alias}"] button`).click();
        await page.waitForSelector(`[data-forecast="${alias}"]`);
        assert.match(await textOf(page, "[data-fact=now]"), new RegExp(`CPU cap ${cpuCap} %$`));
      }
      await page.waitForSelector("[data-forecast] [data-missing]");
      // Three days within, and the two last ones, which nothing is imported of yet.
      assert.equal(await page.locator("[data-growth] [data-missing]").count(), 2);
      await page.locator("[data-growth] [data-forecast]").focus();
      await page.keyboard.press("ArrowLeft");
      await page.waitForSelector("[data-forecast-readout] b:text('not known')");
      for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowLeft");
      await page.waitForFunction(() =>
        /\d %.*busiest hour, \d+ % of the limit/.test(
          document.querySelector("[data-forecast-readout]")?.textContent ?? "",
        ),
      );
    });
  });

  test("refuses where there is too little, says why, and from when on it can tell", () =>
    onPage("days=20", async (page) => {
      await page.waitForSelector("[data-refusal=TOO_SHORT]");
      assert.match(
        await textOf(page, "[data-refusal]"),
        /^No forecast\. \d+\.\d days of history, expected at least 35: four weeks to learn from .*; there can be one from \d{4}-\d\d-\d\d on\.$/,
      );
      assert.match(await textOf(page, "[data-grower]"), /no forecast: \d+\.\d days of history; from 20/);
      assert.match(await textOf(page, "[data-summary]"), /^No forecast yet of any zone\./);
    }));

  test("says what is needed where there is no history, and begins to measure it at a press", () =>
    onPage("resource=nic", async (page) => {
      await page.waitForSelector("[data-no-history]");
      assert.match(
        await textOf(page, "[data-no-history]"),
        /nic\.phys is not measured: start measuring.* needs 35 days .*isotherm import/,
      );
      // Who grows, and then against which limit.
      for (const metric of ["nic.phys", "nic.phys_speed"]) {
        await page
          .locator(`.growth [data-missing-metrics="${metric}"]`)
          .getByRole("button", { name: "start measuring" })
          .click();
      }
      await page.locator("[data-no-history]", { hasText: "It is being measured" }).waitFor();
      const { instrumentations } = await bed.api.operator.json<{
        instrumentations: { metric: string; keys: string[]; idleMaxSec: number }[];
      }>("/v1/instrumentations");
      const made = instrumentations.find(({ metric }) => metric === "nic.phys");
      assert.deepEqual(
        [made?.keys.filter((key) => key !== "zonename").sort(), made?.idleMaxSec],
        [["direction", "nic"], 0],
      );
    }));

  test("tells operators where a zone of a size fits: what the API says of that size, also after it was typed", () =>
    onPage("", async (page) => {
      await page.waitForSelector("[data-headroom=cn-01]");
      await page.fill("[aria-label='memory']", "2 GiB");
      await page.keyboard.press("Enter");
      await page.fill("[aria-label='CPU, percent of one']", "");
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => location.hash.includes("size=0%2C2147483648%2C"));
      const fit = await ask<CapacityFit>(`fit?memory=${2 ** 31}&disk=${100 * 2 ** 30}&from=${-30 * DAY}`);
      assert.ok(fit.total > 5);
      await page.getByText(`${fit.total} of them on cn-01.`, { exact: true }).waitFor();
      const row = await textOf(page, "[data-headroom=cn-01]");
      assert.match(row, new RegExp(`GiB free of 128 GiB.* ${fit.total} ${fit.hosts[0]?.limitedBy}$`));
    }));

  test("shows who uses most, works at night, disturbs whom, every CPU, a latency by month; each as a file too, and all to be printed", () =>
    onPage("", async (page) => {
      const consumers = await ask<CapacityConsumers>(`consumers?from=${-30 * DAY}&items=10`);
      await scrollThrough(page);
      await page.waitForSelector("[data-consumer]");
      const shown = await page
        .locator("[data-consumer]")
        .evaluateAll((all) => all.map((each) => each.getAttribute("data-consumer")));
      assert.deepEqual(
        shown,
        consumers.items.map(({ label }) => label),
      );
      const batch = zoneOf("batch").alias;
      await page.waitForSelector(`[data-hours="${batch}"]`);
      const ratio = (await textOf(page, `[data-hours="${batch}"]`)).split(" ").at(-1);
      assert.ok(Number(ratio) > 3, ratio);
      await page.waitForSelector("[data-noisy=cn-01]");
      assert.match(await textOf(page, "[data-noisy=cn-01] td:last-child"), new RegExp(`^${batch} `));
      assert.match(
        (await page.locator("[data-noisy=cn-01] svg").getAttribute("aria-label")) ?? "",
        /^worst hours: 1:00 /,
      );
      await page.waitForSelector("[data-shape=cpus] canvas");
      await page.waitForFunction(
        () => Number(document.querySelector<HTMLElement>("[data-board-heatmap]")?.dataset["columns"]) > 100,
      );
      const month = dateOf(bed.fleet.endTs - 20 * DAY).slice(0, 7);
      await page.waitForSelector(`[data-month="${month}"]`);
      assert.match(await textOf(page, `[data-month="${month}"]`), /us .* us .* us .*[kMG] \d+$/);
      await page.waitForSelector("[data-forecast='p99 of syscall.ops']");
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("link", { name: "consumers-cpu as CSV" }).click(),
      ]);
      assert.equal(download.suggestedFilename(), "consumers-cpu.csv");
      const csv = await readFile(await download.path(), "utf8");
      assert.deepEqual(
        csv
          .trim()
          .split("\n")
          .slice(1)
          .map((line) => line.split(",")[3]?.replaceAll('"', "")),
        consumers.items.map(({ label }) => label),
      );
      for (const link of await page.getByRole("link", { name: / as PARQUET$/ }).all()) {
        const answer = await page.request.get(new URL((await link.getAttribute("href")) ?? "", page.url()).href);
        assert.equal(answer.status(), 200, (await link.getAttribute("aria-label")) ?? "");
        assert.equal((await answer.body()).subarray(0, 4).toString(), "PAR1");
      }
      const [printed] = await Promise.all([
        page.waitForEvent("popup"),
        page.getByRole("link", { name: "print" }).click(),
      ]);
      await printed.getByRole("heading", { name: "Growth: cpu" }).waitFor();
      assert.match(
        await printed.locator("body").innerText(),
        new RegExp(`${zoneOf("web").alias}[\\s\\S]*Noisy neighbours`),
      );
    }));

  test("has everything in its address: another one sees the same, and back goes back", () =>
    onPage("", async (page) => {
      await page.waitForSelector("[data-growth='cpu zone'] [data-grower]");
      await page.locator("[title=resource]").click();
      await page.getByRole("option", { name: "memory" }).click();
      await page.waitForSelector("[data-growth='memory zone']");
      await page.keyboard.press("j");
      await page.waitForFunction(() => location.hash.includes("item="));
      await page.getByRole("button", { name: "what is promised" }).click();
      await page.fill("[aria-label='disk']", "1 TiB");
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => location.hash.includes("1099511627776"));
      const hash = new URL(page.url()).hash.replace("#page=capacity&", "");
      const second = await page.locator("[data-grower]").nth(1).getAttribute("data-grower");
      await onPage(hash, async (other) => {
        await other.waitForSelector(`[data-growth='memory zone'] [data-forecast="${second}"]`);
        await other.waitForSelector(".choice [aria-pressed=true] >> text=what is promised");
        assert.equal(await other.locator("[aria-label='disk']").inputValue(), "1 TiB");
      });
      await page.goBack();
      await page.waitForSelector("[data-growth='cpu zone']");
    }));

  test("saves what it shows as a report, sends it by a schedule, makes it now, says how that went, and deletes it", async () => {
    const hook = { name: "pager", kind: "webhook", url: receiver.url };
    await bed.api.operator.post("/v1/alerts/hooks", hook);
    await onPage("days=60&ahead=30", async (page) => {
      await page.waitForSelector("[data-headroom]");
      await page.locator(".not-near").last().scrollIntoViewIfNeeded();
      await page.getByRole("button", { name: "save this one …" }).click();
      await page.fill("[aria-label='name of the report']", "weekly");
      await page.selectOption("[aria-label='how often']", "week");
      assert.equal(
        await page.getByRole("button", { name: "save", exact: true }).isDisabled(),
        true,
        "nobody is told yet",
      );
      await page.selectOption("[aria-label='webhook']", "pager");
      await page.getByRole("button", { name: "save", exact: true }).click();
      await page.waitForSelector("[data-report=weekly]");
      assert.match(
        await textOf(page, "[data-report=weekly]"),
        /^weekly all 60 days back, 30 days ahead every Monday at 06:00 UTC pager never 20/,
      );
      await page.getByRole("button", { name: "send weekly now" }).click();
      await receiver.until("the hook is told", (all) => all.some(({ text }) => text.includes('"capacity-report"')));
      await page.waitForFunction(() =>
        /delivered|sent/.test(document.querySelector("[data-report=weekly]")?.textContent ?? ""),
      );
      const link = page.getByRole("link", { name: "weekly: page" });
      const answer = await page.request.get(new URL((await link.getAttribute("href")) ?? "", page.url()).href);
      assert.match(await answer.text(), /Capacity of all/);
      await page.getByRole("button", { name: "delete weekly" }).click();
      await page.getByRole("button", { name: "delete it" }).click();
      await page.getByText("None is saved yet.").waitFor();
    });
  });

  test("tells a tenant of its own zones, and of hosts nothing, not even that there is something to hide", async () => {
    const { owner } = zoneOf("web");
    const own = zones().filter((zone) => zone.owner === owner);
    const others = zones().filter((zone) => zone.owner !== owner);
    await onPage(
      "resource=pool&by=host",
      async (page) => {
        await page.waitForSelector("[data-growth='cpu zone'] [data-grower]");
        await scrollThrough(page);
        await page.waitForSelector("[data-consumer]");
        await page.waitForSelector("[data-hours]");
        await page.waitForSelector("[data-month]");
        const text = await page.locator("body").innerText();
        for (const { alias } of own) assert.ok(text.includes(alias), alias);
        for (const { alias, zone } of others) assert.ok(!text.includes(alias) && !text.includes(zone), alias);
        assert.ok(!/cn-01|headroom|noisy|utilisation|isotherm import/.test(text));
        await page.locator("[title=resource]").click();
        assert.deepEqual(await page.locator(".option .label").allInnerTexts(), ["CPU", "memory"]);
      },
      bed.api.tenant(owner).token,
    );
    await onPage(`tenant=${owner}`, async (page) => {
      await page.waitForSelector("[data-growth='cpu zone'] [data-grower]");
      assert.equal(await page.locator("[data-grower]").count(), own.length);
      assert.equal(await page.locator("[data-headroom], [data-noisy], [data-shape]").count(), 0);
    });
  });

  test("keeps what it has when the connection goes, says so, and tries again when it is told to", () =>
    onPage("", async (page) => {
      await page.waitForSelector("[data-growth='cpu zone'] [data-grower]");
      await page.context().setOffline(true);
      await page.locator("[title=history]").click();
      await page.getByRole("option", { name: "90 days" }).click();
      await page.locator(".growth [role=alert]", { hasText: "no answer from the server" }).waitFor();
      assert.ok((await page.locator("[data-grower]").count()) > 0);
      await page.context().setOffline(false);
      await page.locator(".growth").getByRole("button", { name: "try again" }).click();
      await page.waitForSelector(".growth[aria-busy=false]");
      assert.equal(await page.locator(".growth [role=alert]").count(), 0);
      assert.ok(problems.splice(0).every((text) => text.includes("ERR_INTERNET_DISCONNECTED")));
    }));

  test("serves everybody in both themes, moves nothing while it loads, fits a phone, and leaves no word on the console", async () => {
    await onPage("", async (page) => {
      await page.evaluate(() => {
        const all = window as unknown as { shifted: number };
        all.shifted = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) all.shifted += (entry as unknown as { value: number }).value;
        }).observe({ type: "layout-shift", buffered: true });
      });
      await page.waitForSelector("[data-grower]");
      await page.waitForSelector("[data-headroom]");
      const shifted = await page.evaluate(() => (window as unknown as { shifted: number }).shifted);
      assert.ok(shifted < 0.02, String(shifted));
      await scrollThrough(page);
      await page.waitForSelector("[data-consumer]");
      await page.waitForFunction(() => document.querySelectorAll(".waiting").length === 0);
      await assertUsable(page);
    });
    assert.deepEqual(problems, []);
  });
});
