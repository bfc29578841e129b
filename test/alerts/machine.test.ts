/**
 * Rules as they are read, and the state machine as laws, over any course of values, gaps and times.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { changed, INACTIVE, notAfter, staysInactive, step, type AlertState } from "../../core/alerts/machine.ts";
import type { Reading } from "../../core/alerts/measure.ts";
import { HOLD_SEC, type Rule } from "../../core/alerts/rule.ts";
import { LONG } from "../long.ts";

type Terms = Pick<Rule, "condition" | "forSec" | "keepSec" | "onNoData">;

const condition = (value: number, resolve = value): Rule["condition"] => ({
  ...{ kind: "rate", windowSec: 1, threshold: { direction: "above", value, resolve } },
});
const of = (value: number, isPartial = false): Reading => ({ kind: "value", value, isPartial });
const NOTHING: Reading = { kind: "unknown", why: "nobody watched" };

/** Evaluations a second apart. */
function run(rule: Terms, readings: readonly Reading[], move = step): AlertState[] {
  let state = INACTIVE;
  return readings.map((reading, i) => (state = move(rule, state, reading, (i + 1) * 1000)));
}

const anyReading = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("value" as const),
      value: fc.integer({ min: 0, max: 20 }),
      isPartial: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.constant(NOTHING) },
  { weight: 1, arbitrary: fc.constant<Reading>({ kind: "empty", isPartial: false }) },
);
const anyRule = fc.record({
  condition: fc
    .tuple(fc.integer({ min: 5, max: 15 }), fc.integer({ min: 0, max: 5 }))
    .map(([value, less]) => condition(value, value - less)),
  forSec: fc.integer({ min: 0, max: 8 }),
  keepSec: fc.integer({ min: 0, max: 8 }),
  onNoData: fc.constant("hold" as const),
});
const RUNS = { numRuns: LONG ? 20_000 : 500, seed: 7 };

