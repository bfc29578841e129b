/**
 * What is known of the hours of past days is remembered, and is never anything but what the store would say: after late rows, a
 * roll-up, and once raw rows have gone.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { seeded } from "../../collectors/simulator/random.ts";
import { knownUnits } from "../../query-api/known-units.ts";
import { counting } from "../../query-api/sql.ts";
import type { StoreClient } from "../../store/client.ts";
import { DAY_SEC, HOUR_SEC, readUnits, type Unit } from "../../store/rollup-units.ts";
import { Bed, DAY } from "../store/rollup-bed.ts";

const SPEC = "latency";
/** Five days, and the sixth is under way. */
const RANGE = { fromTs: DAY + 5 * HOUR_SEC, toTs: DAY + 5 * DAY_SEC + 3 * HOUR_SEC };
const PAST_TS = DAY + 4 * DAY_SEC;

describe("what is known of past days", () => {
  const random = seeded(11);
  let bed: Bed;
  let store: StoreClient;
  /** What is remembered belongs to it. */
  let memory: StoreClient;
  /** The ranges of hours that were looked at. */
  let looks: [from: unknown, to: unknown][] = [];
  before(async () => {
    bed = await Bed.start();
    store = {
      ...bed.store,
      query: async (...args: Parameters<StoreClient["query"]>) => {
        if (args[0].includes("groupArray(h)")) looks.push([args[1]?.["from"], args[1]?.["to"]]);
        return bed.store.query(...args);
      },
    };
    memory = store;
    for (const day of [0, 1, 2, 3, 5]) {
      const fromTs = DAY + day * DAY_SEC;
      await bed.add(random, 40, fromTs, fromTs + DAY_SEC);
    }
  });
  after(() => bed.engine.close());

  const known = async (): Promise<Unit[]> => {
    looks = [];
    const units = await knownUnits(memory, SPEC, RANGE, PAST_TS, counting(undefined));
    return [...units.values()].toSorted((a, b) => a.hour - b.hour);
  };
  const stored = async (): Promise<Unit[]> => {
    const units = await readUnits(bed.store, { spec: SPEC, ...RANGE });
    return units.toSorted((a, b) => a.hour - b.hour);
  };
  const dayAt = (day: number): number => DAY + day * DAY_SEC;
  /** Before the first whole day, and from the end of the past on: looked at each time. */
  const ends = [
    [RANGE.fromTs, dayAt(1)],
    [PAST_TS, RANGE.toTs],
  ];

  test("is looked at once; what is no whole past day, each time", async () => {
    assert.deepEqual(await known(), await stored());
    assert.deepEqual(looks, [...ends, [dayAt(1), dayAt(4)]]);
    assert.deepEqual(await known(), await stored());
    assert.deepEqual(looks, ends);
  });

  test("is looked at again where a late row came, and there only", async () => {
    await bed.add(random, 1, dayAt(2), dayAt(2) + 60, [SPEC]);
    assert.deepEqual(await known(), await stored());
    assert.deepEqual(looks, [...ends, [dayAt(2), dayAt(3)]]);
    await known();
    assert.deepEqual(looks, ends);
  });

  test("is looked at again where it was rolled up, or its raw rows have gone", async () => {
    await bed.rollups(RANGE.toTs + DAY_SEC).runOnce();
    const rolledUp = await known();
    assert.deepEqual(rolledUp, await stored());
    assert.ok(rolledUp.some(({ hour, hours }) => hour > dayAt(1) && hours !== null));
    await known();
    assert.deepEqual(looks, ends);

    await bed.store.command(`ALTER TABLE windows DROP PARTITION '20231116'`);
    const dropped = await known();
    assert.deepEqual(dropped, await stored());
    assert.ok(dropped.every(({ hour, rawRows }) => hour < dayAt(1) || hour >= dayAt(2) || rawRows === 0));
    assert.deepEqual(looks, [...ends, [dayAt(1), dayAt(2)]]);
  });

  test("is looked at again where a row came while it was looked at", async () => {
    await bed.add(random, 1, dayAt(3), dayAt(3) + 60, [SPEC]);
    const late = { ...store };
    memory = late;
    late.query = (async (...args: Parameters<StoreClient["query"]>) => {
      const answer = await store.query(...args);
      const isLook = args[0].includes("groupArray(h)") && args[1]?.["from"] === dayAt(1);
      if (isLook) await bed.add(random, 1, dayAt(3), dayAt(3) + 60, [SPEC]);
      return answer;
    }) as StoreClient["query"];
    assert.notDeepEqual(await known(), await stored(), "as it was when it was looked at");
    late.query = (...args) => store.query(...args);
    assert.deepEqual(await known(), await stored());
    assert.deepEqual(looks, [...ends, [dayAt(3), dayAt(4)]]);
  });
});
