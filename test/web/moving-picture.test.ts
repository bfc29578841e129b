/**
 * A picture that is carried on from the last one is the picture that is laid out afresh, whatever happened in between; and so are
 * its pixels, and the numbers of its legend.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seeded } from "../../collectors/simulator/random.ts";
import type { Heatmap, HeatmapColumn } from "../../core/api.ts";
import { COLOURINGS, colourScale, scaleOf } from "../../core/heatmap/colour-scale.ts";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { parseScheme } from "../../core/histogram/scheme.ts";
import { ScenePainter } from "../../web/heatmap/paint-scene.ts";
import { buildPicture, type LaidPicture, type Plot } from "../../web/heatmap/picture.ts";
import type { Scene } from "../../web/heatmap/scene.ts";
import type { Colours } from "../../web/theme.ts";

const SCHEME = "llquantize(10,3,10,20)";
const BUCKETS = bucketsOf(parseScheme(SCHEME));
const COLUMNS = 40;
const random = seeded(11);
const upTo = (most: number): number => Math.floor(random() * most);

function columnAt(ts: number): HeatmapColumn {
  const known = random() < 0.8;
  const bucket = known
    ? [...new Set(Array.from({ length: 6 }, () => BUCKETS.first + upTo(160)))].sort((a, b) => a - b)
    : [];
  const count = bucket.map(() => 1 + upTo(1e6));
  const percentiles = { p50: null, p90: null, p99: null, p999: null };
  return { ts, reporting: known ? 1 : 0, expected: 1, dropped: 0, reason: "", total: 0, ...percentiles, bucket, count };
}

function heatmapOf(fromTs: number, columns: readonly HeatmapColumn[]): Heatmap {
  const head = { instrumentation: "i", metric: "m", scheme: SCHEME, unit: "ns", tier: "1s", total: 0 } as const;
  return { ...head, fromTs, toTs: fromTs + columns.length, stepSec: 1, columns };
}

const cells = ({ counts, weights, bins, missing, edges, rows, leftOut }: LaidPicture): unknown => ({
  ...{ counts: [...counts], weights: [...weights], bins: [...bins], missing: [...missing], edges: [...edges] },
  ...{ rows, leftOut },
});

const COLOURS: readonly Colours[] = (["dark", "light"] as const).map((theme) => ({
  ...{ theme, plot: [14, 14, 15], hatch: [60, 60, 62], more: [255, 160, 0], less: [0, 120, 255] },
  ...{ ink: "#fff", inkSoft: "#aaa", hairline: "#333", halo: "#000", otherKey: "#888888" },
  keys: ["#112233"],
}));

/** What stands on the screen after a painting: its pixels, and its legend. */
function shown(painter: ScenePainter, scene: Scene, width: number, height: number): unknown {
  const { scale } = painter.paint(scene, BUCKETS, { width, height, ratio: 1 });
  const { pixels, stride, left } = painter.surface ?? { pixels: new Uint32Array(), stride: 0, left: 0 };
  const lines = Array.from({ length: height }, (_, y) =>
    Buffer.from(pixels.slice(y * stride + left, y * stride + left + width).buffer),
  );
  return {
    pixels: Buffer.concat(lines),
    numbers: [0, 0.25, 0.5, 0.75].map((place) => scale.countAt(place)),
    max: scale.max,
  };
}

