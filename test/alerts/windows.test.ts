/**
 * Rules that look at hours and days: an SLO's burn rate in two windows, and a distribution beside that of yesterday. Hours of seconds go through
 * ingest, engine and evaluator, on a clock of their own.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { seeded } from "../../collectors/simulator/random.ts";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { LATENCY_SCHEME } from "../../core/histogram/scheme.ts";
import { startEvaluatorBed, type Counts, type EvaluatorBed } from "./evaluator-bed.ts";

const BUCKETS = bucketsOf(LATENCY_SCHEME);
const [FAST, SLOW] = [BUCKETS.indexOf(1_000_000), BUCKETS.indexOf(500_000_000)];
const HOUR = 3600;
const DAY = 86_400;

/** Of a thousand events a second so many take half a second. */
const withSlow = (slow: number): Counts => new Map([[FAST, 1000 - slow], [SLOW, slow]]); // prettier-ignore

describe("over hours", () => {
  let bed: EvaluatorBed;
  before(async () => (bed = await startEvaluatorBed()));
  after(() => bed.close());

  test("a burn rate fires when both windows burn, not at a blip nor at a slow leak, and ends when the short one has recovered", async () => {
    // On a whole minute, with an hour of good service before that.
    const beginTs = Math.floor((Date.now() / 1000 - 3 * HOUR) / 60) * 60;
    await bed.tell(beginTs - HOUR, HOUR, () => withSlow(0));
    const windows = [{ longSec: HOUR, shortSec: 300, factor: 14.4 }];
    const rule = { instrumentation: bed.instrumentation, everySec: 60 };
    await bed.begin(beginTs, [
      { ...rule, name: "fast burn", condition: { kind: "burn", over: 1e8, objective: 0.999, windows } },
    ]);
    const firing = (seen: readonly ReadonlyMap<string, { status: string }>[]): number[] =>
      seen.flatMap((states, i) => (states.get("fast burn")?.status === "firing" ? [i] : []));
    // A budget of 0.1 %; 14.4 times of it is 1.44 % of an hour's events.
    assert.deepEqual(firing(await bed.pass(5, () => withSlow(0))), [], "all is well");
    // One minute at a third: the short window is far above (6 %), the long one is not (0.5 %).
    assert.deepEqual(firing(await bed.pass(1, () => withSlow(300))), [], "a blip");
    assert.deepEqual(firing(await bed.pass(9, () => withSlow(0))), [], "after it");
    // Ten times the budget, where 14.4 times are allowed.
    assert.deepEqual(firing(await bed.pass(3, () => withSlow(10))), [], "a leak");
    // 10 % for ten minutes are 1.67 % of an hour, and more than 1.44 % are reached after some six of them, with the blip and the leak.
    const outage = firing(await bed.pass(12, () => withSlow(100)));
    const [first = -1] = outage;
    assert.ok(first >= 4 && first <= 9, `it fired in minute ${first}`);
    assert.equal(outage.at(-1), 11, "while it lasts");
    // The long window remembers for an hour; the short one has forgotten within five minutes.
    const seen = await bed.pass(8, () => withSlow(0));
    const ends = seen.findIndex((states) => states.get("fast burn")?.status === "resolved");
    assert.ok(ends >= 0 && ends <= 6, `it ended in minute ${ends}`);
    assert.deepEqual(firing(seen.slice(ends)), []);
  });

  const random = seeded(11);

  /** A lognormal about a median, of which each second has another sample, and a volume that goes up and down by half. */
  const noisy = (medianNs: number, share = 0): Counts => {
    const counts = new Map<number, number>();
    const events = Math.round(400 * (0.5 + random()));
    for (let i = 0; i < events; i++) {
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      const ns = (random() < share ? 100 : 1) * medianNs * Math.exp(0.6 * normal);
      const bucket = BUCKETS.indexOf(Math.max(1, Math.round(ns)));
      counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
    }
    return counts;
  };

  test("a change of shape fires on a second mode and on a shift, not on noise nor on volume, and ends when it is as yesterday", async () => {
    const beginTs = Math.floor((Date.now() / 1000 - 2 * HOUR) / HOUR) * HOUR + 600;
    const hour = Math.floor(beginTs / HOUR) * HOUR;
    await bed.tell(hour - DAY, 600, () => noisy(1_000_000));
    await bed.tell(beginTs - 600, 600, () => noisy(1_000_000));
    const rule = { instrumentation: bed.instrumentation, everySec: 60 };
    const condition = { kind: "shape", days: 1, minDays: 1, windowSec: 120, above: 0.2, resolve: 0.15 };
    await bed.begin(beginTs, [{ ...rule, name: "shape", condition }]);
    const statuses = (seen: readonly ReadonlyMap<string, { status: string; value: number | null }>[]): string =>
      seen.map((states) => states.get("shape")?.status ?? "inactive").join(" ");
    assert.equal(statuses(await bed.pass(6, () => noisy(1_000_000))), Array(6).fill("inactive").join(" "), "noise");
    // A tenth of the events are a hundred times as slow: 0.1 x 2 decades at least.
    const mode = await bed.pass(3, () => noisy(1_000_000, 0.15));
    assert.match(statuses(mode), /firing firing$/, "a second mode");
    const value = mode.at(-1)?.get("shape")?.value ?? 0;
    assert.ok(Math.abs(value - 0.3) < 0.05, `0.15 of the events are two decades away: ${value}`);
    assert.match(statuses(await bed.pass(4, () => noisy(1_000_000))), /resolved resolved$/, "as yesterday again");
    assert.match(statuses(await bed.pass(3, () => noisy(2_000_000))), /firing firing$/, "twice as slow: 0.3 decades");
  });
});
