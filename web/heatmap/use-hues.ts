/**
 * use-hues.ts: the hues of some keys, read once for the picture and then, live, for each new column as it comes.
 *
 * The live stream has columns of all keys together. So the newest are read again by key: a small question a second, never two at
 * once, and until it is answered those columns are "other".
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { isAbort } from "../api/client.ts";
import { readHeatmap, type Scope } from "../api/resources.ts";
import type { FeedState } from "./feed.ts";
import { firstWithout, withAnswer, type Hues } from "./hues.ts";

/** A host may still be late with the newest columns. */
const OVERLAP_COLUMNS = 3;

export interface HuesQuestion {
  readonly scope: Scope;
  readonly by: string;
  readonly keys: readonly string[];
}

/** @param question null: none. @param afterMs so long after the question changed it is asked, for what a pointer passes over */
export function useHues(
  question: HuesQuestion | null,
  { heatmap, answered }: Pick<FeedState, "heatmap" | "answered">,
  afterMs = 0,
): Hues | null {
  const [hues, setHues] = useState<Hues | null>(null);
  const asking = useRef<AbortController | null>(null);
  const key = question === null || question.keys.length === 0 ? null : JSON.stringify(question);
  const latest = useRef({ question, heatmap });
  latest.current = { question, heatmap };

  const ask = (from: number, before: Hues | null): void => {
    const { question, heatmap } = latest.current;
    if (question === null || heatmap === null) return;
    const request = new AbortController();
    asking.current = request;
    const { stepSec, toTs } = heatmap;
    const stretch = { from, to: toTs };
    const groups = { by: question.by, keys: question.keys };
    readHeatmap(question.scope, stretch, Math.max(1, Math.round((toTs - from) / stepSec)), request.signal, groups).then(
      (answer) => {
        asking.current = null;
        if (answer.stepSec === stepSec) setHues(withAnswer(before, question.by, question.keys, answer));
      },
      (error: unknown) => {
        // The picture says what is wrong with the connection; hues come with the next column.
        if (!isAbort(error)) asking.current = null;
      },
    );
  };
  useEffect(() => {
    setHues(null);
    if (key === null || answered === null) return undefined;
    const timer = setTimeout(() => ask(latest.current.heatmap?.fromTs ?? 0, null), afterMs);
    return () => {
      clearTimeout(timer);
      asking.current?.abort();
      asking.current = null;
    };
  }, [key, answered]);
  useEffect(() => {
    if (hues === null || heatmap === null || asking.current !== null) return;
    const first = firstWithout(hues, heatmap);
    if (first !== null) ask(Math.max(heatmap.fromTs, first - OVERLAP_COLUMNS * heatmap.stepSec), hues);
    // Not when hues come: a store that is behind would be asked again and again.
  }, [heatmap]);
  return key === null ? null : hues;
}
