/**
 * What was printed is what is read: with a scheme as bucket indexes, without one as edges.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseBuckets, parseEdges } from "../../collectors/aggregation-parser.ts";
import { printDistribution, type Platform } from "../../collectors/simulator/print-distribution.ts";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { fromTally } from "../../core/histogram/distribution.ts";
import { formatScheme, parseScheme, type Scheme } from "../../core/histogram/scheme.ts";

const SCHEMES = [
  "quantize",
  "lquantize(0,100,10)",
  "lquantize(0,10,3)",
  "lquantize(-100,100,25)",
  "lquantize(2000000000,2000100000,10000)",
  "lquantize(0,100,1)",
  "llquantize(10,3,9,20)",
  "llquantize(10,3,10,20)",
  "llquantize(10,0,3,10)",
  "llquantize(10,0,2,20)",
  "llquantize(10,0,6,100)",
  "llquantize(2,0,6,2)",
  "llquantize(2,3,20,8)",
  "llquantize(16,1,4,16)",
].map((text) => parseScheme(text));

const platforms: fc.Arbitrary<Platform> = fc.constantFrom("illumos", "linux");

/** A scheme with counts of some of its buckets; those that DTrace can print. */
const distributions = fc
  .record({ scheme: fc.constantFrom(...SCHEMES), platform: platforms })
  .chain(({ scheme, platform }) => {
    const { first, last } = bucketsOf(scheme);
    const lowest = scheme.kind === "quantize" ? -63 : platform === "illumos" ? 0 : first;
    const highest = scheme.kind === "quantize" ? 63 : last;
    const count = fc.oneof(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 1, max: 2 ** 40 }));
    return fc.record({
      scheme: fc.constant(scheme),
      platform: fc.constant(platform),
      tally: fc
        .array(fc.tuple(fc.integer({ min: lowest, max: highest }), count), { maxLength: 12 })
        .map((entries) => fromTally(new Map(entries))),
    });
  });

/**
 * Those whose labels tell their edges. Negative labels at equal spacing are read as lquantize's; where llquantize prints them
 * the row around zero tells, so here it always shows.
 */
const telling = distributions.map((each) => {
  const { scheme, tally } = each;
  if (scheme.kind !== "llquantize" || tally.bucket.every((index) => index >= 0)) return each;
  return {
    ...each,
    tally: fromTally(new Map([...tally.bucket.map((index, i) => [index, tally.count[i] ?? 0] as const), [0, 1]])),
  };
});

describe("with a scheme", () => {
  test("printing and parsing changes nothing", () => {
    fc.assert(
      fc.property(distributions, ({ scheme, platform, tally }) => {
        const printed = printDistribution(scheme, tally.bucket, tally.count, platform);
        assert.deepEqual(parseBuckets(Buffer.from(printed), scheme), tally);
      }),
      { numRuns: 2000 },
    );
  });

  test("negative counts and counts to 2^63 come out as they were printed", () => {
    const counts = [-5, 10, 9_223_372_036_854_775_807n, -9_223_372_036_854_775_808n];
    const printed = printDistribution({ kind: "quantize" }, [3, 5, 9, 12], counts);
    assert.deepEqual(parseBuckets(Buffer.from(printed), { kind: "quantize" }), {
      bucket: [3, 5, 9, 12],
      count: counts,
    });
  });

  test("labels that DTrace for Linux cut are told by their order", () => {
    const scheme = parseScheme("llquantize(10,3,16,10)");
    const buckets = bucketsOf(scheme);
    const bucket = [9e13, 3e15, 2e16, 1e17].map((value) => buckets.indexOf(value));
    const printed = printDistribution(scheme, bucket, [1, 2, 3, 4], "linux");
    assert.deepEqual(parseBuckets(Buffer.from(printed), scheme), { bucket, count: [1, 2, 3, 4] });
  });

  test("another scheme's labels, labels out of order and a missing header are refused", () => {
    const scheme = parseScheme("lquantize(0,100,10)");
    const printed = printDistribution(scheme, [3], [1]);
    assert.equal(parseBuckets(Buffer.from(printed), parseScheme("lquantize(0,100,25)")), undefined);
    const [blank, header, ...rows] = printed.trimEnd().split("\n");
    const reversed = [blank, header, ...rows.reverse()].join("\n");
    assert.equal(parseBuckets(Buffer.from(reversed), scheme), undefined);
    assert.equal(parseBuckets(Buffer.from(rows.join("\n")), scheme), undefined);
  });
});

