/**
 * plot-box.ts: where uPlot has put the plot, in whole device pixels and in CSS pixels.
 */
import type uPlot from "../uplot.ts";
import type { PlotBox } from "./scene.ts";

export function roundBox({ left, top, width, height }: uPlot.BBox): PlotBox {
  return { left: Math.round(left), top: Math.round(top), width: Math.round(width), height: Math.round(height) };
}

export function cssBox(u: uPlot): PlotBox {
  const ratio = devicePixelRatio;
  const { left, top, width, height } = u.bbox;
  return { left: left / ratio, top: top / ratio, width: width / ratio, height: height / ratio };
}
