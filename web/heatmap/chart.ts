/**
 * chart.ts: the heatmap on the screen: uPlot's frame and cursor around one block of painted cells.
 *
 * The cells are painted when uPlot clears its canvas, so axes and lines come to lie over them, and with one putImageData.
 * Columns move, nothing else does: axes have fixed sizes, and the value span only grows while the picture is live.
 */
import { bucketsOf, type Buckets } from "../../core/histogram/buckets.ts";
import { parseScheme } from "../../core/histogram/scheme.ts";
import type { Colours } from "../theme.ts";
import uPlot, { LOG_SCALE, type Options } from "../uplot.ts";
import { drawValueTicks, timeAxis, valueAxis } from "./axes.ts";
import { cellAt, cellOf, regionOf, type Cell } from "./cell.ts";
import type { Crosshair, Pointed } from "./crosshair.ts";
import { listen, type GestureEvents } from "./gestures.ts";
import { Overlay } from "./overlay.ts";
import { drawLineNames, drawPercentileLines } from "./percentile-lines.ts";
import { ScenePainter } from "./paint-scene.ts";
import { drawPartialMarks } from "./partial-marks.ts";
import type { LaidPicture } from "./picture.ts";
import { cssBox, roundBox } from "./plot-box.ts";
import type { ChartEvents, PlotBox, Scene } from "./scene.ts";
import { placeOf, valueAt, type ValueSpan } from "../../core/heatmap/value-span.ts";
import type { Region } from "../view/region.ts";

const NARROW_PX = 600;

export class HeatmapChart {
  readonly #host: HTMLElement;
  readonly #events: ChartEvents;
  readonly #crosshair: Crosshair;
  #scene: Scene;
  #buckets: Buckets;
  #plot: uPlot;
  #overlay: Overlay;
  #endGestures: () => void;
  #picture: LaidPicture | null = null;
  readonly #painter = new ScenePainter();
  #cell: Cell | null = null;
  /** Where a selection by keys began. */
  #anchor: Cell | null = null;
  /** How far an axis has been dragged and not let go, CSS pixels. */
  #slid = { x: 0, y: 0 };
  /** The cursor is another panel's. */
  #following = false;

