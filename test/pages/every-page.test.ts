/**
 * every-page.test.ts: what holds on each page of the whole product: `?` lists its keys, its parts lie apart from one another at both
 * sizes, and it is dark or light as it says.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { PAGES } from "../../web/view/route.ts";
import { DESK, lookOf, PHONE } from "../web/layout.ts";
import { useStackBed, type StackBed } from "./stack-bed.ts";

const { open, release } = useStackBed();
let bed: StackBed;

/** What is there once a page has read what it shows. */
const READY: Readonly<Record<string, string>> = {
  view: "[data-heatmap][data-state=live]",
  boards: "[data-board-heatmap] canvas",
  instrument: "[data-instrumentation]",
  fleet: "[data-summary]",
};

describe("every page", { timeout: 120_000 }, () => {
  before(async () => {
    bed = await open();
  });
  after(release);

  for (const name of PAGES) {
    test(`${name}: lists its keys under ?, lies in order on a desk and on a phone, and is dark or light`, () =>
      bed.onPage(name === "view" ? "" : `page=${name}`, async (page) => {
        await page.waitForSelector(READY[name] ?? "main");
        await page.keyboard.press("?");
        await page.waitForSelector(".help");
        const keys = await page.locator(".help kbd").allTextContents();
        for (const key of ["?", "t"]) assert.ok(keys.includes(key), key);
        await page.keyboard.press("Escape");
        await page.waitForSelector(".help", { state: "detached" });
        for (const [size, theme] of [
          [DESK, "dark"],
          [PHONE, "light"],
        ] as const) {
          await page.setViewportSize(size);
          await page.emulateMedia({ colorScheme: theme });
          await page.waitForSelector(`[data-theme=${theme}]`);
          await page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth);
          assert.deepEqual(await page.evaluate(overlaps), [], `${size.width} wide`);
          const { median } = await lookOf(page, size);
          assert.ok(theme === "dark" ? median < 60 : median > 200, `${theme}: median ${median}`);
        }
      }));
  }
});

/** Parts of the page that lie over one another. */
function overlaps(): string[] {
  const parts = [...document.querySelectorAll<HTMLElement>(".page > *, .page > main > *")].filter(
    (part) => part.tagName !== "MAIN" && part.offsetHeight > 0 && getComputedStyle(part).position !== "fixed",
  );
  const found: string[] = [];
  parts.forEach((part, i) => {
    const a = part.getBoundingClientRect();
    for (const other of parts.slice(i + 1)) {
      const b = other.getBoundingClientRect();
      if (a.right > b.left + 1 && b.right > a.left + 1 && a.bottom > b.top + 1 && b.bottom > a.top + 1)
        found.push(`${part.className || part.tagName} over ${other.className || other.tagName}`);
    }
  });
  return found;
}
