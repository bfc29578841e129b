/**
 * chart.ts: the heatmap on the screen: uPlot's frame, cursor and lines around one block of painted cells.
 *
 * The cells are painted when uPlot clears its canvas, so axes and lines come to lie over them, and with one putImageData.
 * Columns move, nothing else does: axes have fixed sizes, and the value span only grows while the picture is live.
 */
import type { Heatmap } from "../../core/api.ts";
import { bucketsOf, type Buckets } from "../../core/histogram/buckets.ts";
import { parseScheme } from "../../core/histogram/scheme.ts";
import type { Zone } from "../clock.ts";
import type { Colours } from "../theme.ts";
import uPlot, { LOG_SCALE, type Options } from "../uplot.ts";
import type { Percentile } from "../view/view.ts";
import { drawValueTicks, timeAxis, valueAxis } from "./axes.ts";
import { cellAt, cellOf, type Cell } from "./cell.ts";
import { isPartial } from "./column-window.ts";
import { colourScale, type Colouring, type ColourScale } from "../../core/heatmap/colour-scale.ts";
import { Overlay } from "./overlay.ts";
import { paint, type Picture } from "../../core/heatmap/paint.ts";
import { drawLineNames, percentileData, percentileSeries } from "./percentile-lines.ts";
import { buildPicture, type Per } from "./picture.ts";
import { packRamp, packRgb, rampOf } from "../../core/heatmap/ramp.ts";
import { valueAt, type ValueSpan } from "../../core/heatmap/value-span.ts";

/** All that decides the picture. */
export interface Scene {
  readonly heatmap: Heatmap;
  /** Epoch seconds at the plot's edges. */
  readonly fromTs: number;
  readonly toTs: number;
  readonly span: ValueSpan;
  readonly colouring: Colouring;
  readonly per: Per;
  readonly percentiles: readonly Percentile[];
  readonly colours: Colours;
  readonly zone: Zone;
  readonly selection: Region | null;
}

/** A rectangle of time and values. */
export interface Region {
  readonly from: number;
  readonly to: number;
  readonly low: number;
  readonly high: number;
}

/** Where the plot lies in the chart's element, CSS pixels. */
export interface PlotBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface ChartEvents {
  hover(cell: Cell | null): void;
  zoom(from: number, to: number): void;
  select(region: Region): void;
  painted(scale: ColourScale, plot: PlotBox, paintMs: number): void;
}

const NARROW_PX = 600;

export class HeatmapChart {
  readonly #host: HTMLElement;
  readonly #events: ChartEvents;
  #scene: Scene;
  #buckets: Buckets;
  #plot: uPlot;
  #overlay: Overlay;
  #picture: Picture | null = null;
  #image: ImageData | null = null;
  #cell: Cell | null = null;

