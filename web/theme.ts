/**
 * theme.ts: dark or light, and the style sheet's colours as the canvas needs them.
 *
 * The sheet is the one place where colours are written; a canvas cannot use custom properties, so they are read once for
 * each theme.
 */
import { parseHex, type Theme } from "../core/heatmap/ramp.ts";
import type { Rgb } from "../core/heatmap/oklab.ts";
import type { ThemeChoice } from "./view/view.ts";

export interface Colours {
  readonly theme: Theme;
  readonly plot: Rgb;
  readonly ink: string;
  readonly inkSoft: string;
  readonly hairline: string;
  /** Around lines, so that they can be followed over cells of any colour. */
  readonly halo: string;
  readonly hatch: Rgb;
  /** For lines by key: eight hues that differ in lightness too. */
  readonly keys: readonly string[];
  /** For all other keys together. */
  readonly otherKey: string;
  /** For more and for less than what is compared with. */
  readonly more: Rgb;
  readonly less: Rgb;
}

const darkQuery = matchMedia("(prefers-color-scheme: dark)");

/** Sets the page's theme. @returns its colours */
export function applyTheme(choice: ThemeChoice): Colours {
  const theme: Theme = choice === "auto" ? (darkQuery.matches ? "dark" : "light") : choice;
  document.documentElement.dataset["theme"] = theme;
  const style = getComputedStyle(document.documentElement);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  return {
    theme,
    plot: parseHex(read("--plot")),
    ink: read("--ink"),
    inkSoft: read("--ink-soft"),
    hairline: read("--hairline"),
    halo: read("--halo"),
    hatch: parseHex(read("--hatch")),
    keys: Array.from({ length: 8 }, (_, i) => read(`--key-${i + 1}`)),
    otherKey: read("--key-9"),
    more: parseHex(read("--more")),
    less: parseHex(read("--less")),
  };
}

/** @returns the end of listening */
export function onSystemTheme(listener: () => void): () => void {
  darkQuery.addEventListener("change", listener);
  return () => darkQuery.removeEventListener("change", listener);
}
