/**
 * When an enabling is switched off, and when it may try again.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CostGuard, GUARD_LIMITS, type GuardTick } from "../../collectors/cost-guard.ts";

const START_MS = 1_800_000_000_000;

/** Ticks of a second each, that are fine but for what is given. */
function ticks(guard: CostGuard, count: number, rest: (n: number) => Partial<GuardTick>): string[] {
  const falls: string[] = [];
  for (let n = 0; n < count; n++) {
    const nowMs = START_MS + n * 1000;
    const fine = { nowMs, drops: false, lagMs: 20, clockAskedMs: START_MS - 1, eventsPerSec: 100 };
    const fall = guard.tick({ ...fine, ...rest(n) });
    if (fall !== undefined) falls.push(`${n} ${fall.cause}`);
  }
  return falls;
}

describe("the guard", () => {
  test("bears drops in two of five ticks, and not in three", () => {
    assert.deepEqual(
      ticks(new CostGuard(), 50, (n) => ({ drops: n % 5 < 2 })),
      [],
    );
    assert.equal(ticks(new CostGuard(), 5, (n) => ({ drops: n !== 1 }))[0], "3 drops");
  });

  test("acts on five ticks above the budget", () => {
    assert.deepEqual(
      ticks(new CostGuard(), 5, () => ({ eventsPerSec: GUARD_LIMITS.maxEventsPerSec + 1 })),
      ["4 overhead"],
    );
    assert.deepEqual(
      ticks(new CostGuard(), 40, (n) => ({ eventsPerSec: n % 5 === 0 ? 1 : 1e7 })),
      [],
    );
  });

  test("acts on lag that does not shrink, once the clock has been asked", () => {
    const fresh = { clockAskedMs: START_MS + 5_000 };
    assert.deepEqual(ticks(new CostGuard(), 17, () => ({ lagMs: 40_000, ...fresh })).at(0), "15 lag");
    assert.deepEqual(ticks(new CostGuard(), 17, (n) => ({ lagMs: 40_000 + n * 100, ...fresh })).at(0), "15 lag");
    assert.deepEqual(
      ticks(new CostGuard(), 60, () => ({ lagMs: 40_000 })),
      [],
      "nobody has asked the clock",
    );
    assert.deepEqual(
      ticks(new CostGuard(), 60, () => ({ lagMs: 29_000, ...fresh })),
      [],
    );
  });

  test("lets history catch up, though it stalls now and then", () => {
    const catchingUp = (n: number) => ({ lagMs: 300_000 - n * 900 + (n > 50 ? 6_000 : 0), clockAskedMs: START_MS + 1 });
    assert.deepEqual(ticks(new CostGuard(), 300, catchingUp), []);
  });

  test("allows tries after 1, 5 and 30 minutes, then none", () => {
    const guard = new CostGuard();
    let nowMs = START_MS;
    const waits = Array.from({ length: 5 }, () => {
      const wait = guard.fall(nowMs);
      nowMs += (wait ?? 0) + 10_000;
      return wait;
    });
    assert.deepEqual(waits, [60_000, 300_000, 1_800_000, null, null]);
  });

  test("forgives after an hour without a fall", () => {
    const guard = new CostGuard();
    guard.fall(START_MS);
    assert.equal(guard.fall(START_MS + 60_000 + 3_600_001), 60_000);
  });
});
