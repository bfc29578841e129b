/** picture.test.ts: rows, ticks and pixels of a plot, without a browser. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { LATENCY_SCHEME } from "../../core/histogram/scheme.ts";
import { colourScale } from "../../core/heatmap/colour-scale.ts";
import { columnEdges, paintCells } from "../../core/heatmap/paint.ts";
import { layRows } from "../../core/heatmap/rows.ts";
import { timeTicks, valueTicks } from "../../core/heatmap/ticks.ts";
import { placeOf, spanOf, union, valueAt, type ValueSpan } from "../../core/heatmap/value-span.ts";
import { gapColumn } from "./fake-model.ts";

const BUCKETS = bucketsOf(LATENCY_SCHEME);
const SPAN: ValueSpan = { kind: "log", min: 1e3, max: 1e9 };

describe("ticks", () => {
  test("decades are labelled, 2 and 5 between them are not", () => {
    const ticks = valueTicks({ kind: "log", min: 1e3, max: 1e6 }, "ns", 20);
    assert.deepEqual(
      ticks.map(({ label }) => label),
      ["1 us", "", "", "10 us", "", "", "100 us", "", "", "1 ms"],
    );
    assert.deepEqual(
      ticks.map(({ value }) => value),
      [1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6],
    );
  });
  test("less than three decades have labels at 2 and 5 too", () => {
    const labels = valueTicks({ kind: "log", min: 1e6, max: 1e7 }, "ns", 10).map(({ label }) => label);
    assert.deepEqual(labels, ["1 ms", "2 ms", "5 ms", "10 ms"]);
  });
  test("sizes count in powers of two", () => {
    const ticks = valueTicks({ kind: "log", min: 1024, max: 2 ** 20 }, "bytes", 3);
    assert.deepEqual(
      ticks.filter(({ label }) => label !== "").map(({ label }) => label),
      ["1 KiB", "32 KiB", "1 MiB"],
    );
  });
  test("times are round, and as many as fit", () => {
    const ticks = timeTicks(1_700_000_003, 1_700_000_063, 4, 0);
    assert.deepEqual(ticks, [1_700_000_010, 1_700_000_025, 1_700_000_040, 1_700_000_055]);
  });
});

describe("the value span", () => {
  const withBuckets = (...bucket: number[]) => ({ ...gapColumn(0, ""), bucket, count: bucket.map(() => 1) });
  test("shows every occupied bucket and snaps to 1, 2 or 5", () => {
    const columns = [withBuckets(BUCKETS.indexOf(23e3)), withBuckets(BUCKETS.indexOf(61e6))];
    assert.deepEqual(spanOf("log", BUCKETS, columns), { kind: "log", min: 2e4, max: 1e8 });
  });
  test("gives an open bucket at the lower end a place", () => {
    assert.equal(spanOf("log", BUCKETS, [withBuckets(0, 40)])?.min, 500);
  });
  test("is unknown without events", () => assert.equal(spanOf("log", BUCKETS, [gapColumn(0, "")]), null));
  test("only grows while live", () => {
    assert.deepEqual(union(SPAN, { ...SPAN, min: 5e3, max: 2e9 }), { ...SPAN, max: 2e9 });
    assert.equal(union(SPAN, { ...SPAN, min: 5e3 }), SPAN);
  });
  test("a place on it leads back to its value", () => {
    for (const value of [1e3, 4.7e4, 1e9]) {
      assert.ok(Math.abs(valueAt(SPAN, placeOf(SPAN, value)) / value - 1) < 1e-12);
    }
  });
});

for (const height of [40, 333, 1200]) {
  test(`rows cover ${height} pixels without holes, and every bucket once`, () => {
    const rows = layRows(BUCKETS, SPAN, height);
    assert.equal(rows[0]?.bottom, height);
    assert.equal(rows.at(-1)?.top, 0);
    for (const [i, row] of rows.entries()) {
      const below = rows[i - 1];
      if (below === undefined) continue;
      assert.equal(row.bottom, below.top);
      assert.equal(row.first, below.last + 1);
    }
    const highest = rows.at(-1);
    assert.deepEqual([rows[0].first, highest?.last], [BUCKETS.indexOf(1e3), BUCKETS.indexOf(1e9 - 1)]);
  });
}

test("a column keeps its width as the picture slides", () => {
  const widths = (from: number): number[] => {
    const edges = columnEdges(1_700_000_000, 1, 60, from, from + 60, 199);
    return [...edges.slice(11)].map((edge, i) => edge - (edges[10 + i] ?? 0));
  };
  assert.deepEqual(widths(1_700_000_007).slice(0, 40), widths(1_700_000_000).slice(0, 40));
});

test("a picture is painted: ramp where events are, background where none are, lines where nothing is known", () => {
  const pixels = new Uint32Array(6 * 4);
  const counts = [1, 5, 0, 0, 0, 0];
  const rows = [
    { top: 2, bottom: 4, first: 0, last: 0 },
    { top: 0, bottom: 2, first: 1, last: 1 },
  ];
  const picture = {
    width: 6,
    height: 4,
    edges: Int32Array.of(0, 2, 4, 6),
    rows,
    missing: Uint8Array.of(0, 0, 1),
  };
  const inks = { background: 7, hatch: 9, period: 4, thickness: 1, phase: 0 };
  const scale = colourScale("rank", Float64Array.from(counts));
  paintCells(pixels, picture, inks, (cell) => (counts[cell] === 0 ? 0 : 1000 + scale.indexOf(counts[cell] ?? 0)));
  assert.deepEqual(
    Array.from({ length: 4 }, (_, y) => [...pixels.slice(y * 6, y * 6 + 6)]),
    [
      [1255, 1255, 7, 7, 9, 7],
      [1255, 1255, 7, 7, 7, 7],
      [1000, 1000, 7, 7, 7, 7],
      [1000, 1000, 7, 7, 7, 9],
    ],
  );
});
