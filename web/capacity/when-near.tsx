/**
 * when-near.tsx: a section that is put together, and asked for, once it comes near the window: each reads months of hours, and who looks at
 * one forecast need not wait for all of them, nor the engine work for nobody.
 */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

/** So far outside the window is near. */
const MARGIN = "240px";

interface Props {
  /** How much room is kept, as `Waiting` does. */
  readonly rows: number;
  readonly children: () => ComponentChildren;
}

export function WhenNear({ rows, children }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const [isNear, setNear] = useState(false);
  useEffect(() => {
    const element = place.current;
    if (element === null || isNear) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) setNear(true);
      },
      { rootMargin: MARGIN },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [isNear]);
  return isNear ? <>{children()}</> : <div class={`not-near rows-${rows}`} ref={place} />;
}
