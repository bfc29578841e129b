/**
 * help.test.ts: `?` lists the keys of a page, and nothing that is listed does nothing.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { FROM, PAST, usePageBed, type PageBed } from "./page-bed.ts";

const { open, release } = usePageBed();
let bed: PageBed;
const SELECTED = `${PAST}&sel=${FROM + 190},${FROM + 200},2000000,25000000`;
/** Words of the list that stand for keys; the rest of them is the hand's. */
const NAMED: Readonly<Record<string, string>> = { space: " ", "−": "-" };
/** What moves the focus or the crosshair has tests of its own, in heatmap, lines and asking. */
const ELSEWHERE = ["esc", "arrows", "shift arrows", "enter", "tab", "{ }", "?"];

async function keysIn(page: Page): Promise<string[]> {
  await page.keyboard.press("?");
  await page.waitForSelector(".help");
  const texts = await page.locator(".help kbd").allTextContents();
  await page.keyboard.press("Escape");
  await page.waitForSelector(".help", { state: "detached" });
  return texts
    .filter((text) => !ELSEWHERE.includes(text) && !/drag|wheel|click/.test(text))
    .flatMap((text) => (text === "1 – 4" ? ["1", "2", "3", "4"] : text.split(" ")))
    .map((text) => NAMED[text] ?? text);
}

/** What a key can change of a page. */
const stateOf = (): string =>
  [location.hash, document.documentElement.dataset["theme"], document.querySelector(".menu, .help") !== null].join();

describe("the help", { concurrency: 2 }, () => {
  before(async () => {
    bed = await open();
  });
  after(release);

  const views: [name: string, view: string, ready: string, missing: string[]][] = [
    ["of a heatmap", SELECTED, "[data-selected]", []],
    ["of lines", `i=cpu&${PAST}`, "[data-lines] canvas", ["o", "a", "c", "h", "z", "1"]],
  ];
  for (const [name, view, ready, missing] of views) {
    test(`${name} lists keys that all do something, and none that does not`, () =>
      bed.onPage(view, async (page) => {
        await page.waitForSelector(ready);
        const keys = await keysIn(page);
        assert.ok(keys.length > 8, keys.join(" "));
        for (const key of missing) assert.ok(!keys.includes(key), key);
        const base = await page.evaluate(stateOf);
        const until = (test: string, what: string): Promise<unknown> =>
          page
            .waitForFunction(`(${stateOf.toString()})() ${test} ${JSON.stringify(base)}`, undefined, {
              timeout: 30_000,
            })
            .catch(() => assert.fail(what));
        for (const key of keys) {
          await page.keyboard.press(key);
          await until("!==", `${key} does nothing`);
          // From the same place again.
          if ((await page.locator(".menu").count()) > 0) await page.keyboard.press("Escape");
          await page.evaluate((hash) => (location.hash = hash), view);
          await until("===", `the view is not what it was before ${key}`);
        }
      }));
  }
});
