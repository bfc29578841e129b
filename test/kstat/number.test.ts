import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { exact, minus, nanosecondsOf, plus, scaled, wholeOf } from "../../collectors/kstat-number.ts";
import { seconds } from "./print.ts";

const uint64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }),
  fc.bigInt({ min: 0n, max: 1000n }),
);

function ns(text: string): number | bigint | undefined {
  return nanosecondsOf(Buffer.from(`<${text}>`), 1, text.length + 1);
}

function whole(text: string): number | bigint | undefined {
  return wholeOf(Buffer.from(`<${text}>`), 1, text.length + 1);
}

describe("exact numbers", () => {
  test("are numbers where a double is exact, and bigints where it is not", () => {
    assert.equal(exact(2n ** 53n - 1n), Number.MAX_SAFE_INTEGER);
    assert.equal(exact(2n ** 53n), 2n ** 53n);
    assert.equal(whole("9007199254740991"), 9_007_199_254_740_991);
    assert.equal(whole("9007199254740993"), 9_007_199_254_740_993n);
    assert.equal(whole("18446744073709551615"), 18_446_744_073_709_551_615n);
    assert.equal(whole("-5"), -5);
  });

  test("what is no 64-bit whole number is refused", () => {
    for (const text of ["", "-", "1.5", "0x10", "1e3", " 1", "18446744073709551616", "99999999999999999999"]) {
      assert.equal(whole(text), undefined, text);
    }
  });

  test("are summed, subtracted and scaled as integers are", () => {
    fc.assert(
      fc.property(uint64, uint64, fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 1, max: 1000 }), (a, b, m, d) => {
        assert.equal(plus(exact(a), exact(b)), exact(a + b));
        assert.equal(minus(exact(a), exact(b)), exact(a - b));
        assert.equal(scaled(exact(a), m, d), exact((a * BigInt(m)) / BigInt(d)));
      }),
      { seed: 3 },
    );
  });

  test("a scaled negative number is rounded down, not toward zero", () => {
    assert.equal(scaled(-1, 100, 256), -1);
    assert.equal(scaled(-(2n ** 60n) - 1n, 1, 2), exact(-(2n ** 59n) - 1n));
  });
});

describe("seconds", () => {
  test("become whole ns by their digits alone", () => {
    fc.assert(
      fc.property(uint64, (each) => assert.equal(ns(seconds(each)), exact(each))),
      { seed: 5 },
    );
  });

  const rows: Record<string, number | bigint | undefined> = {
    "0.000000001": 1,
    "0": 0,
    "12": 12_000_000_000,
    "1.5": 1_500_000_000,
    "999999.999999999": 999_999_999_999_999,
    "1000000.000000001": 1_000_000_000_000_001,
    "9007199.254740993": 9_007_199_254_740_993n,
    "": undefined,
    ".5": undefined,
    "1.": undefined,
    "1,5": undefined,
    "1.5s": undefined,
    "-1.000000000": undefined,
    "1.0000000000": undefined,
    "1.2.3": undefined,
    "1e9": undefined,
    "1234567890123.000000000": undefined,
  };
  for (const [text, expected] of Object.entries(rows)) {
    test(`${JSON.stringify(text)} is ${expected === undefined ? "refused" : `${expected} ns`}`, () => {
      assert.equal(ns(text), expected);
    });
  }
});
