/**
 * distribution-view.tsx: a numeric instrumentation: heatmap, keys, and the breakdown of a selected region.
 */
import { useEffect, useState } from "preact/hooks";
import { readBreakdown } from "../api/resources.ts";
import { usePolled } from "../api/use-polled.ts";
import { clockText, serverNow, type Zone } from "../clock.ts";
import type { Region } from "../heatmap/chart.ts";
import type { FeedState } from "../heatmap/feed.ts";
import { HeatmapPanel } from "../heatmap/heatmap-panel.tsx";
import { useHeatmap } from "../heatmap/use-heatmap.ts";
import type { Motion } from "../panels/header.tsx";
import { KeysPanel } from "../panels/keys-panel.tsx";
import { SelectionPanel } from "../panels/selection-panel.tsx";
import { between, instantsOf } from "../view/range.ts";
import { isolate, toggle, without } from "../view/terms.ts";
import { columnsFor, type SharedProps } from "./shared.ts";

interface Props extends SharedProps {
  readonly motion: Motion;
  readonly selection: Region | null;
  readonly onSelection: (selection: Region | null) => void;
}

const KEYS_EVERY_MS = 4000;

export function DistributionView(props: Props) {
  const { instrumentation, by, view, aliases, scopeOf, change, motion, onMotion, selection } = props;
  const [width, setWidth] = useState(0);
  const columns = width === 0 ? 0 : columnsFor(width);
  const live = view.range.kind === "last";
  const scope = scopeOf(view.where);
  const key = columns === 0 ? null : JSON.stringify([scope, view.range, columns]);
  const feed = useHeatmap(key, () => ({
    scope,
    stretch: instantsOf(view.range, serverNow()),
    columns,
    granularitySec: instrumentation.granularitySec,
    unit: valueUnit(props),
    live,
  }));
  const keysScope = scopeOf(by === null ? view.where : without(view.where, by));
  const keysKey = by === null ? null : JSON.stringify([keysScope, by, view.range]);
  const keys = usePolled(keysKey, live ? KEYS_EVERY_MS : 0, async (signal) =>
    readBreakdown(keysScope, by ?? "", instantsOf(view.range, serverNow()), null, signal),
  );
  useEffect(() => onMotion(motionOf(feed, live)), [feed, live]);
  useEffect(() => {
    if (feed.error !== null) props.fail(feed.error);
  }, [feed.error]);
  const noun = props.metric?.unit ?? "events";
  return (
    <>
      <main class="stage">
        <HeatmapPanel
          instrumentation={instrumentation}
          noun={noun}
          view={view}
          feed={feed}
          motion={motion}
          colours={props.colours}
          message={messageOf(feed, motion, view.zone)}
          selection={selection}
          onChange={change}
          onZoom={(from, to) => props.goTo(between(from, to))}
          onSelect={props.onSelection}
          onBack={props.goBack}
          onWidth={setWidth}
        />
        {by !== null && (
          <KeysPanel
            by={by}
            breakdown={keys.answer?.by === by ? keys.answer : null}
            problem={keys.error?.message ?? null}
            where={view.where}
            aliases={aliases}
            unit={noun}
            onIsolate={(value) => change({ where: isolate(view.where, by, value) })}
            onExclude={(value) => change({ where: toggle(view.where, by, value, true) })}
          />
        )}
      </main>
      {selection !== null && feed.heatmap !== null && (
        <SelectionPanel {...props} region={selection} heatmap={feed.heatmap} onClose={() => props.onSelection(null)} />
      )}
    </>
  );
}

/** The catalogue says of which type the numeric field is; the API's base units follow from it. */
function valueUnit({ metric, instrumentation }: SharedProps): string | null {
  const type = metric?.fields.find((field) => field.name === instrumentation.numeric)?.type;
  return type === undefined || type === "number" || type === "string" ? null : type;
}

function motionOf(feed: FeedState, live: boolean): Motion {
  if (feed.error !== null) return "error";
  if (feed.loading) return feed.heatmap === null ? "connecting" : "loading";
  if (!live) return "paused";
  return feed.stream === "live" ? "live" : feed.stream === "disconnected" ? "disconnected" : "connecting";
}

/** What a picture cannot say by itself. */
function messageOf(feed: FeedState, motion: Motion, zone: Zone): string | null {
  if (feed.error !== null) return `could not read this: ${feed.error.message}`;
  if (feed.heatmap === null) return "reading …";
  if (motion === "disconnected") {
    const since = feed.heardMs === null ? "" : ` since ${clockText(feed.heardMs / 1000, zone)}`;
    return `no connection${since}; trying again`;
  }
  if (!feed.loading && feed.heatmap.columns.every((column) => column.bucket.length === 0)) {
    return feed.answered?.live === true ? "no data yet: waiting for the first column" : "nothing in this range";
  }
  return null;
}
