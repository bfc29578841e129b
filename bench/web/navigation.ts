/**
 * navigation.ts: from navigation to a painted heatmap, against the demo on this machine: engine, query API and page as they are.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchBrowser } from "../../test/web/browser.ts";
import { percentile } from "../machine.ts";

const TIMES = 20;
const ROOT = join(import.meta.dirname, "../..");

export async function measureNavigation(): Promise<readonly string[]> {
  const dataDir = await mkdtemp(join(tmpdir(), "isotherm-bench-"));
  const args = ["--import", "tsx", "cli/main.ts", "demo", "--data", dataDir, "--port", "0"];
  const demo = spawn(process.execPath, args, { cwd: ROOT });
  let output = "";
  demo.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  demo.stderr.pipe(process.stderr);
  while (!output.includes("Ctrl-C")) await once(demo.stdout, "data");
  const url = /http:\/\/\S+/.exec(output)?.[0] ?? "";
  const browser = await launchBrowser();
  try {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    // Notes when the first picture with columns in it has been handed on, by the navigation's own clock.
    await context.addInitScript(() => {
      new MutationObserver((_, observer) => {
        const element = document.querySelector<HTMLElement>("[data-heatmap]");
        if (element === null || Number(element.dataset["columns"] ?? 0) === 0) return;
        observer.disconnect();
        requestAnimationFrame(() => Object.assign(window, { paintedMs: performance.now() }));
      }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-columns"] });
    });
    const page = await context.newPage();
    await page.goto(url);
    await page.waitForFunction(() => "paintedMs" in window);
    const times: number[] = [];
    for (let i = 0; i < TIMES; i++) {
      await page.goto("about:blank");
      await page.goto(new URL("/", url).href);
      const handle = await page.waitForFunction(() => (window as { paintedMs?: number }).paintedMs ?? 0);
      times.push(await handle.jsonValue());
    }
    const [median, worst] = [percentile(times, 0.5), percentile(times, 0.95)];
    return [
      `navigation to painted heatmap, ${TIMES} times, isotherm demo, last 5 min: median ${median.toFixed(0)} ms, 95th ${worst.toFixed(0)} ms`,
    ];
  } finally {
    await browser.close();
    demo.kill("SIGINT");
    await once(demo, "exit");
    await rm(dataDir, { recursive: true, force: true });
  }
}
