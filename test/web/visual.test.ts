/**
 * visual.test.ts: what the view looks like, by what does not depend on a machine's fonts: every pixel of a known picture, and where
 * the parts of the page lie, at both sizes and in both themes.
 */
import { decode } from "fast-png";
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { colourScale } from "../../core/heatmap/colour-scale.ts";
import { columnEdges } from "../../core/heatmap/paint.ts";
import { rampOf } from "../../core/heatmap/ramp.ts";
import { isMissing } from "../../web/heatmap/column-window.ts";
import { boxesOf, DESK, lookOf, PHONE, type Box } from "./layout.ts";
import { FROM, MODEL, PAST, plotOf, TO, usePageBed, type PageBed } from "./page-bed.ts";

const { open, release } = usePageBed();
let bed: PageBed;

/** What a plot may hold besides the ramp. */
const INKS = {
  dark: { plot: packed(14, 14, 15), hatch: packed(74, 74, 78) },
  light: { plot: packed(255, 255, 255), hatch: packed(196, 196, 199) },
};

describe("what the view looks like", { concurrency: 3 }, () => {
  before(async () => {
    bed = await open();
  });
  after(release);

  for (const theme of ["dark", "light"] as const) {
    test(`every cell of a known picture has its count's colour, to its edges, and nothing else has any: ${theme}`, () =>
      bed.onPage(`${PAST}&lines=&per=bucket&theme=${theme}`, async (page) => {
        const { picture, width, height } = await plotOf(page);
        const { rows, counts } = picture;
        const edges = columnEdges(FROM, 1, TO - FROM, FROM, TO, width);
        const scale = colourScale("rank", counts);
        const ramp = rampOf(theme).map(([r, g, b]) => packed(r, g, b));
        const pixels = await plotPixels(page);
        assert.equal(pixels.length, width * height);
        let [cells, hatched, wrong] = [0, 0, 0];
        MODEL.columns.forEach((column, c) => {
          const [left = 0, right = 0] = edges.slice(c, c + 2);
          const isGap = isMissing(column);
          rows.forEach((row, r) => {
            const count = counts[c * rows.length + r] ?? 0;
            const expected = count === 0 ? INKS[theme].plot : ramp[scale.indexOf(count)];
            if (count > 0) cells += 1;
            for (let y = row.top; y < row.bottom; y++) {
              for (let x = left; x < right; x++) {
                const colour = pixels[y * width + x];
                if (isGap && colour === INKS[theme].hatch) hatched += 1;
                else if (colour !== expected) wrong += 1;
              }
            }
          });
        });
        assert.equal(wrong, 0, "pixels of another colour than the model's");
        assert.ok(cells > 5000, `${cells} cells`);
        const gap = MODEL.columns.filter(isMissing).length;
        const share = hatched / ((width * height * gap) / MODEL.columns.length);
        // One pixel in seven, but for the columns' rounding.
        assert.ok(Math.abs(share - 1 / 7) < 0.01, String(share));
      }));
  }

  for (const theme of ["dark", "light"] as const) {
    test(`a desk has the picture at the left, keys at its right, words above, and all in the ${theme}`, () =>
      bed.onPage(`${PAST}&theme=${theme}`, async (page) => {
        await page.waitForSelector("[data-key-value] .spark path");
        const { header, sentence, heatmap, keys } = await boxesOf(page, PARTS);
        assertApart({ header, sentence, heatmap, keys });
        assert.ok(bottom(header) <= sentence.y + 1 && bottom(sentence) <= heatmap.y + 1, "words above");
        assert.ok(right(heatmap) <= keys.x + 1 && keys.width < 0.25 * DESK.width, "keys at the right");
        assert.ok(heatmap.width * heatmap.height > 0.5 * DESK.width * DESK.height);
        assert.ok(bottom(heatmap) <= DESK.height && right(keys) <= DESK.width, "on the first screen");
        await assertLook(page, theme, DESK);
      }));

    test(`a phone has the picture first, keys below it, nothing beside the screen: ${theme}`, () =>
      bed.onPage(
        `${PAST}&theme=${theme}`,
        async (page) => {
          await page.waitForSelector("[data-key-value] .spark path");
          const { header, sentence, heatmap, keys } = await boxesOf(page, PARTS);
          assertApart({ header, sentence, heatmap, keys });
          assert.ok(bottom(heatmap) <= keys.y + 1, "keys below");
          assert.ok(heatmap.width > 0.85 * PHONE.width && heatmap.height > 0.35 * PHONE.height);
          for (const box of [header, sentence, heatmap, keys]) assert.ok(box.x >= 0 && right(box) <= PHONE.width);
          await assertLook(page, theme, PHONE);
        },
        PHONE,
      ));
  }

  test("a selection lies below the picture, which keeps its place when it opens", () =>
    bed.onPage(PAST, async (page) => {
      const before = await boxesOf(page, PARTS);
      await page.evaluate(([view, sel]) => (location.hash = `${view}&sel=${sel}`), [
        PAST,
        `${FROM + 190},${FROM + 200},2000000,25000000`,
      ] as const);
      await page.locator("[data-selected]").waitFor();
      const { heatmap, selection } = await boxesOf(page, { ...PARTS, selection: "[data-selection]" });
      assert.deepEqual(
        [heatmap.x, heatmap.y, heatmap.width],
        [before.heatmap.x, before.heatmap.y, before.heatmap.width],
      );
      assert.ok(selection.y >= bottom(heatmap) - 1);
    }));
});

