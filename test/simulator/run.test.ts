/**
 * run.test.ts: programs on simulated hosts, end to end through ssh.
 */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { connect, exec, makeBed, makeHead, programText, run, settle } from "./client.ts";
import { frames, readFrames } from "./frames.ts";

describe("run", async () => {
  const { fleet, clock } = await makeBed({ backfillSec: 20 });
  const [host] = fleet.hosts;
  assert.ok(host);
  const client = await connect(host);
  after(async () => {
    client.end();
    await fleet.close();
  });

  test("the past comes first, in order, up to now; then a tick a second", async () => {
    const head = makeHead();
    const command = await run(client, head);
    const past = await command.until(frames(20));
    assert.deepEqual(
      past.map((frame) => frame.tick),
      past.map((_, i) => i + 1),
    );
    const stamps = past.map((frame) => Number(frame.walltimestampNs / 1_000_000n));
    assert.ok(stamps.every((stamp, i) => i === 0 || stamp - (stamps[i - 1] ?? 0) === 1000));
    assert.ok((stamps.at(-1) ?? 0) <= clock.now() && (stamps.at(-1) ?? 0) > clock.now() - 1000);
    clock.advance(1000);
    const more = await command.until(frames(past.length + 1));
    assert.equal(more.length, past.length + 1);
    command.channel.close();
    await command.ended;
  });

  test("the rows of a frame add up to its events, and to the ledger", async () => {
    const head = makeHead({ keys: ["zonename", "execname", "syscall", "errno"] });
    const command = await run(client, head);
    const read = await command.until(frames(15));
    const entries = fleet.ledger.frames({ nonce: head.nonce });
    for (const [i, frame] of read.entries()) {
      const entry = entries[i];
      assert.ok(entry && frame.events > 1000);
      assert.equal(frame.nonce, head.nonce);
      assert.equal(frame.walltimestampNs, entry.walltimestampNs);
      assert.equal(frame.events, entry.events);
      assert.equal(
        frame.rows.reduce((sum, row) => sum + row.total, 0),
        frame.events,
      );
      assert.deepEqual(
        frame.rows.map((row) => [row.keys, [...row.counts.values()]]),
        entry.rows.map((row) => [row.keys.map(String), row.count]),
      );
    }
    command.channel.close();
    await command.ended;
  });

  test("the same second is the same to every program, however it is decomposed", async () => {
    const heads = [
      makeHead(),
      makeHead({ keys: ["zonename", "execname"] }),
      makeHead({ keys: ["zonename"], numeric: null, scheme: null }),
      makeHead({ scheme: "quantize" }),
      makeHead({ scheme: "llquantize(10,3,10,100)" }),
    ];
    const totals = await Promise.all(
      heads.map(async (head) => {
        const command = await run(client, head);
        const read = (await command.until(frames(10))).slice(0, 10);
        command.channel.close();
        return read.map((frame) => {
          const byZone = new Map<string, number>();
          for (const { keys, total } of frame.rows) byZone.set(keys[0] ?? "", (byZone.get(keys[0] ?? "") ?? 0) + total);
          return [frame.walltimestampNs, [...byZone].sort()];
        });
      }),
    );
    for (const other of totals.slice(1)) assert.deepEqual(other, totals[0]);
  });

  test("a predicate and its opposite split every tick in two", async () => {
    const predicate = { and: [{ eq: ["execname", "postgres"] }, { gt: ["latency", 100_000] }] };
    const [all, these, others] = await Promise.all(
      [{}, predicate, { not: predicate }].map(async (each) => {
        const command = await run(client, makeHead({ predicate: each }));
        const read = (await command.until(frames(10))).slice(0, 10);
        command.channel.close();
        return read.map((frame) => frame.events);
      }),
    );
    assert.ok(these?.every((count) => count > 0));
    assert.deepEqual(
      all,
      these?.map((count, i) => count + (others?.[i] ?? 0)),
    );
  });

  test("only the named zones are counted", async () => {
    const zone = host.zones[2]?.name ?? "";
    const command = await run(client, makeHead({ zones: [zone] }));
    const [frame] = await command.until(frames(1));
    assert.deepEqual(
      frame?.rows.map((row) => row.keys),
      [[zone]],
    );
    command.channel.close();
  });

  test("five-second ticks are the sums of five", async () => {
    const fine = await run(client, makeHead());
    const coarse = await run(client, makeHead({ granularitySec: 5 }));
    const ones = await fine.until(frames(20));
    const fives = await coarse.until(frames(3));
    const end = fives[1]?.walltimestampNs;
    const last = ones.findIndex((frame) => frame.walltimestampNs === end);
    const sum = ones.slice(last - 4, last + 1).reduce((total, frame) => total + frame.events, 0);
    assert.equal(fives[1]?.events, sum);
    fine.channel.close();
    coarse.channel.close();
  });

  test("output is cut anywhere", async () => {
    const bed = await makeBed({ backfillSec: 2, maxPieceBytes: 40 });
    const [only] = bed.fleet.hosts;
    assert.ok(only);
    const other = await connect(only);
    const command = await run(other, makeHead({ keys: ["zonename"] }));
    assert.equal((await command.until(frames(2))).length >= 2, true);
    assert.ok(Math.max(...command.pieces) <= 40);
    other.end();
    await bed.fleet.close();
  });

  test("a program that has caught up is not told the past again", async () => {
    const head = makeHead();
    const first = await run(client, head);
    await first.until(frames(20));
    first.channel.close();
    await first.ended;
    const second = await run(client, makeHead({ spec: head.spec }));
    await settle(client);
    clock.advance(1000);
    const [frame] = await second.until(frames(1));
    assert.ok(Number(frame?.walltimestampNs) / 1e6 > clock.now() - 1000);
    assert.equal(readFrames(second.stdout).length, 1);
    second.channel.close();
  });

  test("silence for the lease's length, the end of input and SIGTERM end a program with status 0", async () => {
    const silent = await run(client, makeHead());
    const closed = await run(client, makeHead());
    const signalled = await run(client, makeHead());
    await Promise.all([silent, closed, signalled].map((each) => each.until(frames(1))));
    closed.channel.end();
    signalled.channel.signal("TERM");
    assert.deepEqual(await Promise.all([closed.ended, signalled.ended]), [0, 0]);
    clock.advance(4000);
    silent.channel.write("\n");
    await settle(client);
    clock.advance(4900);
    assert.equal(silent.status, null);
    clock.advance(200);
    assert.equal(await silent.ended, 0);
    assert.match(silent.stderr, /^(?:wrapper: cpu \d+\.\d\d of \d+0\n)*$/, "nothing but what dtrace itself costs");
  });

  test("an unknown metric is a probe that does not exist", async () => {
    const head = makeHead({ metric: "fbt.nonsense" });
    const command = await run(client, head);
    assert.equal(await command.ended, 1);
    assert.match(
      command.stderr,
      /^dtrace: failed to compile script \S+: line 4: probe description syscall:::return does not match any probes\n$/,
    );
    assert.equal(command.stdout, "");
  });

  test("compile says whether a program would run, and runs nothing", async () => {
    for (const [metric, status] of [
      ["syscall.ops", 0],
      ["fbt.nonsense", 1],
    ] as const) {
      const head = makeHead({ metric });
      const command = await exec(client, `compile ${head.nonce}`);
      command.channel.write(`${programText(head)}@program-end ${head.nonce}\n`);
      assert.equal(await command.ended, status);
      assert.equal(command.stdout, "");
    }
  });
});
