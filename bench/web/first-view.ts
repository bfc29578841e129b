/**
 * first-view.ts: what a browser fetches for the first view, compressed as a server would send it (gzip, level 9).
 */
import { gzipSync } from "node:zlib";
import { launchBrowser } from "../../test/web/browser.ts";
import { builtPage } from "../../test/web/built-page.ts";
import { CODE, FakeApi } from "../../test/web/fake-api.ts";

export async function measureFirstView(): Promise<readonly string[]> {
  const api = new FakeApi(await builtPage());
  const address = await api.start();
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const files = new Map<string, number>();
    page.on("response", (response) => {
      const { pathname } = new URL(response.url());
      if (pathname.startsWith("/v1/")) return;
      // What is still on its way when the page closes was not needed for the view.
      const count = (body: Buffer): unknown => files.set(pathname, gzipSync(body, { level: 9 }).length);
      response.body().then(count, () => undefined);
    });
    await page.goto(`${address}#signin=${CODE}`);
    await page.waitForSelector("[data-heatmap][data-state=live]");
    await page.waitForSelector("[data-key-value] .spark path");
    const all = [...files].map(([path, bytes]) => `${path} ${kb(bytes)}`).join(", ");
    const sum = [...files.values()].reduce((total, bytes) => total + bytes, 0);
    return [`first view  ${kb(sum)} compressed: ${all}`];
  } finally {
    await browser.close();
    await api.stop();
  }
}

function kb(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
