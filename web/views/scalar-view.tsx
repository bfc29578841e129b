/**
 * scalar-view.tsx: an instrumentation of scalars: lines by key, read again at its granularity while it is live.
 */
import { useEffect, useState } from "preact/hooks";
import { readSeries } from "../api/resources.ts";
import { usePolled } from "../api/use-polled.ts";
import { serverNow } from "../clock.ts";
import { MAX_LINES } from "../lines/lines-chart.ts";
import { LinesPanel } from "../lines/lines-panel.tsx";
import { between, instantsOf } from "../view/range.ts";
import { isolate } from "../view/terms.ts";
import { columnsFor, type SharedProps } from "./shared.ts";

export function ScalarView(props: SharedProps) {
  const { instrumentation, by, view, aliases, scopeOf, change, onMotion } = props;
  const [width, setWidth] = useState(0);
  const columns = width === 0 ? 0 : columnsFor(width);
  const live = view.range.kind === "last";
  const scope = scopeOf(view.where);
  const key = columns === 0 ? null : JSON.stringify([scope, by, view.range, columns]);
  const everyMs = live ? Math.max(1000, instrumentation.granularitySec * 1000) : 0;
  const polled = usePolled(key, everyMs, async (signal) =>
    readSeries(scope, by, instantsOf(view.range, serverNow()), columns, MAX_LINES - 1, signal),
  );
  const motion =
    polled.error !== null ? "disconnected" : polled.answer === null ? "connecting" : live ? "live" : "paused";
  useEffect(() => onMotion(motion), [motion]);
  useEffect(() => {
    if (polled.error !== null) props.fail(polled.error);
  }, [polled.error]);
  const empty = polled.answer !== null && polled.answer.series.length === 0;
  return (
    <main class="stage">
      <LinesPanel
        name={instrumentation.metric}
        by={by}
        answer={polled.answer}
        view={view}
        motion={motion}
        colours={props.colours}
        message={polled.answer === null ? "reading …" : empty ? "nothing in this range" : null}
        aliases={aliases}
        crosshair={props.crosshair}
        onZoom={(from, to) => props.goTo(between(from, to))}
        onBack={props.goBack}
        onIsolate={(value) => by !== null && change({ where: isolate(view.where, by, value) })}
        onWidth={setWidth}
      />
    </main>
  );
}