  constructor(host: HTMLElement, scene: Scene, events: ChartEvents, crosshair: Crosshair) {
    this.#host = host;
    this.#scene = scene;
    this.#events = events;
    this.#crosshair = crosshair;
    this.#buckets = bucketsOf(parseScheme(scene.heatmap.scheme));
    [this.#plot, this.#overlay, this.#endGestures] = this.#build();
    crosshair.follow(this, (at) => this.#follow(at));
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

  /** Moves the crosshair by whole cells; it starts at the newest column's middle row. @param extend selects from where it was */
  step(columns: number, rows: number, extend: boolean): void {
    const picture = this.#picture;
    if (picture === null) return;
    const last = this.#scene.heatmap.columns.length - 1;
    const from = this.#cell;
    if (!extend) this.#anchor = null;
    else this.#anchor ??= from;
    const column = from === null ? last : Math.min(last, Math.max(0, from.columnIndex + columns));
    const topRow = picture.rows.length - 1;
    const row = from === null ? topRow >> 1 : Math.min(topRow, Math.max(0, from.rowIndex + rows));
    const cell = cellOf(this.#scene.heatmap, this.#buckets, picture, column, row);
    if (cell === null) return;
    const { left, top, width, height } = cell.box;
    this.#following = false;
    this.#plot.setCursor({ left: (left + width / 2) / devicePixelRatio, top: (top + height / 2) / devicePixelRatio });
    if (extend) this.#overlay.select(this.#boxOf(regionOf(this.#anchor ?? cell, cell)));
  }

  /** Selects what the crosshair's steps have spanned, or its one cell. @returns false where there is no crosshair */
  selectStepped(): boolean {
    const cell = this.#cell;
    if (cell === null) return false;
    this.#events.select(regionOf(this.#anchor ?? cell, cell));
    this.#anchor = null;
    return true;
  }

  /** Shows lower or higher values. @param share of the span that is shown */
  moveValues(share: number): void {
    const { span } = this.#scene;
    this.#events.band({ low: valueAt(span, share), high: valueAt(span, 1 + share) });
  }

  /** @returns false where there was nothing to give up */
  giveUpSteps(): boolean {
    if (this.#anchor === null) return false;
    this.#anchor = null;
    this.#overlay.select(this.#boxOf(this.#scene.selection));
    return true;
  }

  leave(): void {
    this.#anchor = null;
    this.#plot.setCursor({ left: -10, top: -10 });
  }

  destroy(): void {
    this.#crosshair.leave(this);
    this.#endGestures();
    this.#plot.destroy();
  }

  #rebuild(): void {
    this.#endGestures();
    this.#plot.destroy();
    [this.#plot, this.#overlay, this.#endGestures] = this.#build();
  }

  #build(): [uPlot, Overlay, () => void] {
    const colours = (): Colours => this.#scene.colours;
    const span = (): ValueSpan => this.#span();
    const { clientWidth, clientHeight } = this.#host;
    const narrow = clientWidth < NARROW_PX;
    const options: Options = {
      width: Math.max(1, clientWidth),
      height: Math.max(1, clientHeight),
      padding: [6, narrow ? 34 : 40, 0, 0],
      legend: { show: false },
      cursor: {
        drag: { x: true, y: true, uni: null as unknown as number, setScale: false, dist: 4 },
        points: { show: false },
        // Double click goes back in the view's own history.
        bind: { dblclick: () => null },
      },
      scales: {
        x: { time: false, range: () => this.#times() },
        y: { ...(span().kind === "log" ? LOG_SCALE : {}), range: () => [span().min, span().max] },
      },
      axes: [
        timeAxis(() => this.#scene.zone, colours),
        valueAxis(span, () => this.#scene.heatmap.unit, narrow ? 52 : 62, colours),
      ],
      series: [{}],
      hooks: {
        drawClear: [(u) => this.#paint(u)],
        draw: [(u) => this.#afterDraw(u)],
        setCursor: [(u) => this.#hover(u)],
        setSelect: [(u) => this.#selected(u)],
      },
    };
    const plot = new uPlot(options, this.#data(), this.#host);
    plot.over.addEventListener("mouseenter", () => (this.#following = false));
    return [plot, new Overlay(plot.over), listen(plot, this.#host, () => cssBox(plot), this.#gestures())];
  }

  #gestures(): GestureEvents {
    const redraw = (): void => this.#plot.setData(this.#data(), true);
    return {
      slide: (x, y) => {
        this.#slid = { x, y };
        redraw();
      },
      settle: () => {
        const { x, y } = this.#slid;
        const { min, max } = this.#span();
        this.#slid = { x: 0, y: 0 };
        if (x !== 0) this.#events.pan(-x / cssBox(this.#plot).width);
        if (y !== 0) this.#events.band({ low: min, high: max });
        redraw();
      },
      zoomAbout: (place, factor) => {
        const [from, to] = this.#times();
        const at = from + place * (to - from);
        this.#events.zoom(at - (at - from) * factor, at + (to - at) * factor);
      },
    };
  }

  /** The plot's edges in time, an axis that is being dragged included. */
  #times(): [number, number] {
    const { fromTs, toTs } = this.#scene;
    if (this.#slid.x === 0) return [fromTs, toTs];
    const by = (this.#slid.x / cssBox(this.#plot).width) * (toTs - fromTs);
    return [fromTs - by, toTs - by];
  }

  #span(): ValueSpan {
    const { span } = this.#scene;
    if (this.#slid.y === 0) return span;
    const by = this.#slid.y / cssBox(this.#plot).height;
    return { kind: span.kind, min: valueAt(span, by), max: valueAt(span, 1 + by) };
  }

  #data(): uPlot.AlignedData {
    const { columns, stepSec } = this.#scene.heatmap;
    return [columns.map((column) => column.ts + stepSec / 2)];
  }

  #paint(u: uPlot): void {
    const started = performance.now();
    const { left, top, width, height } = roundBox(u.bbox);
    if (width < 1 || height < 1) return;
    const [fromTs, toTs] = this.#times();
    const scene = { ...this.#scene, fromTs, toTs, span: this.#span() };
    const { picture, scale } = this.#painter.paint(scene, this.#buckets, { width, height, ratio: devicePixelRatio });
    this.#painter.put(u.ctx, left, top);
    this.#picture = picture;
    this.#events.painted(scale, cssBox(u), performance.now() - started, picture.leftOut);
  }

  #afterDraw(u: uPlot): void {
    const { heatmap, colours, percentiles, selection, other } = this.#scene;
    drawPercentileLines(u, heatmap.columns, heatmap.stepSec, percentiles, colours);
    drawPartialMarks(u, heatmap.columns, this.#picture?.edges, colours.inkSoft);
    drawValueTicks(u, this.#span(), heatmap.unit, colours);
    drawLineNames(u, heatmap.columns, percentiles, colours);
    if (this.#anchor === null) this.#overlay.select(this.#boxOf(selection));
    this.#overlay.selectOther(this.#boxOf(other));
    // The data may have moved under a crosshair that did not.
    this.#hover(u);
  }

  /** Shows another panel's crosshair: its instant, and its value where the unit is the same. */
  #follow(at: Pointed | null): void {
    this.#following = at !== null;
    const { width, height } = cssBox(this.#plot);
    const [from, to] = this.#times();
    const inside = at !== null && at.ts >= from && at.ts < to;
    const place =
      typeof at?.value === "number" && at.unit === this.#scene.heatmap.unit ? placeOf(this.#span(), at.value) : -1;
    this.#host.classList.toggle("follower", inside && (place < 0 || place > 1));
    this.#plot.setCursor(
      inside
        ? { left: ((at.ts - from) / (to - from)) * width, top: (1 - Math.min(1, Math.max(0, place))) * (height - 1) }
        : { left: -10, top: -10 },
    );
  }

  #hover(u: uPlot): void {
    const { left = -1, top = -1 } = u.cursor;
    const ratio = devicePixelRatio;
    const cell =
      left < 0 || top < 0 || this.#picture === null
        ? null
        : cellAt(this.#scene.heatmap, this.#buckets, this.#picture, left * ratio, top * ratio);
    if (!this.#following) {
      this.#host.classList.remove("follower");
      const unit = this.#scene.heatmap.unit;
      const at = { ts: u.posToVal(left, "x"), value: u.posToVal(top, "y"), unit };
      this.#crosshair.point(this, left < 0 || top < 0 ? null : at);
    }
    if (cell === null && this.#cell === null) return;
    this.#cell = cell;
    const columnOnly = this.#host.classList.contains("follower");
    this.#overlay.outline(columnOnly ? null : cell);
    this.#events.hover(cell, columnOnly);
  }

  #selected(u: uPlot): void {
    const { left, top, width, height } = u.select;
    const plot = cssBox(u);
    if (width < 4 && height < 4) return;
    const [allTimes, allValues] = [width >= plot.width - 1, height >= plot.height - 1];
    const from = u.posToVal(left, "x");
    const to = u.posToVal(left + width, "x");
    const value = (y: number): number => valueAt(this.#scene.span, 1 - y / plot.height);
    const [low, high] = [value(top + height), value(top)];
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    const rectangle = (u.cursor.drag?.uni ?? null) === null || (!allTimes && !allValues);
    if (rectangle) this.#events.select({ from, to, low, high });
    else if (allValues) this.#events.zoom(from, to);
    else this.#events.band({ low, high });
  }

  /** A region's place over the plot, cut to it. */
  #boxOf(region: Region | null): PlotBox | null {
    if (region === null) return null;
    const { width, height } = cssBox(this.#plot);
    const [from, to] = this.#times();
    const clip = (place: number, size: number): number => Math.min(1, Math.max(0, place)) * size;
    const x = (ts: number): number => clip((ts - from) / (to - from), width);
    const y = (value: number | null, open: number): number =>
      clip(1 - (value === null ? open : placeOf(this.#span(), value)), height);
    const [left, right, top, bottom] = [x(region.from), x(region.to), y(region.high, 1), y(region.low, 0)];
    return right <= left || bottom <= top ? null : { left, top, width: right - left, height: bottom - top };
  }
}
