import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { exact, plus, type Exact } from "../../collectors/kstat-number.ts";
import { CounterGrowths, isLate, type Growth } from "../../collectors/rates.ts";

const SECOND = 1_000_000_000n;
const MADE = 5n * SECOND;

/** What the growths are of one counter that is read once a second; null where the kstat is not in the sample. */
function growthsOf(values: readonly (Exact | null)[], bits: 32 | 64 = 64, crtimes: readonly bigint[] = []): string[] {
  const growths = new CounterGrowths([bits]);
  return values.map((value, i) => {
    const snaptime = BigInt(i + 10) * SECOND;
    const growth =
      value === null ? null : growths.take({ key: "zone_vfs:1:a:\ta", crtime: crtimes[i] ?? MADE, snaptime }, [value]);
    growths.endSample();
    return growth === null ? "away" : say(growth);
  });
}

function say(growth: Growth): string {
  return growth.kind === "growth" ? `${String(growth.deltas[0])} in ${growth.elapsedNs / SECOND} s` : growth.kind;
}

describe("growths", () => {
  const rows: Record<string, [values: readonly (Exact | null)[], expected: readonly string[]]> = {
    "the first sample says nothing, the next ones what was added": [
      [5, 8, 8],
      ["first", "3 in 1 s", "0 in 1 s"],
    ],
    "a smaller value is a reset: a gap, and from there on anew": [
      [5, 3, 4],
      ["first", "reset", "1 in 1 s"],
    ],
    "a kstat that was away is as one never seen": [
      [5, null, 9, 10],
      ["first", "away", "first", "1 in 1 s"],
    ],
    "above 2^53 nothing is rounded": [
      [2n ** 53n + 1n, 2n ** 53n + 2n, 2n ** 64n - 1n],
      ["first", "1 in 1 s", `${2n ** 64n - 2n ** 53n - 3n} in 1 s`],
    ],
    "a value may cross 2^53": [
      [2 ** 53 - 1, 2n ** 53n + 1n],
      ["first", "2 in 1 s"],
    ],
  };
  for (const [title, [values, expected]] of Object.entries(rows)) {
    test(title, () => assert.deepEqual(growthsOf(values), expected));
  }

  test("another crtime is a reset even where the value grew", () => {
    assert.deepEqual(growthsOf([5, 9, 10], 64, [MADE, MADE + 1n, MADE + 1n]), ["first", "reset", "1 in 1 s"]);
  });

  test("a counter of 32 bits wraps, but not across a crtime", () => {
    assert.deepEqual(growthsOf([2 ** 32 - 2, 3], 32), ["first", "5 in 1 s"]);
    assert.deepEqual(growthsOf([2 ** 32 - 2, 3], 64), ["first", "reset"]);
    assert.deepEqual(growthsOf([2 ** 32 - 2, 3], 32, [MADE, MADE + 1n]), ["first", "reset"]);
  });

  test("a counter that is wider than 32 bits after all does not wrap", () => {
    assert.deepEqual(growthsOf([2 ** 33, 3], 32), ["first", "reset"]);
  });

  test("one counter that went back makes a gap of the whole kstat", () => {
    const growths = new CounterGrowths([64, 64]);
    const read = (values: number[], snaptime: bigint): Growth => {
      const growth = growths.take({ key: "k", crtime: MADE, snaptime }, values);
      growths.endSample();
      return growth;
    };
    assert.equal(read([1, 10], 10n).kind, "first");
    assert.equal(read([2, 9], 20n).kind, "reset");
    assert.deepEqual((read([4, 9], 30n) as { deltas?: unknown }).deltas, [2, 0]);
  });

  test("a clock that went back is a reset: the host booted", () => {
    const growths = new CounterGrowths([64]);
    growths.take({ key: "k", crtime: MADE, snaptime: 10n }, [1]);
    growths.endSample();
    assert.equal(growths.take({ key: "k", crtime: MADE, snaptime: 9n }, [2]).kind, "reset");
  });

  test("a statistic that is missing in a sample is unknown there and in the next one", () => {
    const growths = new CounterGrowths([64, 64]);
    const deltas = [
      [1, 1],
      [2, undefined],
      [4, 7],
      [5, 9],
    ].map((values, i) => {
      const growth = growths.take({ key: "k", crtime: MADE, snaptime: BigInt(i) }, values);
      growths.endSample();
      return growth.kind === "growth" ? growth.deltas : null;
    });
    assert.deepEqual(deltas, [null, [1, undefined], [2, undefined], [1, 2]]);
  });

  test("the same kstat twice in a sample counts once", () => {
    const growths = new CounterGrowths([64]);
    const read = (value: number, snaptime: bigint) => growths.take({ key: "k", crtime: MADE, snaptime }, [value]);
    assert.deepEqual([read(1, 1n), read(1, 1n)].map(say), ["first", "repeat"]);
    growths.endSample();
    assert.deepEqual(
      [read(3, SECOND), read(4, SECOND)].map(({ kind }) => kind),
      ["growth", "repeat"],
    );
  });

  test("a lost sample leaves the growth exact and says how long it took", () => {
    const growths = new CounterGrowths([64]);
    growths.take({ key: "k", crtime: MADE, snaptime: 10n * SECOND }, [100]);
    growths.endSample();
    const growth = growths.take({ key: "k", crtime: MADE, snaptime: 13n * SECOND }, [160]);
    assert.equal(say(growth), "60 in 3 s");
    assert.equal(isLate(3e9, 1), true);
    assert.equal(isLate(1.5e9, 1), false);
    assert.equal(isLate(7.6e9, 5), true);
  });

  test("only the last sample is remembered", () => {
    const growths = new CounterGrowths([]);
    for (let sample = 0; sample < 50; sample++) {
      for (let i = 0; i < 20; i++) growths.take({ key: `${sample}:${i}`, crtime: MADE, snaptime: 1n }, []);
      assert.equal(growths.endSample(), sample === 0 ? 0 : 20);
      assert.equal(growths.size, 20);
    }
  });

  test("growths between resets add up to last - first", () => {
    const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.oneof(uint64, fc.bigInt({ min: 0n, max: 9n }))), { maxLength: 30 }),
        (values) => {
          const growths = new CounterGrowths([64]);
          let first: bigint | null = null;
          let last = 0n;
          let total: Exact = 0;
          values.forEach((value, i) => {
            if (value === null) first = null;
            else {
              const growth = growths.take({ key: "k", crtime: MADE, snaptime: BigInt(i) }, [exact(value)]);
              if (growth.kind === "growth") total = plus(total, growth.deltas[0] ?? 0);
              else [first, total] = [value, 0];
              last = value;
              assert.equal(BigInt(total), last - (first ?? 0n));
            }
            growths.endSample();
          });
        },
      ),
      { numRuns: 300, seed: 17 },
    );
  });

  test("growths of a wrapping counter add up to all that was ever counted", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 2 ** 31 - 1 }),
        fc.array(fc.nat({ max: 2 ** 31 - 1 }), { maxLength: 30 }),
        (start, steps) => {
          const growths = new CounterGrowths([32]);
          let truth = start;
          let total: Exact = 0;
          [0, ...steps].forEach((step, i) => {
            truth += step;
            const growth = growths.take({ key: "k", crtime: MADE, snaptime: BigInt(i) }, [truth % 2 ** 32]);
            growths.endSample();
            if (growth.kind === "growth") total = plus(total, growth.deltas[0] ?? 0);
          });
          assert.equal(total, truth - start);
        },
      ),
      { seed: 19 },
    );
  });
});
