/**
 * plotly.js: Plotly's heatmap trace, which draws an image; `react` is its own way to show other data in the same plot.
 */
import Plotly from "plotly.js-dist-min";
import { bench } from "./driver.js";

function traceOf(grid) {
  const rows = grid[0].length;
  const z = Array.from({ length: rows }, (_, y) => grid.map((column) => (column[y] > 0 ? column[y] : null)));
  return { type: "heatmap", z, zsmooth: false, colorscale: "Inferno", hoverongaps: false };
}

bench(traceOf, async (host, trace) => {
  const layout = { width: host.clientWidth, height: host.clientHeight, margin: { l: 60, t: 10, r: 60, b: 40 } };
  await Plotly.newPlot(host, [trace], layout);
  return async (next) => {
    await Plotly.react(host, [next], layout);
  };
});
