/**
 * heatmap-panel.tsx: the heart of the page: feed, chart and the line that reads it.
 *
 * The chart is drawn by hand (chart.ts); this file decides what it shows and keeps, on its element, what a reader from
 * outside needs: data-state, the columns, the plot's place, and the freshness of the newest columns.
 */
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Heatmap, InstrumentationInfo } from "../../core/api.ts";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { parseScheme } from "../../core/histogram/scheme.ts";
import type { Motion } from "../panels/header.tsx";
import type { Colours } from "../theme.ts";
import type { View } from "../view/view.ts";
import type { Cell } from "./cell.ts";
import { HeatmapChart, type PlotBox, type Region, type Scene } from "./chart.ts";
import type { ColourScale } from "../../core/heatmap/colour-scale.ts";
import { DelayRing } from "./delay-ring.ts";
import type { FeedState } from "./feed.ts";
import { Legend } from "./legend.tsx";
import { PercentileTable } from "./percentile-table.tsx";
import { PercentileToggles } from "./percentile-toggles.tsx";
import { Readout } from "./readout.tsx";
import { spanOf, union, type AxisKind, type ValueSpan } from "../../core/heatmap/value-span.ts";

export interface HeatmapPanelProps {
  readonly instrumentation: InstrumentationInfo;
  readonly noun: string;
  readonly view: View;
  readonly feed: FeedState;
  readonly motion: Motion;
  readonly colours: Colours;
  /** A line over an empty or a broken picture: what is the matter, and what to do. */
  readonly message: string | null;
  readonly selection: Region | null;
  readonly onChange: (change: Partial<View>) => void;
  readonly onZoom: (from: number, to: number) => void;
  readonly onSelect: (region: Region) => void;
  readonly onBack: () => void;
  readonly onWidth: (cssPx: number) => void;
}

export function HeatmapPanel(props: HeatmapPanelProps) {
  const { view, feed, instrumentation, motion, noun } = props;
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<HeatmapChart | null>(null);
  const ring = useRef(new DelayRing()).current;
  const [cell, setCell] = useState<Cell | null>(null);
  const [scale, setScale] = useState<ColourScale | null>(null);
  const scene = useScene(props);
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
    chart.current = new HeatmapChart(element, scene, {
      hover: setCell,
      zoom: (from, to) => latest.current.onZoom(from, to),
      select: (region) => latest.current.onSelect(region),
      painted: (scale, plot, paintMs) => {
        setScale(scale);
        describe(element, latest.current.feed.heatmap, plot, paintMs);
        ring.painted(latest.current.instrumentation.granularitySec, Date.now());
      },
    });
  }, [scene]);
  useEffect(() => () => chart.current?.destroy(), []);
  useResize(host, props.onWidth, () => chart.current?.resize());

  const onKeyDown = useCallback((event: KeyboardEvent) => {
    const move = ARROWS[event.key];
    if (move === undefined || chart.current === null) return;
    event.preventDefault();
    chart.current.step(...move);
  }, []);
  return (
    <section class="heatmap-panel">
      <div class="over-plot">
        <Readout heatmap={feed.heatmap} cell={cell} zone={view.zone} noun={noun} />
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
          theme={props.colours.theme}
          axis={scene?.span.kind ?? "log"}
          colouring={view.colouring}
          per={view.per}
          onColouring={(colouring) => props.onChange({ colouring })}
          onPer={(per) => props.onChange({ per })}
        />
      </div>
      {feed.heatmap !== null && (
        <PercentileTable
          heatmap={feed.heatmap}
          zone={view.zone}
          caption={`${instrumentation.metric} ${instrumentation.numeric ?? ""}: percentiles by column`}
        />
      )}
    </section>
  );
}

const ARROWS: Readonly<Record<string, [columns: number, rows: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

function useScene({ view, feed, colours, selection }: HeatmapPanelProps): Scene | null {
  const { heatmap, answered, loading } = feed;
  const kept = useRef<{ answered: unknown; span: ValueSpan | null }>({ answered: null, span: null });
  return useMemo(() => {
    if (heatmap === null || answered === null) return null;
    const buckets = bucketsOf(parseScheme(heatmap.scheme));
    const kind: AxisKind = view.axis ?? (heatmap.scheme.startsWith("lquantize") ? "linear" : "log");
    const before = kept.current.answered === answered ? kept.current.span : null;
    const span = union(before, spanOf(kind, buckets, heatmap.columns)) ?? EMPTY_SPAN;
    kept.current = { answered, span };
    const { range } = view;
    // A zoom shows at once, in the columns that are there; the finer ones replace them when they come.
    const early = loading && range.kind === "fixed";
    const toTs = early ? range.to : heatmap.toTs;
    const length = answered.live ? answered.stretch.to - answered.stretch.from : heatmap.toTs - heatmap.fromTs;
    const fromTs = early ? range.from : toTs - length;
    const { colouring, per, percentiles, zone } = view;
    return { heatmap, fromTs, toTs, span, colouring, per, percentiles, colours, zone, selection };
  }, [heatmap, answered, loading, view, colours, selection]);
}

/** Where nothing was counted yet: an axis to wait in. */
const EMPTY_SPAN: ValueSpan = { kind: "log", min: 1e3, max: 1e9 };

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
