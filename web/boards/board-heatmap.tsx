/**
 * board-heatmap.tsx: a distribution on a board: the chart of the view without its controls, and a line that reads it.
 */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Heatmap } from "../../core/api.ts";
import { spanOf, union, type ValueSpan } from "../../core/heatmap/value-span.ts";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { parseScheme } from "../../core/histogram/scheme.ts";
import { formatQuantity } from "../../core/units.ts";
import type { Stretch } from "../api/resources.ts";
import type { Zone } from "../clock.ts";
import type { Cell } from "../heatmap/cell.ts";
import { HeatmapChart } from "../heatmap/chart.ts";
import type { Crosshair } from "../heatmap/crosshair.ts";
import { Readout, type PointedCell } from "../heatmap/readout.tsx";
import { axisKindOf } from "../heatmap/use-scene.ts";
import type { Colours } from "../theme.ts";
import type { Region } from "../view/region.ts";
import { DEFAULT_VIEW, PERCENTILE_LABELS, PERCENTILES } from "../view/view.ts";
import { useChartSize } from "./use-chart-size.ts";

interface Props {
  readonly name: string;
  readonly heatmap: Heatmap;
  readonly stretch: Stretch;
  readonly colours: Colours;
  readonly zone: Zone;
  readonly noun: string;
  /** Of the value axis; absent: wherever something was counted. */
  readonly span?: ValueSpan;
  readonly crosshair: Crosshair;
  readonly onZoom: (from: number, to: number) => void;
  readonly onPan: (share: number) => void;
  readonly onSelect: (region: Region) => void;
}

export function BoardHeatmap(props: Props) {
  const { heatmap, stretch, colours, zone, noun } = props;
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<HeatmapChart | null>(null);
  const kept = useRef<{ readonly of: string; readonly span: ValueSpan | null }>({ of: "", span: null });
  const [pointed, setPointed] = useState<PointedCell | null>(null);
  const latest = useRef(props);
  latest.current = props;
  useLayoutEffect(() => {
    const element = host.current;
    if (element === null) return;
    const kind = axisKindOf(DEFAULT_VIEW, heatmap.scheme);
    // The axis only grows while one looks at the same thing: a picture that jumps cannot be compared with its neighbours.
    const of = `${heatmap.instrumentation} ${heatmap.scheme}`;
    const counted = spanOf(kind, bucketsOf(parseScheme(heatmap.scheme)), heatmap.columns);
    const span = props.span ?? union(kept.current.of === of ? kept.current.span : null, counted);
    kept.current = { of, span };
    const scene = {
      ...{ heatmap, colours, zone, fromTs: stretch.from, toTs: stretch.to, span: span ?? EMPTY_SPAN },
      ...{ colouring: DEFAULT_VIEW.colouring, per: DEFAULT_VIEW.per, percentiles: DEFAULT_VIEW.percentiles },
      ...{ selection: null, other: null, hues: null, lit: null },
    };
    if (chart.current !== null) {
      chart.current.show(scene);
      return;
    }
    const events = {
      hover: (cell: Cell | null, columnOnly: boolean) => setPointed(cell === null ? null : { cell, columnOnly }),
      zoom: (from: number, to: number) => latest.current.onZoom(from, to),
      band: () => undefined,
      pan: (share: number) => latest.current.onPan(share),
      select: (region: Region) => latest.current.onSelect(region),
      painted: () => void (element.dataset["columns"] = String(latest.current.heatmap.columns.length)),
    };
    chart.current = new HeatmapChart(element, scene, events, latest.current.crosshair);
  }, [heatmap, stretch, colours, zone]);
  useEffect(() => () => chart.current?.destroy(), []);
  useChartSize(host, () => chart.current?.resize());
  const column = pointed?.cell.column ?? heatmap.columns.findLast(({ total }) => total !== null) ?? null;
  return (
    <>
      <div class="panel-reading">
        <Readout heatmap={heatmap} pointed={pointed} zone={zone} noun={noun} />
      </div>
      <div
        class="heatmap"
        ref={host}
        tabIndex={0}
        role="group"
        aria-label={`heatmap of ${props.name}; arrow keys move the crosshair`}
        data-board-heatmap
        onBlur={() => chart.current?.leave()}
        onKeyDown={(event) => {
          const move = ARROWS[event.key];
          if (move === undefined) return;
          chart.current?.step(...move, false);
          event.preventDefault();
        }}
      />
      <dl class="panel-side" aria-label="percentiles">
        {PERCENTILES.map((name) => (
          <div key={name}>
            <dt>{PERCENTILE_LABELS[name]}</dt>
            <dd>{valueText(column?.[name] ?? null, heatmap.unit)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

const ARROWS: Readonly<Record<string, [columns: number, rows: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

const EMPTY_SPAN: ValueSpan = { kind: "log", min: 1e3, max: 1e9 };

function valueText(value: number | null, unit: string): string {
  return value === null ? "–" : formatQuantity(value, unit);
}
