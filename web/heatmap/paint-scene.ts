/**
 * paint-scene.ts: a scene's cells as pixels: by their counts, by their keys' hues, or with one key lit.
 */
import { colourScale, type ColourScale } from "../../core/heatmap/colour-scale.ts";
import { paint, paintRows, type Inks } from "../../core/heatmap/paint.ts";
import { packRamp, packRgb, parseHex, rampOf } from "../../core/heatmap/ramp.ts";
import type { Buckets } from "../../core/histogram/buckets.ts";
import { hueColours, litColours } from "./hue-colours.ts";
import { buildPicture, type LaidPicture } from "./picture.ts";
import type { Scene } from "./scene.ts";

export const HATCH_PERIOD_PX = 7;

/**
 * @param ratio device pixels in a CSS pixel
 * @param before what was painted last, taken over (picture.ts)
 */
export function paintScene(
  image: ImageData,
  scene: Scene,
  buckets: Buckets,
  ratio: number,
  before: LaidPicture | null = null,
): { readonly picture: LaidPicture; readonly scale: ColourScale } {
  const { heatmap, colours, fromTs, toTs, hues, lit } = scene;
  const { width, height } = image;
  const picture = buildPicture(heatmap, buckets, { ...scene, width, height }, before);
  const scale = colourScale(scene.colouring, picture.weights, picture.bins);
  const pixels = new Uint32Array(image.data.buffer);
  const period = Math.round(HATCH_PERIOD_PX * ratio);
  const ramp = packRamp(rampOf(colours.theme));
  const inks = {
    ramp,
    background: packRgb(colours.plot),
    hatch: packRgb(colours.hatch),
    period,
    thickness: Math.max(1, Math.round(ratio)),
    phase: Math.round(fromTs * (width / (toTs - fromTs))) % period,
  };
  if (lit === null && hues === null) {
    if (scale.byBin === null) paint(pixels, picture, scale, inks);
    else paintBins(pixels, picture, scale.byBin, inks);
  } else {
    const hueInks = { keys: colours.keys.map(parseHex), other: parseHex(colours.otherKey), plot: colours.plot };
    const cells =
      lit === null
        ? hueColours(picture, heatmap.columns, buckets, scale, hues as NonNullable<typeof hues>, hueInks)
        : litColours(picture, heatmap.columns, buckets, scale, lit, hueInks, ramp);
    paintRows(pixels, picture, inks, (first, into) => into.set(cells.subarray(first, first + into.length)));
  }
  return { picture, scale };
}

/** Counts of one bin have one colour, and there are few bins: what a large picture has time for. */
function paintBins(pixels: Uint32Array, picture: LaidPicture, byBin: Uint8Array, inks: Inks): void {
  const { bins } = picture;
  const colours = Uint32Array.from(byBin, (index) => inks.ramp[index] ?? 0);
  colours[0] = 0;
  paintRows(pixels, picture, inks, (first, into) => {
    for (let i = 0; i < into.length; i++) into[i] = colours[bins[first + i] as number] as number;
  });
}
