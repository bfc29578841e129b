/** units.test.ts: numbers as people read them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formatCount, formatQuantity, formatRange, formatShare, formatShort, formatTick } from "../../core/units.ts";

describe("a value and its unit", () => {
  const rows: [name: string, value: number, unit: string, text: string][] = [
    ["zero nanoseconds", 0, "ns", "0 ns"],
    ["nanoseconds below a microsecond", 950, "ns", "950 ns"],
    ["a microsecond", 1000, "ns", "1 us"],
    ["one and a half milliseconds", 1.5e6, "time", "1.5 ms"],
    ["what rounds to the next unit is written in it", 999_960, "ns", "1 ms"],
    ["seconds have nothing above them", 1234e9, "ns", "1234 s"],
    ["milliseconds within a second", 250, "subsecond", "250 ms"],
    ["sizes climb by 1024", 65_536, "bytes", "64 KiB"],
    ["a size a second", 1_572_864, "bytes/s", "1.5 MiB/s"],
    ["percent", 12.345, "%", "12.3 %"],
    ["things counted", 41_207, "operations/s", "41.2k operations/s"],
  ];
  for (const [name, value, unit, text] of rows) {
    test(name, () => assert.equal(formatQuantity(value, unit), text));
  }
  test("an axis leaves out the name of what is counted, and nothing else", () => {
    assert.equal(formatTick(2000, "operations/s"), "2k");
    assert.equal(formatTick(20, "%"), "20 %");
    assert.equal(formatTick(2048, "bytes/s"), "2 KiB/s");
    assert.equal(formatTick(1e6, "ns"), "1 ms");
  });
});

test("a range says the unit once where both ends share it", () => {
  assert.equal(formatRange(1e6, 1.5e6, "ns"), "1 – 1.5 ms");
  assert.equal(formatRange(950e3, 1e6, "ns"), "950 us – 1 ms");
  assert.equal(formatRange(null, 1000, "ns"), "< 1 us");
  assert.equal(formatRange(1e11, null, "ns"), "≥ 100 s");
});

test("a count is exact, its short form is not", () => {
  assert.equal(formatCount(612_400), "612,400");
  assert.equal(formatCount(9_007_199_254_740_991), "9,007,199,254,740,991");
  assert.equal(formatShort(612_400), "612k");
  assert.equal(formatShort(999_999), "1M");
});

test("a share that is not zero is never written as zero", () => {
  assert.equal(formatShare(1, 1_000_000), "< 0.1 %");
  assert.equal(formatShare(0, 1_000_000), "0.0 %");
  assert.equal(formatShare(61, 100), "61 %");
  assert.equal(formatShare(0, 0), "–");
});
