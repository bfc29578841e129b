/**
 * use-page.ts: the state of a page besides the view's, with the address bar as its only copy.
 */
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { addressOf, sharedOf, type Own, type Page, type Shared } from "./route.ts";

export interface PageState {
  readonly shared: Shared;
  readonly params: URLSearchParams;
  /** Changes what is shared, or the page's own parameters, in place. */
  readonly change: (shared: Partial<Shared>, own?: Own) => void;
  /** The same as a new entry of the browser's history. */
  readonly move: (shared: Partial<Shared>, own?: Own) => void;
}

/** @param names the page's own parameters: others in the address are dropped when it is written */
export function usePage(page: Page, names: readonly string[]): PageState {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const read = (): void => setHash(location.hash);
    addEventListener("hashchange", read);
    addEventListener("popstate", read);
    return () => {
      removeEventListener("hashchange", read);
      removeEventListener("popstate", read);
    };
  }, []);
  const write = useCallback((shared: Partial<Shared>, own: Own, push: boolean) => {
    const params = new URLSearchParams(location.hash.slice(1));
    const kept = Object.fromEntries(names.map((name) => [name, params.getAll(name)]));
    const address = addressOf(page, { ...sharedOf(location.hash), ...shared }, { ...kept, ...own });
    if (push) history.pushState(null, "", address);
    else history.replaceState(history.state, "", address);
    setHash(address);
  }, []);
  return {
    shared: useMemo(() => sharedOf(hash), [hash]),
    params: useMemo(() => new URLSearchParams(hash.slice(1)), [hash]),
    change: useCallback((shared, own = {}) => write(shared, own, false), []),
    move: useCallback((shared, own = {}) => write(shared, own, true), []),
  };
}
