/**
 * page-bed.ts: the page in a real browser, under the product's policy, showing five minutes of 2023 whose counts are known.
 *
 * Whatever a page writes on its console is kept, for a test at the end to find nothing.
 */
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import type { Heatmap } from "../../core/api.ts";
import { TRUE } from "../../core/predicate.ts";
import { buildPicture } from "../../web/heatmap/picture.ts";
import { launchBrowser } from "./browser.ts";
import { builtPage } from "./built-page.ts";
import { CODE, FakeApi } from "./fake-api.ts";
import { BUCKETS, fakeHeatmap } from "./fake-model.ts";

/** With a gap, a slow disk and partial columns, the same in every run. */
export const FROM = 1_699_999_800 + 150;
export const TO = FROM + 300;
export const PAST = `from=${FROM}&to=${TO}`;
export const MODEL: Heatmap = fakeHeatmap(FROM, TO, 1, TRUE, null, TO + 1e6);

export interface Size {
  readonly width: number;
  readonly height: number;
}

const DESK: Size = { width: 1440, height: 900 };

let users = 0;
let opened: Promise<PageBed> | null = null;

/** To be called when a test file loads: all files of a process share one bed, which goes with the last of them. */
export function usePageBed(): { open: () => Promise<PageBed>; release: () => Promise<void> } {
  users += 1;
  return {
    open: () => (opened ??= PageBed.open()),
    release: async () => {
      users -= 1;
      const bed = opened;
      if (users > 0 || bed === null) return;
      opened = null;
      await (await bed).close();
    },
  };
}

export class PageBed {
  readonly api: FakeApi;
  readonly browser: Browser;
  readonly address: string;
  /** What pages have said on their consoles. */
  readonly problems: string[] = [];
  /** Pages that are nobody's now: making one costs more than most tests do. */
  readonly #idle: Page[] = [];

  private constructor(api: FakeApi, address: string, browser: Browser) {
    this.api = api;
    this.address = address;
    this.browser = browser;
  }

  static async open(): Promise<PageBed> {
    // The browser last: a failure before it leaves nothing running.
    const api = new FakeApi(await builtPage());
    const address = await api.start();
    return new PageBed(api, address, await launchBrowser());
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.api.stop();
  }

  /** Runs `look` on a page of its own that is signed in and shows the view. */
  async onPage(view: string, look: (page: Page) => Promise<void>, viewport: Size = DESK): Promise<void> {
    const page = this.#idle.pop() ?? (await this.#newPage());
    try {
      await page.setViewportSize(viewport);
      await page.mouse.move(0, 0);
      await page.goto(`${this.address}#signin=${CODE}&${view}`);
      await page.waitForSelector(view.includes("to=") ? "[data-state=paused]" : "[data-state=live]");
      await look(page);
      // Nothing of it goes on behind the next test.
      await page.goto("about:blank");
    } catch (error) {
      await page.context().close();
      throw error;
    }
    this.#idle.push(page);
  }

  async #newPage(): Promise<Page> {
    const context = await this.browser.newContext({ viewport: DESK, colorScheme: "dark" });
    const page = await context.newPage();
    page.on("console", (message) => {
      // The hint on reading pixels back is about this test, not about the page.
      const own = message.text().startsWith("Canvas2D: Multiple readback");
      if (["error", "warning"].includes(message.type()) && !own) this.problems.push(message.text());
    });
    page.on("pageerror", (error) => this.problems.push(error.message));
    return page;
  }
}

/** The plot as the page says that it lies, in CSS pixels of the window, and where a column and a bucket are in it. */
export async function plotOf(page: Page) {
  const box = await page.locator("[data-heatmap]").evaluate((element: HTMLElement) => {
    const { left, top } = element.getBoundingClientRect();
    const { plotLeft, plotTop, plotWidth, plotHeight, valueMin, valueMax } = element.dataset;
    return {
      left: left + Number(plotLeft),
      top: top + Number(plotTop),
      canvasLeft: Number(plotLeft),
      canvasTop: Number(plotTop),
      width: Number(plotWidth),
      height: Number(plotHeight),
      min: Number(valueMin),
      max: Number(valueMax),
    };
  });
  const span = { kind: "log", min: box.min, max: box.max } as const;
  const { width, height } = box;
  const picture = buildPicture(MODEL, BUCKETS, { width, height, fromTs: FROM, toTs: TO, span, per: "bucket" });
  /** The middle of a cell, from the plot's corner. */
  const middle = (ts: number, bucket: number): { x: number; y: number } => {
    const row = picture.rows.find(({ first, last }) => bucket >= first && bucket <= last);
    if (row === undefined) throw new Error(`bucket ${bucket} is not in the picture`);
    const [left = 0, right = 0] = picture.edges.slice(ts - FROM, ts - FROM + 2);
    return { x: Math.floor((left + right) / 2), y: Math.floor((row.top + row.bottom) / 2) };
  };
  const pixel = (x: number, y: number): Promise<number[]> => pixelAt(page, box.canvasLeft + x, box.canvasTop + y);
  const hover = (x: number, y: number): Promise<void> => page.mouse.move(box.left + x, box.top + y);
  const drag = async (from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> => {
    await hover(from.x, from.y);
    await page.mouse.down();
    await hover(to.x, to.y);
    await page.mouse.up();
  };
  return { ...box, picture, middle, pixel, hover, drag };
}

async function pixelAt(page: Page, x: number, y: number): Promise<number[]> {
  return page
    .locator("[data-heatmap] canvas")
    .first()
    .evaluate(
      (canvas: HTMLCanvasElement, [left, top]) => {
        const data = canvas.getContext("2d")?.getImageData(left, top, 1, 1).data ?? [];
        return [...data].slice(0, 3);
      },
      [Math.round(x), Math.round(y)] as const,
    );
}

/** The bucket with the most events in a column, and how many. */
export function fullest(ts: number): { bucket: number; count: number } {
  const column = MODEL.columns[ts - FROM];
  const counts = Array.from(column?.count ?? []);
  const count = Math.max(...counts);
  return { bucket: column?.bucket[counts.indexOf(count)] ?? 0, count };
}

export async function readout(page: Page): Promise<string> {
  const text = await page.locator("[data-readout]").textContent();
  return spaced(text);
}

/** Waits until the line that reads the picture says this. */
export async function reads(page: Page, expected: string | RegExp): Promise<void> {
  await says(page, "[data-readout]", expected);
}

/** Waits until an element says this, spaces as one sees them; fails with what it says instead. */
export async function says(page: Page, selector: string, expected: string | RegExp): Promise<void> {
  const { source, exact } =
    typeof expected === "string" ? { source: expected, exact: true } : { source: expected.source, exact: false };
  await page
    .waitForFunction(
      ([selector, source, exact]) => {
        const text = (document.querySelector(selector)?.textContent ?? "").replace(/\s+/g, " ").trim();
        return exact ? text === source : new RegExp(source).test(text);
      },
      [selector, source, exact] as const,
      { timeout: 10_000 },
    )
    .catch(async () =>
      assert.fail(`${selector} says "${spaced(await page.locator(selector).textContent())}", not ${source}`),
    );
}

function spaced(text: string | null): string {
  return (text ?? "").replace(/\s+/g, " ").trim();
}
