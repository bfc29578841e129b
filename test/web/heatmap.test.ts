/**
 * heatmap.test.ts: the page in a real browser, under the product's policy, by what a person sees.
 *
 * Pixels are compared with what the model says was counted, through the page's own ramp: known counts, known colours.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { TRUE } from "../../core/predicate.ts";
import { colourScale } from "../../core/heatmap/colour-scale.ts";
import { rampOf } from "../../core/heatmap/ramp.ts";
import { clockText } from "../../web/clock.ts";
import { formatCount, formatRange } from "../../core/units.ts";
import { BUCKETS, fakeBreakdown, HOSTS } from "./fake-model.ts";
import { FROM, fullest, MODEL, PAST, plotOf, reads, says, TO, usePageBed, type PageBed } from "./page-bed.ts";

/** Tests that share nothing but the browser: while one waits for a frame another goes on. */
const SIDE_BY_SIDE = { concurrency: 3 };

const { open, release } = usePageBed();
let bed: PageBed;
const onPage = (...args: Parameters<PageBed["onPage"]>): Promise<void> => bed.onPage(...args);

describe("the page in a browser", () => {
  before(async () => {
    bed = await open();
  });
  after(release);

  describe("the picture", SIDE_BY_SIDE, () => {
    test("colours a known cell by the rank of its count, and leaves zero to the background", () =>
      onPage(`${PAST}&lines=&per=bucket`, async (page) => {
        const { picture, middle, pixel } = await plotOf(page);
        const scale = colourScale("rank", picture.counts);
        for (const ts of [FROM + 3, FROM + 150, FROM + 299]) {
          const { bucket, count } = fullest(ts);
          const { x, y } = middle(ts, bucket);
          assert.deepEqual(await pixel(x, y), [...(rampOf("dark")[scale.indexOf(count)] ?? [])]);
        }
        const empty = middle(FROM + 150, BUCKETS.indexOf(7e9));
        assert.deepEqual(await pixel(empty.x, empty.y), [14, 14, 15]);
      }));

    test("shows one event in the ramp's first colour", () =>
      onPage(`${PAST}&lines=&per=bucket`, async (page) => {
        const { middle, pixel } = await plotOf(page);
        const column = MODEL.columns.find(({ count }) => Array.from(count).includes(1));
        const bucket = column?.bucket[Array.from(column.count).indexOf(1)] ?? 0;
        const { x, y } = middle(column?.ts ?? 0, bucket);
        assert.deepEqual(await pixel(x, y), [...(rampOf("dark")[0] ?? [])]);
      }));

    test("hatches seconds without data, and says why", () =>
      onPage(PAST, async (page) => {
        const { picture, pixel, hover, middle } = await plotOf(page);
        const ts = FROM + 60;
        const [left = 0] = picture.edges.slice(ts - FROM);
        const row = await Promise.all(Array.from({ length: 7 }, (_, i) => pixel(left + i, 300)));
        const hatched = row.filter((colour) => colour.join() === "74,74,78").length;
        const background = row.filter((colour) => colour.join() === "14,14,15").length;
        assert.deepEqual([hatched, background], [1, 6]);
        const { x, y } = middle(ts, 40);
        await hover(x, y);
        await reads(page, `${clockText(ts, "utc")} no data the host could not be reached`);
      }));

    test("marks partial columns below the plot", () =>
      onPage(PAST, async (page) => {
        const { picture, height, pixel } = await plotOf(page);
        const mark = async (ts: number): Promise<string> =>
          (await pixel((picture.edges[ts - FROM] ?? 0) + 1, height + 2)).join();
        assert.notEqual(await mark(FROM + 275), await mark(FROM + 150));
      }));
  });

  describe("the line that reads it", SIDE_BY_SIDE, () => {
    test("gives time, range of values, exact count, total and hosts", () =>
      onPage(PAST, async (page) => {
        const { middle, hover } = await plotOf(page);
        const ts = FROM + 150;
        const { bucket, count } = fullest(ts);
        const { x, y } = middle(ts, bucket);
        await hover(x, y);
        const range = formatRange(BUCKETS.lowOf(bucket), BUCKETS.highOf(bucket), "ns");
        const total = formatCount(MODEL.columns[150]?.total ?? 0);
        const hosts = `${HOSTS} of ${HOSTS} hosts`;
        await reads(page, `${clockText(ts, "utc")} ${range} ${formatCount(count)} of ${total} operations ${hosts}`);
      }));

    test("is reached by arrow keys too", () =>
      onPage(PAST, async (page) => {
        // From wherever one is: the first of them takes the focus there.
        await page.keyboard.press("ArrowLeft");
        await reads(page, /^22:17:29 /);
        await page.keyboard.press("ArrowLeft");
        await reads(page, /^22:17:28 /);
      }));

    test("has a table of percentiles behind it for screen readers", () =>
      onPage(PAST, async (page) => {
        const rows = page.locator(".for-screen-readers table tbody tr");
        assert.equal(await rows.count(), 300);
        assert.match((await rows.nth(150).textContent()) ?? "", /^22:15:00/);
        assert.match((await rows.nth(60).textContent()) ?? "", /no data/);
      }));
  });

  describe("keys", SIDE_BY_SIDE, () => {
    test("are listed with the shares that the model says, and add up", () =>
      onPage(PAST, async (page) => {
        const parts = fakeBreakdown("execname", FROM, TO, TRUE, null, null);
        await page.waitForSelector("[data-key-value=cron]");
        const names = await page.locator("[data-keys] .key .name").allTextContents();
        assert.deepEqual(
          names,
          parts.map(({ key }) => key),
        );
        const total = formatCount(parts.reduce((all, { total }) => all + total, 0));
        assert.equal(await page.locator(".sum b").textContent(), total);
      }));

    test("one isolated is asked for alone, the others stay in reach, and the link says so", () =>
      onPage(PAST, async (page) => {
        const asked = page.waitForRequest(
          (request) => request.url().includes("/heatmap") && request.url().includes("where"),
        );
        await page.locator("[data-key-value=postgres] .key-main").click();
        const where = new URL((await asked).url()).searchParams.get("where");
        assert.deepEqual(JSON.parse(where ?? ""), { eq: ["execname", "postgres"] });
        await page.waitForSelector("[data-key-value=node].out");
        assert.match(page.url(), /where=execname:postgres/);
        await says(page, ".sentence", /whereexecname = postgres/);
        await page.locator("[data-key-value=postgres] .key-main").click();
        await page.waitForSelector("[data-key-value=node]:not(.out)");
      }));

    test("one left out is asked for by what remains", () =>
      onPage(PAST, async (page) => {
        const asked = page.waitForRequest(
          (request) => request.url().includes("/heatmap") && request.url().includes("where"),
        );
        await page.getByRole("button", { name: "without nginx" }).click();
        const where = new URL((await asked).url()).searchParams.get("where");
        assert.deepEqual(JSON.parse(where ?? ""), { ne: ["execname", "nginx"] });
      }));
  });

  describe("a stretch of time", SIDE_BY_SIDE, () => {
    test("dragged over is zoomed to, and escape goes back", () =>
      onPage(PAST, async (page) => {
        const { middle, drag } = await plotOf(page);
        await drag(middle(FROM + 100, 60), middle(FROM + 160, 60));
        await page.waitForFunction(() => /from=1700000050&to=17000001(10|11)/.test(location.hash));
        await page.waitForSelector("[data-from-ts='1700000050'][data-state=paused]");
        await page.keyboard.press("Escape");
        await page.waitForSelector(`[data-from-ts='${FROM}'][data-state=paused]`);
      }));

    test("moves by half with a bracket", () =>
      onPage(PAST, async (page) => {
        await page.keyboard.press("[");
        await page.waitForSelector(`[data-from-ts='${FROM - 150}'][data-state=paused]`);
      }));
  });

  describe("the live edge", () => {
    test("slides in a column a second, and moves nothing else", () =>
      onPage("last=60", async (page) => {
        const heatmap = page.locator("[data-heatmap]");
        const at = (): Promise<string[]> =>
          heatmap.evaluate(({ dataset }: HTMLElement) =>
            [dataset["columns"], dataset["plotLeft"], dataset["plotWidth"]].map(String),
          );
        await page.evaluate(() => {
          const shifts: number[] = [];
          Object.assign(window, { shifts });
          type Shift = PerformanceEntry & { value: number; sources: { node: Node | null }[] };
          // The text of a number that is set flush right begins elsewhere when it gets a digit more; no box may move.
          new PerformanceObserver((list) =>
            (list.getEntries() as Shift[])
              .filter(({ sources }) => sources.some(({ node }) => node?.nodeType !== Node.TEXT_NODE))
              .forEach(({ value }) => shifts.push(value)),
          ).observe({ type: "layout-shift" });
        });
        const before = await at();
        const first = Number(await heatmap.getAttribute("data-last-ts"));
        // A busy machine puts two columns into one frame: then the second is never alone.
        await page.waitForFunction(
          (ts) => Number(document.querySelector<HTMLElement>("[data-heatmap]")?.dataset["lastTs"]) >= ts,
          first + 2,
        );
        assert.deepEqual(await at(), before);
        assert.deepEqual(await page.evaluate(() => (window as unknown as { shifts: number[] }).shifts), []);
        const delays = await heatmap.evaluate(
          (element) => (element as unknown as { __delays: { ts: number }[] }).__delays,
        );
        for (const ts of [first + 1, first + 2])
          assert.ok(
            delays.some((each) => each.ts === ts),
            String(ts),
          );
      }));

    test("stands still on space and runs again on l", () =>
      onPage("last=60", async (page) => {
        await page.keyboard.press(" ");
        await page.waitForSelector("[data-state=paused]");
        assert.match(page.url(), /from=\d+&to=\d+/);
        await page.keyboard.press("l");
        await page.waitForSelector("[data-state=live]");
      }));

    test("keeps the picture when the connection goes, says since when, and comes back", () =>
      onPage("last=60", async (page) => {
        // Nothing comes until it has been looked at, however long that takes.
        bed.api.silent = true;
        try {
          bed.api.dropStreams();
          await says(page, ".plot-message", /^no connection since \d\d:\d\d:\d\d; trying again$/);
          assert.equal(await page.locator("[data-heatmap]").getAttribute("data-columns"), "60");
        } finally {
          bed.api.silent = false;
        }
        await page.waitForSelector("[data-state=live]");
        await page.locator(".plot-message").waitFor({ state: "detached" });
      }));

    test("shows an outage as a gap when a column comes that says so", () =>
      onPage("last=60", async (page) => {
        const ts = Number(await page.locator("[data-heatmap]").getAttribute("data-last-ts")) - 20;
        const none = { total: null, p50: null, p90: null, p99: null, p999: null, bucket: [], count: [] };
        bed.api.send({ ts, reporting: 0, expected: HOSTS, dropped: 0, reason: "host_reboot", ...none });
        await page.waitForFunction(
          () => document.querySelector("[data-readout]")?.textContent.includes("no data for") === true,
        );
      }));
  });

  describe("the frame", SIDE_BY_SIDE, () => {
    test("gives the heatmap half of the first screen at 1440 x 900", () =>
      onPage(PAST, async (page) => {
        const { width, height } = await plotOf(page);
        assert.ok(width * height > 0.5 * 1440 * 900, `${width} x ${height}`);
      }));

    test("fits a phone, heatmap first", () =>
      onPage(
        PAST,
        async (page) => {
          await page.waitForFunction(() => document.documentElement.scrollWidth === 390);
          const heatmap = await page.locator("[data-heatmap]").boundingBox();
          const keys = await page.locator("[data-keys]").boundingBox();
          assert.ok((heatmap?.y ?? 0) + (heatmap?.height ?? 0) <= (keys?.y ?? 0));
        },
        { width: 390, height: 844 },
      ));

    test("has lines for an instrumentation without a distribution", () =>
      onPage(`i=cpu&${PAST}`, async (page) => {
        await page.waitForSelector("[data-lines] canvas");
        assert.deepEqual(await page.locator("[data-keys] .name").allTextContents(), ["user", "kernel"]);
      }));

    test("lists what can be measured behind a key, and filters it by typing", () =>
      onPage(PAST, async (page) => {
        await page.keyboard.press("/");
        await page.keyboard.type("cpu");
        assert.deepEqual(await page.locator("[role=option] .label").allTextContents(), [
          "cpu.usage",
          "cpu.dispatch_wait",
        ]);
        await page.keyboard.press("Escape");
        assert.equal(await page.locator("[role=option]").count(), 0);
      }));
  });

  describe("signing in", SIDE_BY_SIDE, () => {
    test("by link uses the code once and leaves only the view in the address", () =>
      onPage(PAST, async (page) => {
        assert.equal(new URL(page.url()).hash, `#${PAST}`);
        await page.reload();
        await page.waitForSelector("[data-state=paused]");
      }));

    test("by token says what is wrong, and then opens the page", async () => {
      const context = await bed.browser.newContext();
      const page = await context.newPage();
      await page.goto(bed.address);
      await page.getByLabel("Token").fill("wrong");
      await page.getByRole("button", { name: "sign in" }).click();
      await page.getByText("the code is not known").waitFor();
      await page.getByLabel("Token").fill("token");
      await page.getByRole("button", { name: "sign in" }).click();
      await page.waitForSelector("[data-heatmap]");
      await context.close();
    });
  });

  test("nothing of all this left a word on the console under the product's policy", () =>
    assert.deepEqual(bed.problems, []));
});