describe("the state of an alert", () => {
  test("goes from inactive by pending to firing, and back by resolved", () => {
    const rule: Terms = { condition: condition(10), forSec: 2, keepSec: 0, onNoData: "hold" };
    const states = run(rule, [of(1), of(11), of(12), of(13), of(14), of(9), of(8)]);
    assert.deepEqual(
      states.map(({ status }) => status),
      ["inactive", "pending", "pending", "firing", "firing", "resolved", "resolved"],
    );
    assert.equal(states[3]?.startsMs, 2000, "it began when it became bad, not when it fired");
    assert.equal(states[5]?.endsMs, 6000);
  });

  test("fires at once without `for`, and ends only past the value to come back to", () => {
    const rule: Terms = { condition: condition(10, 5), forSec: 0, keepSec: 0, onNoData: "hold" };
    const states = run(rule, [of(11), of(9), of(6), of(5), of(9)]);
    assert.deepEqual(
      states.map(({ status }) => status),
      ["firing", "firing", "firing", "resolved", "resolved"],
    );
  });

  test("keeps firing until it has been good for long enough without a break", () => {
    const rule: Terms = { condition: condition(10), forSec: 0, keepSec: 2, onNoData: "hold" };
    const states = run(rule, [of(11), of(1), of(1), of(11), of(1), of(1), of(1)]);
    assert.deepEqual(
      states.map(({ status }) => status),
      ["firing", "firing", "firing", "firing", "firing", "firing", "resolved"],
    );
  });

  test("no data makes nothing fire and resolves nothing, and its time does not count", () => {
    const rule: Terms = { condition: condition(10), forSec: 2, keepSec: 0, onNoData: "hold" };
    const states = run(rule, [of(11), NOTHING, NOTHING, NOTHING, of(11), of(11), NOTHING, of(1)]);
    assert.deepEqual(
      states.map(({ status }) => status),
      ["pending", "pending", "pending", "pending", "pending", "firing", "firing", "resolved"],
    );
    assert.equal(states[6]?.value, null, "not known is not zero");
    assert.equal(states[6].unknownMs, 7000);
  });

  test("after an hour without data a firing one is resolved, and says why", () => {
    const rule: Terms = { condition: condition(10), forSec: 0, keepSec: 0, onNoData: "hold" };
    let state = step(rule, INACTIVE, of(11), 1000);
    state = step(rule, state, NOTHING, 2000);
    state = step(rule, state, NOTHING, 2000 + HOLD_SEC * 1000 - 1);
    assert.equal(state.status, "firing");
    state = step(rule, state, NOTHING, 2000 + HOLD_SEC * 1000);
    assert.equal(state.status, "resolved");
    assert.match(state.why, /nobody watched for 60 minutes/);
  });

  test("no data can be made to fire, or to resolve", () => {
    const rule = { condition: condition(10), forSec: 0, keepSec: 0 };
    assert.equal(run({ ...rule, onNoData: "fire" }, [of(1), NOTHING])[1]?.status, "firing");
    assert.equal(run({ ...rule, onNoData: "resolve" }, [of(11), NOTHING])[1]?.status, "resolved");
  });

  const laws: Readonly<
    Record<string, (rule: Terms, readings: readonly Reading[], states: readonly AlertState[]) => boolean>
  > = {
    "it fires only after it was bad at every evaluation with data for `for`": (rule, readings, states) =>
      states.every((state, i) => {
        if (state.status !== "firing" || states[i - 1]?.status === "firing") return true;
        // A second counts that ends in an evaluation with data; the first bad one only begins it.
        let badSec = -1;
        for (let at = i; at >= 0; at--) {
          const reading = readings[at];
          if (reading?.kind === "unknown") continue;
          if (
            reading?.kind !== "value" ||
            !("threshold" in rule.condition) ||
            reading.value <= rule.condition.threshold.value
          )
            break;
          badSec += 1;
          if (badSec >= rule.forSec) return true;
        }
        return badSec >= rule.forSec;
      }),
    "no data changes no status within the hour": (_rule, readings, states) =>
      readings.every(
        (reading, i) => reading.kind !== "unknown" || states[i]?.status === (states[i - 1]?.status ?? "inactive"),
      ),
    "it is resolved only from firing, and ends after it began": (_rule, _readings, states) =>
      states.every((state, i) => {
        const was = states[i - 1]?.status ?? "inactive";
        if (state.status === "resolved" && was !== "firing" && was !== "resolved") return false;
        return state.status !== "resolved" || (state.endsMs > state.startsMs && state.startsMs > 0);
      }),
    "others hear of a change of status and of nothing else": (_rule, _readings, states) =>
      states.every(
        (state, i) =>
          changed(states[i - 1] ?? INACTIVE, state) === (state.status !== (states[i - 1]?.status ?? "inactive")),
      ),
  };
  test("law: a key of which no state is made would have stayed inactive", () => {
    fc.assert(
      fc.property(anyRule, anyReading, (rule, reading) => {
        const after = step(rule, INACTIVE, reading, 1000).status;
        assert.equal(staysInactive(rule, reading), after === "inactive");
      }),
      RUNS,
    );
  });
  const holds = (law: (typeof laws)[string], move = step): boolean => {
    const property = fc.property(anyRule, fc.array(anyReading, { maxLength: 40 }), (rule, readings) =>
      law(rule, readings, run(rule, readings, move)),
    );
    return !fc.check(property, RUNS).failed;
  };
  test("goes on where the clock was ahead when it was stored: nothing in it is of the future but what it is known by", () => {
    const ahead: AlertState = {
      ...INACTIVE,
      status: "firing",
      sinceMs: 9000,
      startsMs: 8000,
      goodMs: 9500,
      atMs: 9900,
    };
    const now = notAfter(ahead, 5000);
    assert.deepEqual([now.sinceMs, now.goodMs, now.atMs, now.startsMs], [5000, 5000, 5000, 8000]);
    const pending = notAfter({ ...INACTIVE, status: "pending", sinceMs: 9000, atMs: 9000 }, 5000);
    const rule: Terms = { condition: condition(1), forSec: 1, keepSec: 0, onNoData: "hold" };
    assert.equal(step(rule, pending, of(5), 6000).status, "firing", "a second later, and not when it is nine");
  });

  for (const [name, law] of Object.entries(laws)) test(`law: ${name}`, () => assert.ok(holds(law)));

  test("a machine that takes no data for good, counts its time, or ignores `for` breaks a law", () => {
    const mutants: Readonly<Record<string, typeof step>> = {
      "no data is zero": (rule, before, reading, atMs) =>
        step(rule, before, reading.kind === "unknown" ? of(0) : reading, atMs),
      "no data counts as bad": (rule, before, reading, atMs) =>
        step({ ...rule, onNoData: "fire" }, before, reading, atMs),
      "for is ignored": (rule, before, reading, atMs) => step({ ...rule, forSec: 0 }, before, reading, atMs),
      "its time counts": (rule, before, reading, atMs) => ({ ...step(rule, before, reading, atMs), heldMs: 0 }),
    };
    for (const [name, mutant] of Object.entries(mutants)) {
      const caught = Object.values(laws).some((law) => !holds(law, mutant));
      assert.ok(caught, name);
    }
  });
});
