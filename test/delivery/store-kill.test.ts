/**
 * A kill at every system call of one insert, of one batch and of a group. Whatever was on the disk by then, the retry makes each batch
 * stored once and whole.
 *
 * Kills at random moments do not find what this finds: with ClickHouse's deduplication token 99 of them found nothing wrong, and
 * the one between the token's log and the part's rename lost a batch.
 */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { once } from "node:events";
import { STREAM, StoreBed } from "./store-bed.ts";
import { noStrace, Strace, type KillPoint } from "./strace.ts";

const SHORT: readonly string[] = ["mkdir", "fdatasync", "rename", "unlink"];
const long = process.env["ISOTHERM_LONG"] === "1";

/** Streams whose batches come at once: the first goes to the engine alone, the others meanwhile become a group. */
const GROUP = ["group-1", "group-2", "group-3", "group-4"];

describe("killed at a system call of an insert", { skip: noStrace() }, () => {
  for (const [what, streams] of [
    ["the batch is", [STREAM]],
    ["the batches of a group are", GROUP],
  ] as const) {
    test(`${long ? "every" : "each decisive"} call: ${what} stored once and whole`, async (context) => {
      const bed = await StoreBed.open();
      context.after(() => bed.close());
      const points = await pointsOf(bed, streams);
      assert.ok(points.length >= (long ? 40 : SHORT.length), `only ${points.length} calls found`);
      const ends = await killAt(bed, streams, points, context);
      // Both, or the kills all came too early or too late to prove anything.
      assert.ok(ends.lost > 0, "no kill came before the rows were there");
      assert.ok(ends.kept > 0, "no kill came when the rows were there, but not acknowledged");
    });
  }
});

/** Calls of one round of inserts; of each kind the last only, in the short form. */
async function pointsOf(bed: StoreBed, streams: readonly string[]): Promise<KillPoint[]> {
  await Promise.all(streams.map((stream) => bed.deliver(1, stream)));
  const before = await insertsOf(bed);
  const strace = await Strace.attach(pidOf(bed));
  await Promise.all(streams.map((stream) => bed.deliver(2, stream)));
  const calls = await strace.detach();
  assert.equal((await insertsOf(bed)) - before, Math.min(streams.length, 2), "inserts of the round");
  if (!long) return SHORT.map((call) => ({ call, nth: calls.get(call) ?? 1 }));
  return [...calls].flatMap(([call, count]) => Array.from({ length: count }, (_, i) => ({ call, nth: i + 1 })));
}

/** Parts are numbered, and a part is an insert. */
async function insertsOf({ client }: StoreBed): Promise<number> {
  const [row] = await client.query<{ n: number }>(
    "SELECT toUInt32(max(max_block_number)) AS n FROM system.parts WHERE table = 'windows'",
  );
  return row?.n ?? 0;
}

async function killAt(
  bed: StoreBed,
  streams: readonly string[],
  points: readonly KillPoint[],
  context: TestContext,
): Promise<{ lost: number; kept: number; missed: number }> {
  const ends = { lost: 0, kept: 0, missed: 0 };
  const assertExact = async (last: number): Promise<void> => {
    for (const stream of streams) await bed.assertExact(last, stream);
  };
  let seq = 2;
  for (const point of points) {
    seq += 1;
    const died = once(exits(bed), "exit");
    const strace = await Strace.attach(pidOf(bed), point);
    const answers = await Promise.allSettled(streams.map((stream) => bed.submit(seq, stream)));
    // The calls of an insert vary a little from one to the next: a point may not come.
    const survived = answers.every(({ status }) => status === "fulfilled");
    if (survived) ends.missed += 1;
    else await died;
    await strace.detach();
    if (survived) continue;
    await bed.restart();
    for (const [i, { status }] of answers.entries()) {
      const outcome = await bed.deliver(seq, streams[i]);
      if (status === "rejected") ends[outcome === "stored" ? "lost" : "kept"] += 1;
      else assert.equal(outcome, "duplicate", "what was acknowledged is there");
    }
    await assertExact(seq);
  }
  await assertExact(seq);
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
