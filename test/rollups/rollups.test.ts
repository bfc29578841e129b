/**
 * Roll-ups are exact: at any moment, after late data, and wherever the job that makes them dies. All on the real engine, with a
 * ledger kept beside it. Each test has hours of its own, and leaves them as it found the others: rolled up.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { seeded } from "../../collectors/simulator/random.ts";
import { OperationalError } from "../../core/errors.ts";
import { Bed, DAY, dyingStore, type Death } from "../store/rollup-bed.ts";

const HOUR = 3600;
/** All answers are compared in columns of these widths, and as a whole. */
const STEPS = [60, HOUR];
const LONG = process.env["ISOTHERM_LONG"] === "1";

describe("roll-ups", () => {
  let bed: Bed;
  let from = DAY - 4 * HOUR;
  before(async () => {
    bed = await Bed.start();
  });
  after(() => bed.engine.close());

  /** The begin of four hours in which no test has been. */
  const fresh = (): number => (from += 4 * HOUR);

  test("a closed hour reads the same from minutes and hours as it did from raw rows, and an open one from raw", async () => {
    const at = fresh();
    await bed.add(seeded(1), 200, at, at + 3 * HOUR);
    assert.deepEqual((await bed.check(at, at + 3 * HOUR, STEPS)).tiers, ["1s", "1s", "1s"]);
    const rollups = bed.rollups(at + 2 * HOUR + 600);
    assert.equal((await rollups.runOnce()).computed, 8, "two specs, two closed hours, two tiers");
    assert.deepEqual((await bed.check(at, at + 3 * HOUR, STEPS)).tiers, ["1m", "1h", "1h"]);
    assert.deepEqual((await bed.check(at + HOUR, at + HOUR + 600, [1])).tiers, ["1s", "1s"]);
    assert.equal((await rollups.runOnce()).computed, 0, "what is up to date is not made again");
    const [open] = await bed.store.query<{ n: string }>(
      `SELECT count() AS n FROM windows_1m WHERE ts >= toDateTime({to:UInt32}, 'UTC')`,
      { to: at + 2 * HOUR },
    );
    assert.equal(open?.n, "0");
  });

  test("hours side by side are made by one statement, and one by one where that fails", async () => {
    for (const isFailing of [false, true]) {
      const at = fresh();
      await bed.rollups(at).runOnce();
      await bed.add(seeded(7), 100, at, at + 3 * HOUR, ["latency"]);
      const statements: string[] = [];
      const command: typeof bed.store.command = (sql, params, options) => {
        statements.push(sql);
        const together = Number(params?.["to"]) - Number(params?.["from"]) > HOUR;
        if (isFailing && together) return Promise.reject(new OperationalError("QUERY_TOO_LARGE", "command"));
        return bed.store.command(sql, params, options);
      };
      const report = await bed.rollups(at + 3 * HOUR + 600, { store: { ...bed.store, command } }).runOnce();
      assert.deepEqual([report.computed, report.failed], [6, 0], "three hours, two tiers");
      assert.equal(statements.length, isFailing ? 7 : 2);
      assert.deepEqual((await bed.check(at, at + 3 * HOUR, STEPS)).tiers, ["1m", "1h", "1h"]);
      await bed.checkTiers();
      // One of them alone is made again, and takes nothing from its neighbours.
      await bed.add(seeded(8), 5, at + HOUR, at + 2 * HOUR, ["latency"]);
      assert.equal((await bed.rollups(at + 3 * HOUR + 700).runOnce()).computed, 2);
      await bed.check(at, at + 3 * HOUR, STEPS);
      await bed.checkTiers();
    }
  });

  test("late rows are in the answer at once, and in the roll-ups once a while has passed", async () => {
    const at = fresh();
    const random = seeded(4);
    const again = { againAfterMs: 600_000 };
    let nowSec = at + 3 * HOUR;
    await bed.add(random, 60, at, at + 2 * HOUR);
    await bed.rollups(nowSec).runOnce();
    for (let round = 0; round < (LONG ? 20 : 1); round++) {
      await bed.add(random, 1 + Math.floor(random() * 20), at, at + HOUR, ["latency"]);
      await bed.check(at, at + 2 * HOUR, [60]);
      assert.equal((await bed.rollups(nowSec + 599, again).runOnce()).computed, 0);
      assert.equal((await bed.rollups((nowSec += 600), again).runOnce()).computed, 2);
      assert.deepEqual((await bed.check(at, at + 2 * HOUR, [HOUR])).tiers, ["1h", "1m"]);
    }
  });

  test("two jobs at once do no harm", async () => {
    const at = fresh();
    await bed.add(seeded(7), 100, at, at + HOUR);
    const jobs = [bed.rollups(at + 3 * HOUR), bed.rollups(at + 3 * HOUR, { random: () => 0.5 })];
    await Promise.all(jobs.map((job) => job.runOnce()));
    assert.deepEqual((await bed.check(at, at + HOUR, [HOUR])).tiers, ["1h", "1m"]);
  });

  test("what one job has announced another leaves alone, until it is given up", async () => {
    const at = fresh();
    await bed.add(seeded(8), 20, at, at + HOUR, ["latency"]);
    const lease = { leaseMs: 3_600_000 };
    const nowSec = at + 2 * HOUR;
    const dying = dyingStore(bed.store, 1, "before");
    await assert.rejects(bed.rollups(nowSec, { store: dying.store, ...lease }).runOnce(), /killed/);
    assert.equal((await bed.rollups(nowSec + 10, lease).runOnce()).computed, 0);
    assert.equal((await bed.rollups(nowSec + 3601, lease).runOnce()).computed, 2);
  });

  test("are made by themselves once the job is started, and no more once it is closed", async () => {
    const at = fresh();
    await bed.add(seeded(12), 5, at, at + HOUR, ["latency"]);
    let runs = 0;
    const job = await new Promise<{ close: () => Promise<void>; computed: number }>((resolve, reject) => {
      const rollups = bed.rollups(at + 2 * HOUR, {
        everyMs: 1,
        onError: reject,
        onRun: ({ computed }) => {
          runs += 1;
          resolve({ close: () => rollups.close(), computed });
        },
      });
      rollups.start();
    });
    assert.equal(job.computed, 2);
    await job.close();
    const closedAt = runs;
    await bed.check(at, at + HOUR, [HOUR]);
    assert.equal(runs, closedAt);
  });

  describe("whose job dies at a write", () => {
    // To die after a write leaves what dying before the next leaves, so that short runs need no "before".
    const deaths: readonly Death[] = LONG ? ["before", "half", "after"] : ["half", "after"];
    for (const death of deaths) {
      test(`(${death}) are exact then, with late rows, and once the job has run again`, async () => {
        const specs = LONG ? (["latency", "cpu"] as const) : (["latency"] as const);
        const writes = 1 + 4 * specs.length;
        for (let write = 0; write < writes; write++) {
          // Half a mark is none, as an insert of so few rows is one part. After the first mark nothing is there, after the last all.
          if (!LONG && write % 2 === 0 && (death === "half" || write !== 2)) continue;
          const at = fresh();
          const random = seeded(1000 + write);
          await bed.add(random, 40, at, at + HOUR, specs);
          const nowSec = at + 3 * HOUR;
          const dying = dyingStore(bed.store, write, death);
          await assert.rejects(bed.rollups(nowSec, { store: dying.store }).runOnce(), /killed/);
          assert.equal(dying.writes(), write + 1);
          await bed.check(at, at + HOUR, LONG ? STEPS : [HOUR]);
          await bed.add(random, 5, at, at + HOUR, specs);
          if (LONG) await bed.check(at, at + HOUR, STEPS);
          assert.ok((await bed.rollups(nowSec + 10).runOnce()).computed > 0);
        }
      });
    }

    test("nothing of it was left out of the count: a run makes so many writes", async () => {
      const at = fresh();
      await bed.add(seeded(11), 5, at, at + HOUR, ["latency"]);
      const living = dyingStore(bed.store, Infinity, "before");
      await bed.rollups(at + 3 * HOUR, { store: living.store }).runOnce();
      assert.equal(living.writes(), 5);
    });
  });

  test("generations that nobody reads are deleted after the grace, and no other", async () => {
    const at = fresh();
    await bed.add(seeded(9), 30, at, at + HOUR, ["latency"]);
    const grace = { graceMs: 60_000, leaseMs: 60_000, retainEveryMs: 0, retention: FOREVER };
    await bed.rollups(at + 2 * HOUR, grace).runOnce();
    await bed.add(seeded(10), 30, at, at + HOUR, ["latency"]);
    await bed.rollups(at + 2 * HOUR + 10, grace).runOnce();
    await bed.rollups(at + 2 * HOUR + 100, grace).runOnce();
    const left = await bed.store.query<{ n: number }>(
      `SELECT toUInt32(uniqExact(spec, toStartOfHour(ts), generation)) AS n FROM windows_1m
       UNION ALL SELECT toUInt32(uniqExact(spec, toStartOfHour(ts), generation)) FROM windows_1h
       UNION ALL SELECT toUInt32(uniqExact(spec, hour)) FROM rollups`,
    );
    assert.equal(new Set(left.map(({ n }) => n)).size, 1, JSON.stringify(left));
    assert.deepEqual((await bed.check(at, at + HOUR, [HOUR])).tiers, ["1h", "1m"]);
  });

  test("have after all of this what raw rows have: by key and bucket, scalars, coverage, losses", async () => {
    await bed.checkTiers();
    assert.deepEqual((await bed.check(DAY, from + 4 * HOUR, [HOUR])).tiers, ["1h", "1h"]);
  });
});

const FOREVER = { rawDays: 10_000, minuteDays: 10_000, hourDays: 10_000 };
