/**
 * pixel-strip.ts: the painted pixels of a plot that slides: a strip that is longer than the plot, which moves along it.
 *
 * So a slide moves no pixels; when the strip's end is reached, those that are shown go back to its start, once in many slides.
 */
import type { Surface } from "../../core/heatmap/paint.ts";

const SPARE = 1 / 8;

export class PixelStrip {
  readonly width: number;
  readonly height: number;
  readonly #stride: number;
  readonly #pixels: Uint32Array<ArrayBuffer>;
  #image: ImageData | null = null;
  #left = 0;

  /** Device pixels, of the plot. */
  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#stride = width + Math.ceil(width * SPARE);
    this.#pixels = new Uint32Array(this.#stride * height);
  }

  get surface(): Surface {
    return { pixels: this.#pixels, stride: this.#stride, left: this.#left };
  }

  /** Slides what is painted to the left; what comes to lie at the right has to be painted. @param by at most the plot's width */
  slide(by: number): void {
    const left = this.#left + by;
    if (left + this.width <= this.#stride) this.#left = left;
    else {
      // Line by line and all at once: each pixel lies so far before where it was.
      this.#pixels.copyWithin(0, left);
      this.#left = 0;
    }
  }

  /** Puts the plot on a canvas. */
  put(context: CanvasRenderingContext2D, left: number, top: number): void {
    this.#image ??= new ImageData(new Uint8ClampedArray(this.#pixels.buffer), this.#stride, this.height);
    context.putImageData(this.#image, left - this.#left, top, this.#left, 0, this.width, this.height);
  }
}
