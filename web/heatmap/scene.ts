/**
 * scene.ts: all that decides what a heatmap's chart shows, and all that it tells.
 */
import type { Heatmap } from "../../core/api.ts";
import type { Colouring, ColourScale } from "../../core/heatmap/colour-scale.ts";
import type { ValueSpan } from "../../core/heatmap/value-span.ts";
import type { Zone } from "../clock.ts";
import type { Colours } from "../theme.ts";
import type { Region, Values } from "../view/region.ts";
import type { Percentile } from "../view/view.ts";
import type { Cell } from "./cell.ts";
import type { Hues } from "./hues.ts";
import type { Outside, Per } from "./picture.ts";

export interface Scene {
  readonly heatmap: Heatmap;
  /** Epoch seconds at the plot's edges. */
  readonly fromTs: number;
  readonly toTs: number;
  readonly span: ValueSpan;
  readonly colouring: Colouring;
  readonly per: Per;
  readonly percentiles: readonly Percentile[];
  readonly colours: Colours;
  readonly zone: Zone;
  readonly selection: Region | null;
  /** What it is compared with. */
  readonly other: Region | null;
  /** null: colour stands for counts alone. */
  readonly hues: Hues | null;
  /** One key whose cells stand out for as long as it is pointed at. */
  readonly lit: Hues | null;
}

/** Where the plot lies in the chart's element, CSS pixels. */
export interface PlotBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface ChartEvents {
  /** @param columnOnly where another panel points at an instant, and at no value of this one */
  hover(cell: Cell | null, columnOnly: boolean): void;
  zoom(from: number, to: number): void;
  /** Shows a part of the value axis, its ends on buckets' edges. */
  band(values: Values): void;
  /** Moves the range by a share of its length; positive: to later. */
  pan(share: number): void;
  select(region: Region): void;
  painted(scale: ColourScale, plot: PlotBox, paintMs: number, leftOut: Outside): void;
}
