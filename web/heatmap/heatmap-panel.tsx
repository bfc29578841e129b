/**
 * heatmap-panel.tsx: the heart of the page: chart, the lines of text that read it, and its controls.
 *
 * The chart is drawn by hand (chart.ts); this file keeps, on its element, what a reader from outside needs: data-state, the
 * columns, the plot's place, and the freshness of the newest columns. Several panels may stand on one page: they share an instant
 * through their crosshair.
 */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Heatmap, InstrumentationInfo } from "../../core/api.ts";
import { bucketsOf, type Buckets } from "../../core/histogram/buckets.ts";
import { parseScheme } from "../../core/histogram/scheme.ts";
import type { Motion } from "../panels/header.tsx";
import type { Colours } from "../theme.ts";
import type { Region, Values } from "../view/region.ts";
import type { View } from "../view/view.ts";
import { wholeBuckets, wholeCells, type Cell } from "./cell.ts";
import { HeatmapChart } from "./chart.ts";
import type { ColourScale } from "../../core/heatmap/colour-scale.ts";
import { withoutOutliers } from "./crop.ts";
import { Crosshair } from "./crosshair.ts";
import { DelayRing } from "./delay-ring.ts";
import type { FeedState } from "./feed.ts";
import type { Hues } from "./hues.ts";
import { Legend } from "./legend.tsx";
import { PercentileTable } from "./percentile-table.tsx";
import { PercentileToggles } from "./percentile-toggles.tsx";
import type { Outside } from "./picture.ts";
import { Readout, type PointedCell } from "./readout.tsx";
import type { PlotBox } from "./scene.ts";
import { useScene } from "./use-scene.ts";
import { ValueControls } from "./value-controls.tsx";

export interface HeatmapPanelProps {
  readonly instrumentation: InstrumentationInfo;
  readonly noun: string;
  readonly view: View;
  readonly feed: FeedState;
  readonly motion: Motion;
  readonly colours: Colours;
  /** A line over an empty or a broken picture: what is the matter, and what to do. */
  readonly message: string | null;
  readonly hues: Hues | null;
  readonly lit: Hues | null;
  /** Shared by the panels of a page. */
  readonly crosshair: Crosshair;
  readonly onChange: (change: Partial<View>) => void;
  readonly onZoom: (from: number, to: number) => void;
  /** Moves the range by a share of its length. */
  readonly onPan: (share: number) => void;
  /** null: all values. */
  readonly onValues: (values: Values | null) => void;
  readonly onSelect: (region: Region) => void;
  readonly onBack: () => void;
  readonly onWidth: (cssPx: number) => void;
}

const NOTHING_OUT: Outside = { below: 0, above: 0 };

