/**
 * view.ts: everything that a link to the page carries, and what it is when a link says nothing.
 */
import type { Zone } from "../clock.ts";
import type { Colouring } from "../../core/heatmap/colour-scale.ts";
import type { Per } from "../heatmap/picture.ts";
import type { AxisKind } from "../../core/heatmap/value-span.ts";
import type { Against } from "../../core/api.ts";
import type { Range } from "./range.ts";
import type { Region, Values } from "./region.ts";
import type { Term } from "./terms.ts";

export const PERCENTILES = ["p50", "p90", "p99", "p999"] as const;
export type Percentile = (typeof PERCENTILES)[number];
export const PERCENTILE_LABELS: Record<Percentile, string> = { p50: "p50", p90: "p90", p99: "p99", p999: "p99.9" };

/** auto: as the system says. */
export type ThemeChoice = "auto" | "dark" | "light";

export interface View {
  /** `module.stat`: what a link falls back to when its instrumentation has gone. */
  readonly metric: string | null;
  readonly instrumentation: string | null;
  /** The field of the keys panel; null: the first that there is. */
  readonly by: string | null;
  readonly where: readonly Term[];
  readonly range: Range;
  /** For operators: show as this tenant sees it. */
  readonly tenant: string | null;
  readonly theme: ThemeChoice;
  readonly zone: Zone;
  readonly colouring: Colouring;
  readonly per: Per;
  /** null: what suits the scheme. */
  readonly axis: AxisKind | null;
  readonly percentiles: readonly Percentile[];
  /** The part of the value axis that is shown; null: wherever something was counted. */
  readonly values: Values | null;
  /** Keys of `by` that have a hue of their own, in the order of the palette. */
  readonly hues: readonly string[];
  readonly selection: Region | null;
  /** What the selection is compared with; "selection" is `other`. */
  readonly against: Against;
  readonly other: Region | null;
}

export const DEFAULT_VIEW: View = {
  metric: null,
  instrumentation: null,
  by: null,
  where: [],
  range: { kind: "last", seconds: 300 },
  tenant: null,
  theme: "auto",
  zone: "utc",
  colouring: "rank",
  per: "decade",
  axis: null,
  percentiles: ["p99"],
  values: null,
  hues: [],
  selection: null,
  against: "rest",
  other: null,
};
