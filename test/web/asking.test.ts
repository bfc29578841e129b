/**
 * asking.test.ts: from looking to asking, in a real browser: hues, bands of values, the way back, selections and what is made of them.
 *
 * Numbers are compared with those of the model, which counts them anew for each test.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { TRUE } from "../../core/predicate.ts";
import { parseHex } from "../../core/heatmap/ramp.ts";
import { formatCount } from "../../core/units.ts";
import { violations } from "./axe.ts";
import { BUCKETS, fakeBreakdown, readWhere, secondColumn } from "./fake-model.ts";
import { FROM, MODEL, PAST, plotOf, says, TO, usePageBed, type PageBed } from "./page-bed.ts";

/** The slow disk: postgres alone is here. */
const SLOW = { from: FROM + 185, to: FROM + 215, low: 20e6, high: 100e6 };
const SELECTED = `${PAST}&sel=${SLOW.from},${SLOW.to},${SLOW.low},${SLOW.high}`;
const totalOf = (parts: readonly { readonly total: number }[]): number =>
  parts.reduce((all, { total }) => all + total, 0);

/** Tests that share nothing but the browser: while one waits for a frame another goes on. */
const SIDE_BY_SIDE = { concurrency: 3 };

const { open, release } = usePageBed();
let bed: PageBed;
const onPage = (...args: Parameters<PageBed["onPage"]>): Promise<void> => bed.onPage(...args);

