/**
 * distribution-view.tsx: a numeric instrumentation: heatmap, keys with their hues, and the selected region.
 */
import { useEffect, useMemo, useState } from "preact/hooks";
import { readBreakdown, readSeries } from "../api/resources.ts";
import { usePolled } from "../api/use-polled.ts";
import { clockText, serverNow, type Zone } from "../clock.ts";
import type { FeedState } from "../heatmap/feed.ts";
import { HeatmapPanel } from "../heatmap/heatmap-panel.tsx";
import { onlyKey } from "../heatmap/hues.ts";
import { useHeatmap } from "../heatmap/use-heatmap.ts";
import { useHues } from "../heatmap/use-hues.ts";
import type { Motion } from "../panels/header.tsx";
import { KeysPanel, SHOWN_KEYS } from "../panels/keys-panel.tsx";
import { SelectionPanel } from "../selection/selection-panel.tsx";
import { between, instantsOf, shifted } from "../view/range.ts";
import type { Region, Values } from "../view/region.ts";
import { admits, isolate, toggle, without } from "../view/terms.ts";
import { columnsFor, type SharedProps } from "./shared.ts";

interface Props extends SharedProps {
  readonly motion: Motion;
}

const KEYS_EVERY_MS = 4000;
const SPARK_COLUMNS = 40;
/** A pointer that only passes over a key asks for nothing. */
const LIT_AFTER_MS = 90;

export function DistributionView(props: Props) {
  const { instrumentation, by, view, aliases, scopeOf, change, move, motion, onMotion } = props;
  const [width, setWidth] = useState(0);
  const [hovered, setHovered] = useState<string | null>(null);
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
  // The first picture comes first: the engine has one set of threads, and side by side each of these waits for the others.
  const pictured = feed.heatmap !== null || feed.error !== null;
  const keysKey = by === null || !pictured ? null : JSON.stringify([keysScope, by, view.range]);
  const keysEvery = live ? KEYS_EVERY_MS : 0;
  const keys = usePolled(keysKey, keysEvery, async (signal) =>
    readBreakdown(keysScope, by ?? "", instantsOf(view.range, serverNow()), null, signal),
  );
  const sparks = usePolled(keysKey, keysEvery, async (signal) =>
    readSeries(keysScope, by, instantsOf(view.range, serverNow()), SPARK_COLUMNS, SHOWN_KEYS, signal),
  );
  const hues = useHues(by === null ? null : { scope, by, keys: view.hues }, feed);
  const shown = hovered !== null && by !== null && admits(view.where, by, hovered) ? hovered : null;
  const known = useMemo(() => (shown === null ? null : onlyKey(hues, shown)), [hues, shown]);
  const asked = useHues(
    by === null || shown === null || known !== null ? null : { scope, by, keys: [shown] },
    feed,
    LIT_AFTER_MS,
  );
  useEffect(() => onMotion(motionOf(feed, live)), [feed, live]);
  useEffect(() => {
    if (feed.error !== null) props.fail(feed.error);
  }, [feed.error]);
  const noun = props.metric?.unit ?? "events";
  const select = (region: Region): void => {
    // Whoever asked for another selection to compare with draws that one now.
    if (view.selection !== null && view.against === "selection" && view.other === null) change({ other: region });
    else move({ selection: region, other: null, against: view.against === "selection" ? "rest" : view.against });
  };
  const { selection } = view;
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
          hues={hues}
          lit={known ?? asked}
          crosshair={props.crosshair}
          onChange={change}
          onZoom={(from, to) => props.goTo(between(from, to))}
          onPan={(share) => props.goTo(shifted(instantsOf(view.range, serverNow()), share, serverNow()))}
          onValues={(values) => move({ values })}
          onSelect={select}
          onBack={props.goBack}
          onWidth={setWidth}
        />
        {by !== null && (
          <KeysPanel
            by={by}
            breakdown={keys.answer?.by === by ? keys.answer : null}
            sparks={sparks.answer}
            problem={keys.error?.message ?? null}
            where={view.where}
            hues={view.hues}
            aliases={aliases}
            unit={noun}
            onHues={(next) => change({ hues: next })}
            onHover={setHovered}
            onIsolate={(value) => change({ where: isolate(view.where, by, value) })}
            onExclude={(value) => change({ where: toggle(view.where, by, value, true) })}
          />
        )}
      </main>
      {selection !== null && feed.heatmap !== null && (
        <SelectionPanel
          {...props}
          region={selection}
          unit={feed.heatmap.unit}
          noun={noun}
          onZoom={() =>
            move({ range: between(selection.from, selection.to), values: bandOf(selection), selection: null })
          }
          onClose={() => change({ selection: null, other: null, against: "rest" })}
        />
      )}
    </>
  );
}

function bandOf({ low, high }: Region): Values | null {
  return low === null && high === null ? null : { low, high };
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
