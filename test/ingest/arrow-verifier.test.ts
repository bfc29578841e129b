/**
 * No bytes that come to POST /v1/batches crash, hang or fool ingest, and every batch that a collector makes passes.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { BatchBuilder } from "../../core/batch-builder.ts";
import { errorCode } from "../../core/errors.ts";
import { verifyBatch } from "../../ingest/arrow-verifier.ts";
import { encodeBatch } from "../../wire/batch.ts";
import { BODIES, SEC, lengthBombs, mutant, type Body } from "./arrow-mutants.ts";
import { assertSound, judge, sameContent } from "./arrow-oracle.ts";
import { SPECIALS } from "./arrow-specials.ts";

const MUTANTS = 20_000;
const DAY = Math.floor(SEC / 86_400) * 86_400;
/** At most 4 bytes a character, so within 256. */
const NAME = fc.string({ unit: "binary", maxLength: 60 });
const WINDOW = fc.record({
  spec: NAME,
  enabling: NAME,
  host: NAME,
  tick: fc.nat(),
  ts: fc.integer({ min: DAY, max: DAY + 86_399 }),
  zone: NAME,
  keys: fc.array(NAME, { maxLength: 6 }),
  entries: fc.array(fc.tuple(fc.integer({ min: -32_768, max: 32_767 }), fc.nat({ max: 2 ** 34 })), { maxLength: 9 }),
  value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
});

describe("the verifier of batches", () => {
  test("passes every batch that a collector can make, at any place in memory", () => {
    fc.assert(
      fc.property(fc.array(WINDOW, { minLength: 1, maxLength: 60 }), fc.nat({ max: 7 }), (windows, shift) => {
        const builder = new BatchBuilder();
        for (const { entries, ...row } of windows) {
          builder.addWindow({ ...row, bucket: entries.map(([at]) => at), count: entries.map(([, n]) => n) });
        }
        const batch = builder.finish();
        const bytes = encodeBatch(batch);
        const moved = new Uint8Array(bytes.length + 8).subarray(shift, shift + bytes.length);
        moved.set(bytes);
        const verdict = judge(verifyBatch, { name: "made", bytes: moved, rows: batch.rows });
        assert.ok("batch" in verdict && sameContent(verdict.batch, judgeBatch(bytes, batch.rows)));
      }),
      { numRuns: 40, seed: 35 },
    );
  });

  for (const { name, bytes, rows, code } of SPECIALS) {
    test(`refuses ${name}`, () => {
      assert.throws(
        () => verifyBatch(bytes, rows),
        (error) => errorCode(error) === code,
      );
    });
  }

  test("refuses what it cannot know to be of a batch, at each length that a body may be cut to", () => {
    for (const { bytes, rows } of BODIES.slice(0, 2)) {
      for (let length = 0; length < bytes.length; length++) {
        const verdict = judge(verifyBatch, { name: "", bytes: bytes.subarray(0, length), rows });
        assert.ok("refused" in verdict, `cut to ${length} bytes`);
      }
    }
  });

  test("a length or an offset set to anything is refused or changes nothing", () => {
    const counts = { refused: 0, unread: 0 };
    const [body] = BODIES as [Body];
    const whole = judgeBatch(body.bytes, body.rows);
    for (const bomb of lengthBombs(body)) {
      const verdict = assertSound(verifyBatch, bomb);
      if ("batch" in verdict) assert.ok(sameContent(verdict.batch, whole), `${bomb.name} changes the batch`);
      counts["batch" in verdict ? "unread" : "refused"] += 1;
    }
    assert.ok(counts.refused > 9000 && counts.unread > 0, JSON.stringify(counts));
  });

  test(`${MUTANTS} mutants are each refused, or decoded into a whole batch, within 50 ms and without growing`, () => {
    const seen = new Map<string, number>();
    let rss = 0;
    for (let seed = 1; seed <= MUTANTS; seed++) {
      const verdict = assertSound(verifyBatch, mutant(seed));
      const outcome = "refused" in verdict ? verdict.refused : "batch";
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      if (seed === MUTANTS / 4) rss = settledRss();
    }
    for (const outcome of ["batch", "BATCH_UNREADABLE", "BATCH_SCHEMA", "BATCH_VERSION", "BATCH_DAYS"]) {
      assert.ok((seen.get(outcome) ?? 0) > MUTANTS / 1000, `${outcome} among ${JSON.stringify([...seen])}`);
    }
    assert.ok(settledRss() - rss < 50 * 1024 * 1024, `RSS grew from ${rss} to ${settledRss()}`);
  });
});

function judgeBatch(bytes: Uint8Array, rows: number) {
  const verdict = judge(verifyBatch, { name: "whole", bytes, rows });
  assert.ok("batch" in verdict, "a whole batch passes");
  return verdict.batch;
}

/** Resident memory once the garbage is gone. */
function settledRss(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage.rss();
}
