/**
 * memory.test.ts: a page that is left open for a day holds no more than one that was opened now: nodes and listeners are counted while
 * its whole window of columns is replaced, several times.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { CODE, FakeApi } from "./fake-api.ts";
import { builtPage } from "./built-page.ts";
import { usePageBed, type PageBed } from "./page-bed.ts";

const { open, release } = usePageBed();
const WINDOW_SEC = 60;
const TURNS = 4;

describe("a page that stays open", () => {
  let bed: PageBed;
  let api: FakeApi;
  let address: string;
  let now = Math.floor(Date.now() / 1000);
  before(async () => {
    bed = await open();
    // With a clock of its own, which jumps.
    api = new FakeApi(await builtPage());
    api.now = () => now;
    address = await api.start();
  });
  after(async () => {
    await api.stop();
    await release();
  });

  test("keeps no node and no listener of columns that have left, and throws none of their rows away to be kept by others", async () => {
    const context = await bed.browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    await page.goto(`${address}#signin=${CODE}&last=${WINDOW_SEC}&hue=node`);
    await page.waitForSelector("[data-state=live]");
    const rows = page.locator(".for-screen-readers tbody");
    await rows.evaluate((body) => {
      const removed = new Set<Node>();
      const observer = new MutationObserver((records) =>
        records.forEach((each) => each.removedNodes.forEach((node) => removed.add(node))),
      );
      observer.observe(body, { childList: true });
      Object.assign(window, { removed });
    });
    const devtools = await context.newCDPSession(page);
    const counts: { nodes: number; jsEventListeners: number }[] = [];
    for (let turn = 0; turn <= TURNS; turn++) {
      now += WINDOW_SEC + 15;
      await page.waitForFunction(
        (newest) => Number(document.querySelector<HTMLElement>("[data-heatmap]")?.dataset["lastTs"]) >= newest,
        now - 1,
      );
      await devtools.send("HeapProfiler.collectGarbage");
      counts.push(await devtools.send("Memory.getDOMCounters"));
    }
    const thrownAway = await page.evaluate(
      () => [...(window as unknown as { removed: Set<Node> }).removed].filter((node) => !node.isConnected).length,
    );
    await context.close();
    assertFlat(counts);
    assert.equal(thrownAway, 0);
  });
});

/** A tenth for what comes and goes with the text; a window's rows are a third of the heatmap's page. */
function assertFlat(counts: readonly { nodes: number; jsEventListeners: number }[]): void {
  const [, first] = counts;
  const most = counts.slice(2).reduce((max, { nodes }) => Math.max(max, nodes), 0);
  assert.ok(most <= 1.1 * (first?.nodes ?? 0), JSON.stringify(counts));
  for (const { jsEventListeners } of counts.slice(2)) assert.ok(jsEventListeners <= (first?.jsEventListeners ?? 0) + 2);
}
