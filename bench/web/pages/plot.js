/**
 * plot.js: Observable Plot's raster mark, the fastest that it has for a grid (a cell mark would be an element a cell). It has no
 * update: another picture is another plot.
 */
import * as Plot from "@observablehq/plot";
import { bench } from "./driver.js";

function prepare(grid) {
  const [width, height] = [grid.length, grid[0].length];
  const values = new Float64Array(width * height).fill(NaN);
  grid.forEach((column, x) => column.forEach((count, y) => count > 0 && (values[y * width + x] = count)));
  return { values, width, height };
}

bench(prepare, (host, first) => {
  const size = { width: host.clientWidth, height: host.clientHeight };
  const draw = ({ values, width, height }) => {
    const mark = Plot.raster(values, { width, height, imageRendering: "pixelated" });
    host.replaceChildren(Plot.plot({ ...size, color: { scheme: "inferno", legend: false }, marks: [mark] }));
  };
  draw(first);
  return draw;
});