  constructor(host: HTMLElement, scene: Scene, events: ChartEvents) {
    this.#host = host;
    this.#scene = scene;
    this.#events = events;
    this.#buckets = bucketsOf(parseScheme(scene.heatmap.scheme));
    [this.#plot, this.#overlay] = this.#build();
  }

  /** Draws another scene, in the same place. */
  show(scene: Scene): void {
    const before = this.#scene;
    this.#scene = scene;
    if (scene.heatmap.scheme !== before.heatmap.scheme) this.#buckets = bucketsOf(parseScheme(scene.heatmap.scheme));
    if (scene.span.kind !== before.span.kind) this.#rebuild();
    else this.#plot.setData(this.#data(), true);
  }

  resize(): void {
    const { clientWidth: width, clientHeight: height } = this.#host;
    if (width === 0 || height === 0) return;
    // The value axis is narrower on a phone, and uPlot fixes that when it is made.
    if (width < NARROW_PX !== this.#plot.width < NARROW_PX) this.#rebuild();
    else this.#plot.setSize({ width, height });
  }

  /** Moves the crosshair by whole cells; it starts at the newest column's middle row. */
  step(columns: number, rows: number): void {
    const picture = this.#picture;
    if (picture === null) return;
    const last = this.#scene.heatmap.columns.length - 1;
    const from = this.#cell;
    const column = from === null ? last : Math.min(last, Math.max(0, from.columnIndex + columns));
    const topRow = picture.rows.length - 1;
    const row = from === null ? topRow >> 1 : Math.min(topRow, Math.max(0, from.rowIndex + rows));
    const cell = cellOf(this.#scene.heatmap, this.#buckets, picture, column, row);
    if (cell === null) return;
    const { left, top, width, height } = cell.box;
    this.#plot.setCursor({ left: (left + width / 2) / devicePixelRatio, top: (top + height / 2) / devicePixelRatio });
  }

  leave(): void {
    this.#plot.setCursor({ left: -10, top: -10 });
  }

  destroy(): void {
    this.#plot.destroy();
  }

  #rebuild(): void {
    this.#plot.destroy();
    [this.#plot, this.#overlay] = this.#build();
  }

  #build(): [uPlot, Overlay] {
    const colours = (): Colours => this.#scene.colours;
    const span = (): ValueSpan => this.#scene.span;
    const { clientWidth, clientHeight } = this.#host;
    const narrow = clientWidth < NARROW_PX;
    const options: Options = {
      width: Math.max(1, clientWidth),
      height: Math.max(1, clientHeight),
      padding: [6, narrow ? 34 : 40, 0, 0],
      legend: { show: false },
      cursor: {
        drag: { x: true, y: false, setScale: false, dist: 4 },
        points: { show: false },
        // Double click goes back in the view's own history.
        bind: { dblclick: () => null },
      },
      scales: {
        x: { time: false, range: () => [this.#scene.fromTs, this.#scene.toTs] },
        y: { ...(span().kind === "log" ? LOG_SCALE : {}), range: () => [span().min, span().max] },
      },
      axes: [
        timeAxis(() => this.#scene.zone, colours),
        valueAxis(span, () => this.#scene.heatmap.unit, narrow ? 52 : 62, colours),
      ],
      series: [{}, ...percentileSeries(colours)],
      hooks: {
        drawClear: [(u) => this.#paint(u)],
        draw: [(u) => this.#afterDraw(u)],
        setCursor: [(u) => this.#hover(u)],
        setSelect: [(u) => this.#selected(u)],
      },
    };
    const plot = new uPlot(options, this.#data(), this.#host);
    // Shift makes the drag a rectangle; uPlot keeps the object that it was given, so that is what changes.
    const shift = (event: MouseEvent): void => void Object.assign(plot.cursor.drag ?? {}, { y: event.shiftKey });
    plot.over.addEventListener("mousedown", shift, { capture: true });
    return [plot, new Overlay(plot.over)];
  }

  #data(): uPlot.AlignedData {
    const { heatmap, percentiles } = this.#scene;
    return percentileData(heatmap.columns, heatmap.stepSec, percentiles);
  }

  #paint(u: uPlot): void {
    const started = performance.now();
    const { left, top, width, height } = roundBox(u.bbox);
    if (width < 1 || height < 1) return;
    const { heatmap, colours, span, fromTs, toTs, colouring, per } = this.#scene;
    const picture = buildPicture(heatmap, this.#buckets, { width, height, fromTs, toTs, span, per });
    const scale = colourScale(colouring, picture.weights);
    if (this.#image?.width !== width || this.#image.height !== height)
      this.#image = u.ctx.createImageData(width, height);
    const ratio = devicePixelRatio;
    const period = Math.round(7 * ratio);
    paint(new Uint32Array(this.#image.data.buffer), picture, scale, {
      ramp: packRamp(rampOf(colours.theme)),
      background: packRgb(colours.plot),
      hatch: packRgb(colours.hatch),
      period,
      thickness: Math.max(1, Math.round(ratio)),
      phase: Math.round(fromTs * (width / (toTs - fromTs))) % period,
    });
    u.ctx.putImageData(this.#image, left, top);
    this.#picture = picture;
    this.#events.painted(scale, cssBox(u), performance.now() - started);
  }

  #afterDraw(u: uPlot): void {
    const { heatmap, colours, percentiles, span, selection } = this.#scene;
    this.#markPartial(u);
    drawValueTicks(u, span, heatmap.unit, colours);
    drawLineNames(u, heatmap.columns, percentiles, colours);
    this.#overlay.select(selection === null ? null : regionBox(u, selection));
    // The data may have moved under a crosshair that did not.
    this.#hover(u);
  }

  /** A thin mark under each column whose counts are not everyone's. */
  #markPartial(u: uPlot): void {
    const { left, top, height } = roundBox(u.bbox);
    const thickness = Math.max(2, Math.round(2 * devicePixelRatio));
    u.ctx.save();
    u.ctx.fillStyle = this.#scene.colours.inkSoft;
    this.#scene.heatmap.columns.forEach((column, c) => {
      if (!isPartial(column)) return;
      const from = this.#picture?.edges[c] ?? 0;
      const to = this.#picture?.edges[c + 1] ?? from;
      u.ctx.fillRect(left + from, top + height + devicePixelRatio, to - from, thickness);
    });
    u.ctx.restore();
  }

  #hover(u: uPlot): void {
    const { left = -1, top = -1 } = u.cursor;
    const ratio = devicePixelRatio;
    const cell =
      left < 0 || top < 0 || this.#picture === null
        ? null
        : cellAt(this.#scene.heatmap, this.#buckets, this.#picture, left * ratio, top * ratio);
    if (cell === null && this.#cell === null) return;
    this.#cell = cell;
    this.#overlay.outline(cell);
    this.#events.hover(cell);
  }

  #selected(u: uPlot): void {
    const { left, top, width, height } = u.select;
    if (width < 4) return;
    const from = u.posToVal(left, "x");
    const to = u.posToVal(left + width, "x");
    const rectangle = u.cursor.drag?.y === true;
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    if (!rectangle) {
      this.#events.zoom(from, to);
      return;
    }
    const plotHeight = u.bbox.height / devicePixelRatio;
    const value = (y: number): number => valueAt(this.#scene.span, 1 - y / plotHeight);
    this.#events.select({ from, to, low: value(top + height), high: value(top) });
  }
}

function roundBox({ left, top, width, height }: uPlot.BBox): PlotBox {
  return { left: Math.round(left), top: Math.round(top), width: Math.round(width), height: Math.round(height) };
}

function cssBox(u: uPlot): PlotBox {
  const ratio = devicePixelRatio;
  const { left, top, width, height } = u.bbox;
  return { left: left / ratio, top: top / ratio, width: width / ratio, height: height / ratio };
}

function regionBox(u: uPlot, region: Region): PlotBox {
  const left = u.valToPos(region.from, "x");
  const top = u.valToPos(region.high, "y");
  return { left, top, width: u.valToPos(region.to, "x") - left, height: u.valToPos(region.low, "y") - top };
}