const PARTS = {
  header: ".header",
  sentence: ".sentence",
  heatmap: "[data-heatmap]",
  keys: "[data-keys]",
} as const;

const right = ({ x, width }: Box): number => x + width;
const bottom = ({ y, height }: Box): number => y + height;

function assertApart(boxes: Readonly<Record<string, Box>>): void {
  const all = Object.entries(boxes);
  for (const [name, a] of all) {
    assert.ok(a.width > 0 && a.height > 0, `${name} is there`);
    for (const [other, b] of all) {
      const over = right(a) > b.x + 1 && right(b) > a.x + 1 && bottom(a) > b.y + 1 && bottom(b) > a.y + 1;
      assert.ok(name === other || !over, `${name} over ${other}`);
    }
  }
}

/** The whole is dark or light, and each part of it has something on it. */
async function assertLook(page: Page, theme: "dark" | "light", size: { width: number; height: number }): Promise<void> {
  const { median, bands } = await lookOf(page, size);
  if (theme === "dark") assert.ok(median < 40, `median ${median}`);
  else assert.ok(median > 215, `median ${median}`);
  // Six bands from top to bottom: the frame's words, the picture, its axis and legend.
  assert.ok(
    bands.every((colours) => colours > 8),
    bands.join(),
  );
}

/** The plot as it is on the canvas, a packed colour each (`packed`), line by line. */
async function plotPixels(page: Page): Promise<Uint32Array> {
  const { url, left, top, width, height } = await page.locator("[data-heatmap]").evaluate((element: HTMLElement) => {
    const { plotLeft, plotTop, plotWidth, plotHeight } = element.dataset;
    const [left, top, width, height] = [Number(plotLeft), Number(plotTop), Number(plotWidth), Number(plotHeight)];
    // Lossless, and made by the browser itself: a million numbers would take seconds on their way.
    return { url: element.querySelector("canvas")?.toDataURL("image/png") ?? "", left, top, width, height };
  });
  const png = decode(Buffer.from(url.slice(url.indexOf(",") + 1), "base64"));
  const pixels = new Uint32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = ((top + y) * png.width + left + x) * png.channels;
      pixels[y * width + x] = packed(png.data[at] ?? 0, png.data[at + 1] ?? 0, png.data[at + 2] ?? 0);
    }
  }
  return pixels;
}

function packed(r: number, g: number, b: number): number {
  return (r << 16) | (g << 8) | b;
}
