/**
 * board-lines.tsx: scalars on a board: a line a key, and the keys with their values under the shared crosshair.
 */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Series } from "../../core/api.ts";
import { quantity } from "../../core/units.ts";
import type { Stretch } from "../api/resources.ts";
import type { Zone } from "../clock.ts";
import type { Crosshair } from "../heatmap/crosshair.ts";
import { LinesChart, MAX_LINES, OTHER } from "../lines/lines-chart.ts";
import { stepLines } from "../lines/lines-keys.ts";
import { LinesReadout, shownColumn } from "../lines/lines-readout.tsx";
import { lineName } from "../panels/names.ts";
import type { Colours } from "../theme.ts";
import { useChartSize } from "./use-chart-size.ts";

interface Props {
  readonly name: string;
  readonly series: Series;
  readonly by: string | null;
  readonly stretch: Stretch;
  readonly colours: Colours;
  readonly zone: Zone;
  readonly aliases: ReadonlyMap<string, string>;
  readonly crosshair: Crosshair;
}

export function BoardLines({ name, series, by, stretch, colours, zone, aliases, crosshair }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<LinesChart | null>(null);
  const [index, setIndex] = useState<number | null>(null);
  useLayoutEffect(() => {
    if (host.current === null) return;
    const scene = { answer: series, colours, zone, edges: [stretch.from, stretch.to] as const };
    if (chart.current === null) chart.current = new LinesChart(host.current, scene, setIndex, crosshair);
    else chart.current.show(scene);
  }, [series, stretch, colours, zone]);
  useEffect(() => () => chart.current?.destroy(), []);
  useChartSize(host, () => chart.current?.resize());
  const at = shownColumn(series, index);
  return (
    <>
      <div class="panel-reading">
        <LinesReadout answer={series} at={at} zone={zone} />
      </div>
      <div
        class="heatmap lines"
        ref={host}
        tabIndex={0}
        role="group"
        aria-label={`lines of ${name}; arrow keys move the crosshair`}
        onKeyDown={(event) => stepLines(chart.current, event)}
        onBlur={() => chart.current?.leave()}
        data-board-lines
        data-columns={series.times.length}
      />
      <dl class="panel-side" aria-label="values">
        {series.series.slice(0, MAX_LINES).map(({ key, isOther, values }, i) => {
          const value = values[at] ?? null;
          const shown = value === null ? null : quantity(value, series.unit);
          return (
            <div key={isOther ? OTHER : key} data-key-value={key}>
              <dt>
                <i class={`swatch key-${i + 1}`} aria-hidden="true" />
                {lineName(by, { key, isOther }, aliases)}
              </dt>
              <dd>
                {shown === null ? "–" : shown.number} <span class="unit">{shown?.unit}</span>
              </dd>
            </div>
          );
        })}
      </dl>
    </>
  );
}
