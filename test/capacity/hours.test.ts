/**
 * Which hours a capacity question is answered from, for ranges of any length and place.
 */
import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HOUR_SEC, wholeHours } from "../../query-api/capacity/hourly.ts";

/** 2023-11-15 10:00 UTC; it is 12:30 then. */
const TEN = 1_700_042_400;
const NOW = TEN + 2.5 * HOUR_SEC;
const hours = (from: number, to: number): [number, number] => {
  const { fromTs, toTs } = wholeHours({ fromTs: TEN + from * HOUR_SEC, toTs: TEN + to * HOUR_SEC }, NOW);
  return [(fromTs - TEN) / HOUR_SEC, (toTs - TEN) / HOUR_SEC];
};

describe("the hours of a range", () => {
  test("are those that lie in it and are over", () => {
    assert.deepEqual(hours(-3.5, 0.5), [-3, 0]);
    assert.deepEqual(hours(-3, 9), [-3, 2]);
  });

  test("are those that it touches where none lies in it, and the last where none is over", () => {
    assert.deepEqual(hours(0.2, 0.8), [0, 1]);
    assert.deepEqual(hours(0.9, 1.1), [0, 2]);
    assert.deepEqual(hours(1.6, 2.5), [1, 2]);
    assert.deepEqual(hours(2.1, 2.4), [1, 2]);
    assert.deepEqual(hours(40, 50), [1, 2]);
  });

  test("are whole, over, at least one, and none before 1970, of any range", () => {
    const time = fc.integer({ min: 0, max: 4_294_967_295 });
    fc.assert(
      fc.property(time, time, fc.integer({ min: HOUR_SEC, max: 4_000_000_000 }), (a, b, nowSec) => {
        const { fromTs, toTs } = wholeHours({ fromTs: Math.min(a, b), toTs: Math.max(a, b) }, nowSec);
        assert.ok(fromTs % HOUR_SEC === 0 && toTs % HOUR_SEC === 0);
        assert.ok(fromTs >= 0 && fromTs < toTs && toTs <= nowSec);
      }),
    );
  });
});
