/**
 * canvas.ts: pixels, boxes and text as a PNG: the door to fast-png.
 */
import { encode } from "fast-png";
import type { Rgb } from "../core/heatmap/oklab.ts";
import { packRgb } from "../core/heatmap/ramp.ts";
import { glyphOf, GLYPH_ADVANCE } from "./glyphs.ts";

export interface TextStyle {
  readonly ink: Rgb;
  /** Pixels of a glyph's point; 2 by default, which makes letters 14 pixels high. */
  readonly scale?: number;
  /** Where `x` is in the text. */
  readonly align?: "left" | "middle" | "right";
}

export class Canvas {
  readonly width: number;
  readonly height: number;
  /** Packed as in core/heatmap/ramp.ts, line by line. */
  readonly #pixels: Uint32Array;

  constructor(width: number, height: number, background: Rgb = [255, 255, 255]) {
    this.width = width;
    this.height = height;
    this.#pixels = new Uint32Array(width * height).fill(packRgb(background));
  }

  fill(left: number, top: number, width: number, height: number, colour: Rgb): void {
    const pixel = packRgb(colour);
    const from = Math.max(0, left);
    const to = Math.min(this.width, left + width);
    if (from >= to) return;
    for (let y = Math.max(0, top); y < Math.min(this.height, top + height); y++) {
      this.#pixels.fill(pixel, y * this.width + from, y * this.width + to);
    }
  }

  /** Lays packed pixels, `width` to a line, over this picture, which has room for them. */
  blit(left: number, top: number, width: number, pixels: Uint32Array): void {
    for (let at = 0, y = top; at < pixels.length; at += width, y++) {
      this.#pixels.set(pixels.subarray(at, at + width), y * this.width + left);
    }
  }

  /** @param top of its capital letters */
  text(x: number, top: number, text: string, { ink, scale = 2, align = "left" }: TextStyle): void {
    const width = textWidth(text, scale);
    let left = Math.round(align === "left" ? x : align === "right" ? x - width : x - width / 2);
    for (const letter of text) {
      glyphOf(letter).forEach((row, y) => {
        for (let bit = 0; bit < 5; bit++) {
          if ((row >> (4 - bit)) & 1) this.fill(left + bit * scale, top + y * scale, scale, scale, ink);
        }
      });
      left += GLYPH_ADVANCE * scale;
    }
  }

  encode(): Uint8Array {
    const data = new Uint8Array(this.#pixels.length * 3);
    // A plain loop: a call for each of a million pixels takes as long as all the drawing.
    for (let i = 0; i < this.#pixels.length; i++) {
      const pixel = this.#pixels[i] ?? 0;
      data[i * 3] = pixel & 255;
      data[i * 3 + 1] = (pixel >> 8) & 255;
      data[i * 3 + 2] = (pixel >> 16) & 255;
    }
    return encode({ width: this.width, height: this.height, data, channels: 3, depth: 8 });
  }
}

/** Pixels of a text, without the space behind its last letter. */
export function textWidth(text: string, scale = 2): number {
  return Math.max(0, Array.from(text).length * GLYPH_ADVANCE - 1) * scale;
}

/** As much of a text as fits, with "..." where that is not all. */
export function fitText(text: string, width: number, scale = 2): string {
  if (textWidth(text, scale) <= width) return text;
  const letters = Math.max(0, Math.floor((width / scale + 1) / GLYPH_ADVANCE) - 3);
  return `${Array.from(text).slice(0, letters).join("")}...`;
}
