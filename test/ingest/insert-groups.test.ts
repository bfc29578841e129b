/**
 * Batches that wait for the engine go in together: what is in a group, and what becomes of each batch when it fails.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { BatchBuilder, textAt } from "../../core/batch-builder.ts";
import type { AttributedBatch, DictColumn } from "../../core/window.ts";
import { attribute } from "../../ingest/attribution.ts";
import { joinBatches, JoinRoom } from "../../ingest/batch-join.ts";
import { InsertGroups, type Insertable } from "../../ingest/insert-groups.ts";
import { WindowsTable } from "../../ingest/windows.ts";
import { startTestEngine, type TestEngine } from "../store/engine-fixture.ts";
import { migrate } from "../../store/migrations.ts";

/** An engine that ends each insert when it is told to. */
class HandEngine {
  readonly inserts: { streams: string[]; end: (error?: Error) => void }[] = [];
  readonly groups = new InsertGroups<Insertable>(
    (group) =>
      new Promise((resolve, reject) => {
        const end = (error?: Error): void => (error === undefined ? resolve() : reject(error));
        this.inserts.push({ streams: group.map(({ stream }) => stream), end });
      }),
  );

  add(stream: string, { rows = 10, entries = 10, day = 1 }: Partial<Insertable> = {}): Promise<string> {
    return this.groups.add({ stream, rows, entries, day }).then(
      () => "stored",
      (error: unknown) => String(error),
    );
  }

  /** Ends the n-th insert, and waits until what follows it has begun. */
  async end(n: number, error?: Error): Promise<void> {
    this.inserts[n]?.end(error);
    await new Promise((resolve) => setImmediate(resolve));
  }

  get begun(): string[] {
    return this.inserts.map(({ streams }) => streams.join(" "));
  }
}

describe("batches on their way into the store", () => {
  test("one that finds nothing under way goes at once, and those that come meanwhile go together", async () => {
    const engine = new HandEngine();
    const all = ["a", "b", "c", "d"].map((stream) => engine.add(stream));
    assert.deepEqual(engine.begun, ["a"]);
    await engine.end(0);
    assert.deepEqual(engine.begun, ["a", "b c d"]);
    await engine.end(1);
    assert.deepEqual(await Promise.all(all), ["stored", "stored", "stored", "stored"]);
  });

  test("a group is of one day, since the store's partitions are days and only one part is written whole or not at all", async () => {
    const engine = new HandEngine();
    const all = [engine.add("a"), engine.add("b", { day: 2 }), engine.add("c"), engine.add("d", { day: 2 })];
    for (let n = 0; n < 3; n++) await engine.end(n);
    assert.deepEqual(engine.begun, ["a", "b d", "c"]);
    await Promise.all(all);
  });

  const bounds: [what: string, size: Partial<Insertable>, groups: string[]][] = [
    ["rows", { rows: 30_000 }, ["a", "b", "c"]],
    ["entries", { entries: 600_000 }, ["a", "b", "c"]],
    ["rows of two that fit", { rows: 12_000 }, ["a", "b c"]],
  ];
  for (const [what, size, groups] of bounds) {
    test(`a group is bounded: ${what}`, async () => {
      const engine = new HandEngine();
      const all = ["a", "b", "c"].map((stream) => engine.add(stream, size));
      for (let n = 0; n < groups.length; n++) await engine.end(n);
      assert.deepEqual(engine.begun, groups);
      await Promise.all(all);
    });
  }

  test("what is large enough by itself does not wait for the one under way, but for the second", async () => {
    const engine = new HandEngine();
    const all = ["a", "b", "c"].map((stream) => engine.add(stream, { rows: 40_000 }));
    assert.deepEqual(engine.begun, ["a", "b"]);
    await engine.end(1);
    assert.deepEqual(engine.begun, ["a", "b", "c"]);
    for (const n of [0, 2]) await engine.end(n);
    await Promise.all(all);
  });

  test("when a group fails each is told, and goes alone once: the bad one cannot hold up the others", async () => {
    const engine = new HandEngine();
    const first = engine.add("a");
    const group = ["b", "bad"].map((stream) => engine.add(stream));
    await engine.end(0);
    await engine.end(1, new Error("refused"));
    assert.deepEqual(await Promise.all([first, ...group]), ["stored", "Error: refused", "Error: refused"]);
    const again = ["x", "bad", "b", "y"].map((stream) => engine.add(stream));
    for (let n = 2; n < 6; n++)
      await engine.end(n, engine.inserts[n]?.streams[0] === "bad" ? new Error("no") : undefined);
    assert.deepEqual(engine.begun.slice(2), ["x", "bad", "b", "y"]);
    assert.deepEqual(await Promise.all(again), ["stored", "Error: no", "stored", "stored"]);
    const third = ["x", "b", "y"].map((stream) => engine.add(stream));
    for (let n = 6; n < 8; n++) await engine.end(n);
    assert.deepEqual(engine.begun.slice(6), ["x", "b y"]);
    await Promise.all(third);
  });
});

