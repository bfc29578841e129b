/**
 * The forecast against series whose truth is known: growth that was put in comes out, limits are reached when they should be, and what is
 * not enough is refused.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { forecast, type HourlySeries, type Projection } from "../../core/forecast/forecast.ts";
import { quantileOf } from "../../core/forecast/order.ts";
import { theilSen } from "../../core/forecast/theil-sen.ts";
import type { RefusalCode } from "../../core/forecast/sufficiency.ts";
import {
  EVEN,
  levelAt,
  NIGHTLY,
  OFFICE,
  reachesTs,
  valueAt,
  type Growth,
  type Quantity,
} from "../../collectors/simulator/history-model.ts";
import { seeded } from "../../collectors/simulator/random.ts";
import { LONG } from "../long.ts";

const END = Date.UTC(2026, 0, 15) / 1000;
const HOUR = 3600;
const MONTH = 30 * 86_400;

/** @param missing the share of hours, at random, that is not known */
function seriesOf(quantity: Quantity, days: number, missing = 0.02): HourlySeries {
  const random = seeded(quantity.seed);
  const fromTs = quantity.endTs - days * 86_400;
  const values = Array.from({ length: days * 24 }, (_, i) =>
    random() < missing ? null : valueAt(quantity, fromTs + i * HOUR),
  );
  return { fromTs, values };
}

function projected(series: HourlySeries, limit: number | null = null, horizonDays = 730): Projection {
  const found = forecast(series, { horizonDays, limit });
  if (found.refused !== null) assert.fail(found.refused.message);
  return found;
}

const quantity = (seed: number, growth: Growth, season: readonly number[] = OFFICE, noise = 0.07): Quantity => ({
  ...{ seed, endLevel: 200, endTs: END, growth, season, noise },
});

