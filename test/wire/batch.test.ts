import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { BatchBuilder, textAt } from "../../core/batch-builder.ts";
import { KIND_COVERAGE, KIND_WINDOW, MAX_ENTRY, type Batch, type WindowRow } from "../../core/window.ts";
import { decodeBatch, encodeBatch } from "../../wire/batch.ts";

const NAME = fc.string({ unit: "binary", maxLength: 20 });
const WINDOW: fc.Arbitrary<WindowRow> = fc.record({
  spec: NAME,
  enabling: NAME,
  host: NAME,
  tick: fc.integer({ min: 0, max: 4_294_967_295 }),
  ts: fc.integer({ min: 0, max: 4_294_967_295 }),
  zone: NAME,
  keys: fc.array(NAME, { maxLength: 6 }),
  bucket: fc.array(fc.integer({ min: -32_768, max: 32_767 }), { minLength: 3, maxLength: 3 }),
  count: fc.array(fc.integer({ min: 0, max: 2 ** 34 }), { minLength: 3, maxLength: 3 }),
  value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
});

describe("a batch on the wire", () => {
  test("comes back as it went in, whatever the names and numbers", () => {
    fc.assert(
      fc.property(fc.array(WINDOW, { maxLength: 80 }), (rows) => {
        const builder = new BatchBuilder();
        for (const row of rows) builder.addWindow(row);
        const batch = decodeBatch(encodeBatch(builder.finish()));
        assert.equal(batch.rows, rows.length);
        rows.forEach((row, i) => assertWindow(batch, i, row));
      }),
      { numRuns: 60 },
    );
  });

  test("is the same bytes each time, since a retry is recognised by its digest", () => {
    const bytes = (): Uint8Array => {
      const builder = new BatchBuilder();
      for (let tick = 0; tick < 9; tick++) builder.addWindow({ ...ROW, tick });
      return encodeBatch(builder.finish());
    };
    assert.deepEqual(bytes(), bytes());
  });

  test("made in the memory of others before it is as if made anew, and theirs stay as they were sent", () => {
    fc.assert(
      fc.property(fc.array(fc.array(WINDOW, { maxLength: 80 }), { minLength: 2, maxLength: 4 }), (batches) => {
        const again = new BatchBuilder();
        const coverage = { ...ROW, status: "partial", reason: "", detail: "{}" } as const;
        const sent = batches.map((rows) => {
          const builders = [again, new BatchBuilder()];
          const encoded = builders.map((builder) => {
            for (const row of rows) builder.addWindow(row);
            if (rows.length % 2 > 0) {
              builder.addCoverage({ ...coverage, dropped: 3, events: 9, endedMs: 1, receivedMs: 2, elapsedNs: 4 });
            }
            return encodeBatch(builder.finish());
          });
          again.restart();
          return encoded;
        });
        for (const [reused, anew] of sent) assert.deepEqual(reused, anew);
      }),
      { numRuns: 60 },
    );
  });

  test("keeps the sum of a count above 32 bits by splitting it", () => {
    const builder = new BatchBuilder();
    builder.addWindow({ ...ROW, bucket: [7], count: [2 * MAX_ENTRY + 5] });
    const batch = decodeBatch(encodeBatch(builder.finish()));
    assert.deepEqual([...batch.bucket], [7, 7, 7]);
    assert.deepEqual([...batch.count], [MAX_ENTRY, MAX_ENTRY, 5]);
  });

  test("carries coverage beside windows", () => {
    const builder = new BatchBuilder();
    builder.addWindow(ROW);
    builder.addCoverage({
      ...ROW,
      status: "partial",
      reason: "",
      dropped: 3,
      events: 2 ** 50,
      endedMs: 1_700_000_000_500,
      receivedMs: 1_700_000_000_600,
      elapsedNs: 1_000_000_123,
      detail: '{"aggregation_drops":3}',
    });
    const batch = decodeBatch(encodeBatch(builder.finish()));
    assert.deepEqual([...batch.kind], [KIND_WINDOW, KIND_COVERAGE]);
    assert.equal(textAt(batch.status, 1), "partial");
    assert.equal(batch.events[1], 2n ** 50n);
    assert.equal(batch.elapsedNs[1], 1_000_000_123n);
    assert.equal(textAt(batch.detail, 1), '{"aggregation_drops":3}');
  });

  test("survives being decoded and encoded again, at every size around a buffer's padding", () => {
    for (let rows = 1; rows <= 40; rows++) {
      const builder = new BatchBuilder();
      for (let i = 0; i < rows; i++) builder.addWindow({ ...ROW, tick: i, bucket: [i, i + 1], count: [i, 2 * i] });
      const once = decodeBatch(encodeBatch(builder.finish()));
      const twice = decodeBatch(encodeBatch(once));
      assert.deepEqual(twice.count, once.count, `${rows} rows`);
      assert.deepEqual(twice.tick, once.tick, `${rows} rows`);
    }
  });

  test("of another version is refused by name", () => {
    const bytes = Buffer.from(encodeBatch(new BatchBuilder().finish()));
    const at = bytes.indexOf("isotherm.wire");
    assert.ok(at > 0);
    bytes.write("isotherm.wirf", at);
    assert.throws(() => decodeBatch(bytes), { code: "BATCH_VERSION" });
  });
});

const ROW: WindowRow = {
  spec: "s",
  enabling: "e",
  host: "h",
  tick: 1,
  ts: 1_700_000_000,
  zone: "z",
  keys: ["a"],
  bucket: [],
  count: [],
  value: 0,
};

function assertWindow(batch: Batch, i: number, row: WindowRow): void {
  assert.equal(textAt(batch.spec, i), toWellFormed(row.spec));
  assert.equal(textAt(batch.zone, i), toWellFormed(row.zone));
  assert.deepEqual(
    batch.keys.map((key) => textAt(key, i)),
    Array.from({ length: 6 }, (_, k) => toWellFormed(row.keys[k] ?? "")),
  );
  assert.equal(batch.tick[i], row.tick);
  assert.equal(batch.ts[i], row.ts);
  assert.equal(batch.value[i], row.value);
  const tally = new Map<number, number>();
  for (let at = batch.offsets[i] ?? 0; at < (batch.offsets[i + 1] ?? 0); at++) {
    const bucket = batch.bucket[at] ?? 0;
    tally.set(bucket, (tally.get(bucket) ?? 0) + (batch.count[at] ?? 0));
  }
  const expected = new Map<number, number>();
  Array.from(row.bucket).forEach((bucket, at) => {
    expected.set(bucket, (expected.get(bucket) ?? 0) + (row.count[at] ?? 0));
  });
  assert.deepEqual(tally, expected);
}

/** Lone surrogates have no UTF-8: they travel as U+FFFD. */
function toWellFormed(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}
