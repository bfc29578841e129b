import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { sharePercent, thresholdCounts } from "../../collectors/kstat-distribution.ts";
import { exact } from "../../collectors/kstat-number.ts";

/** Growths of a total and two thresholds, window by window: in any disorder, as of counters that are not read at once. */
const growths = fc.array(fc.tuple(fc.nat({ max: 50 }), fc.nat({ max: 50 }), fc.nat({ max: 50 })), { maxLength: 40 });

describe("threshold counts", () => {
  test("are never negative, and with what is carried add up to their counters' growth", () => {
    fc.assert(
      fc.property(growths, (windows) => {
        const carried: number[] = [];
        const shown = [0, 0, 0];
        const truth = [0, 0, 0];
        for (const [total, first, second] of windows) {
          const counts = thresholdCounts(total, [first, second], carried);
          assert.ok(counts !== undefined && counts.every((count) => count >= 0));
          [total - first, first - second, second].forEach((growth, i) => {
            truth[i] = (truth[i] ?? 0) + growth;
            shown[i] = (shown[i] ?? 0) + (counts[i] ?? 0);
            assert.equal((shown[i] ?? 0) + (carried[i] ?? 0), truth[i]);
          });
        }
      }),
      { numRuns: 200, seed: 23 },
    );
  });

  test("beyond belief leave what is carried as it was", () => {
    const carried = [0, -3, 0];
    assert.equal(thresholdCounts(2n ** 60n, [1, 0], carried), undefined);
    assert.equal(thresholdCounts(0, [2n ** 60n, 2n ** 60n], carried), undefined);
    assert.deepEqual(carried, [0, -3, 0]);
  });
});

describe("a share", () => {
  test("is floor(100 * ns / elapsed), exactly", () => {
    const ns = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 10n ** 10n }));
    fc.assert(
      fc.property(ns, fc.bigInt({ min: 1n, max: 10n ** 14n }), (each, elapsedNs) => {
        assert.equal(sharePercent(exact(each), elapsedNs), Number((100n * each) / elapsedNs));
        // On and beside the edge of a whole percent.
        for (const near of [0n, 1n, -1n]) {
          const edge = (37n * elapsedNs) / 100n + near;
          if (edge >= 0n) assert.equal(sharePercent(exact(edge), elapsedNs), Number((100n * edge) / elapsedNs));
        }
      }),
      { numRuns: 300, seed: 29 },
    );
  });

  test("of no time is unknown", () => {
    assert.equal(sharePercent(5, 0n), undefined);
  });
});
