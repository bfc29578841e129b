/**
 * Collector and ingest killed again and again under load: every window that was on the spool's disk is stored once, and whole.
 */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { LONG } from "../long.ts";
import { seeded } from "../../collectors/simulator/random.ts";
import { DeliveryBed, wait } from "./delivery-bed.ts";
import { only } from "./ledger.ts";

const SEED = Number(process.env["DELIVERY_SEED"] ?? 1);
const COLLECTOR_KILLS = LONG ? 100 : 20;
/** Directories side by side. */
const LOOPS = 4;
const INGEST_KILLS = LONG ? 35 : 4;

describe(`killed with SIGKILL (seed ${SEED})`, () => {
  let bed: DeliveryBed;
  before(async () => (bed = await DeliveryBed.open()));
  after(() => bed.close());
  afterEach(() => bed.killAll());

  test(`a collector, ${COLLECTOR_KILLS} times: no number twice, no durable window missing`, async (t) => {
    await bed.ingest();
    const names = Array.from({ length: LOOPS }, (_, i) => `killed-${i}`);
    await Promise.all(
      names.map(async (name, i) => {
        const random = seeded(SEED * 100 + i);
        for (let kill = 0; kill < COLLECTOR_KILLS / LOOPS; kill++) {
          const driver = await bed.driver({ name, everyMs: 2, rows: 10 });
          await wait(300 + random() * 300);
          await bed.kill(driver);
        }
        await bed.stop(await bed.driver({ name, everyMs: 5, windows: 5 }));
      }),
    );
    const account = await bed.account(...names);
    t.diagnostic(`${account.stored} windows stored, ${account.openMissing.length} were not on the disk yet`);
    assert.deepEqual(account.durableMissing, []);
    assert.ok(account.stored > COLLECTOR_KILLS, String(account.stored));
    assert.deepEqual(await bed.gaps(), [], "nothing that the spool had is a gap");
  });

  test(`ingest, ${INGEST_KILLS} times under load, and a collector too: exact`, async (t) => {
    const random = seeded(SEED);
    await bed.store.command("TRUNCATE TABLE windows");
    let ingest = await bed.ingest();
    const steady = ["steady-0", "steady-1"];
    const drivers = await Promise.all(
      steady.map((name) => bed.driver({ name, everyMs: 100, rows: 200, extras: SEED })),
    );
    let victim = await bed.driver({ name: "victim", everyMs: 100 });
    for (let kill = 0; kill < INGEST_KILLS; kill++) {
      await wait(100 + random() * 900);
      await bed.kill(ingest);
      if (kill % 2 === 1) {
        await bed.kill(victim);
        victim = await bed.driver({ name: "victim", everyMs: 100 });
      }
      ingest = await bed.ingest();
    }
    await Promise.all([...drivers, victim].map((driver) => bed.stop(driver)));
    const account = await bed.account(...steady, "victim");
    const extras = steady.flatMap((name) => only(bed.lines(name), "extra"));
    t.diagnostic(`${account.stored} windows stored, ${extras.length} repeats and early numbers`);
    assert.deepEqual(account.durableMissing, []);
    assert.ok(
      account.openMissing.every(({ host }) => host === "victim"),
      "only who was killed lost what was open",
    );
    assert.ok(account.stored > 50 && extras.length > 5);
    const repeats = extras.filter(({ kind, status }) => kind === "repeat" && status === 200);
    assert.ok(repeats.every(({ text }) => text.includes("duplicate")));
    assert.ok(extras.every(({ kind, status }) => kind === "repeat" || status === 409 || status >= 500));
  });
});
