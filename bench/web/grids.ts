/**
 * grids.ts: the same grid drawn by each library, and moved on by a column at a time as fast as frames come.
 *
 * Each drawing is the first of a fresh page. Libraries take turns within a round, so that a neighbour's load falls on all of them.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { build } from "vite";
import { launchBrowser } from "../../test/web/browser.ts";
import { percentile } from "../machine.ts";
import { serveFolder } from "./serve-folder.ts";

const PAGES = join(import.meta.dirname, "pages");
const LIBRARIES = ["isotherm", "plotly", "plot", "echarts"] as const;
const ROUNDS = 3;

interface Size {
  readonly columns: number;
  readonly rows: number;
  /** CSS pixels of the chart: a cell has one at least. */
  readonly width: number;
  readonly height: number;
}
const SIZES: readonly Size[] = [
  { columns: 600, rows: 200, width: 1280, height: 700 },
  { columns: 3600, rows: 400, width: 3800, height: 900 },
];
const TICKS = 60;
const STREAM_LIMIT_MS = 4000;
const GIVE_UP_MS = 40_000;

interface Run {
  readonly firstMs: number;
  /** What each tick kept the page's thread, ms. */
  readonly scripts: readonly number[];
  readonly elapsedMs: number;
}

export async function measureGrids(): Promise<readonly string[]> {
  installPeers();
  const folder = mkdtempSync(join(tmpdir(), "isotherm-grids-"));
  const input = Object.fromEntries(LIBRARIES.map((name) => [name, join(PAGES, `${name}.html`)]));
  await build({
    root: PAGES,
    configFile: false,
    logLevel: "error",
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: "es2022",
      chunkSizeWarningLimit: 1e5,
      rolldownOptions: { input },
    },
  });
  const site = await serveFolder(folder);
  const browser = await launchBrowser();
  const lines: string[] = [];
  try {
    for (const size of SIZES) {
      const runs = new Map<string, Run[]>(LIBRARIES.map((name) => [name, []]));
      for (let round = 0; round < ROUNDS; round++) {
        for (const name of LIBRARIES) {
          // What did not end once is not waited for again.
          if (round > (runs.get(name)?.length ?? 0)) continue;
          const run = await runPage(browser, `${site.address}${name}.html`, size);
          if (run !== null) runs.get(name)?.push(run);
          process.stderr.write(`${name} ${size.columns}: ${run === null ? "given up" : textOf([run])}\n`);
        }
      }
      lines.push(
        `${size.columns} x ${size.rows} cells in ${size.width} x ${size.height} px, median of ${ROUNDS} fresh pages`,
      );
      for (const [name, all] of runs) lines.push(`  ${name.padEnd(10)} ${textOf(all)}`);
    }
  } finally {
    await browser.close();
    await site.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return lines;
}

async function runPage(browser: Browser, address: string, size: Size): Promise<Run | null> {
  const page = await browser.newPage({ viewport: { width: size.width + 40, height: size.height + 60 } });
  try {
    await page.goto(address);
    await page.waitForFunction(() => "bench" in window);
    const asked = { ...size, ticks: TICKS, limitMs: STREAM_LIMIT_MS };
    const run = page
      .evaluate((options) => (window as unknown as { bench: (options: object) => Promise<Run> }).bench(options), asked)
      // Its page was closed: it was given up.
      .catch(() => null);
    const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), GIVE_UP_MS).unref());
    return await Promise.race([run, late]);
  } finally {
    await page.close();
  }
}

function textOf(runs: readonly Run[]): string {
  if (runs.length === 0) return `not drawn within ${GIVE_UP_MS / 1000} s`;
  const median = (of: (run: Run) => number): number => percentile(runs.map(of), 0.5);
  const first = median(({ firstMs }) => firstMs);
  const rate = median(({ scripts, elapsedMs }) => (1000 * scripts.length) / elapsedMs);
  const script = median(({ scripts }) => percentile(scripts, 0.5));
  return `first paint ${first.toFixed(0).padStart(6)} ms   streaming ${rate.toFixed(1).padStart(5)} a second, ${script.toFixed(1).padStart(7)} ms of script each`;
}

function installPeers(): void {
  const home = join(import.meta.dirname);
  if (existsSync(join(home, "node_modules"))) return;
  const { status } = spawnSync("npm", ["install", "--no-package-lock", "--no-audit", "--no-fund"], {
    cwd: home,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error(`npm install in ${home} failed`);
}
