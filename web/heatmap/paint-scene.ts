/**
 * paint-scene.ts: a scene's cells as pixels: by their counts, by their keys' hues, or with one key lit.
 *
 * A scene that is the last one a little later is painted by what has changed: its new columns, and those cells whose count has
 * another colour now. The law: it then has the pixels of one that is painted afresh, and its legend's numbers.
 */
import { scaleOf, type Colouring, type ColourScale } from "../../core/heatmap/colour-scale.ts";
import {
  paintColumns,
  paintMargins,
  repaintBins,
  type CellColours,
  type Inks,
  type Picture,
  type Surface,
} from "../../core/heatmap/paint.ts";
import { packRamp, packRgb, parseHex, rampOf } from "../../core/heatmap/ramp.ts";
import type { Buckets } from "../../core/histogram/buckets.ts";
import type { Colours } from "../theme.ts";
import { hueColours, litColours } from "./hue-colours.ts";
import { buildPicture, type LaidPicture } from "./picture.ts";
import { PixelStrip } from "./pixel-strip.ts";
import type { Scene } from "./scene.ts";

export const HATCH_PERIOD_PX = 7;

/** A plot's size: device pixels, and how many of them are a CSS pixel. */
interface PlotSize {
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
}

/** What the strip shows, as far as the next scene may go on from it. */
interface Painted extends PlotSize {
  readonly pixelsPerSec: number;
  /** The plot's left edge in absolute time, pixels. */
  readonly origin: number;
  readonly colours: Colours;
  readonly colouring: Colouring;
  /** The packed pixels of bins, where a count's bin decides. */
  readonly byBin: Uint32Array | null;
  readonly greatest: number;
  /** Colour stands for counts alone. */
  readonly plain: boolean;
}

export class ScenePainter {
  #strip: PixelStrip | null = null;
  #picture: LaidPicture | null = null;
  #painted: Painted | null = null;

  /** Lays the scene out and paints it, to be put on a canvas. */
  paint(
    scene: Scene,
    buckets: Buckets,
    size: PlotSize,
  ): { readonly picture: LaidPicture; readonly scale: ColourScale } {
    const { width, height, ratio } = size;
    const { colours, colouring, fromTs, toTs } = scene;
    if (this.#strip?.width !== width || this.#strip.height !== height) {
      this.#strip = new PixelStrip(width, height);
      this.#painted = null;
    }
    const strip = this.#strip;
    const picture = buildPicture(scene.heatmap, buckets, { ...scene, width, height }, this.#picture);
    // A copy: the picture goes on counting in its own, and a legend may still be shown then.
    const scale = scaleOf(colouring, picture.tally.slice(), picture.greatest);
    const ramp = packRamp(rampOf(colours.theme));
    const pixelsPerSec = width / (toTs - fromTs);
    const painted: Painted = {
      ...size,
      ...{ pixelsPerSec, colours, colouring },
      origin: Math.round(fromTs * pixelsPerSec),
      byBin: scale.byBin === null ? null : Uint32Array.from(scale.byBin, (index) => ramp[index] as number),
      greatest: picture.greatest,
      plain: scene.hues === null && scene.lit === null,
    };
    const period = Math.round(HATCH_PERIOD_PX * ratio);
    const background = packRgb(colours.plot);
    if (painted.byBin !== null) painted.byBin[0] = background;
    const inks: Inks = {
      background,
      hatch: packRgb(colours.hatch),
      period,
      thickness: Math.max(1, Math.round(ratio)),
      phase: painted.origin % period,
    };
    const coloursOf = painted.plain
      ? countColours(picture, scale, ramp, painted.byBin)
      : keyColours(picture, scene, buckets, scale, ramp);
    const slid = this.#painted === null || picture.since === null ? null : slideOf(this.#painted, painted);
    if (slid === null) {
      paintMargins(strip.surface, picture, inks);
      paintColumns(strip.surface, picture, inks, 0, picture.missing.length, coloursOf);
    } else {
      strip.slide(slid);
      repaintChanged(strip, picture, this.#painted?.byBin ?? null, painted.byBin);
      paintMargins(strip.surface, picture, inks);
      const tail = firstBeyond(picture, width - slid);
      for (const c of picture.since?.laid ?? []) {
        if (c < tail) paintColumns(strip.surface, picture, inks, c, c + 1, coloursOf);
      }
      paintColumns(strip.surface, picture, inks, tail, picture.missing.length, coloursOf);
    }
    this.#picture = picture;
    this.#painted = painted;
    return { picture, scale };
  }

  /** What was painted last; null: nothing yet. */
  get surface(): Surface | null {
    return this.#strip?.surface ?? null;
  }

  /** Puts what was painted last on a canvas, in device pixels. */
  put(context: CanvasRenderingContext2D, left: number, top: number): void {
    this.#strip?.put(context, left, top);
  }
}

/** By how many pixels a scene has slid to the left; null: its pixels are others. */
function slideOf(before: Painted, now: Painted): number | null {
  const isAlike =
    before.plain &&
    now.plain &&
    before.ratio === now.ratio &&
    before.pixelsPerSec === now.pixelsPerSec &&
    before.colours === now.colours &&
    before.colouring === now.colouring &&
    (before.byBin === null) === (now.byBin === null) &&
    (now.byBin !== null || before.greatest === now.greatest);
  const by = now.origin - before.origin;
  return isAlike && by >= 0 && by < now.width ? by : null;
}

/** Cells that stay where they are, and whose count has another rank now. */
function repaintChanged(
  strip: PixelStrip,
  picture: LaidPicture,
  before: Uint32Array | null,
  now: Uint32Array | null,
): void {
  if (before === null || now === null) return;
  const changed = new Uint8Array(now.length);
  let any = false;
  for (let bin = 0; bin < now.length; bin++) {
    if (picture.tally[bin] === 0 || before[bin] === now[bin]) continue;
    changed[bin] = 1;
    any = true;
  }
  if (any) repaintBins(strip.surface, picture, { bins: picture.bins, inks: now }, changed);
}

/** The first column that reaches beyond a pixel. */
function firstBeyond({ edges, missing }: Picture, pixel: number): number {
  let c = missing.length;
  while (c > 0 && (edges[c] as number) > pixel) c -= 1;
  return c;
}

/** Counts of one bin have one colour, and there are few bins: what a large picture has time for. */
function countColours(
  { bins, weights }: LaidPicture,
  scale: ColourScale,
  ramp: Uint32Array,
  byBin: Uint32Array | null,
): CellColours {
  if (byBin !== null) return { bins, inks: byBin };
  return (first, into) => {
    for (let i = 0; i < into.length; i++) {
      const weight = weights[first + i] as number;
      into[i] = weight <= 0 ? 0 : (ramp[scale.indexOf(weight)] as number);
    }
  };
}

function keyColours(
  picture: LaidPicture,
  { colours, heatmap, hues, lit }: Scene,
  buckets: Buckets,
  scale: ColourScale,
  ramp: Uint32Array,
): CellColours {
  const inks = { keys: colours.keys.map(parseHex), other: parseHex(colours.otherKey), plot: colours.plot };
  const cells =
    lit === null
      ? hueColours(picture, heatmap.columns, buckets, scale, hues as NonNullable<typeof hues>, inks)
      : litColours(picture, heatmap.columns, buckets, scale, lit, inks, ramp);
  return (first, into) => into.set(cells.subarray(first, first + into.length));
}
