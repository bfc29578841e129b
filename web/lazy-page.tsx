/**
 * lazy-page.tsx: a page whose code comes when it is first asked for, so that the first view is small.
 *
 * Until it is there the place says so; where it does not come (a slow or a broken link) it says that, and offers another try.
 */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

/** @param load an `import()`; a failed one is asked for again with each try */
export function lazyPage<P extends object>(load: () => Promise<ComponentType<P>>): (props: P) => preact.JSX.Element {
  let known: ComponentType<P> | null = null;
  return function LazyPage(props: P) {
    const [failed, setFailed] = useState(false);
    const [, arrived] = useState(0);
    useEffect(() => {
      if (known !== null || failed) return;
      load().then(
        (page) => {
          known = page;
          arrived((before) => before + 1);
        },
        () => setFailed(true),
      );
    }, [failed]);
    if (known !== null) {
      const Page = known;
      return <Page {...props} />;
    }
    if (!failed) return <p class="whole-page quiet">loading …</p>;
    return (
      <p class="whole-page">
        <span>
          this page could not be loaded: no answer from the server{" "}
          <button type="button" class="word link" onClick={() => setFailed(false)}>
            try again
          </button>
        </span>
      </p>
    );
  };
}
