/**
 * use-scene.ts: what the chart shows, made of the feed and the view; and the value span, which only grows while live.
 */
import { useMemo, useRef } from "preact/hooks";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { parseScheme } from "../../core/histogram/scheme.ts";
import { spanOf, union, type AxisKind, type ValueSpan } from "../../core/heatmap/value-span.ts";
import type { Colours } from "../theme.ts";
import type { Values } from "../view/region.ts";
import type { View } from "../view/view.ts";
import type { FeedState } from "./feed.ts";
import type { Hues } from "./hues.ts";
import type { Scene } from "./scene.ts";

export interface SceneSources {
  readonly view: View;
  readonly feed: FeedState;
  readonly colours: Colours;
  readonly hues: Hues | null;
  readonly lit: Hues | null;
}

export function useScene({ view, feed, colours, hues, lit }: SceneSources): Scene | null {
  const { heatmap, answered, loading } = feed;
  const kept = useRef<{ answered: unknown; span: ValueSpan | null }>({ answered: null, span: null });
  return useMemo(() => {
    if (heatmap === null || answered === null) return null;
    const buckets = bucketsOf(parseScheme(heatmap.scheme));
    const kind = axisKindOf(view, heatmap.scheme);
    const before = kept.current.answered === answered ? kept.current.span : null;
    const counted = union(before, spanOf(kind, buckets, heatmap.columns));
    kept.current = { answered, span: counted };
    const { range } = view;
    // A zoom shows at once, in the columns that are there; the finer ones replace them when they come.
    const early = loading && range.kind === "fixed";
    const toTs = early ? range.to : heatmap.toTs;
    const length = answered.live ? answered.stretch.to - answered.stretch.from : heatmap.toTs - heatmap.fromTs;
    const fromTs = early ? range.from : toTs - length;
    const { colouring, per, percentiles, zone, selection, other } = view;
    const span = narrowed(counted ?? EMPTY_SPAN, view.values);
    return { heatmap, fromTs, toTs, span, colouring, per, percentiles, colours, zone, selection, other, hues, lit };
  }, [heatmap, answered, loading, view, colours, hues, lit]);
}

/** What the link says, else what suits the scheme. */
export function axisKindOf(view: View, scheme: string): AxisKind {
  return view.axis ?? (scheme.startsWith("lquantize") ? "linear" : "log");
}

/** The part of the span that is wanted; a band that no axis of this kind can show is left as it was. */
function narrowed(span: ValueSpan, values: Values | null): ValueSpan {
  const min = values?.low ?? span.min;
  const max = values?.high ?? span.max;
  if (min >= max || (span.kind === "log" && min <= 0)) return max > span.min ? { ...span, max } : span;
  return { ...span, min, max };
}

/** Where nothing was counted yet: an axis to wait in. */
const EMPTY_SPAN: ValueSpan = { kind: "log", min: 1e3, max: 1e9 };
