/**
 * Coverage counts (host, second), once, and says the same from raw rows, minutes and hours; so do scalars over time.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { seeded } from "../../collectors/simulator/random.ts";
import { readCoverage } from "../../query-api/coverage.ts";
import type { ExpectedHosts, Presence } from "../../query-api/expected.ts";
import { planColumns } from "../../query-api/planner.ts";
import { readSeries } from "../../query-api/series.ts";
import { Bed, DAY, EVERYWHERE, viewOf } from "../store/rollup-bed.ts";

const HOUR = 3600;
const RANGE = { fromTs: DAY, toTs: DAY + 2 * HOUR };
const NOW = DAY + 3 * HOUR;

/** cn-0 all the time; cn-1 until shortly after 00:20:10, and from shortly before 01:40:30 on. */
const PARTLY: Presence = {
  always: ["cn-0"],
  partly: [
    { host: "cn-1", fromMs: 0, toMs: (DAY + 1210) * 1000 + 300 },
    { host: "cn-1", fromMs: (DAY + HOUR + 2430) * 1000 - 300, toMs: Infinity },
  ],
};

describe("coverage and series", () => {
  let bed: Bed;
  before(async () => {
    bed = await Bed.start();
    // Many in few minutes, so that hosts share seconds and report some twice.
    await bed.add(seeded(1), 300, DAY + 1140, DAY + 1260);
    await bed.add(seeded(2), 300, DAY + HOUR + 2400, DAY + HOUR + 2460);
  });
  after(() => bed.engine.close());

  const read = async (columns: number, presence: Presence) => {
    const plan = await planColumns(bed.store, viewOf("latency"), RANGE, columns, NOW);
    const coverage = await readCoverage(bed.store, viewOf("latency"), plan, presence);
    return { tier: plan.tier, stepSec: plan.stepSec, coverage };
  };

  /** By plain arithmetic: ticks are (host, second), seconds are those in which any host reported. */
  const expected = (stepSec: number, isIn: (host: string, ts: number) => boolean) => {
    const ticks = new Map<number, Set<string>>();
    const seconds = new Map<number, Set<number>>();
    for (const { spec, host, ts, status } of bed.ticks) {
      if (spec !== "latency" || status === "gap" || !isIn(host, ts)) continue;
      const x = Math.floor(ts / stepSec) * stepSec;
      ticks.set(x, (ticks.get(x) ?? new Set()).add(`${host} ${ts}`));
      seconds.set(x, (seconds.get(x) ?? new Set()).add(ts));
    }
    return { ticks: sizes(ticks), seconds: sizes(seconds) };
  };

  const compare = async (tiers: readonly string[]): Promise<void> => {
    const hosts: readonly [Presence, (host: string, ts: number) => boolean][] = [
      [{ always: ["cn-0", "cn-1"], partly: [] }, () => true],
      // A second counts that has any moment in common with the time that the host is there.
      [PARTLY, (host, ts) => host === "cn-0" || ts <= DAY + 1210 || ts >= DAY + HOUR + 2429],
    ];
    for (const [presence, isIn] of hosts) {
      for (const [i, columns] of [120, 2].entries()) {
        const { tier, stepSec, coverage } = await read(columns, presence);
        assert.equal(tier, tiers[i]);
        const { ticks, seconds } = expected(stepSec, isIn);
        const watched = [...coverage.columns].filter(([, each]) => each.ticks > 0);
        assert.deepEqual(sorted(watched.map(([x, each]) => [x, each.ticks])), ticks, `hosts' seconds from ${tier}`);
        assert.deepEqual(sorted([...coverage.covered].filter(([, n]) => n > 0)), seconds, `seconds from ${tier}`);
      }
    }
  };

  const series = async (columns: number) => {
    const request = { by: "execname", range: RANGE, columns, limit: 2 };
    const everybody: ExpectedHosts = EVERYWHERE;
    return readSeries(bed.store, viewOf("cpu"), request, everybody, NOW);
  };

  test("from raw rows, from minutes and from hours are the same", async () => {
    await compare(["1s", "1s"]);
    const before = [await series(120), await series(2)];
    await bed.rollups(NOW).runOnce();
    await compare(["1m", "1h"]);
    const after = [await series(120), await series(2)];
    assert.deepEqual(
      after.map(({ tier }) => tier),
      ["1m", "1h"],
    );
    assert.deepEqual(
      after.map((each) => ({ ...each, tier: "1s" })),
      before,
    );
  });

  test("of an hour whose raw rows have gone and that late ones have come to are counted together", async () => {
    const old = { retention: { rawDays: 1, minuteDays: 9, hourDays: 99 }, graceMs: 0, retainEveryMs: 0 };
    for (let run = 0; run < 3; run++) await bed.rollups(DAY + 3 * 86_400 + run, old).runOnce();
    await bed.add(seeded(3), 100, DAY + 1200, DAY + 1260);
    await compare(["1m", "1h"]);
  });
});

function sizes(sets: ReadonlyMap<number, ReadonlySet<unknown>>): [number, number][] {
  return sorted([...sets].map(([x, set]) => [x, set.size]));
}

function sorted(pairs: readonly [number, number][]): [number, number][] {
  return [...pairs].sort((a, b) => a[0] - b[0]);
}
