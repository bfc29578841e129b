/**
 * shared.ts: what both kinds of view get from the page.
 */
import type { InstrumentationInfo, MetricInfo } from "../../core/api.ts";
import type { Scope } from "../api/resources.ts";
import type { Crosshair } from "../heatmap/crosshair.ts";
import type { Motion } from "../panels/header.tsx";
import type { Colours } from "../theme.ts";
import type { Range } from "../view/range.ts";
import type { Term } from "../view/terms.ts";
import type { View } from "../view/view.ts";

export interface SharedProps {
  readonly instrumentation: InstrumentationInfo;
  /** null where the catalogue does not have it (any more). */
  readonly metric: MetricInfo | null;
  /** The field of the keys panel. */
  readonly by: string | null;
  readonly view: View;
  readonly colours: Colours;
  readonly aliases: ReadonlyMap<string, string>;
  readonly scopeOf: (where: readonly Term[]) => Scope;
  readonly crosshair: Crosshair;
  /** Whether one who looks may have something measured. */
  readonly mayWrite: boolean;
  /** Adjusts the view in place. */
  readonly change: (change: Partial<View>) => void;
  /** Moves the view, so that one can come back. */
  readonly move: (change: Partial<View>) => void;
  readonly goTo: (range: Range) => void;
  readonly goBack: () => void;
  readonly fail: (reason: unknown) => void;
  readonly onMotion: (motion: Motion) => void;
  /** Something new is measured: show it. */
  readonly onInstrumentation: (made: InstrumentationInfo) => void;
  /** What is shown now, between fixed instants. */
  readonly shownRange: () => Range;
}

/** Widths in steps, so that a window that is being dragged asks for new columns only now and then. */
export function columnsFor(widthPx: number): number {
  const pixels = widthPx * Math.min(2, devicePixelRatio);
  return Math.min(2000, Math.max(200, Math.floor(pixels / 100) * 100));
}