describe("batches as one", () => {
  const NAME = fc.constantFrom("", "a", "b", "ß", "c\u0000d");
  const ROW = fc.record({
    spec: NAME,
    host: NAME,
    zone: NAME,
    keys: fc.array(NAME, { maxLength: 6 }),
    bucket: fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 4 }),
    value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  });

  test("hold the rows of each, one after the other, and each text once, in whatever memory others were joined before", () => {
    const room = new JoinRoom();
    fc.assert(
      fc.property(fc.array(fc.array(ROW, { maxLength: 9 }), { minLength: 1, maxLength: 5 }), (lists) => {
        const batches = lists.map((rows) => {
          const builder = new BatchBuilder();
          rows.forEach((row, i) =>
            builder.addWindow({ ...row, enabling: "e", tick: i, ts: i, count: row.bucket.map(() => i) }),
          );
          return attribute(builder.finish(), (host) => `tenant of ${host}`).attributed;
        });
        const all = joinBatches(batches, room);
        assert.deepEqual(rowsOf(all), batches.flatMap(rowsOf));
        for (const { values } of textsOf(all)) assert.equal(new Set(values).size, values.length);
      }),
      { numRuns: 200 },
    );
  });

  function textsOf(batch: AttributedBatch): DictColumn[] {
    const { spec, enabling, host, zone, keys, status, reason, detail, tenant } = batch;
    return [spec, enabling, host, zone, ...keys, status, reason, detail, tenant];
  }

  function rowsOf(batch: AttributedBatch): unknown[] {
    return Array.from({ length: batch.rows }, (_, row) => {
      const [from, to] = [batch.offsets[row], batch.offsets[row + 1]];
      return [
        textsOf(batch).map((column) => textAt(column, row)),
        [batch.kind[row], batch.tick[row], batch.ts[row], batch.value[row], batch.events[row]],
        [...batch.bucket.subarray(from, to)],
        [...batch.count.subarray(from, to)],
      ];
    });
  }
});

describe("batches of several streams in the store", () => {
  let engine: TestEngine;
  before(async () => {
    engine = await startTestEngine();
    await migrate(engine.client, Date.now());
  });
  after(() => engine.close());

  test("share an insert, and each is there once, with its own receipt and number", async () => {
    const table = new WindowsTable(engine.client);
    const streams = Array.from({ length: 9 }, (_, i) => `stream-${i}`);
    await Promise.all(streams.map((stream, i) => table.insert(batchOf(i + 1), stream, i + 5, `digest of ${stream}`)));
    for (const [i, stream] of streams.entries()) {
      assert.equal(await table.highestSeq(stream), i + 5);
      assert.equal(await table.digestOf(stream, i + 5), `digest of ${stream}`);
    }
    const stored = await engine.client.query<{ stream: string; windows: number; receipts: number; said: number }>(
      `SELECT stream, toUInt32(countIf(kind = 1)) AS windows, toUInt32(countIf(kind = 2)) AS receipts,
         toUInt32(sumIf(events, kind = 2)) AS said FROM windows GROUP BY stream ORDER BY stream`,
    );
    assert.deepEqual(
      stored,
      streams.map((stream, i) => ({ stream, windows: i + 1, receipts: 1, said: i + 1 })),
    );
    const [parts] = await engine.client.query<{ n: number }>(
      "SELECT toUInt32(count()) AS n FROM system.parts WHERE table = 'windows' AND level = 0",
    );
    assert.equal(parts?.n, 2);
  });

  function batchOf(rows: number): AttributedBatch {
    const builder = new BatchBuilder();
    for (let tick = 0; tick < rows; tick++) {
      const of = { spec: "s", enabling: "e", host: "cn-01", tick, ts: 1_700_049_600, zone: `zone-${tick}` };
      builder.addWindow({ ...of, keys: [], bucket: [tick], count: [1], value: 0 });
    }
    return attribute(builder.finish(), () => "acme").attributed;
  }
});
