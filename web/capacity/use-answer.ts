/**
 * use-answer.ts: one question of the page: its answer, the one before it until then, or why there is none.
 */
import { useCallback, useEffect, useState } from "preact/hooks";
import { ApiError, getJson, isAbort } from "../api/client.ts";
import { Turns } from "./in-turn.ts";

export interface Answered<T> {
  /** Of this question, or while it is being asked of the one before. */
  readonly answer: T | null;
  /** What `answer` answers. */
  readonly of: string | null;
  readonly isStale: boolean;
  readonly error: Error | null;
  readonly again: () => void;
}

const turns = new Turns(2);

/** @param path null asks nothing @param onSignedOut the server does not know the session any more */
export function useAnswer<T>(path: string | null, onSignedOut: () => void): Answered<T> {
  const [turn, setTurn] = useState(0);
  const [state, setState] = useState<{ of: string | null; answer: T | null; error: Error | null }>({
    of: null,
    answer: null,
    error: null,
  });
  useEffect(() => {
    if (path === null) return undefined;
    const controller = new AbortController();
    const { signal } = controller;
    turns
      .take(() => getJson<T>(path, signal), signal)
      .then(
        (answer) => setState({ of: path, answer, error: null }),
        (error: unknown) => {
          if (isAbort(error)) return;
          if (error instanceof ApiError && error.status === 401) onSignedOut();
          setState((before) => ({ ...before, error: error instanceof Error ? error : new Error(String(error)) }));
        },
      );
    return () => controller.abort();
  }, [path, turn]);
  const again = useCallback(() => {
    setState((before) => ({ ...before, error: null }));
    setTurn((before) => before + 1);
  }, []);
  return { ...state, isStale: state.of !== path, again };
}
