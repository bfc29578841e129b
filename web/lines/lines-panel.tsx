/**
 * lines-panel.tsx: an instrumentation of scalars: one line a key, and the keys with their values under the crosshair.
 */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Series } from "../../core/api.ts";
import type { Crosshair } from "../heatmap/crosshair.ts";
import { fieldName, lineName } from "../panels/names.ts";
import type { Motion } from "../panels/header.tsx";
import type { Colours } from "../theme.ts";
import { quantity } from "../../core/units.ts";
import { admits } from "../view/terms.ts";
import type { View } from "../view/view.ts";
import { LinesChart, MAX_LINES, OTHER } from "./lines-chart.ts";
import { stepLines } from "./lines-keys.ts";
import { LinesReadout, shownColumn } from "./lines-readout.tsx";

interface Props {
  /** What is measured. */
  readonly name: string;
  readonly by: string | null;
  readonly answer: Series | null;
  readonly view: View;
  readonly motion: Motion;
  readonly colours: Colours;
  readonly message: string | null;
  readonly aliases: ReadonlyMap<string, string>;
  /** Shared by the panels of a page. */
  readonly crosshair: Crosshair;
  readonly onZoom: (from: number, to: number) => void;
  readonly onBack: () => void;
  readonly onIsolate: (value: string) => void;
  readonly onWidth: (cssPx: number) => void;
}

export function LinesPanel(props: Props) {
  const { answer, view, colours, motion } = props;
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<LinesChart | null>(null);
  const [index, setIndex] = useState<number | null>(null);
  const latest = useRef(props);
  latest.current = props;
  useLayoutEffect(() => {
    if (host.current === null || answer === null) return;
    const scene = { answer, colours, zone: view.zone };
    if (chart.current !== null) chart.current.show(scene);
    else {
      const zoom = (from: number, to: number): void => latest.current.onZoom(from, to);
      chart.current = new LinesChart(host.current, scene, setIndex, props.crosshair, zoom);
    }
  }, [answer, colours, view.zone]);
  useEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    props.onWidth(element.clientWidth);
    const observer = new ResizeObserver(() => {
      props.onWidth(element.clientWidth);
      chart.current?.resize();
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.current?.destroy();
    };
  }, []);
  const at = shownColumn(answer, index);
  return (
    <>
      <section class="heatmap-panel" aria-label={props.name}>
        <div class="over-plot">
          <LinesReadout answer={answer} at={at} zone={view.zone} />
        </div>
        <div
          class="heatmap lines"
          ref={host}
          tabIndex={0}
          role="group"
          aria-label={`lines of ${props.name}; arrow keys move the crosshair`}
          data-lines
          data-state={motion}
          data-columns={answer?.times.length ?? 0}
          onKeyDown={(event) => stepLines(chart.current, event)}
          onBlur={() => chart.current?.leave()}
          onDblClick={props.onBack}
        >
          {props.message !== null && <p class="plot-message">{props.message}</p>}
        </div>
      </section>
      <LineKeys {...props} at={at} />
    </>
  );
}

function LineKeys({ by, answer, at, view, aliases, onIsolate }: Props & { readonly at: number }) {
  return (
    <aside class="keys" aria-label="keys" data-keys={by ?? ""}>
      <div class="keys-head">
        <h2>{by === null ? "all" : fieldName(by)}</h2>
      </div>
      <ul>
        {answer?.series.slice(0, MAX_LINES).map(({ key, isOther, values }, i) => {
          const value = values[at];
          const shown = value === null || value === undefined ? null : quantity(value, answer.unit);
          const counted = by === null || isOther || admits(view.where, by, key);
          return (
            <li class={counted ? "key" : "key out"} key={isOther ? OTHER : key} data-key-value={key}>
              <button type="button" class="key-main" disabled={by === null || isOther} onClick={() => onIsolate(key)}>
                <i class={`swatch key-${i + 1}`} aria-hidden="true" />
                <span class="name">{lineName(by, { key, isOther }, aliases)}</span>
                <span class="total">
                  {shown?.number ?? "–"} <span class="unit">{shown?.unit}</span>
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </aside>
  );
}