export function HeatmapPanel(props: HeatmapPanelProps) {
  const { view, feed, instrumentation, motion, noun } = props;
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<HeatmapChart | null>(null);
  const ring = useRef(new DelayRing()).current;
  const [pointed, setPointed] = useState<PointedCell | null>(null);
  const [scale, setScale] = useState<ColourScale | null>(null);
  const [leftOut, setLeftOut] = useState(NOTHING_OUT);
  const scene = useScene(props);
  const pictured = useAfterPicture(feed.heatmap !== null);
  const latest = useRef(props);
  latest.current = props;

  useLayoutEffect(() => {
    const element = host.current;
    if (element === null || scene === null) return;
    ring.expect(latest.current.feed.fresh);
    if (chart.current !== null) {
      chart.current.show(scene);
      return;
    }
    Object.assign(element, { __delays: ring.delays, __paints: [] as number[] });
    const events = {
      hover: (cell: Cell | null, columnOnly: boolean) => setPointed(cell === null ? null : { cell, columnOnly }),
      zoom: (from: number, to: number) => latest.current.onZoom(from, to),
      band: (values: Values) => latest.current.onValues(wholeBuckets(values, bucketsIn(latest.current.feed))),
      pan: (share: number) => latest.current.onPan(share),
      select: (region: Region) => latest.current.onSelect(wholeRegion(region, latest.current.feed)),
      painted: (scale: ColourScale, plot: PlotBox, paintMs: number, leftOut: Outside) => {
        setScale(scale);
        setLeftOut((before) => (before.below === leftOut.below && before.above === leftOut.above ? before : leftOut));
        describe(element, latest.current.feed.heatmap, plot, paintMs);
        ring.painted(latest.current.instrumentation.granularitySec, Date.now());
      },
    };
    chart.current = new HeatmapChart(element, scene, events, latest.current.crosshair);
  }, [scene]);
  useEffect(() => () => chart.current?.destroy(), []);
  useResize(host, props.onWidth, () => chart.current?.resize());

  const onKeyDown = useCallback((event: KeyboardEvent) => {
    const done = chart.current !== null && pressed(chart.current, event);
    if (done) event.preventDefault();
  }, []);
  const kind = scene?.span.kind ?? "log";
  return (
    <section class="heatmap-panel" aria-label={`${instrumentation.metric} ${instrumentation.numeric ?? ""}`}>
      <div class="over-plot">
        <Readout heatmap={feed.heatmap} pointed={pointed} zone={view.zone} noun={noun} />
        <ValueControls
          kind={kind}
          unit={feed.heatmap?.unit ?? ""}
          total={feed.heatmap?.total ?? 0}
          values={view.values}
          leftOut={leftOut}
          onKind={(axis) => props.onChange({ axis })}
          onCrop={() => feed.heatmap !== null && props.onValues(withoutOutliers(feed.heatmap, bucketsIn(feed)))}
          onWhole={() => props.onValues(null)}
        />
      </div>
      <div
        class={feed.loading && feed.heatmap !== null ? "heatmap waiting" : "heatmap"}
        ref={host}
        tabIndex={0}
        role="group"
        aria-label={`heatmap of ${instrumentation.metric} ${instrumentation.numeric ?? ""}; arrow keys move the crosshair`}
        data-heatmap={instrumentation.id}
        data-state={motion}
        data-axis={scene?.span.kind}
        data-value-min={scene?.span.min}
        data-value-max={scene?.span.max}
        data-from-ts={scene?.fromTs}
        data-to-ts={scene?.toTs}
        data-hues={scene?.hues?.keys.join()}
        data-lit={scene?.lit?.keys.join()}
        onKeyDown={onKeyDown}
        onBlur={() => chart.current?.leave()}
        onDblClick={props.onBack}
      >
        {props.message !== null && <p class="plot-message">{props.message}</p>}
      </div>
      <div class="under-plot">
        <PercentileToggles shown={view.percentiles} onShown={(percentiles) => props.onChange({ percentiles })} />
        <Legend
          scale={scale}
          colours={props.colours}
          hued={scene !== null && scene.hues !== null && scene.lit === null}
          axis={kind}
          colouring={view.colouring}
          per={view.per}
          onColouring={(colouring) => props.onChange({ colouring })}
          onPer={(per) => props.onChange({ per })}
        />
      </div>
      {pictured && feed.heatmap !== null && (
        <PercentileTable
          heatmap={feed.heatmap}
          zone={view.zone}
          caption={`${instrumentation.metric} ${instrumentation.numeric ?? ""}: percentiles by column`}
        />
      )}
    </section>
  );
}

/** @returns whether the key meant something here */
function pressed(chart: HeatmapChart, event: KeyboardEvent): boolean {
  const move = ARROWS[event.key];
  if (move !== undefined) {
    chart.step(...move, event.shiftKey);
    return true;
  }
  if (event.key === "{" || event.key === "}") {
    chart.moveValues(event.key === "{" ? -0.5 : 0.5);
    return true;
  }
  if (event.key === "Enter") return chart.selectStepped();
  return event.key === "Escape" && chart.giveUpSteps();
}

const ARROWS: Readonly<Record<string, [columns: number, rows: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

function bucketsIn({ heatmap }: FeedState): Buckets {
  if (heatmap === null) throw new Error("no picture has been drawn yet");
  return bucketsOf(parseScheme(heatmap.scheme));
}

function wholeRegion(region: Region, feed: FeedState): Region {
  return wholeCells(region, feed.heatmap?.stepSec ?? 1, bucketsIn(feed));
}

/** What needs no screen may come a frame after the first picture: a table of thousands of cells takes as long as that. */
function useAfterPicture(isThere: boolean): boolean {
  const [after, setAfter] = useState(false);
  useEffect(() => {
    if (isThere) setAfter(true);
  }, [isThere]);
  return after;
}

function useResize(
  host: { readonly current: HTMLDivElement | null },
  onWidth: (cssPx: number) => void,
  onResize: () => void,
): void {
  useLayoutEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    onWidth(element.clientWidth);
    const observer = new ResizeObserver(() => {
      onWidth(element.clientWidth);
      onResize();
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
}

const MAX_PAINTS = 600;

/** What tests read: never state that the page itself uses. */
function describe(element: HTMLElement, heatmap: Heatmap | null, plot: PlotBox, paintMs: number): void {
  const { dataset } = element;
  const last = heatmap?.columns.at(-1);
  dataset["columns"] = String(heatmap?.columns.length ?? 0);
  dataset["step"] = String(heatmap?.stepSec ?? 0);
  dataset["lastTs"] = String(last?.ts ?? 0);
  dataset["plotLeft"] = String(plot.left);
  dataset["plotTop"] = String(plot.top);
  dataset["plotWidth"] = String(plot.width);
  dataset["plotHeight"] = String(plot.height);
  const paints = (element as HTMLElement & { __paints?: number[] }).__paints;
  paints?.push(paintMs);
  if (paints !== undefined && paints.length > MAX_PAINTS) paints.shift();
}