describe("a picture that moves", () => {
  test("has the pixels of one that is painted afresh, and the same numbers in its legend", () => {
    let heatmap = heatmapOf(
      1000,
      Array.from({ length: COLUMNS }, (_, c) => columnAt(1000 + c)),
    );
    let scene: Scene = {
      ...{ heatmap, fromTs: 1000, toTs: 1000 + COLUMNS, per: "bucket", colouring: "rank" },
      ...{ percentiles: [], colours: COLOURS[0] as Colours, zone: "utc", selection: null, other: null },
      ...{ hues: null, lit: null, span: { kind: "log", min: 1e3, max: 1e9 } },
    };
    let [width, height] = [211, 150];
    const painter = new ScenePainter();
    for (let i = 0; i < 300; i++) {
      const what = upTo(10);
      const columns = heatmap.columns.slice();
      if (what < 5) {
        const by = what === 4 ? upTo(COLUMNS + 10) : 1;
        for (let n = 0; n < by; n++) columns.push(columnAt(heatmap.toTs + n));
        heatmap = heatmapOf(heatmap.fromTs + by, columns.slice(by));
      } else if (what < 7) {
        const at = upTo(COLUMNS);
        columns[at] = columnAt(heatmap.fromTs + at);
        heatmap = heatmapOf(heatmap.fromTs, columns);
      } else if (what === 7) {
        // The theme, the colouring, or the size.
        scene = { ...scene, colours: COLOURS[upTo(2)] as Colours, colouring: COLOURINGS[upTo(3)] ?? "rank" };
        if (upTo(4) === 0) [width, height] = [150 + upTo(100), 100 + upTo(80)];
      } else if (what === 8) scene = { ...scene, per: upTo(2) === 0 ? "bucket" : "decade" };
      // An axis that is being dragged shows what lies beside the columns.
      const slid = what === 9 ? upTo(30) - 15 : 0;
      scene = { ...scene, heatmap, fromTs: heatmap.fromTs + slid, toTs: heatmap.toTs + slid };
      assert.deepEqual(
        shown(painter, scene, width, height),
        shown(new ScenePainter(), scene, width, height),
        `step ${i}`,
      );
    }
  });

  for (const per of ["bucket", "decade"] as const) {
    test(`is as if laid out afresh, per ${per}`, () => {
      let heatmap = heatmapOf(
        1000,
        Array.from({ length: COLUMNS }, (_, c) => columnAt(1000 + c)),
      );
      let plot: Plot = {
        ...{ width: 200, height: 150, fromTs: 1000, toTs: 1000 + COLUMNS, per },
        span: { kind: "log", min: 1e3, max: 1e9 },
      };
      let picture: LaidPicture | null = null;
      for (let i = 0; i < 300; i++) {
        const what = upTo(8);
        const columns = heatmap.columns.slice();
        if (what < 4) {
          // Slides by some, sometimes by more than there are.
          const by = what === 3 ? upTo(COLUMNS + 10) : 1;
          for (let n = 0; n < by; n++) columns.push(columnAt(heatmap.toTs + n));
          heatmap = heatmapOf(heatmap.fromTs + by, columns.slice(by));
        } else if (what < 6) {
          // Late rows change what is shown already.
          const at = upTo(COLUMNS);
          columns[at] = columnAt(heatmap.fromTs + at);
          heatmap = heatmapOf(heatmap.fromTs, columns);
        } else if (what === 6) {
          heatmap = heatmapOf(heatmap.fromTs - 3, [columnAt(1), columnAt(2), columnAt(3), ...columns.slice(0, -3)]);
        } else {
          plot = { ...plot, span: { kind: "log", min: 1e3, max: 10 ** (7 + upTo(3)) }, width: 150 + upTo(100) };
        }
        plot = { ...plot, fromTs: heatmap.fromTs, toTs: heatmap.toTs };
        picture = buildPicture(heatmap, BUCKETS, plot, picture);
        assert.deepEqual(cells(picture), cells(buildPicture(heatmap, BUCKETS, plot)), `step ${i}`);
      }
    });
  }

  test("is ranked by its bins as by its counts", () => {
    const heatmap = heatmapOf(
      1000,
      Array.from({ length: COLUMNS }, (_, c) => columnAt(1000 + c)),
    );
    const plot: Plot = {
      ...{ width: 200, height: 150, fromTs: 1000, toTs: 1000 + COLUMNS, per: "decade" },
      span: { kind: "log", min: 1e3, max: 1e9 },
    };
    const { weights, bins, tally, greatest } = buildPicture(heatmap, BUCKETS, plot);
    const [byCounts, byBins] = [colourScale("rank", weights), scaleOf("rank", tally, greatest)];
    weights.forEach((weight, cell) => {
      assert.equal(byBins.indexOf(weight), byCounts.indexOf(weight));
      assert.equal(byBins.byBin?.[bins[cell] ?? 0], weight > 0 ? byCounts.indexOf(weight) : 0);
    });
  });
});
