/**
 * ramp.ts: the two colour ramps, 256 entries each, baked once when the page loads.
 *
 * Lightness runs in equal steps from one end to the other and carries the whole message; hue only helps, going the warm way
 * from violet to yellow, which every common colour blindness leaves in order. Entry 0 is already well apart from the
 * background, because a single event is what people hunt for; zero is not on the ramp: it is the background.
 */
import { rgbOf, type Oklch, type Rgb } from "./oklab.ts";

export type Theme = "dark" | "light";

/** Few to many. On dark the many glow; on light they are ink. */
const STOPS: Record<Theme, readonly Oklch[]> = {
  dark: [
    [0.38, 0.13, 292],
    [0.5, 0.17, 325],
    [0.62, 0.19, 10],
    [0.74, 0.17, 48],
    [0.86, 0.16, 84],
    [0.98, 0.08, 104],
  ],
  light: [
    [0.84, 0.12, 78],
    [0.72, 0.16, 52],
    [0.6, 0.19, 22],
    [0.48, 0.18, 350],
    [0.36, 0.15, 312],
    [0.24, 0.09, 285],
  ],
};

/** 256 colours, for the fewest events to the most. */
export function rampOf(theme: Theme): readonly Rgb[] {
  return theme === "dark" ? DARK : LIGHT;
}

/** A ramp as the 32-bit words of an ImageData's memory. */
export function packRamp(ramp: readonly Rgb[]): Uint32Array {
  return Uint32Array.from(ramp, packRgb);
}

/** An opaque pixel; ImageData is RGBA bytes, and every browser runs little-endian. */
export function packRgb([red, green, blue]: Rgb): number {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** Reads `#rrggbb`, and `#rgb`, which is what a style sheet's minifier may make of it. */
export function parseHex(text: string): Rgb {
  const digits = text.trim().slice(1);
  const value = Number.parseInt(digits.length === 3 ? digits.replace(/./g, "$&$&") : digits, 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

const DARK = bake(STOPS.dark);
const LIGHT = bake(STOPS.light);

function bake(stops: readonly Oklch[]): readonly Rgb[] {
  return Array.from({ length: 256 }, (_, i) => rgbOf(between(stops, i / 255)));
}

function between(stops: readonly Oklch[], at: number): Oklch {
  const place = at * (stops.length - 1);
  const index = Math.min(Math.floor(place), stops.length - 2);
  const [from, to] = [stops[index], stops[index + 1]];
  if (from === undefined || to === undefined) throw new RangeError("a ramp needs two stops");
  const part = place - index;
  // The short way round the circle of hues.
  const turn = ((to[2] - from[2] + 540) % 360) - 180;
  return [from[0] + (to[0] - from[0]) * part, from[1] + (to[1] - from[1]) * part, from[2] + turn * part];
}
