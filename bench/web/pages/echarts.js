/**
 * echarts.js: Apache ECharts' heatmap series on canvas, without animation; "finished" is its own word for all being drawn.
 */
import { HeatmapChart } from "echarts/charts";
import { GridComponent, VisualMapComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { bench } from "./driver.js";

use([HeatmapChart, GridComponent, VisualMapComponent, CanvasRenderer]);

function dataOf(grid) {
  const data = [];
  grid.forEach((column, x) => column.forEach((count, y) => count > 0 && data.push([x, y, count])));
  return data;
}

const prepare = (grid) => ({ columns: grid.length, rows: grid[0].length, data: dataOf(grid) });

bench(prepare, async (host, { columns, rows, data }) => {
  const chart = init(host, "dark", { renderer: "canvas" });
  const finished = () =>
    new Promise((resolve) => {
      const done = () => {
        chart.off("finished", done);
        resolve();
      };
      chart.on("finished", done);
    });
  const axis = (length) => ({ type: "category", data: Array.from({ length }, (_, i) => i) });
  const drawn = finished();
  chart.setOption({
    animation: false,
    xAxis: axis(columns),
    yAxis: axis(rows),
    visualMap: { min: 0, max: 1300, calculable: true, orient: "horizontal", left: "center", bottom: 0 },
    // In one go: by default it draws 400 cells a frame.
    series: [{ type: "heatmap", data, progressive: 0, emphasis: { disabled: true } }],
  });
  await drawn;
  return async (next) => {
    const again = finished();
    chart.setOption({ series: [{ data: next.data }] });
    await again;
  };
});
