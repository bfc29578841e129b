/**
 * faults.test.ts: what can be made to go wrong on a simulated host, as its client sees it.
 */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { DROP_LINES, type Fault } from "../../collectors/simulator/faults.ts";
import { connect, makeBed, makeHead, run, settle } from "./client.ts";
import { frames, readFrames } from "./frames.ts";

describe("a fault", async () => {
  const { fleet } = await makeBed({ backfillSec: 8 });
  const [host] = fleet.hosts;
  assert.ok(host);
  const client = await connect(host);
  after(async () => {
    client.end();
    await fleet.close();
  });

  const ends: { readonly name: string; readonly fault: Fault; readonly status: number; readonly stderr: RegExp }[] = [
    { name: "exit", fault: { kind: "exit", status: 3 }, status: 3, stderr: /^$/ },
    { name: "exit after a tick", fault: { kind: "exit", status: 0, afterTick: 2 }, status: 0, stderr: /^$/ },
    { name: "no-dtrace", fault: { kind: "no-dtrace" }, status: 127, stderr: /dtrace: not found/ },
    { name: "unprivileged", fault: { kind: "unprivileged" }, status: 1, stderr: /requires additional privileges\n$/ },
    {
      name: "unresponsive",
      fault: { kind: "unresponsive", tick: 2 },
      status: 1,
      stderr: /^dtrace: processing aborted: Abort due to systemic unresponsiveness\n$/,
    },
  ];
  for (const { name, fault, status, stderr } of ends) {
    test(`${name} ends the program with status ${status}`, async () => {
      host.fail(fault);
      const command = await run(client, makeHead());
      assert.equal(await command.ended, status);
      assert.match(command.stderr, stderr);
    });
  }

  test("hang: half a frame, then nothing until the lease ends", async () => {
    host.fail({ kind: "hang", tick: 2 });
    const head = makeHead();
    const command = await run(client, head);
    await command.until((text) => (text.includes(` 2 `) && !text.endsWith(" \n") ? text : undefined));
    command.channel.end();
    assert.equal(await command.ended, 0);
    assert.equal(readFrames(command.stdout).length, 1);
    assert.deepEqual(
      fleet.ledger.frames({ nonce: head.nonce }).map((entry) => entry.sound),
      [true, false],
    );
  });

  const frameFaults: { readonly name: string; readonly fault: Fault; readonly ticks: number[] }[] = [
    { name: "junk", fault: { kind: "junk", tick: 2, bytes: `${"x".repeat(100_000)}\n` }, ticks: [1, 2, 3, 4] },
    { name: "no-done", fault: { kind: "no-done", tick: 2 }, ticks: [1, 3, 4, 5] },
    { name: "repeated-tick", fault: { kind: "repeated-tick", tick: 2 }, ticks: [1, 2, 2, 3] },
    { name: "missed-tick", fault: { kind: "missed-tick", tick: 2 }, ticks: [1, 2, 3, 4] },
  ];
  for (const { name, fault, ticks } of frameFaults) {
    test(`${name}: whole frames are those of ticks ${ticks.join(", ")}`, async () => {
      host.fail(fault);
      const command = await run(client, makeHead());
      const read = await command.until(frames(4));
      assert.deepEqual(
        read.slice(0, 4).map((frame) => frame.tick),
        ticks,
      );
      command.channel.close();
    });
  }

  test("missed-tick: the events of two windows come in one", async () => {
    const [whole, missing] = [makeHead(), makeHead()];
    host.fail({ kind: "missed-tick", tick: 2 }, { spec: missing.spec });
    const [first, other] = [await run(client, whole), await run(client, missing)];
    const reference = await first.until(frames(4));
    const [, second] = await other.until(frames(3));
    assert.equal(second?.events, (reference[1]?.events ?? 0) + (reference[2]?.events ?? 0));
    for (const each of [first, other]) each.channel.close();
  });

  test("wrong-nonce: one frame is somebody else's", async () => {
    host.fail({ kind: "wrong-nonce", tick: 1 });
    const command = await run(client, makeHead());
    const [first, second] = await command.until(frames(2));
    assert.equal(first?.nonce, "f".repeat(32));
    assert.notEqual(second?.nonce, first.nonce);
    command.channel.close();
  });

  test("drops: the lines, and rows that are missing though their events were counted", async () => {
    host.fail({ kind: "drops", tick: 1, lines: DROP_LINES, lostRows: 2 });
    const command = await run(client, makeHead());
    const [frame] = await command.until(frames(3));
    assert.ok(frame && frame.rows.reduce((sum, row) => sum + row.total, 0) < frame.events);
    assert.deepEqual(command.stderr.trimEnd().split("\n"), DROP_LINES);
    command.channel.close();
  });

  test("a flood on standard error leaves the frames whole", async () => {
    host.fail({ kind: "stderr-flood", tick: 1, lines: 20_000 });
    const command = await run(client, makeHead());
    const read = await command.until(frames(5));
    assert.equal(read[4]?.tick, 5);
    command.channel.end();
    await command.ended;
    assert.equal(command.stderr.split("\n").length, 20_001);
  });

  test("a reader that stalls gets its program aborted, and output stays bounded", async () => {
    const bed = await makeBed({ queueBytes: 100_000, leaseMs: 3_600_000 });
    const [other] = bed.fleet.hosts;
    assert.ok(other);
    const second = await connect(other);
    const head = makeHead({ keys: ["zonename", "execname", "syscall"], scheme: "llquantize(10,3,10,100)" });
    const command = await run(second, head);
    await settle(second);
    bed.clock.advance(1000);
    await command.until(frames(1));
    command.channel.pause();
    // The window of a channel is 2 MiB, and the server's own buffer as much.
    for (let i = 0; i < 200 && other.running.size > 0 && bed.fleet.ledger.size < 150; i++) {
      bed.clock.advance(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    command.channel.resume();
    assert.equal(await command.ended, 1);
    assert.match(command.stderr, /systemic unresponsiveness/);
    second.end();
    await bed.fleet.close();
  });
});