describe("without a scheme", () => {
  test("every row's edges and count are those of its bucket, but for the end that no row shows", () => {
    fc.assert(
      fc.property(telling, ({ scheme, platform, tally }) => {
        const read = parseEdges(Buffer.from(printDistribution(scheme, tally.bucket, tally.count, platform)));
        const rows = read?.buckets.filter(([, , count]) => count !== 0) ?? [];
        assert.deepEqual(
          rows.map(([, , count]) => count),
          tally.count,
        );
        rows.forEach(([low, high], i) => {
          const expected = rangeOf(scheme, platform, tally.bucket[i] ?? 0);
          assert.deepEqual([low, high].map(String), expected.map(String), formatScheme(scheme));
        });
      }),
      { numRuns: 2000 },
    );
  });

  test("rows lie side by side without a gap", () => {
    fc.assert(
      fc.property(telling, ({ scheme, platform, tally }) => {
        const rows =
          parseEdges(Buffer.from(printDistribution(scheme, tally.bucket, tally.count, platform)))?.buckets ?? [];
        rows.slice(1).forEach(([low], i) => assert.equal(String(low), String(rows[i]?.[1])));
      }),
    );
  });

  test("a scheme is told only where it has these buckets", () => {
    fc.assert(
      fc.property(telling, ({ scheme, platform, tally }) => {
        const read = parseEdges(Buffer.from(printDistribution(scheme, tally.bucket, tally.count, platform)));
        if (read === undefined || read.scheme === null) return;
        const printed = printDistribution(read.scheme, tally.bucket, tally.count, platform);
        const again = parseEdges(Buffer.from(printed));
        if (scheme.kind === read.scheme.kind) assert.deepEqual(again?.buckets, read.buckets);
        else assert.equal(formatScheme(scheme), "llquantize(2,0,6,2)");
      }),
      { numRuns: 1000 },
    );
  });

  const LAST_HIGH: readonly (readonly [name: string, scheme: string, bucket: number, high: number | null])[] = [
    ["within a decade", "llquantize(10,3,9,20)", 2, 2500],
    ["at a decade's end", "llquantize(10,3,9,20)", 18, 15_000],
    ["within steps", "lquantize(0,1000,7)", 3, 28],
    ["where steps reach a hundred", "lquantize(0,1000,5)", 20, 105],
    ["of powers of two", "quantize", 5, 64],
  ];
  for (const [name, text, bucket, high] of LAST_HIGH) {
    test(`the last row's end follows from the spacing ${name}`, () => {
      const read = parseEdges(Buffer.from(printDistribution(parseScheme(text), [bucket], [1])));
      assert.equal(read?.buckets.at(-1)?.[1], high);
    });
  }

  test("labels cut beyond repair give no edges, and say so", () => {
    const printed = printDistribution(parseScheme("llquantize(10,0,17,10)"), [140], [1], "linux");
    const read = parseEdges(Buffer.from(printed));
    assert.equal(read?.cut, true);
    assert.deepEqual(
      read.buckets
        .map(([low, high]) => [low, high])
        .flat()
        .filter((edge) => edge !== null),
      [],
    );
    assert.deepEqual(read.buckets.map(([, , count]) => count).filter(Boolean), [1]);
  });

  test("hostile lines are no rows, and cost no time", () => {
    const header = printDistribution({ kind: "quantize" }, [1], [1]).split("\n").slice(0, 2).join("\n");
    for (const line of [
      "               1 |@@@",
      `${" ".repeat(100_000)}1`,
      `               1 ${"|".repeat(41)} 1`,
      `               1 |${"@ ".repeat(20)} 1x`,
      `               1 |${" ".repeat(40)} -`,
      `               - |${" ".repeat(40)} 1`,
      `         abs() < |${" ".repeat(40)} 1`,
      `1 |${" ".repeat(40)} 1`,
      `               1 |${" ".repeat(40)} ${"9".repeat(100_000)}`,
    ]) {
      assert.deepEqual(parseEdges(Buffer.from(`${header}\n${line}\n`))?.buckets, []);
    }
  });

  test("bars of block characters (-x encoding=utf8) count as bars", () => {
    const printed = printDistribution({ kind: "quantize" }, [1], [7]).replace(/@+/, `${"█".repeat(39)}▌`);
    assert.deepEqual(parseEdges(Buffer.from(printed))?.buckets[1], [1, 2, 7]);
  });
});

function rangeOf(scheme: Scheme, platform: Platform, index: number): readonly (number | bigint | null)[] {
  const buckets = bucketsOf(scheme);
  const exact = (edge: number | null): number | bigint | null =>
    edge === null || Number.isSafeInteger(edge) ? edge : BigInt(edge);
  if (scheme.kind === "quantize" && index < -1) {
    // 1 - 2^k in doubles loses the 1.
    return [1n - 2n ** BigInt(-index), 1n - 2n ** BigInt(-index - 1)];
  }
  if (scheme.kind === "llquantize" && platform === "linux" && index === 0) {
    const bottom = buckets.lowOf(1) ?? 1;
    // `abs() < N`: the row before bucket 0, which is printed with it, is negative.
    return bottom === 1 ? [0, 1] : [1 - bottom, bottom];
  }
  return [exact(buckets.lowOf(index)), exact(buckets.highOf(index))];
}
