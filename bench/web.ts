/**
 * web.ts: the page's figures, in one run in headless Chromium: its heatmap against ECharts, Plotly and Observable Plot on the same
 * grids; the bytes of the first view; from navigation to a painted heatmap; memory over an hour of live data.
 *
 * What it is compared with is no part of the product: bench/web/package.json names it, and this program installs it there first if it
 * is missing. From tick to pixel is bench/demo.ts.
 *
 *   node --import tsx bench/web.ts [grids] [bytes] [navigation] [memory]     without words: all four
 */
import { machine } from "./machine.ts";
import { measureGrids } from "./web/grids.ts";
import { measureHour } from "./web/hour.ts";
import { measureFirstView } from "./web/first-view.ts";
import { measureNavigation } from "./web/navigation.ts";

const PARTS: Readonly<Record<string, () => Promise<readonly string[]>>> = {
  grids: measureGrids,
  bytes: measureFirstView,
  navigation: measureNavigation,
  memory: measureHour,
};
const asked = process.argv.slice(2);

process.stdout.write(`${machine()}\n`);
for (const [name, measure] of Object.entries(PARTS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  for (const line of await measure()) process.stdout.write(`${line}\n`);
}
process.stdout.write(`${machine()}\n`);
