/**
 * heatmap-colors.ts: the inks of a picture of a heatmap, the page's own (web/style/base.css), and the mixing of hues.
 */
import type { Rgb } from "../core/heatmap/oklab.ts";
import { parseHex, type Theme } from "../core/heatmap/ramp.ts";

export interface PictureInks {
  readonly page: Rgb;
  readonly plot: Rgb;
  readonly ink: Rgb;
  readonly inkSoft: Rgb;
  readonly hairline: Rgb;
  readonly hatch: Rgb;
  /** By key, in the order of the groups. */
  readonly keys: readonly Rgb[];
  readonly other: Rgb;
}

const INKS: Readonly<Record<Theme, PictureInks>> = {
  light: {
    page: parseHex("#fafafa"),
    plot: parseHex("#ffffff"),
    ink: parseHex("#1b1b1c"),
    inkSoft: parseHex("#626366"),
    hairline: parseHex("#dcdcde"),
    hatch: parseHex("#c4c4c7"),
    keys: hues("#0b62c4 #d1570b #12805c #8e3fb0 #b98a00 #1d9bb8 #7b2d3a #e0699b"),
    other: parseHex("#8d8e91"),
  },
  dark: {
    page: parseHex("#161617"),
    plot: parseHex("#0e0e0f"),
    ink: parseHex("#ececed"),
    inkSoft: parseHex("#a0a1a4"),
    hairline: parseHex("#343437"),
    hatch: parseHex("#4a4a4e"),
    keys: hues("#6cb2ff #ff9a52 #58cfa2 #c98bea #f2d05c #48c9e0 #e0717f #f7a8cb"),
    other: parseHex("#a0a1a4"),
  },
};

export function inksOf(theme: Theme): PictureInks {
  return INKS[theme];
}

/** The ink of a group; beyond eight keys they begin again. */
export function hueOf(inks: PictureInks, index: number, isOther: boolean): Rgb {
  return isOther ? inks.other : (inks.keys[index % inks.keys.length] ?? inks.other);
}

/**
 * The colour of a cell that several keys share: their hues mixed by share, the stronger the more there is.
 *
 * @param place on the scale, 0 to 1; never so faint that an event is taken for none
 */
export function mixHues(
  parts: readonly { readonly ink: Rgb; readonly weight: number }[],
  place: number,
  plot: Rgb,
): Rgb {
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  const strength = 0.3 + 0.7 * place;
  const channel = (at: 0 | 1 | 2): number => {
    const hue = parts.reduce((sum, { ink, weight }) => sum + ink[at] * (weight / total), 0);
    return Math.round(plot[at] + (hue - plot[at]) * strength);
  };
  return [channel(0), channel(1), channel(2)];
}

function hues(text: string): Rgb[] {
  return text.split(" ").map(parseHex);
}
