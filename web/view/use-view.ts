/**
 * use-view.ts: the view as the page's state, with the address bar as its only copy.
 *
 * A move (another range of time or values, another instrumentation, a selection) is an entry of the browser's history, so that
 * its back button, and escape, back out of it; adjustments replace the entry in place. Moves of one
 * kind that follow one another within a moment, as those of a wheel do, are one entry.
 */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { readAddress, writeAddress } from "./address.ts";
import type { Range } from "./range.ts";
import type { View } from "./view.ts";

export interface ViewState {
  readonly view: View;
  /** Adjusts the view in place. */
  readonly change: (change: Partial<View>) => void;
  /** Moves the view, remembering what was before. */
  readonly move: (change: Partial<View>) => void;
  /** Moves to a range. */
  readonly goTo: (range: Range) => void;
  /** Back to what was before the last move; to the live edge and all values where there was none. */
  readonly goBack: () => void;
}

/** Moves that come faster are one. */
const ONE_MOVE_MS = 600;

export function useView(): ViewState {
  const [view, setView] = useState(() => readAddress(location.hash));
  const current = useRef(view);
  const moved = useRef({ what: "", ms: -Infinity });
  const write = useCallback((change: Partial<View>, push: boolean) => {
    current.current = { ...current.current, ...change };
    setView(current.current);
    const address = `#${writeAddress(current.current)}`;
    if (push) history.pushState({ moves: movesOf() + 1 }, "", address);
    else history.replaceState({ moves: movesOf() }, "", address);
  }, []);
  useEffect(() => {
    const read = (): void => {
      current.current = readAddress(location.hash);
      setView(current.current);
    };
    addEventListener("hashchange", read);
    addEventListener("popstate", read);
    return () => {
      removeEventListener("hashchange", read);
      removeEventListener("popstate", read);
    };
  }, []);
  const change = useCallback((change: Partial<View>) => write(change, false), [write]);
  const move = useCallback(
    (change: Partial<View>) => {
      const [what, ms] = [Object.keys(change).join(), performance.now()];
      const again = what === moved.current.what && ms - moved.current.ms < ONE_MOVE_MS;
      moved.current = { what, ms };
      write(change, !again);
    },
    [write],
  );
  const goTo = useCallback((range: Range) => move({ range }), [move]);
  const goBack = useCallback(() => {
    moved.current = { what: "", ms: -Infinity };
    if (movesOf() > 0) history.back();
    else if (current.current.range.kind === "fixed")
      write({ range: { kind: "last", seconds: 300 }, values: null }, false);
    else write({ values: null }, false);
  }, [write]);
  return { view, change, move, goTo, goBack };
}

/** How many moves of this page lie before the history's entry. */
function movesOf(): number {
  const state = history.state as { readonly moves?: unknown } | null;
  return typeof state?.moves === "number" ? state.moves : 0;
}