describe("asking", () => {
  before(async () => {
    bed = await open();
  });
  after(release);

  describe("hues", SIDE_BY_SIDE, () => {
    test("give a cell of one key that key's hue, and the legend of keys shows it", () =>
      onPage(`${PAST}&lines=&hue=node,postgres`, async (page) => {
        await page.waitForSelector("[data-hues='node,postgres']");
        const { middle, pixel } = await plotOf(page);
        // 20 ms and more while the disk is slow: only postgres.
        const { x, y } = middle(FROM + 200, BUCKETS.indexOf(52e6));
        const [plot, hue] = [parseHex("#0e0e0f"), parseHex("#ff9a52")];
        const shares = (await pixel(x, y)).map(
          (channel, i) => (channel - (plot[i] ?? 0)) / ((hue[i] ?? 0) - (plot[i] ?? 0)),
        );
        // All channels are as far from the plot as one another: it is that hue and no mixture.
        assert.ok(Math.max(...shares) - Math.min(...shares) < 0.03, shares.join());
        assert.ok((shares[0] ?? 0) >= 0.4);
        const mark = page.locator("[data-key-value=postgres] .hue");
        assert.equal(await mark.getAttribute("aria-pressed"), "true");
        const inks = await mark.evaluate((element) => getComputedStyle(element, "::before").backgroundColor);
        assert.equal(inks, "rgb(255, 154, 82)");
      }));

    test("are given and taken by a click, and the link says so", () =>
      onPage(PAST, async (page) => {
        await page.getByRole("button", { name: "colour nginx" }).click();
        await page.waitForSelector("[data-hues=nginx]");
        assert.match(page.url(), /hue=nginx/);
        await page.keyboard.press("h");
        await page.waitForFunction(() => !location.hash.includes("hue="));
        await page.keyboard.press("h");
        await page.waitForSelector("[data-hues^='postgres,node,nginx']");
      }));

    test("come a moment after each live column, to all of them", () =>
      onPage("last=60&hue=node", async (page) => {
        await page.waitForSelector("[data-hues=node]");
        const first = Number(await page.locator("[data-heatmap]").getAttribute("data-last-ts"));
        const tail = await page.waitForRequest((request) => {
          const query = new URL(request.url()).searchParams;
          return query.get("keys") === "node" && Number(query.get("to")) > first;
        });
        const query = new URL(tail.url()).searchParams;
        assert.ok(Number(query.get("to")) - Number(query.get("from")) < 30, "only the newest columns");
      }));

    test("light one key's cells alone while it is pointed at", () =>
      onPage(`${PAST}&lines=`, async (page) => {
        const { middle, pixel } = await plotOf(page);
        const { x, y } = middle(FROM + 200, BUCKETS.indexOf(52e6));
        const before = await pixel(x, y);
        await page.locator("[data-key-value=node]").hover();
        await page.waitForSelector("[data-lit=node]");
        const shadow = await pixel(x, y);
        assert.ok(Math.max(...shadow) < 60 && Math.max(...before) > 90, `${before.join()} to ${shadow.join()}`);
        await page.locator("[data-key-value=postgres]").hover();
        await page.waitForSelector("[data-lit=postgres]");
        assert.deepEqual(await pixel(x, y), before);
      }));
  });

  describe("the frame of the picture", SIDE_BY_SIDE, () => {
    test("each key has a course beside its total", () =>
      onPage(PAST, async (page) => {
        await page.waitForSelector("[data-key-value=node] .spark path");
        const path = await page.locator("[data-key-value=node] .spark path").getAttribute("d");
        // Two strokes: nobody watched during the gap.
        assert.equal(path?.split("M").length, 3);
      }));

    test("an axis that is dragged takes the picture along", () =>
      onPage(PAST, async (page) => {
        const { left, top, width, height } = await plotOf(page);
        await page.mouse.move(left + width / 2, top + height + 12);
        await page.mouse.down();
        await page.mouse.move(left + width / 2 + width / 3, top + height + 12);
        await page.mouse.up();
        await page.waitForSelector(`[data-from-ts='${FROM - 100}'][data-to-ts='${TO - 100}']`);
      }));

    test("a wheel that turns sideways moves in time, and asks once it rests", () =>
      onPage(PAST, async (page) => {
        const { left, top, width, height } = await plotOf(page);
        // Four turns in one task: a busy machine must not let the wheel rest between them.
        await page.evaluate(
          ([x, y, deltaX]) => {
            const plot = document.elementFromPoint(x, y);
            for (let i = 0; i < 4; i++) plot?.dispatchEvent(new WheelEvent("wheel", { deltaX, bubbles: true }));
          },
          [left + width / 2, top + height / 2, width / 24] as const,
        );
        await page.waitForSelector(`[data-from-ts='${FROM + 50}'][data-state=paused]`);
        await page.goBack();
        await page.waitForSelector(`[data-from-ts='${FROM}'][data-state=paused]`);
      }));
  });

  describe("a band of values", SIDE_BY_SIDE, () => {
    test("is zoomed to by dragging up or down, at whole buckets; the browser's back button leads out", () =>
      onPage(PAST, async (page) => {
        const { middle, drag } = await plotOf(page);
        const { x, y } = middle(FROM + 150, BUCKETS.indexOf(110e3));
        await drag({ x, y }, { x: x + 3, y: middle(FROM + 150, BUCKETS.indexOf(8.2e6)).y });
        await page.waitForSelector("[data-value-max='8500000']");
        assert.equal(await page.locator("[data-heatmap]").getAttribute("data-value-min"), "100000");
        const sides = leftOutOf(100e3, 8.5e6);
        const said = `${formatCount(sides.below)} below 100 us, ${formatCount(sides.above)} above 8.5 ms`;
        await says(page, "[data-left-out]", new RegExp(said));
        await page.goBack();
        await page.waitForSelector("[data-value-max='20000000000']");
      }));

    test("without the outliers is one key away, with what it leaves out in numbers", () =>
      onPage(PAST, async (page) => {
        await page.keyboard.press("o");
        const button = page.locator("[data-left-out]");
        await says(page, "[data-left-out]", / [1-9][\d,]* above/);
        const above = Number(/([\d,]+) above/.exec((await button.textContent()) ?? "")?.[1]?.replaceAll(",", ""));
        const max = Number(await page.locator("[data-heatmap]").getAttribute("data-value-max"));
        assert.equal(above, leftOutOf(0, max).above);
        assert.ok(above > 0 && above <= 0.001 * MODEL.total);
        await button.click();
        await button.waitFor({ state: "detached" });
      }));

    test("is read on a linear axis as well", () =>
      onPage(`${PAST}&high=20000000`, async (page) => {
        await page.keyboard.press("a");
        await page.waitForSelector("[data-axis=linear]");
        assert.match(page.url(), /axis=linear/);
      }));
  });

  describe("a selection", SIDE_BY_SIDE, () => {
    test("drawn across is counted by every key at once, and each sums to the total", () =>
      onPage(PAST, async (page) => {
        const { middle, drag } = await plotOf(page);
        await drag(middle(FROM + 190, BUCKETS.indexOf(20e6)), middle(FROM + 200, BUCKETS.indexOf(2.2e6)));
        const selected = Number(await page.locator("[data-selected]").getAttribute("data-selected"));
        const band = { low: 2e6, high: 25e6 };
        assert.equal(selected, totalOf(fakeBreakdown("execname", FROM + 190, FROM + 201, TRUE, null, band)));
        const tables = page.locator("[data-comparison]");
        await tables.nth(2).waitFor();
        assert.equal(await tables.count(), 3);
        const sums = await tables.locator("[data-sum]").allTextContents();
        const total = formatCount(selected);
        assert.deepEqual(
          sums,
          Array.from({ length: 3 }, () => `${total} = ${total}`),
        );
      }));

    test("is compared with the rest of its time: shares here, there, and their difference", () =>
      onPage(SELECTED, async (page) => {
        const whole = fakeBreakdown("execname", SLOW.from, SLOW.to, TRUE, null, null);
        const here = fakeBreakdown("execname", SLOW.from, SLOW.to, TRUE, null, SLOW);
        const own = here.find(({ key }) => key === "postgres")?.total ?? 0;
        const there = (whole.find(({ key }) => key === "postgres")?.total ?? 0) - own;
        const shares = [own / totalOf(here), there / (totalOf(whole) - totalOf(here))].map((share) => share * 100);
        await page.waitForSelector("[data-comparison=execname] [data-part=postgres] td");
        const row = page.locator("[data-comparison=execname] [data-part=postgres] td");
        const points = (shares[0] ?? 0) - (shares[1] ?? 0);
        assert.deepEqual(await row.allTextContents(), [
          formatCount(own),
          `${shares[0]?.toFixed(0)} %`,
          `${shares[1]?.toFixed(0)} %`,
          `+${points.toFixed(0)}`,
        ]);
      }));

    test("is compared with an hour before, and drawn as a difference whose cells sum to that of the totals", () =>
      onPage(SELECTED, async (page) => {
        await page.getByRole("button", { name: "an hour before" }).click();
        const before = totalOf(fakeBreakdown("execname", SLOW.from - 3600, SLOW.to - 3600, TRUE, null, SLOW));
        const now = totalOf(fakeBreakdown("execname", SLOW.from, SLOW.to, TRUE, null, SLOW));
        await page.locator(`[data-compared='${before}']`).waitFor();
        const caption = page.locator("[data-difference-at]");
        await page.waitForFunction(() => document.querySelector("[data-difference-at]")?.textContent.startsWith("sum"));
        const sum = `${now < before ? "−" : ""}${formatCount(Math.abs(now - before))}`;
        assert.equal(
          await caption.textContent(),
          `sum of the cells ${sum} = ${formatCount(now)} − ${formatCount(before)}`,
        );
        assert.match(page.url(), /against=hour/);
      }));

    test("is compared with another one, drawn after it", () =>
      onPage(SELECTED, async (page) => {
        await page.getByRole("button", { name: "another selection" }).click();
        await page.getByText("drag the other rectangle").waitFor();
        const { middle, drag } = await plotOf(page);
        await drag(middle(FROM + 100, BUCKETS.indexOf(5e6)), middle(FROM + 129, BUCKETS.indexOf(2.2e6)));
        const other = totalOf(fakeBreakdown("execname", FROM + 100, FROM + 130, TRUE, null, { low: 2e6, high: 5.5e6 }));
        await page.locator(`[data-compared='${other}']`).waitFor();
      }));

    test("is made by keys alone: arrows, shift, enter; escape gives it up", () =>
      onPage(PAST, async (page) => {
        await page.locator("[data-heatmap]").focus();
        for (const key of ["ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowUp", "Enter"])
          await page.keyboard.press(key);
        await page.locator("[data-selected]").waitFor();
        assert.match(page.url(), new RegExp(`sel=${TO - 3},${TO},`));
        await page.keyboard.press("Escape");
        await page.locator("[data-selection]").waitFor({ state: "detached" });
      }));

    test("is zoomed to with a key, in time and value, and escape comes back to it", () =>
      onPage(SELECTED, async (page) => {
        await page.locator("[data-selected]").waitFor();
        await page.keyboard.press("z");
        await page.waitForSelector(`[data-from-ts='${SLOW.from}'][data-value-min='${SLOW.low}'][data-state=paused]`);
        await page.keyboard.press("Escape");
        await page.waitForSelector(`[data-from-ts='${FROM}'][data-state=paused]`);
        await page.locator("[data-selected]").waitFor();
      }));

    test("has a link that shows it again", () =>
      onPage(SELECTED, async (page) => {
        const link = await page.locator("[data-permalink]").getAttribute("href");
        const selected = await page.locator("[data-selected]").getAttribute("data-selected");
        await page.goto("about:blank");
        await page.goto(`${bed.address}${link ?? ""}`);
        assert.equal(await page.locator("[data-selected]").getAttribute("data-selected"), selected);
      }));

    test("is exported by a key, as a file", () =>
      onPage(SELECTED, async (page) => {
        await page.getByRole("button", { name: "export" }).click();
        const asked = page.waitForEvent("download");
        await page.getByRole("option", { name: "Parquet" }).nth(1).click();
        const query = new URL((await asked).url()).searchParams;
        assert.deepEqual(
          ["value", "by", "format", "from", "to", "low", "high"].map((name) => query.get(name)),
          ["breakdown", "execname", "parquet", ...[SLOW.from, SLOW.to, SLOW.low, SLOW.high].map(String)],
        );
      }));

    test("is followed up by one more field, after what that costs was said", () =>
      onPage(`${SELECTED}&where=execname:postgres`, async (page) => {
        await page.getByRole("button", { name: "follow up by" }).click();
        await page.getByRole("option", { name: "pid" }).click();
        await page.locator("[data-follow-up=pid]").waitFor();
        await says(page, "[data-follow-up]", /high cost, at most 2.24k events\/s, on 3 of 3 hosts/);
        await page.getByRole("button", { name: "start measuring" }).click();
        await page.waitForFunction(() => location.hash.includes("i=ops-pid"));
        const selection = { instrumentation: "ops", ...SLOW, where: { eq: ["execname", "postgres"] } };
        assert.deepEqual(bed.api.posted.get("/v1/selections/follow-up"), { selection, by: "pid" });
        await page.waitForSelector("[data-heatmap=ops-pid][data-state=live]");
      }));
  });

  describe("every view", SIDE_BY_SIDE, () => {
    // Fifty columns are no other page than three hundred, but for axe, which looks at each cell of the table behind them.
    const NEAR = `from=${FROM + 175}&to=${FROM + 225}`;
    const SEL = `${SLOW.from},${SLOW.to},${SLOW.low},${SLOW.high}`;
    const rows: [name: string, view: string, ready: string, act?: (page: Page) => Promise<void>][] = [
      ["the heatmap", NEAR, "[data-key-value] .spark path"],
      ["the heatmap with hues, on light", `${NEAR}&hue=node&theme=light`, "[data-hues=node]"],
      ["a selection", `${NEAR}&sel=${SEL}`, "[data-selected]"],
      ["a difference, on light", `${NEAR}&sel=${SEL}&against=day&theme=light`, "[data-compared]"],
      ["lines", `i=cpu&${NEAR}`, "[data-lines] canvas"],
      ["the help", NEAR, "[data-heatmap]", (page) => pressed(page, "?", ".help")],
      ["an open menu", NEAR, "[data-heatmap]", (page) => pressed(page, "/", "[role=option]")],
    ];
    for (const [name, view, ready, act] of rows) {
      test(`has no violation that axe-core knows: ${name}`, () =>
        onPage(view, async (page) => {
          await page.waitForSelector(ready);
          await act?.(page);
          assert.deepEqual(await violations(page), []);
        }));
    }
  });

  test("none of it left a word on the console under the product's policy", () => assert.deepEqual(bed.problems, []));
});

async function pressed(page: Page, key: string, opens: string): Promise<void> {
  await page.keyboard.press(key);
  await page.waitForSelector(opens);
}

/** Events of the model outside whole buckets of [low, high). */
function leftOutOf(low: number, high: number): { below: number; above: number } {
  let [below, above] = [0, 0];
  for (let ts = FROM; ts < TO; ts++) {
    const column = secondColumn(ts, readWhere(null), null);
    Array.from(column.bucket).forEach((bucket, i) => {
      if ((BUCKETS.highOf(bucket) ?? Infinity) <= low) below += column.count[i] ?? 0;
      else if ((BUCKETS.lowOf(bucket) ?? 0) >= high) above += column.count[i] ?? 0;
    });
  }
  return { below, above };
}
