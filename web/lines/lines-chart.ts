/**
 * lines-chart.ts: scalars by key as lines over time, drawn by uPlot. Gaps stay gaps.
 *
 * Its plot lies where a heatmap's would in the same width, so that panels below one another share a time axis; a crosshair that is
 * given is shared too.
 */
import type { Series as SeriesAnswer } from "../../core/api.ts";
import type { Zone } from "../clock.ts";
import { timeAxis, valueAxis } from "../heatmap/axes.ts";
import type { ValueSpan } from "../../core/heatmap/value-span.ts";
import type { Crosshair, Pointed } from "../heatmap/crosshair.ts";
import type { Colours } from "../theme.ts";
import { drawMissing } from "./missing.ts";
import uPlot, { type AlignedData, type Options } from "../uplot.ts";

export interface LinesScene {
  readonly answer: SeriesAnswer;
  readonly colours: Colours;
  readonly zone: Zone;
  /** Epoch seconds at the plot's edges; absent: the answer's. */
  readonly edges?: readonly [fromTs: number, toTs: number];
}

/** Lines that one chart has room for: the palette's eight and "other". */
export const MAX_LINES = 9;

/** Tells the line of all others from that of a key without a name. */
export const OTHER = "\u0000other";

const NARROW_PX = 600;

export class LinesChart {
  readonly #host: HTMLElement;
  #scene: LinesScene;
  readonly #plot: uPlot;
  readonly #crosshair: Crosshair | null;
  /** The cursor is another panel's. */
  #following = false;

  constructor(
    host: HTMLElement,
    scene: LinesScene,
    onHover: (index: number | null) => void,
    crosshair: Crosshair | null = null,
    onZoom: (from: number, to: number) => void = () => undefined,
  ) {
    this.#host = host;
    this.#scene = scene;
    this.#crosshair = crosshair;
    const narrow = host.clientWidth < NARROW_PX;
    const colours = (): Colours => this.#scene.colours;
    const options: Options = {
      width: Math.max(1, host.clientWidth),
      height: Math.max(1, host.clientHeight),
      padding: [6, narrow ? 34 : 40, 0, 0],
      legend: { show: false },
      cursor: {
        drag: { x: true, y: false, setScale: false, dist: 4 },
        points: { size: 6 },
        bind: { dblclick: () => null },
      },
      scales: {
        x: { time: false, range: () => this.#edges() },
        y: { range: () => [0, this.#span().max] },
      },
      axes: [
        timeAxis(() => this.#scene.zone, colours),
        {
          ...valueAxis(
            () => this.#span(),
            () => this.#scene.answer.unit,
            narrow ? 52 : 62,
            colours,
          ),
          grid: { show: true, width: 1, stroke: () => colours().hairline },
        },
      ],
      series: [
        {},
        ...Array.from({ length: MAX_LINES }, (_, i) => ({
          width: 1.5,
          stroke: () => colours().keys[i] ?? colours().inkSoft,
          pxAlign: 0 as const,
          // A value between two that are missing is no line: it gets a dot.
          points: { show: true, size: 4, width: 0, fill: () => colours().keys[i] ?? colours().inkSoft, filter: lone },
        })),
      ],
      hooks: {
        drawClear: [(u) => drawMissing(u, this.#scene.answer, this.#edges(), colours())],
        setCursor: [
          (u) => {
            onHover(this.#indexAt(u));
            this.#point(u);
          },
        ],
        setSelect: [
          (u) => {
            const { left, width } = u.select;
            if (width < 4) return;
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            onZoom(u.posToVal(left, "x"), u.posToVal(left + width, "x"));
          },
        ],
      },
    };
    this.#plot = new uPlot(options, this.#data(), host);
    this.#plot.over.addEventListener("mouseenter", () => (this.#following = false));
    crosshair?.follow(this, (at) => this.#follow(at));
  }

  show(scene: LinesScene): void {
    this.#scene = scene;
    this.#plot.setData(this.#data(), true);
  }

  resize(): void {
    const { clientWidth: width, clientHeight: height } = this.#host;
    if (width > 0 && height > 0) this.#plot.setSize({ width, height });
  }

  /** Moves the crosshair by whole columns; it starts at the newest. */
  step(columns: number): void {
    const { times, stepSec } = this.#scene.answer;
    const before = this.#indexAt(this.#plot);
    const index = before === null ? times.length - 1 : Math.min(times.length - 1, Math.max(0, before + columns));
    const ts = times[index];
    if (ts === undefined) return;
    this.#following = false;
    this.#plot.setCursor({ left: this.#plot.valToPos(ts + stepSec / 2, "x"), top: 0 });
  }

  leave(): void {
    this.#plot.setCursor({ left: -10, top: -10 });
  }

  destroy(): void {
    this.#crosshair?.leave(this);
    this.#plot.destroy();
  }

  #edges(): [number, number] {
    const { answer, edges } = this.#scene;
    return edges === undefined ? [answer.fromTs, answer.toTs] : [...edges];
  }

  /** The column under the cursor: the one that has begun and not ended, not the one whose begin is nearest. */
  #indexAt(u: uPlot): number | null {
    const { left = -1 } = u.cursor;
    if (left < 0) return null;
    const { times, stepSec } = this.#scene.answer;
    const at = u.posToVal(left, "x");
    // At the live edge of a board there is time that nobody has told of yet.
    if (at >= (times.at(-1) ?? 0) + stepSec) return null;
    const after = times.findIndex((ts) => ts > at);
    return after < 0 ? times.length - 1 : Math.max(0, after - 1);
  }

  #point(u: uPlot): void {
    const { left = -1 } = u.cursor;
    if (this.#following || this.#crosshair === null) return;
    const at = { ts: u.posToVal(left, "x"), value: null, unit: this.#scene.answer.unit };
    this.#crosshair.point(this, left < 0 ? null : at);
  }

  /** Shows another panel's instant. */
  #follow(at: Pointed | null): void {
    this.#following = at !== null;
    const [from, to] = this.#edges();
    const inside = at !== null && at.ts >= from && at.ts < to;
    this.#host.classList.toggle("follower", inside);
    this.#plot.setCursor(inside ? { left: this.#plot.valToPos(at.ts, "x"), top: 0 } : { left: -10, top: -10 });
  }

  #data(): AlignedData {
    const { times, series } = this.#scene.answer;
    const none = times.map(() => null);
    return [[...times], ...Array.from({ length: MAX_LINES }, (_, i) => [...(series[i]?.values ?? none)])];
  }

  #span(): ValueSpan {
    let max = 0;
    for (const { values } of this.#scene.answer.series) for (const value of values) max = Math.max(max, value ?? 0);
    return { kind: "linear", min: 0, max: max === 0 ? 1 : max * 1.08 };
  }
}

/** Which values have no neighbour to draw a line to. */
function lone(u: uPlot, series: number): number[] {
  const values = u.data[series] ?? [];
  const has = (i: number): boolean => (values[i] ?? null) !== null;
  return Array.from(values, (_, i) => i).filter((i) => has(i) && !has(i - 1) && !has(i + 1));
}
