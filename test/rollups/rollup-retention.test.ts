/**
 * What is old goes by whole days, never before it is in the next tier, and nothing of a sum goes with it.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { seeded } from "../../collectors/simulator/random.ts";
import { readBreakdown } from "../../query-api/breakdown.ts";
import { Bed, DAY, viewOf } from "../store/rollup-bed.ts";

const HOUR = 3600;
const DAY_SEC = 86_400;
const OPTIONS = {
  retention: { rawDays: 1, minuteDays: 2, hourDays: 40 },
  graceMs: 60_000,
  leaseMs: 60_000,
  retainEveryMs: 0,
};

describe("retention", () => {
  let bed: Bed;
  before(async () => {
    bed = await Bed.start();
    await bed.add(seeded(1), 150, DAY, DAY + 2 * HOUR);
  });
  after(() => bed.engine.close());

  const rows = async (table: string): Promise<number> => {
    const [row] = await bed.store.query<{ n: number }>(`SELECT toUInt32(count()) AS n FROM ${table}`);
    return row?.n ?? 0;
  };
  /** Reads the two hours in columns of these widths; what is not there any more comes in wider ones. */
  const reads = (nowSec: number, steps: readonly number[]) => bed.check(DAY, DAY + 2 * HOUR, steps, nowSec);

  // The tests follow each other in time, as a store's life does.
  const sealedSec = DAY + 2 * DAY_SEC + HOUR;

  test("a day of raw rows is sealed first: readers turn to the roll-ups while it is still there", async () => {
    const report = await bed.rollups(sealedSec, OPTIONS).runOnce();
    assert.deepEqual([report.computed, report.dropped, report.waiting], [8, 0, 0]);
    assert.ok((await rows("windows")) > 0);
    assert.deepEqual(await reads(sealedSec, [10, HOUR]), {
      widths: [60, HOUR],
      tiers: ["1m", "1h", "1h"],
    });
  });

  test("a day to which late rows have come stays until they are rolled up", async () => {
    await bed.add(seeded(2), 20, DAY, DAY + HOUR);
    assert.deepEqual((await reads(sealedSec, [60])).tiers, ["1m", "1h"]);
    const report = await bed.rollups(sealedSec + 61, { ...OPTIONS, againAfterMs: 600_000 }).runOnce();
    assert.deepEqual([report.computed, report.dropped, report.waiting], [0, 0, 1]);
    assert.equal((await bed.rollups(sealedSec + 62, OPTIONS).runOnce()).computed, 4);
    await bed.checkTiers();
    assert.equal((await bed.rollups(sealedSec + 121, OPTIONS).runOnce()).dropped, 0, "the grace begins again");
  });

  test("after the grace the day goes, and every sum stays", async () => {
    assert.equal((await bed.rollups(sealedSec + 130, OPTIONS).runOnce()).dropped, 1);
    assert.equal(await rows("windows"), 0);
    assert.deepEqual(await reads(sealedSec + 130, [1, HOUR]), {
      widths: [60, HOUR],
      tiers: ["1m", "1h", "1h"],
    });
    await bed.rollups(sealedSec + 131, OPTIONS).runOnce();
  });

  test("rows that come later still are added to the roll-ups by each read, second by second", async () => {
    await bed.add(seeded(3), 30, DAY, DAY + HOUR);
    assert.deepEqual((await reads(sealedSec + 200, [60])).tiers, ["1m", "1h"]);
    const report = await bed.rollups(sealedSec + 200, OPTIONS).runOnce();
    assert.deepEqual([report.computed, report.dropped], [0, 0]);
  });

  test("a day of minutes goes when the hours have it", async () => {
    const nowSec = DAY + 4 * DAY_SEC;
    const dropped: number[] = [];
    for (const sec of [0, 61, 62]) dropped.push((await bed.rollups(nowSec + sec, OPTIONS).runOnce()).dropped);
    assert.deepEqual(dropped, [0, 1, 0]);
    assert.equal(await rows("windows_1m"), 0);
    const { widths, tiers } = await reads(nowSec, [HOUR]);
    assert.deepEqual(widths, [HOUR]);
    assert.deepEqual(tiers, ["1h", "1h"]);
    assert.equal((await bed.heatmap(DAY, DAY + 2 * HOUR, 120, nowSec)).stepSec, HOUR);
  });

  test("an instrumentation's own retention ends what it shows, by whole columns", async () => {
    const nowSec = DAY + 4 * DAY_SEC;
    const all = await bed.heatmap(DAY, DAY + 2 * HOUR, 2, nowSec);
    const part = await bed.heatmap(DAY, DAY + 2 * HOUR, 2, nowSec, nowSec - DAY - 1000);
    assert.deepEqual(
      part.columns.map(({ total }) => total),
      [null, all.columns[1]?.total],
    );
  });

  test("and what is added up: what is only partly too old is left out", async () => {
    const nowSec = DAY + 4 * DAY_SEC;
    const view = viewOf("latency", { retentionSec: nowSec - DAY - 1000 });
    const totalOf = (fromTs: number, toTs: number) =>
      readBreakdown(bed.store, view, { by: "execname", range: { fromTs, toTs }, limit: 2 }, nowSec);
    const all = await bed.heatmap(DAY, DAY + 2 * HOUR, 2, nowSec);
    const part = await totalOf(DAY, DAY + 2 * HOUR);
    assert.deepEqual([part.fromTs, part.toTs, part.total], [DAY + HOUR, DAY + 2 * HOUR, all.columns[1]?.total]);
    const none = await totalOf(DAY + 10, DAY + 900);
    assert.deepEqual([none.toTs - none.fromTs, none.total], [0, 0]);
  });

  test("what nobody wants for so long is deleted by months", async () => {
    const nowSec = DAY + 20 * DAY_SEC;
    const retentionOf = (spec: string): number | undefined => (spec === "cpu" ? 86_400 : undefined);
    await bed.rollups(nowSec, { ...OPTIONS, retentionOf }).runOnce();
    const left = await bed.store.query<{ spec: string }>("SELECT DISTINCT spec FROM windows_1h");
    assert.deepEqual(left, [{ spec: "latency" }]);
    await reads(nowSec, [HOUR]);
  });

  test("of a tier cannot be shorter than that of the tier that it is made of", () => {
    const retention = { rawDays: 9, minuteDays: 8, hourDays: 99 };
    assert.throws(() => bed.rollups(DAY, { retention }), { code: "INVALID_INPUT" });
  });

  test("hours go by months in the end, with all that is known of them", async () => {
    await bed.rollups(DAY + 80 * DAY_SEC, OPTIONS).runOnce();
    assert.deepEqual([await rows("windows"), await rows("windows_1h"), await rows("rollups")], [0, 0, 0]);
  });
});
