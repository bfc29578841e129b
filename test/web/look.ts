/**
 * look.ts: pictures of the page as people see it, at both sizes and in both themes: `node --import tsx test/web/look.ts DIR`.
 *
 * Not a test: somebody has to look. The clock is that of the machine, the data are those of fake-api.ts.
 */
import { join } from "node:path";
import { launchBrowser } from "./browser.ts";
import { builtPage } from "./built-page.ts";
import { CODE, FakeApi } from "./fake-api.ts";

const folder = process.argv[2] ?? ".";
const hash = process.argv[3] ?? "";
const name = process.argv[4] ?? "page";
const api = new FakeApi(await builtPage());
// A moment at which the gap, the slow disk and the partial columns are all within five minutes.
const shift = 600 - ((Date.now() / 1000) % 600) - 120;
api.now = () => Date.now() / 1000 + shift;
const address = await api.start();
const browser = await launchBrowser();
for (const [width, height] of [
  [1440, 900],
  [390, 844],
] as const) {
  for (const colorScheme of ["dark", "light"] as const) {
    const deviceScaleFactor = width < 700 ? 2 : 1;
    const context = await browser.newContext({ viewport: { width, height }, colorScheme, deviceScaleFactor });
    const page = await context.newPage();
    page.on("console", (message) => console.log(message.type(), message.text()));
    page.on("pageerror", (error) => console.log("pageerror", error));
    await page.goto(`${address}#signin=${CODE}${hash === "" ? "" : `&${hash}`}`);
    await page.waitForSelector("[data-state=live], [data-state=paused]");
    await page.waitForSelector("[data-key-value]");
    if (width > 700) await page.mouse.move(700, 400);
    await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`) });
    if (width > 700 && colorScheme === "dark") {
      const paints = await page.evaluate(() => {
        const element = document.querySelector("[data-heatmap]");
        return element === null ? [] : (element as unknown as { __paints: number[] }).__paints;
      });
      console.log("paint ms", paints.map((each) => each.toFixed(1)).join(" "));
    }
    await context.close();
  }
}
await browser.close();
await api.stop();
