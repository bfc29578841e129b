/**
 * hour.ts: the page's memory over an hour of live columns, with hues on, at many times the speed: it has to stay flat.
 *
 * The server's clock runs fast and its live stream with it; the page is the built one, and does for each column what it always does.
 * The heap is read after a collection, so it is what the page holds on to.
 */
import { launchBrowser } from "../../test/web/browser.ts";
import { builtPage } from "../../test/web/built-page.ts";
import { CODE, FakeApi } from "../../test/web/fake-api.ts";

const SPEED = 60;
const HOUR_SEC = 3600;
const READINGS = 6;

export async function measureHour(): Promise<readonly string[]> {
  const api = new FakeApi(await builtPage());
  const startSec = Date.now() / 1000;
  let beganMs = Date.now();
  api.now = () => startSec + ((Date.now() - beganMs) / 1000) * SPEED;
  const address = await api.start();
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    beganMs = Date.now();
    await page.goto(`${address}#signin=${CODE}&hue=node,postgres`);
    await page.waitForSelector("[data-hues][data-state=live]");
    const devtools = await page.context().newCDPSession(page);
    const readings: string[] = [];
    const first = Number(await page.locator("[data-heatmap]").getAttribute("data-last-ts"));
    for (let i = 0; i <= READINGS; i++) {
      const until = first + (i * HOUR_SEC) / READINGS;
      await page.waitForFunction(
        (ts) => Number(document.querySelector<HTMLElement>("[data-heatmap]")?.dataset["lastTs"] ?? 0) >= ts,
        until,
        { timeout: 300_000, polling: 200 },
      );
      await devtools.send("HeapProfiler.collectGarbage");
      const { usedSize } = await devtools.send("Runtime.getHeapUsage");
      const { nodes } = await devtools.send("Memory.getDOMCounters");
      readings.push(`${((i * 60) / READINGS).toFixed(0)} min ${(usedSize / 2 ** 20).toFixed(1)} MiB, ${nodes} nodes`);
    }
    return [`an hour of live data at ${SPEED} times the speed, heap after collection: ${readings.join("; ")}`];
  } finally {
    await browser.close();
    await api.stop();
  }
}
