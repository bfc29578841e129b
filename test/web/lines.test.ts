/**
 * lines.test.ts: scalars as lines in a real browser: what is missing is hatched and says why, what is partial is marked, as on a heatmap.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { clockText } from "../../web/clock.ts";
import { FROM, PAST, reads, TO, usePageBed, type PageBed } from "./page-bed.ts";

const { open, release } = usePageBed();
let bed: PageBed;
const VIEW = `i=cpu&${PAST}`;
/** Of the fake API's series, in the seconds of PAST: nobody watched; two of three hosts did. */
const GAP = { from: FROM + 51, to: FROM + 70 };
const PARTIAL = { from: FROM + 270, to: FROM + 284 };

/** Where the plot is in the canvas, and the colours of a part of it, "r,g,b" each. */
async function plotIn(page: Page) {
  await page.waitForSelector("[data-lines] canvas");
  const box = await page.locator("[data-lines] .u-over").evaluate((over: HTMLElement) => {
    const canvas = over.parentElement?.querySelector("canvas")?.getBoundingClientRect();
    const { left, top, width, height } = over.getBoundingClientRect();
    return { left, top, width, height, canvasLeft: left - (canvas?.left ?? 0), canvasTop: top - (canvas?.top ?? 0) };
  });
  const xOf = (ts: number): number => ((ts - FROM) / (TO - FROM)) * box.width;
  const colours = (x: number, y: number, width: number): Promise<string[]> =>
    page.locator("[data-lines] canvas").evaluate(
      (canvas: HTMLCanvasElement, [left, top, width]) => {
        const { data = [] } = canvas.getContext("2d")?.getImageData(left, top, width, 1) ?? {};
        return Array.from({ length: width }, (_, i) => [...data.slice(4 * i, 4 * i + 4)].join());
      },
      [Math.round(box.canvasLeft + x), Math.round(box.canvasTop + y), width] as const,
    );
  return { ...box, xOf, colours };
}

describe("lines in a browser", { concurrency: 3 }, () => {
  before(async () => {
    bed = await open();
  });
  after(release);

  test("are not drawn where nobody watched: that is hatched, one pixel in seven of each line, and the rest is not", () =>
    bed.onPage(VIEW, async (page) => {
      const { xOf, colours, height } = await plotIn(page);
      const hatched = async (ts: number): Promise<number> =>
        (await colours(xOf(ts), height - 20, 21)).filter((colour) => colour === "74,74,78,255").length;
      assert.equal(await hatched(GAP.from + 4), 3);
      for (const ts of [GAP.from - 10, GAP.to + 4]) assert.equal(await hatched(ts), 0);
    }));

  test("say on hover why there are none, and else how many hosts told", () =>
    bed.onPage(VIEW, async (page) => {
      const { left, top, xOf } = await plotIn(page);
      const over = async (ts: number): Promise<void> => page.mouse.move(left + xOf(ts + 0.5), top + 200);
      await over(GAP.from + 8);
      await reads(page, `${clockText(GAP.from + 8, "utc")} no data the host could not be reached`);
      assert.deepEqual(await page.locator("[data-keys] .total").allInnerTexts(), ["–", "–"]);
      await over(PARTIAL.from + 4);
      await reads(page, `${clockText(PARTIAL.from + 4, "utc")} 2 of 3 hosts`);
    }));

  test("have a mark below columns that are not everyone's", () =>
    bed.onPage(VIEW, async (page) => {
      const { xOf, colours, height } = await plotIn(page);
      const mark = async (ts: number): Promise<string> => (await colours(xOf(ts) + 1, height + 2, 1)).join();
      assert.notEqual(await mark(PARTIAL.from + 5), await mark(FROM + 150));
      assert.equal(await mark(GAP.from + 5), await mark(FROM + 150));
    }));

  test("are read by arrow keys too, from the newest on", () =>
    bed.onPage(VIEW, async (page) => {
      await plotIn(page);
      await page.keyboard.press("ArrowLeft");
      await reads(page, `${clockText(TO - 1, "utc")} 3 of 3 hosts`);
      await page.keyboard.press("ArrowLeft");
      await reads(page, `${clockText(TO - 2, "utc")} 3 of 3 hosts`);
    }));
});
