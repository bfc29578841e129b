/**
 * What waits for a reader: what piles up counts against it, what it is still being given does not.
 */
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, test } from "node:test";
import { Outlet } from "../../collectors/simulator/outlet.ts";
import { Random } from "../../collectors/simulator/random.ts";

describe("output on its way to a reader", () => {
  test("has piled up only where more came while a write was under way, however large that write is", () => {
    const outlet = new Outlet(new PassThrough({ highWaterMark: 16 }), new Random(1), 64);
    outlet.write("x".repeat(10 * 1024 * 1024));
    assert.ok(outlet.queuedBytes > 10 * 1024 * 1024 - 1024);
    assert.equal(outlet.piledBytes, 0);
    outlet.write("y".repeat(500));
    assert.equal(outlet.piledBytes, 500);
  });

  test("arrives whole and in order, at the reader's pace", async () => {
    const pipe = new PassThrough({ highWaterMark: 16 });
    const outlet = new Outlet(pipe, new Random(2), 64);
    const sent = Array.from({ length: 200 }, (_, i) => `line ${i}\n`);
    for (const line of sent) outlet.write(line);
    outlet.whenDrained(() => pipe.end());
    let got = "";
    for await (const chunk of pipe) got += String(chunk);
    assert.equal(got, sent.join(""));
    assert.equal(outlet.queuedBytes, 0);
  });
});
