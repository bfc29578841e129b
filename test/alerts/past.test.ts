/** past.test.ts: what is remembered of when a rule fired. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { INACTIVE, type AlertState } from "../../core/alerts/machine.ts";
import { KEEP_PAST_MS, withPast, type PastFiring } from "../../core/alerts/past.ts";

const NOW = 1_790_000_000_000;
const firing = (startsMs: number): AlertState => ({ ...INACTIVE, status: "firing", sinceMs: startsMs, startsMs });
const resolved = (startsMs: number, endsMs: number): AlertState => ({
  ...INACTIVE,
  ...{ status: "resolved", sinceMs: endsMs, startsMs, endsMs },
});
const pending: AlertState = { ...INACTIVE, status: "pending", sinceMs: NOW };

describe("the firings of a key", () => {
  test("are open until they are resolved, and stay when the next one is pending", () => {
    let past: readonly PastFiring[] = [];
    past = withPast(past, pending, NOW);
    assert.deepEqual(past, []);
    past = withPast(past, firing(NOW), NOW + 5);
    assert.deepEqual(past, [{ startsMs: NOW, endsMs: null }]);
    past = withPast(past, resolved(NOW, NOW + 9), NOW + 10);
    past = withPast(past, pending, NOW + 20);
    assert.deepEqual(past, [{ startsMs: NOW, endsMs: NOW + 9 }]);
  });

  test("are the same after a restart, which tells of them again", () => {
    const once = withPast([], firing(NOW), NOW + 5);
    assert.deepEqual(withPast(once, firing(NOW), NOW + 50), once);
  });

  test("that are corrected by late data end, and stand beside what was found", () => {
    const before = withPast([], firing(NOW), NOW + 5);
    assert.deepEqual(withPast(before, firing(NOW - 100), NOW + 60), [
      { startsMs: NOW - 100, endsMs: null },
      { startsMs: NOW, endsMs: NOW + 60 },
    ]);
  });

  test("are forgotten after 30 days, and are a hundred at most", () => {
    const old = { startsMs: NOW - KEEP_PAST_MS - 9, endsMs: NOW - KEEP_PAST_MS - 1 };
    assert.deepEqual(withPast([old], INACTIVE, NOW), []);
    let past: readonly PastFiring[] = [];
    for (let i = 1; i <= 120; i++) past = withPast(past, resolved(NOW + i * 10, NOW + i * 10 + 5), NOW + i * 10 + 5);
    assert.equal(past.length, 100);
    assert.equal(past.at(-1)?.startsMs, NOW + 1200);
  });
});
