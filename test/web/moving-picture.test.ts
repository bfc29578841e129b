/**
 * A picture that is carried on from the last one is the picture that is laid out afresh, whatever happened in between.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seeded } from "../../collectors/simulator/random.ts";
import type { Heatmap, HeatmapColumn } from "../../core/api.ts";
import { colourScale } from "../../core/heatmap/colour-scale.ts";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { parseScheme } from "../../core/histogram/scheme.ts";
import { buildPicture, type LaidPicture, type Plot } from "../../web/heatmap/picture.ts";

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

describe("a picture that moves", () => {
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
    const { weights, bins } = buildPicture(heatmap, BUCKETS, plot);
    const [byCounts, byBins] = [colourScale("rank", weights), colourScale("rank", weights, bins)];
    weights.forEach((weight, cell) => {
      assert.equal(byBins.indexOf(weight), byCounts.indexOf(weight));
      assert.equal(byBins.byBin?.[bins[cell] ?? 0], weight > 0 ? byCounts.indexOf(weight) : 0);
    });
  });
});
