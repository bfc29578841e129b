/**
 * Bucket arithmetic: laws for every scheme, and the edges that DTrace prints.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { fromTally, merge, quantile, totalOf } from "../../core/histogram/distribution.ts";
import { formatScheme, LATENCY_SCHEME, parseScheme } from "../../core/histogram/scheme.ts";

const SCHEMES = [
  "quantize",
  "lquantize(0,10,3)",
  "lquantize(-100,100,7)",
  "llquantize(10,3,10,20)",
  "llquantize(10,0,6,10)",
  "llquantize(10,3,10,100)",
  "llquantize(2,0,25,32)",
  "edges(10000000,100000000,1000000000,10000000000)",
];

for (const text of SCHEMES) {
  describe(text, () => {
    const scheme = parseScheme(text);
    const buckets = bucketsOf(scheme);

    test("is read back from its text", () => assert.equal(formatScheme(scheme), text));

    test("puts each integer into the one bucket that covers it", () => {
      fc.assert(
        fc.property(fc.integer({ min: -(2 ** 45), max: 2 ** 45 }), (value) => {
          const index = buckets.indexOf(value);
          const low = buckets.lowOf(index) ?? -Infinity;
          const high = buckets.highOf(index) ?? Infinity;
          assert.ok(low <= value && value < high, `${value} in [${low}, ${high})`);
        }),
      );
    });

    test("leaves no hole between neighbours, and every edge is in the bucket that starts there", () => {
      for (let index = buckets.indexOf(-1); index < Math.min(buckets.last, buckets.indexOf(2 ** 50)); index++) {
        const edge = buckets.highOf(index);
        assert.equal(edge, buckets.lowOf(index + 1), `after ${index}`);
        if (edge === null) continue;
        assert.equal(buckets.indexOf(edge), index + 1);
        assert.equal(buckets.indexOf(edge - 1), index);
      }
    });
  });
}

describe("edges as DTrace prints them", () => {
  const cases: [scheme: string, value: number, low: number | null, high: number | null][] = [
    ["quantize", 0, 0, 1],
    ["quantize", 1, 1, 2],
    ["quantize", 1023, 512, 1024],
    ["quantize", 1024, 1024, 2048],
    ["quantize", -1, -1, 0],
    ["quantize", -1000, -1023, -511],
    ["quantize", -1024, -2047, -1023],
    ["lquantize(0,10,3)", -1, null, 0],
    ["lquantize(0,10,3)", 9, 9, null],
    ["llquantize(10,3,10,20)", 999, null, 1000],
    ["llquantize(10,3,10,20)", 1000, 1000, 1500],
    ["llquantize(10,3,10,20)", 9_999, 9_500, 10_000],
    ["llquantize(10,3,10,20)", 10_000, 10_000, 15_000],
    ["llquantize(10,3,10,20)", 99_999_999_999, 95_000_000_000, 100_000_000_000],
    ["llquantize(10,3,10,20)", 100_000_000_000, 100_000_000_000, null],
    ["llquantize(10,0,6,20)", 7, 7, 8],
    ["edges(10,100)", 10, 10, 100],
  ];
  for (const [scheme, value, low, high] of cases) {
    test(`${scheme} of ${value}`, () => {
      const buckets = bucketsOf(parseScheme(scheme));
      const index = buckets.indexOf(value);
      assert.deepEqual([buckets.lowOf(index), buckets.highOf(index)], [low, high]);
    });
  }
  test("the default latency scheme has 18 buckets a decade", () => {
    const buckets = bucketsOf(LATENCY_SCHEME);
    assert.equal(buckets.indexOf(10_000) - buckets.indexOf(1_000), 18);
    assert.equal(buckets.last, 8 * 18 + 1);
  });
});

describe("a scheme that DTrace would refuse is refused", () => {
  for (const text of [
    "",
    "quantise",
    "quantize()",
    "lquantize(0,0,1)",
    "lquantize(0,10)",
    "llquantize(1,0,3,10)",
    "llquantize(10,3,3,10)",
    "llquantize(10,3,10,7)",
    "llquantize(10,3,10,5)",
    "llquantize(10,3,10,30)",
    "edges(2,1)",
    "edges()",
    "lquantize(0,1e9,1)",
    "llquantize(10,3,10,20",
    "llquantize(10,3,10,20.5)",
  ]) {
    test(JSON.stringify(text), () => assert.throws(() => parseScheme(text), { code: "INVALID_INPUT" }));
  }
});

describe("distributions", () => {
  const DISTRIBUTION = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 145 }), fc.integer({ min: 0, max: 1e6 })), { maxLength: 30 })
    .map((entries) => ({
      bucket: entries.map(([bucket]) => bucket),
      count: entries.map(([, count]) => count),
    }));

  test("merging commutes, and keeps the total", () => {
    fc.assert(
      fc.property(DISTRIBUTION, DISTRIBUTION, (a, b) => {
        assert.deepEqual(merge([a, b]), merge([b, a]));
        assert.equal(totalOf(merge([a, b])), totalOf(a) + totalOf(b));
      }),
    );
  });

  test("a quantile lies in the bucket of the event of its rank", () => {
    const buckets = bucketsOf(LATENCY_SCHEME);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 2e11 }), { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const tally = new Map<number, number>();
          for (const value of values) tally.set(buckets.indexOf(value), (tally.get(buckets.indexOf(value)) ?? 0) + 1);
          const sorted = values.toSorted((a, b) => a - b);
          const exact = sorted[Math.max(1, Math.ceil(q * values.length)) - 1] ?? 0;
          const index = buckets.indexOf(exact);
          const estimate = quantile(buckets, fromTally(tally), q) ?? NaN;
          assert.ok(estimate >= (buckets.lowOf(index) ?? 0) && estimate <= (buckets.highOf(index) ?? Infinity));
        },
      ),
    );
  });

  test("of nothing has no quantile", () =>
    assert.equal(quantile(bucketsOf(LATENCY_SCHEME), fromTally(new Map()), 0.5), null));
  test("no quantile outside [0, 1]", () =>
    assert.throws(() => quantile(bucketsOf(LATENCY_SCHEME), fromTally(new Map()), 1.1), RangeError));
});
