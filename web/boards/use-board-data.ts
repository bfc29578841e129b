/**
 * use-board-data.ts: the answers of all panels of a board, over one stretch of time, asked for again and again while it is live.
 *
 * Panels are read and not streamed: a browser has six connections to a server, and a board may have two dozen panels. All are asked
 * for one stretch at a time, and the next turn begins a pause after the last answer, so a slow link is never asked twice at once.
 * On the first turn each panel shows what it has as soon as it has it; from then on they change together, so that they never tell of
 * different times.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Heatmap, Series } from "../../core/api.ts";
import { isAbort } from "../api/client.ts";
import { readHeatmap, readSeries, type Scope, type Stretch } from "../api/resources.ts";
import { serverNow } from "../clock.ts";
import { MAX_LINES } from "../lines/lines-chart.ts";
import { instantsOf, spanOfRange, type Range } from "../view/range.ts";

/** What one panel asks. */
export interface Question {
  readonly kind: "heatmap" | "series";
  readonly scope: Scope;
  readonly by: string | null;
  /** Base unit of the values, where the catalogue knows it better than the answer. */
  readonly unit: string | null;
}

export type Answer =
  | { readonly kind: "heatmap"; readonly heatmap: Heatmap }
  | { readonly kind: "series"; readonly series: Series }
  | { readonly kind: "failed"; readonly error: Error };

export interface BoardData {
  /** What the time axis shows; null until the first turn. */
  readonly stretch: Stretch | null;
  /** By question, as text. */
  readonly answers: ReadonlyMap<string, Answer>;
  /** What went wrong with all of the last turn; the pictures are of the one before. */
  readonly error: Error | null;
  readonly loading: boolean;
}

/** Hosts report a second a moment after it has ended. */
const SETTLE_SEC = 2;
const MIN_PAUSE_MS = 1500;
const MAX_PAUSE_MS = 30_000;

/** @param questions null for panels that ask nothing. @param columns 0: the width is not known yet */
export function useBoardData(questions: readonly (Question | null)[], range: Range, columns: number): BoardData {
  const [data, setData] = useState<BoardData>({ stretch: null, answers: new Map(), error: null, loading: true });
  const asked = questions.filter((each) => each !== null);
  const key = JSON.stringify([asked, range, columns]);
  const known = useRef(data.answers);
  known.current = data.answers;
  useEffect(() => {
    if (columns === 0) return undefined;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = (): void => {
      if (range.kind === "last" && !controller.signal.aborted) timer = setTimeout(turn, pauseMs(range, columns));
    };
    const turn = (): void => {
      if (document.hidden) {
        again();
        return;
      }
      void readTurn(asked, stretchOf(range), columns, controller.signal, known.current, setData).finally(again);
    };
    setData((before) => ({ ...before, loading: true }));
    turn();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
    // The questions are in the key.
  }, [key]);
  return data;
}

export function questionKey(question: Question): string {
  return JSON.stringify(question);
}

async function readTurn(
  questions: readonly Question[],
  stretch: Stretch,
  columns: number,
  signal: AbortSignal,
  before: ReadonlyMap<string, Answer>,
  setData: (change: (before: BoardData) => BoardData) => void,
): Promise<void> {
  const answers = new Map<string, Answer>();
  await Promise.all(
    questions.map(async (question) => {
      const key = questionKey(question);
      const answer = await readOne(question, stretch, columns, signal);
      if (signal.aborted) return;
      answers.set(key, answer);
      // A panel without a picture need not wait for the others.
      const shown = before.get(key);
      if (shown === undefined || shown.kind === "failed")
        setData((data) => ({
          ...data,
          stretch: data.stretch ?? stretch,
          answers: new Map([...data.answers, [key, answer]]),
        }));
    }),
  );
  if (signal.aborted) return;
  const failed = [...answers.values()].flatMap((each) => (each.kind === "failed" ? [each.error] : []));
  const [first] = failed;
  // With the connection gone the pictures stay as they are.
  if (first !== undefined && failed.length === answers.size) {
    setData((data) => {
      const pictures = [...answers].map(([key, answer]): [string, Answer] => [key, data.answers.get(key) ?? answer]);
      return { ...data, answers: new Map(pictures), error: first, loading: false };
    });
  } else setData(() => ({ stretch, answers, error: null, loading: false }));
}

async function readOne(question: Question, stretch: Stretch, columns: number, signal: AbortSignal): Promise<Answer> {
  const { kind, scope, by, unit } = question;
  try {
    if (kind === "series") {
      return { kind, series: await readSeries(scope, by, stretch, columns, MAX_LINES - 1, signal) };
    }
    const heatmap = await readHeatmap(scope, stretch, columns, signal);
    return { kind, heatmap: { ...heatmap, unit: unit ?? heatmap.unit } };
  } catch (error) {
    if (isAbort(error)) return { kind: "failed", error: new Error("it was given up") };
    return { kind: "failed", error: error instanceof Error ? error : new Error(String(error)) };
  }
}

function stretchOf(range: Range): Stretch {
  return instantsOf(range, range.kind === "last" ? Math.floor(serverNow()) - SETTLE_SEC : 0);
}

/** As often as there is a new column, within reason. */
function pauseMs(range: Range, columns: number): number {
  return Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, (spanOfRange(range) / columns) * 1000));
}
