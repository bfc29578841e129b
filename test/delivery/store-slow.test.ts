/**
 * A store that is slow, commits after its client has given up, or gets an insert when nobody waits for it any more: every batch is
 * stored once, and never are two inserts of it at work that could both succeed.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { StoreLink, type Fate } from "./store-link.ts";
import { StoreBed } from "./store-bed.ts";

describe("a store that does not answer in time", () => {
  const link = new StoreLink();
  let bed: StoreBed;
  before(async () => {
    bed = await StoreBed.open({ through: (url) => link.open(url), requestTimeoutMs: 400 });
  });
  after(async () => {
    await link.close();
    await bed.close();
  });

  const fates: [name: string, fate: Fate, code: string, then: "stored" | "duplicate"][] = [
    ["commits after the client's timeout", "answer late", "STORE_TIMEOUT", "duplicate"],
    ["commits, and the answer is lost", "answer lost", "STORE_UNAVAILABLE", "duplicate"],
    ["has not got the insert when the client gives up", "request late", "STORE_TIMEOUT", "stored"],
  ];
  for (const [name, fate, code, then] of fates) {
    test(`${name}: the data decide, and the batch counts once`, async () => {
      const stream = fate.replace(" ", "-");
      await bed.deliver(1, stream);
      link.next(fate);
      const struck = link.struck;
      await assert.rejects(bed.submit(2, stream), { code });
      assert.equal(link.struck, struck + 1);
      assert.equal(await bed.deliver(2, stream), then);
      // What was held back arrives now: a late insert must find itself called off.
      link.release();
      await bed.deliver(3, stream);
      await bed.assertExact(3, stream);
    });
  }

  test("an insert that has gone out is called off wherever it is, before another is tried", async () => {
    const stream = "stopped";
    await bed.deliver(1, stream);
    const pid = bed.engine.pid ?? 0;
    process.kill(pid, "SIGSTOP");
    try {
      await assert.rejects(bed.submit(2, stream), { code: "STORE_TIMEOUT" });
      await assert.rejects(bed.submit(2, stream), { code: "STORE_TIMEOUT" });
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await bed.deliver(2, stream);
    await bed.deliver(3, stream);
    await bed.assertExact(3, stream);
  });

  test("four streams through a link that fails every third insert are all exact", async () => {
    const streams = Array.from({ length: 4 }, (_, i) => `many-${i}`);
    const turns: Fate[] = ["answer lost", "answer late", "request late"];
    const before = link.struck;
    let inserts = 0;
    await Promise.all(
      streams.map(async (stream) => {
        for (let seq = 1; seq <= 6; seq++) {
          const turn = inserts++;
          if (turn % 3 === 0) link.next(turns[(turn / 3) % turns.length] ?? "pass");
          await bed.deliver(seq, stream);
          link.release();
        }
      }),
    );
    assert.ok(link.struck >= before + 4, `only ${link.struck - before} inserts were struck`);
    for (const stream of streams) await bed.assertExact(6, stream);
  });
});
