/**
 * terminal-colours.ts: how many colours a terminal has, and the escape sequences for them.
 */
import type { Rgb } from "../core/heatmap/oklab.ts";
import type { Environment } from "./config.ts";

export const DEPTHS = ["24bit", "256", "none"] as const;
export type Depth = (typeof DEPTHS)[number];

/** @param asked "auto": as the environment tells (NO_COLOR, COLORTERM, TERM) */
export function depthOf(asked: Depth | "auto", environment: Environment): Depth {
  if (asked !== "auto") return asked;
  const { NO_COLOR = "", COLORTERM = "", TERM = "" } = environment;
  if (NO_COLOR !== "" || TERM === "dumb" || TERM === "") return "none";
  if (/truecolor|24bit/.test(COLORTERM) || /-direct$/.test(TERM)) return "24bit";
  return "256";
}

/** Parameters of SGR for a foreground colour; a background's begin with 48 instead of 38. */
export function foreground(depth: Depth, rgb: Rgb): string {
  return depth === "24bit" ? `38;2;${rgb.join(";")}` : `38;5;${nearest(rgb)}`;
}

export function background(depth: Depth, rgb: Rgb): string {
  return depth === "24bit" ? `48;2;${rgb.join(";")}` : `48;5;${nearest(rgb)}`;
}

const LEVELS = [0, 95, 135, 175, 215, 255];

/** Of xterm's 256 colours: 16 + a cube of six levels, and from 232 on 24 greys. The first 16 are the user's own. */
export function nearest([red, green, blue]: Rgb): number {
  const level = (channel: number): number =>
    LEVELS.reduce(
      (best, each, i) => (Math.abs(each - channel) < Math.abs((LEVELS[best] ?? 0) - channel) ? i : best),
      0,
    );
  const [r, g, b] = [level(red), level(green), level(blue)];
  const grey = Math.max(0, Math.min(23, Math.round(((red + green + blue) / 3 - 8) / 10)));
  const off = (to: readonly number[]): number =>
    ((to[0] ?? 0) - red) ** 2 + ((to[1] ?? 0) - green) ** 2 + ((to[2] ?? 0) - blue) ** 2;
  const cube = off([LEVELS[r] ?? 0, LEVELS[g] ?? 0, LEVELS[b] ?? 0]);
  const shade = 8 + grey * 10;
  return off([shade, shade, shade]) < cube ? 232 + grey : 16 + 36 * r + 6 * g + b;
}
