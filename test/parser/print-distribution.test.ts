/**
 * Simulated hosts print what real ones do: byte for byte what DTrace for Linux printed for the same values.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { printDistribution, printKey } from "../../collectors/simulator/print-distribution.ts";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { parseScheme } from "../../core/histogram/scheme.ts";
import { capture } from "./captures.ts";

type Counts = readonly (readonly [value: number, count: number])[];

const QUANTIZE = "20-quantize-variants.out";
const LINEAR = "21-lquantize-variants.out";
const LOG = "22-llquantize-variants.out";
const LATENCY = "llquantize(10,3,9,20)";

const CAPTURED: readonly (readonly [name: string, file: string, scheme: string, counts: Counts])[] = [
  ["one value", QUANTIZE, "quantize", [[1, 1]]],
  ["zero", QUANTIZE, "quantize", [[0, 1]]],
  [
    "negatives",
    QUANTIZE,
    "quantize",
    [
      [-1, 1],
      [-1000, 1],
      [-1025, 1],
    ],
  ],
  [
    "mixed signs",
    QUANTIZE,
    "quantize",
    [
      [-5, 1],
      [0, 1],
      [5, 2],
    ],
  ],
  [
    "the largest and the smallest",
    QUANTIZE,
    "quantize",
    [
      [2 ** 62, 1],
      [-(2 ** 62), 1],
    ],
  ],
  ["the largest alone", QUANTIZE, "quantize", [[2 ** 62, 1]]],
  [
    "a gap",
    QUANTIZE,
    "quantize",
    [
      [1, 1],
      [1_000_000, 1],
    ],
  ],
  [
    "a count wider than its column",
    QUANTIZE,
    "quantize",
    [
      [100, 1e12],
      [1000, 1],
    ],
  ],
  [
    "negative counts",
    QUANTIZE,
    "quantize",
    [
      [100, -5],
      [1000, -10],
    ],
  ],
  [
    "counts of both signs",
    QUANTIZE,
    "quantize",
    [
      [100, -5],
      [1000, 10],
      [4000, 1],
    ],
  ],
  [
    "counts that cancel",
    QUANTIZE,
    "quantize",
    [
      [100, -5],
      [100, 5],
    ],
  ],
  [
    "two steps",
    LINEAR,
    "lquantize(0,100,10)",
    [
      [15, 1],
      [95, 1],
    ],
  ],
  [
    "both ends",
    LINEAR,
    "lquantize(0,100,10)",
    [
      [-1, 1],
      [100, 2],
    ],
  ],
  ["below", LINEAR, "lquantize(0,100,10)", [[-1, 1]]],
  ["above", LINEAR, "lquantize(0,100,10)", [[100, 1]]],
  [
    "a negative range",
    LINEAR,
    "lquantize(-100,100,25)",
    [
      [-50, 1],
      [-100, 1],
      [-101, 1],
      [99, 1],
      [0, 1],
    ],
  ],
  [
    "an uneven range",
    LINEAR,
    "lquantize(0,10,3)",
    [
      [0, 1],
      [9, 3],
    ],
  ],
  ["cleared", LINEAR, "lquantize(0,100,10)", []],
  [
    "steps with counts of both signs",
    LINEAR,
    "lquantize(0,100,10)",
    [
      [15, -7],
      [35, 7],
      [1000, 2],
    ],
  ],
  ["a wide count", LINEAR, "lquantize(0,100,10)", [[15, 12_345_678_901]]],
  [
    "latencies",
    LOG,
    LATENCY,
    [
      [1500, 1],
      [23_456, 1],
      [123_456_789, 1],
    ],
  ],
  [
    "underflow",
    LOG,
    LATENCY,
    [
      [1, 1],
      [1000, 1],
    ],
  ],
  [
    "overflow",
    LOG,
    LATENCY,
    [
      [2e10, 1],
      [9_999_999_999, 1],
    ],
  ],
  [
    "negative values",
    LOG,
    LATENCY,
    [
      [-1500, 1],
      [-2e10, 1],
      [-999, 1],
    ],
  ],
  [
    "values of both signs",
    LOG,
    "llquantize(10,3,5,10)",
    [
      [-15_000, 1],
      [15_000, 1],
      [0, 1],
    ],
  ],
  [
    "from zero",
    LOG,
    "llquantize(10,0,3,10)",
    [
      [0, 1],
      [7, 1],
      [750, 1],
      [10_000, 1],
    ],
  ],
  [
    "from zero, more steps than the factor",
    LOG,
    "llquantize(10,0,2,20)",
    [
      [0, 1],
      [3, 1],
      [55, 1],
      [999, 1],
    ],
  ],
  [
    "factor two",
    LOG,
    "llquantize(2,0,6,2)",
    [
      [1, 1],
      [33, 1],
      [128, 1],
    ],
  ],
  ["a hundred steps", LOG, "llquantize(10,0,6,100)", [[123_456, 2]]],
  ["cleared latencies", LOG, LATENCY, []],
  [
    "latencies with negative counts",
    LOG,
    LATENCY,
    [
      [1500, -3],
      [2500, -1],
    ],
  ],
  [
    "latencies with counts of both signs",
    LOG,
    LATENCY,
    [
      [1500, -3],
      [2500, 3],
    ],
  ],
  [
    "labels cut to 15 characters",
    LOG,
    "llquantize(10,0,17,10)",
    [
      [123_456_789_012_345_680, 1],
      [1e18, 1],
    ],
  ],
];

for (const [name, file, text, counts] of CAPTURED) {
  test(`prints ${name} as DTrace for Linux did`, () => {
    const scheme = parseScheme(text);
    const buckets = bucketsOf(scheme);
    const index = (value: number): number =>
      value < 0 && scheme.kind === "llquantize" ? 0 - buckets.indexOf(-value) : buckets.indexOf(value);
    const printed = printDistribution(
      scheme,
      counts.map(([value]) => index(value)),
      counts.map(([, count]) => count),
      "linux",
    );
    assert.ok(capture(file).toString("latin1").includes(printed), printed);
  });
}

test("illumos has one bucket below, which holds the negatives too", () => {
  const rows = printDistribution(parseScheme(LATENCY), [-3, 0, 1], [2, 3, 5]).split("\n").slice(2, -1);
  assert.deepEqual(
    rows.map((row) => row.replace(/\|@* */, "| ").trim()),
    ["< 1000 | 5", "1000 | 5", "1500 | 0"],
  );
  assert.match(printDistribution(parseScheme("llquantize(10,0,2,10)"), [], []), /< 1 \|.*\n +1 \|/);
});

test("refuses an index that the scheme does not have, and a scheme that DTrace does not have", () => {
  assert.throws(() => printDistribution(parseScheme("lquantize(0,10,1)"), [12], [1]), RangeError);
  assert.throws(() => printDistribution(parseScheme("edges(1,2)"), [0], [1]), RangeError);
});

test("escapes keys as DTrace for Linux did", () => {
  const printed = capture("30-keys.out").toString("latin1");
  const keys = ['it\'s "quoted" \\back', "größe-日本", "two\nlines", "tab\there", "", "\x01ctrl", "bell\x07", "% d %s"];
  for (const key of keys) assert.ok(printed.includes(`[${printKey(key, "linux")}]`), printKey(key, "linux"));
  assert.equal(printKey('a"b\\c\n\xff'), 'a\\"b\\\\c\\n\\303\\277');
});
