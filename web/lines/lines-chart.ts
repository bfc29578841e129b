/**
 * lines-chart.ts: scalars by key as lines over time, drawn by uPlot. Gaps stay gaps.
 */
import type { Series as SeriesAnswer } from "../../core/api.ts";
import type { Zone } from "../clock.ts";
import { timeAxis, valueAxis } from "../heatmap/axes.ts";
import type { ValueSpan } from "../../core/heatmap/value-span.ts";
import type { Colours } from "../theme.ts";
import uPlot, { type AlignedData, type Options } from "../uplot.ts";

export interface LinesScene {
  readonly answer: SeriesAnswer;
  readonly colours: Colours;
  readonly zone: Zone;
}

/** Lines that one chart has room for: the palette's eight and "other". */
export const MAX_LINES = 9;

export class LinesChart {
  readonly #host: HTMLElement;
  #scene: LinesScene;
  readonly #plot: uPlot;

  constructor(host: HTMLElement, scene: LinesScene, onHover: (index: number | null) => void) {
    this.#host = host;
    this.#scene = scene;
    const colours = (): Colours => this.#scene.colours;
    const options: Options = {
      width: Math.max(1, host.clientWidth),
      height: Math.max(1, host.clientHeight),
      padding: [6, 16, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false, setScale: false }, points: { size: 6 }, bind: { dblclick: () => null } },
      scales: {
        x: { time: false, range: () => [this.#scene.answer.fromTs, this.#scene.answer.toTs] },
        y: { range: () => [0, this.#span().max] },
      },
      axes: [
        timeAxis(() => this.#scene.zone, colours),
        {
          ...valueAxis(
            () => this.#span(),
            () => this.#scene.answer.unit,
            62,
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
          points: { show: false },
        })),
      ],
      hooks: { setCursor: [(u) => onHover(u.cursor.idx ?? null)] },
    };
    this.#plot = new uPlot(options, this.#data(), host);
  }

  show(scene: LinesScene): void {
    this.#scene = scene;
    this.#plot.setData(this.#data(), true);
  }

  resize(): void {
    const { clientWidth: width, clientHeight: height } = this.#host;
    if (width > 0 && height > 0) this.#plot.setSize({ width, height });
  }

  destroy(): void {
    this.#plot.destroy();
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
