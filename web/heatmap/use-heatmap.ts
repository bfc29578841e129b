/**
 * use-heatmap.ts: a feed that follows what the page asks for.
 */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { HeatmapFeed, type FeedState, type HeatmapQuery } from "./feed.ts";

const EMPTY: FeedState = {
  heatmap: null,
  answered: null,
  loading: true,
  error: null,
  stream: "idle",
  heardMs: null,
  fresh: [],
};

/**
 * @param key names the question: a new key asks anew; null asks nothing
 * @param query is called when it is asked, for the instant "now" of a moving range
 */
export function useHeatmap(key: string | null, query: () => HeatmapQuery | null): FeedState {
  const [state, setState] = useState(EMPTY);
  const feed = useRef<HeatmapFeed | null>(null);
  // Not after the next frame, as an effect would: all that is there to draw is what waits for this.
  useLayoutEffect(() => {
    feed.current ??= new HeatmapFeed(setState);
    const asked = key === null ? null : query();
    if (asked === null) feed.current.close();
    else feed.current.open(asked);
    // `query` closes over what `key` names.
  }, [key]);
  useEffect(() => () => feed.current?.close(), []);
  return state;
}
