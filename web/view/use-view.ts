/**
 * use-view.ts: the view as the page's state, with the address bar as its only copy.
 *
 * Changes of range are remembered so that one can back out of a zoom; others replace the address in place.
 */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { readAddress, writeAddress } from "./address.ts";
import type { Range } from "./range.ts";
import type { View } from "./view.ts";

export interface ViewState {
  readonly view: View;
  readonly change: (change: Partial<View>) => void;
  /** Goes to a range, remembering the one before. */
  readonly goTo: (range: Range) => void;
  /** Back to the range before; to the live edge where there is none. */
  readonly goBack: () => void;
}

const MAX_REMEMBERED = 50;

export function useView(): ViewState {
  const [view, setView] = useState(() => readAddress(location.hash));
  const current = useRef(view);
  const past = useRef<Range[]>([]);
  const change = useCallback((change: Partial<View>) => {
    current.current = { ...current.current, ...change };
    setView(current.current);
    history.replaceState(null, "", `#${writeAddress(current.current)}`);
  }, []);
  useEffect(() => {
    const read = (): void => {
      current.current = readAddress(location.hash);
      setView(current.current);
    };
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);
  const goTo = useCallback(
    (range: Range) => {
      past.current = [...past.current, current.current.range].slice(-MAX_REMEMBERED);
      change({ range });
    },
    [change],
  );
  const goBack = useCallback(() => {
    const range = past.current.pop();
    if (range !== undefined) change({ range });
    else if (current.current.range.kind === "fixed") change({ range: { kind: "last", seconds: 300 } });
  }, [change]);
  return { view, change, goTo, goBack };
}
