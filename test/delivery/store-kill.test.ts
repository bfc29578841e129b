/**
 * A kill at every system call of one insert. Whatever was on the disk by then, the retry makes the batch stored once and whole.
 *
 * Kills at random moments do not find what this finds: with ClickHouse's deduplication token 99 of them found nothing wrong, and
 * the one between the token's log and the part's rename lost a batch.
 */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { once } from "node:events";
import { StoreBed } from "./store-bed.ts";
import { noStrace, Strace, type KillPoint } from "./strace.ts";

const SHORT: readonly string[] = ["mkdir", "fdatasync", "rename", "unlink"];
const long = process.env["ISOTHERM_LONG"] === "1";

describe("killed at a system call of an insert", { skip: noStrace() }, () => {
  test(`${long ? "every" : "each decisive"} call: the batch is stored once and whole`, async (context) => {
    const bed = await StoreBed.open();
    context.after(() => bed.close());
    const points = await pointsOf(bed);
    assert.ok(points.length >= (long ? 40 : SHORT.length), `only ${points.length} calls found`);
    const ends = await killAt(bed, points, context);
    // Both, or the kills all came too early or too late to prove anything.
    assert.ok(ends.lost > 0, "no kill came before the rows were there");
    assert.ok(ends.kept > 0, "no kill came when the rows were there, but not acknowledged");
  });
});

/** Calls of one insert; of each kind the last only, in the short form. */
async function pointsOf(bed: StoreBed): Promise<KillPoint[]> {
  await bed.deliver(1);
  const strace = await Strace.attach(pidOf(bed));
  await bed.deliver(2);
  const calls = await strace.detach();
  if (!long) return SHORT.map((call) => ({ call, nth: calls.get(call) ?? 1 }));
  return [...calls].flatMap(([call, count]) => Array.from({ length: count }, (_, i) => ({ call, nth: i + 1 })));
}

async function killAt(
  bed: StoreBed,
  points: readonly KillPoint[],
  context: TestContext,
): Promise<{ lost: number; kept: number; missed: number }> {
  const ends = { lost: 0, kept: 0, missed: 0 };
  let seq = 2;
  for (const point of points) {
    seq += 1;
    const died = once(exits(bed), "exit");
    const strace = await Strace.attach(pidOf(bed), point);
    const survived = await bed.submit(seq).then(
      () => true,
      () => false,
    );
    // The calls of an insert vary a little from one to the next: a point may not come.
    if (survived) ends.missed += 1;
    else await died;
    await strace.detach();
    if (survived) continue;
    await bed.restart();
    const outcome = await bed.deliver(seq);
    ends[outcome === "stored" ? "lost" : "kept"] += 1;
    await bed.assertExact(seq);
  }
  await bed.assertExact(seq);
  context.diagnostic(`${points.length} points: ${JSON.stringify(ends)}`);
  return ends;
}

function exits(bed: StoreBed): EventTarget {
  const target = new EventTarget();
  bed.engine.onExit(() => target.dispatchEvent(new Event("exit")));
  return target;
}

function pidOf(bed: StoreBed): number {
  assert.ok(bed.engine.pid !== undefined, "no engine runs");
  return bed.engine.pid;
}
