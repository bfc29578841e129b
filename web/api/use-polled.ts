/**
 * use-polled.ts: an answer that is asked for again and again while the page is visible.
 *
 * The answer before stays until the next is there. The next request starts a pause after the last one ended, so a slow
 * server is never asked twice at once.
 */
import { useEffect, useState } from "preact/hooks";
import { isAbort } from "./client.ts";

export interface Polled<T> {
  readonly answer: T | null;
  readonly error: Error | null;
  /** Whether `answer` answers an earlier question. */
  readonly stale: boolean;
}

/**
 * @param key what is asked; another key asks at once; null asks nothing
 * @param everyMs 0: ask once
 */
export function usePolled<T>(key: string | null, everyMs: number, ask: (signal: AbortSignal) => Promise<T>): Polled<T> {
  const [state, setState] = useState<{ key: string | null; answer: T | null; error: Error | null }>({
    key: null,
    answer: null,
    error: null,
  });
  useEffect(() => {
    if (key === null) return undefined;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = (): void => {
      if (everyMs > 0 && !controller.signal.aborted) timer = setTimeout(turn, everyMs);
    };
    const turn = (): void => {
      if (document.hidden) {
        again();
        return;
      }
      ask(controller.signal)
        .then((answer) => setState({ key, answer, error: null }))
        .catch((error: unknown) => {
          if (isAbort(error)) return;
          setState((before) => ({ ...before, error: error instanceof Error ? error : new Error(String(error)) }));
        })
        .finally(again);
    };
    turn();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
    // `ask` closes over what `key` names.
  }, [key, everyMs]);
  return { answer: state.answer, error: state.error, stale: state.key !== key };
}
