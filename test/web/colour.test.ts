/** colour.test.ts: which colour a count gets, and that colours can be told apart. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { COLOURINGS, colourScale } from "../../core/heatmap/colour-scale.ts";
import { lightnessOf } from "../../core/heatmap/oklab.ts";
import { packRgb, parseHex, rampOf } from "../../core/heatmap/ramp.ts";

/** Counts over many magnitudes, most of them small, as latencies have. */
const COUNTS = Float64Array.from({ length: 5000 }, (_, i) =>
  i % 3 === 0 ? 0 : Math.ceil(1e6 / (1 + ((i * 7919) % 5000)) ** 1.4),
);

for (const colouring of COLOURINGS) {
  describe(`coloured by ${colouring}`, () => {
    const scale = colourScale(colouring, COUNTS);
    test("more events never have a lower colour", () => {
      const sorted = [...COUNTS].filter((count) => count > 0).sort((a, b) => a - b);
      const indexes = sorted.map((count) => scale.indexOf(count));
      assert.deepEqual(
        indexes,
        [...indexes].sort((a, b) => a - b),
      );
    });
    test("the greatest count has the last colour", () => assert.equal(scale.indexOf(scale.max), 255));
    test("the legend's numbers rise, and each has the colour that it stands under", () => {
      const numbers = [0, 0.25, 0.5, 0.75, 1].map((place) => scale.countAt(place) ?? Number.NaN);
      assert.deepEqual(
        numbers,
        [...numbers].sort((a, b) => a - b),
      );
      assert.ok(scale.indexOf(numbers[3] ?? 0) >= 190);
    });
  });
}

test("the rank of a count is the share of the cells below it", () => {
  const scale = colourScale("rank", Float64Array.of(0, 0, 1, 1, 2, 3, 50));
  assert.deepEqual(
    [1, 2, 3, 50].map((count) => scale.indexOf(count)),
    [0, 128, 191, 255],
  );
});

test("one lone event beside millions is coloured by its place, not its size", () => {
  const scale = colourScale("rank", Float64Array.of(1, 1e6, 2e6));
  assert.deepEqual(
    [1, 1e6, 2e6].map((count) => scale.indexOf(count)),
    [0, 128, 255],
  );
});

test("without events there is nothing to say", () => {
  assert.equal(colourScale("rank", Float64Array.of(0, 0)).countAt(0.5), null);
});

for (const [theme, background] of [
  ["dark", "#0e0e0f"],
  ["light", "#fff"],
] as const) {
  test(`the ${theme} ramp runs in equal steps of lightness, and its first colour stands off the background`, () => {
    const lightness = rampOf(theme).map(lightnessOf);
    const steps = lightness.slice(1).map((value, i) => Math.abs(value - (lightness[i] ?? 0)));
    const away = Math.abs((lightness[0] ?? 0) - lightnessOf(parseHex(background)));
    assert.ok(Math.max(...steps) < 0.012, `the largest step is ${Math.max(...steps)}`);
    assert.ok(Math.abs((lightness.at(-1) ?? 0) - (lightness[0] ?? 0)) > 0.55);
    assert.ok(away > 0.14, `only ${away} from the background`);
  });
}

test("a pixel is red, green, blue, opaque in memory", () => {
  assert.deepEqual([...new Uint8Array(Uint32Array.of(packRgb([1, 2, 3])).buffer)], [1, 2, 3, 255]);
});
