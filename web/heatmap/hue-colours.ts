/**
 * hue-colours.ts: the colour of each cell where keys have hues, or where one key is lit.
 *
 * A cell that several keys share is a mixture of their hues by share, as in the API's own pictures; the more there is, the further
 * it stands out from the plot, but one event is never taken for none. With a key lit, only its cells keep their colour.
 */
import type { HeatmapColumn } from "../../core/api.ts";
import type { ColourScale } from "../../core/heatmap/colour-scale.ts";
import type { Rgb } from "../../core/heatmap/oklab.ts";
import { packRgb } from "../../core/heatmap/ramp.ts";
import type { Buckets } from "../../core/histogram/buckets.ts";
import type { Hues } from "./hues.ts";
import type { LaidPicture } from "./picture.ts";

export interface HueInks {
  readonly keys: readonly Rgb[];
  readonly other: Rgb;
  readonly plot: Rgb;
}

/** What of each cell belongs to a set of keys, and the mixture of their inks. Laid out as the picture's counts. */
interface Mixture {
  readonly known: Float32Array;
  /** Three channels a cell, each weighed by count. */
  readonly inks: Float32Array;
}

const FAINTEST = 0.4;
const DIMMED = 0.16;

/** How a hue reads from the fewest events to the most: 256 colours, for a legend. */
export function strengths(ink: Rgb, plot: Rgb): readonly Rgb[] {
  return Array.from({ length: 256 }, (_, i) => towards(plot, ink, strengthAt(i)));
}

const strengthAt = (index: number): number => FAINTEST + (1 - FAINTEST) * (index / 255);

function towards(plot: Rgb, ink: Rgb, strength: number): Rgb {
  const channel = (at: 0 | 1 | 2): number => Math.round(plot[at] + (ink[at] - plot[at]) * strength);
  return [channel(0), channel(1), channel(2)];
}

/** @returns a packed pixel for each cell; 0 for none */
export function hueColours(
  picture: LaidPicture,
  columns: readonly HeatmapColumn[],
  buckets: Buckets,
  scale: ColourScale,
  hues: Hues,
  inks: HueInks,
): Uint32Array {
  const mixture = mix(picture, columns, buckets, hues, (k) => inks.keys[k % inks.keys.length] ?? inks.other);
  const colours = new Uint32Array(picture.counts.length);
  for (let cell = 0; cell < colours.length; cell++) {
    const count = picture.counts[cell] ?? 0;
    if (count <= 0) continue;
    // Counts of late rows may be in the hues and not yet in the picture.
    const other = Math.max(0, count - (mixture.known[cell] ?? 0));
    const total = other + (mixture.known[cell] ?? 0);
    const hue = (at: 0 | 1 | 2): number => ((mixture.inks[cell * 3 + at] ?? 0) + inks.other[at] * other) / total;
    const strength = strengthAt(scale.indexOf(picture.weights[cell] ?? 0));
    colours[cell] = packRgb(towards(inks.plot, [hue(0), hue(1), hue(2)], strength));
  }
  return colours;
}

/** The lit key's cells on the ramp, by its own counts; all others as shadows. */
export function litColours(
  picture: LaidPicture,
  columns: readonly HeatmapColumn[],
  buckets: Buckets,
  scale: ColourScale,
  lit: Hues,
  inks: HueInks,
  ramp: Uint32Array,
): Uint32Array {
  const { known } = mix(picture, columns, buckets, lit, () => inks.other);
  const shadow = packRgb(towards(inks.plot, inks.other, DIMMED));
  const colours = new Uint32Array(picture.counts.length);
  for (let cell = 0; cell < colours.length; cell++) {
    const count = picture.counts[cell] ?? 0;
    if (count <= 0) continue;
    const own = Math.min(count, known[cell] ?? 0);
    colours[cell] = own === 0 ? shadow : (ramp[scale.indexOf(((picture.weights[cell] ?? 0) * own) / count)] ?? shadow);
  }
  return colours;
}

function mix(
  { counts, rows, rowOf }: LaidPicture,
  columns: readonly HeatmapColumn[],
  buckets: Buckets,
  hues: Hues,
  inkOf: (key: number) => Rgb,
): Mixture {
  const known = new Float32Array(counts.length);
  const inks = new Float32Array(counts.length * 3);
  columns.forEach((column, c) => {
    hues.columns.get(column.ts)?.forEach(({ bucket, count }, k) => {
      const ink = inkOf(k);
      for (let i = 0; i < bucket.length; i++) {
        const row = rowOf[(bucket[i] ?? 0) - buckets.first] ?? -1;
        if (row < 0) continue;
        const cell = c * rows.length + row;
        const events = count[i] ?? 0;
        known[cell] = (known[cell] ?? 0) + events;
        for (const at of [0, 1, 2] as const) inks[cell * 3 + at] = (inks[cell * 3 + at] ?? 0) + ink[at] * events;
      }
    });
  });
  return { known, inks };
}
