/**
 * layout.ts: where parts of a page lie and how it looks from afar, in terms that do not depend on a machine's fonts.
 */
import { decode } from "fast-png";
import type { Page } from "playwright-core";

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export const DESK = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** @param parts a selector each @throws Error where one is not there */
export async function boxesOf<K extends string>(
  page: Page,
  parts: Readonly<Record<K, string>>,
): Promise<Record<K, Box>> {
  const boxes = {} as Record<K, Box>;
  for (const [name, selector] of Object.entries(parts) as [K, string][]) {
    const box = await page.locator(selector).first().boundingBox();
    if (box === null) throw new Error(`${name} (${selector}) is not shown`);
    boxes[name] = box;
  }
  return boxes;
}

const BANDS = 6;
/** From afar every third pixel will do. */
const STRIDE = 3;

/** The median lightness (0 to 255) of the window, and how many shades each of six bands from top to bottom has. */
export async function lookOf(page: Page, { width, height }: { readonly width: number; readonly height: number }) {
  const clip = { x: 0, y: 0, width, height };
  const { data, width: w, height: h, channels } = decode(await page.screenshot({ clip, caret: "hide" }));
  const lightness: number[] = [];
  const shades = Array.from({ length: BANDS }, () => new Set<number>());
  for (let y = 0; y < h; y += STRIDE) {
    for (let x = 0; x < w; x += STRIDE) {
      const at = (y * w + x) * channels;
      const light = Math.round(0.2126 * (data[at] ?? 0) + 0.7152 * (data[at + 1] ?? 0) + 0.0722 * (data[at + 2] ?? 0));
      lightness.push(light);
      shades[Math.floor((y * BANDS) / h)]?.add(light);
    }
  }
  lightness.sort((a, b) => a - b);
  return { median: lightness[lightness.length >> 1] ?? 0, bands: shades.map((each) => each.size) };
}