describe("the forecast", () => {
  const linear = (perMonth: number): Growth => ({ kind: "linear", perMonth });
  const compound = (perMonth: number): Growth => ({ kind: "compound", perMonth });
  const cases: readonly (readonly [string, Growth, readonly number[]])[] = [
    ["linear, by day", linear(6), OFFICE],
    ["linear, at night", linear(4), NIGHTLY],
    ["compound, by day", compound(0.05), OFFICE],
    ["compound, even", compound(0.03), EVEN],
    ["falling", linear(-3), OFFICE],
    ["flat", linear(0), OFFICE],
  ];

  for (const [name, growth, season] of cases) {
    test(`finds the growth that was put in: ${name}`, () => {
      for (const seed of LONG ? [1, 2, 3, 4, 5, 6, 7, 8] : [1]) {
        const truth = quantity(seed, growth, season);
        const { growth: found, level } = projected(seriesOf(truth, 730));
        const inMonth = levelAt(truth, END + MONTH) - levelAt(truth, END);
        // A share of the level, so that "flat" has a tolerance too.
        assert.ok(Math.abs(found.mid - inMonth) < 0.006 * 200, `${name} ${seed}: ${found.mid} for ${inMonth}`);
        assert.ok(Math.abs(level / 200 - 1) < 0.03, `${name} ${seed}: level ${level}`);
        assert.ok(found.low <= found.mid && found.mid <= found.high);
      }
    });
  }

  test("says when a limit is reached: the true day lies between A and B", () => {
    let inside = 0;
    const seeds = LONG ? 20 : 2;
    for (let seed = 1; seed <= seeds; seed++) {
      for (const growth of [linear(6), compound(0.04)]) {
        const truth = quantity(seed, growth);
        const peak = 200 * Math.max(...truth.season);
        const { reaches } = projected(seriesOf(truth, 730), 1.25 * peak);
        const true_ = reachesTs(truth, 1.25 * peak, 730) ?? NaN;
        assert.ok(reaches?.reached === false);
        const [from, to] = [reaches.earliestTs ?? Infinity, reaches.latestTs ?? Infinity];
        assert.ok(from <= (reaches.expectedTs ?? Infinity) && (reaches.expectedTs ?? 0) <= to);
        if (from <= true_ && true_ <= to) inside += 1;
        // Of five to nine months ahead, within five weeks.
        assert.ok(Math.abs((reaches.expectedTs ?? NaN) - true_) < 35 * 86_400, `${seed} ${growth.kind}`);
      }
    }
    assert.ok(inside >= 0.9 * 2 * seeds, `${inside} of ${2 * seeds}`);
  });

  test("beats last week's value on what was held back, and its band holds about the share that it should", () => {
    for (const growth of [linear(6), compound(0.05), linear(0)]) {
      const { backTest } = projected(seriesOf(quantity(3, growth), 400));
      assert.ok(backTest.folds >= 3 && backTest.points > 3000);
      assert.ok((backTest.ratio ?? 1) < 0.9, `${growth.kind}: ${backTest.ratio}`);
      assert.ok(backTest.coverage > 0.8 && backTest.coverage <= 1, `${backTest.coverage}`);
    }
  });

  test("is the same for the same hours", () => {
    const series = seriesOf(quantity(5, linear(3)), 120);
    assert.deepEqual(projected(series, 500), projected(series, 500));
  });

  test("takes what is missing as missing: a hundred hours that nobody watched change next to nothing, zeros would", () => {
    const truth = quantity(6, linear(5));
    const whole = seriesOf(truth, 200, 0);
    const without = (value: number | null): HourlySeries => ({
      ...whole,
      values: whole.values.map((each, i) => (i > 3000 && i < 3100 ? value : each)),
    });
    const [all, gap] = [projected(whole), projected(without(null))];
    assert.ok(Math.abs(gap.growth.mid - all.growth.mid) < 0.3);
    assert.ok(Math.abs(gap.backTest.error - all.backTest.error) < 1);
    assert.ok(projected(without(0)).backTest.error > 1.5 * all.backTest.error, "the test would see them");
  });

  test("is moved by no single mad hour", () => {
    const whole = seriesOf(quantity(7, linear(5)), 200, 0);
    const mad = { ...whole, values: whole.values.map((each, i) => (i % 401 === 0 ? 1e6 : each)) };
    assert.ok(Math.abs(projected(mad).growth.mid - projected(whole).growth.mid) < 0.5);
  });

  test("knows a step in the past for a step, and not for growth", () => {
    const whole = seriesOf(quantity(8, linear(0)), 300, 0);
    const stepped = { ...whole, values: whole.values.map((each, i) => (i < 3000 ? each : (each ?? 0) + 100)) };
    const { level, days } = projected(stepped, null, 30);
    assert.ok(Math.abs(level / 300 - 1) < 0.05, `${level}`);
    assert.ok((days.at(-1)?.mid ?? 0) < 1.2 * 300 * Math.max(...OFFICE));
  });

  test("says that a limit is reached already, and looks no further ahead than back", () => {
    const series = seriesOf(quantity(9, linear(5)), 60);
    const { reaches, horizonDays, days } = projected(series, 150);
    assert.equal(reaches?.reached, true);
    assert.equal(horizonDays, 60);
    assert.equal(days.length, 60);
  });

  test("needs no season, no noise and no growth", () => {
    const values = new Array<number>(24 * 60).fill(7);
    const { level, growth, backTest } = projected({ fromTs: 0, values });
    assert.deepEqual([level, growth.mid, backTest.error], [7, 0, 0]);
  });

  const refusals: readonly (readonly [
    RefusalCode,
    (values: readonly (number | null)[]) => readonly (number | null)[],
  ])[] = [
    ["NO_DATA", (values) => values.map(() => null)],
    ["TOO_SHORT", (values) => values.slice(0, 24 * 34)],
    ["STALE", (values) => values.map((each, i) => (i > values.length - 24 * 8 ? null : each))],
    ["TOO_GAPPY", (values) => values.map((each, i) => (i % 10 < 4 ? null : each))],
    ["LONG_GAP", (values) => values.map((each, i) => (i > 480 && i < 480 + 24 * 25 ? null : each))],
    ["HOURS_UNSEEN", (values) => values.map((each, i) => (i % 24 === 3 ? null : each))],
  ];
  for (const [code, spoil] of refusals) {
    test(`refuses what is not enough, and says why: ${code}`, () => {
      const whole = seriesOf(quantity(1, linear(1)), 100, 0);
      const { refused } = forecast({ ...whole, values: spoil(whole.values) }, { horizonDays: 30 });
      assert.equal(refused?.code, code);
      assert.match(refused.message, /[a-z]/);
    });
  }
});

describe("Theil and Sen's slope", () => {
  test("is exact on a line, whatever a quarter of the points say", () => {
    const y = Array.from({ length: 40 }, (_, i) => (i % 4 === 1 ? 1e6 * ((i % 8) - 4) : 3 + 2 * i));
    assert.ok(Math.abs((theilSen(y, 1.645)?.slope ?? NaN) - 2) < 1e-9);
    assert.equal(theilSen([1, NaN, 2], 1.645), null);
  });

  test("has an interval that holds the truth about as often as it says", () => {
    const random = seeded(11);
    let inside = 0;
    for (let run = 0; run < 200; run++) {
      const y = Array.from({ length: 30 }, (_, i) => 0.5 * i + 4 * (random() + random() + random() - 1.5));
      const found = theilSen(y, 1.645);
      if (found !== null && found.low <= 0.5 && found.high >= 0.5) inside += 1;
    }
    assert.ok(inside >= 170, `${inside} of 200`);
  });
});

test("a quantile lies between its neighbours", () => {
  assert.equal(quantileOf([1, 2, 3, 4], 0.5), 2.5);
  assert.equal(quantileOf([7], 0.95), 7);
  assert.ok(Number.isNaN(quantileOf([], 0.5)));
});
