/**
 * paint-scene.ts: a scene's cells as pixels: by their counts, by their keys' hues, or with one key lit.
 */
import { colourScale, type ColourScale } from "../../core/heatmap/colour-scale.ts";
import { paint, paintCells } from "../../core/heatmap/paint.ts";
import { packRamp, packRgb, parseHex, rampOf } from "../../core/heatmap/ramp.ts";
import type { Buckets } from "../../core/histogram/buckets.ts";
import { hueColours, litColours } from "./hue-colours.ts";
import { buildPicture, type LaidPicture } from "./picture.ts";
import type { Scene } from "./scene.ts";

export const HATCH_PERIOD_PX = 7;

/** @param ratio device pixels in a CSS pixel */
export function paintScene(
  image: ImageData,
  scene: Scene,
  buckets: Buckets,
  ratio: number,
): { readonly picture: LaidPicture; readonly scale: ColourScale } {
  const { heatmap, colours, fromTs, toTs, hues, lit } = scene;
  const { width, height } = image;
  const picture = buildPicture(heatmap, buckets, { ...scene, width, height });
  const scale = colourScale(scene.colouring, picture.weights);
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
  if (lit === null && hues === null) paint(pixels, picture, scale, inks);
  else {
    const hueInks = { keys: colours.keys.map(parseHex), other: parseHex(colours.otherKey), plot: colours.plot };
    const cells =
      lit === null
        ? hueColours(picture, heatmap.columns, buckets, scale, hues as NonNullable<typeof hues>, hueInks)
        : litColours(picture, heatmap.columns, buckets, scale, lit, hueInks, ramp);
    paintCells(pixels, picture, inks, (cell) => cells[cell] ?? 0);
  }
  return { picture, scale };
}
