/**
 * Too many keys in a window: the largest stay, the others become one, and no count is lost.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BatchBuilder, textAt } from "../../core/batch-builder.ts";
import {
  KIND_COVERAGE,
  KIND_WINDOW,
  MAX_ENTRY,
  OTHER_KEY,
  type AttributedBatch,
  type Batch,
} from "../../core/window.ts";
import { capKeys } from "../../ingest/key-cap.ts";
import { decodeBatch, encodeStored } from "../../wire/batch.ts";
import { window } from "./admission-bed.ts";

const TS = 1_700_000_000;

describe("a window with too many keys", () => {
  test("keeps the largest, and makes one row of the others, bucket by bucket", () => {
    const batch = owned(
      window({
        ts: TS,
        zones: {
          z: [
            ["a", [1, 5]],
            ["b", [1, 1], [3, 1]],
            ["c", [1, 9]],
            ["d", [2, 1], [3, 2]],
          ],
        },
      }),
    );
    const { batch: capped, mergedKeys } = capKeys(batch, () => 2);
    assert.equal(mergedKeys, 2);
    assert.deepEqual(rowsOf(capped), [
      "acme z a/read 1:5",
      `acme z ${OTHER_KEY}/${OTHER_KEY} 1:1 2:1 3:3`,
      "acme z c/read 1:9",
    ]);
  });

  test("says so in its coverage, beside what was said there", () => {
    const batch = owned(
      window({
        ts: TS,
        zones: {
          z: [
            ["a", [1, 1]],
            ["b", [1, 1]],
            ["c", [1, 1]],
          ],
        },
      }),
    );
    const detail = { codes: batch.detail.codes, values: ['{"aggregation":2}'] };
    assert.deepEqual(coverageOf(capKeys(batch, () => 1).batch), ['{"merged_keys":2}']);
    assert.deepEqual(coverageOf(capKeys({ ...batch, detail }, () => 1).batch), ['{"aggregation":2,"merged_keys":2}']);
    assert.deepEqual(coverageOf(capKeys({ ...batch, detail }, () => 3).batch), ['{"aggregation":2}']);
  });

  test("is another tenant's no business: each has a cap of its own", () => {
    const zones = {
      mine: [["a", [1, 1]]],
      theirs: [
        ["a", [1, 1]],
        ["b", [1, 2]],
        ["c", [1, 3]],
      ],
    } as const;
    const batch = owned(window({ ts: TS, zones }), { mine: "acme", theirs: "globex" });
    assert.deepEqual(rowsOf(capKeys(batch, () => 1).batch), [
      "acme mine a/read 1:1",
      `globex theirs ${OTHER_KEY}/${OTHER_KEY} 1:3`,
      "globex theirs c/read 1:3",
    ]);
    const capped = capKeys(batch, (tenant) => (tenant === "globex" ? 0 : 10)).batch;
    assert.deepEqual(rowsOf(capped), ["acme mine a/read 1:1", `globex theirs ${OTHER_KEY}/${OTHER_KEY} 1:6`]);
  });

  test("is told from the next window of the spec, and from the same tick of another host", () => {
    const one = {
      ts: TS,
      zones: {
        z: [
          ["a", [1, 1]],
          ["b", [1, 1]],
        ],
      },
    } as const;
    for (const other of [
      { ...one, tick: 2, ts: TS + 1 },
      { ...one, host: "cn-02" },
      { ...one, spec: "t" },
    ]) {
      const batch = owned(joined(window(one), window(other)));
      assert.equal(capKeys(batch, () => 2).mergedKeys, 0);
      assert.equal(capKeys(batch, () => 1).mergedKeys, 2);
    }
  });

  test("keeps a real key that reads like the merged one apart from it", () => {
    const zones = {
      z: [
        [OTHER_KEY, [1, 9]],
        [`(${OTHER_KEY})`, [1, 8]],
        ["a", [1, 1]],
        ["b", [1, 1]],
      ],
    } as const;
    const batch = owned(window({ ts: TS, zones }));
    assert.deepEqual(rowsOf(capKeys(batch, () => 2).batch), [
      "acme z ((other))/read 1:9",
      "acme z (((other)))/read 1:8",
      `acme z ${OTHER_KEY}/${OTHER_KEY} 1:2`,
    ]);
    // Also where nothing is merged, so that the text means one thing everywhere.
    assert.equal(rowsOf(capKeys(batch, () => 100).batch)[0], "acme z ((other))/read 1:9");
  });

  test("adds scalars, and counts beyond what one entry holds", () => {
    const builder = new BatchBuilder();
    const about = { spec: "s", enabling: "e", host: "h", tick: 1, ts: TS, zone: "z" };
    for (const key of ["a", "b", "c"]) {
      builder.addWindow({ ...about, keys: [key], bucket: [7], count: [MAX_ENTRY], value: 2n ** 60n });
    }
    const { batch } = capKeys(owned(builder.finish()), () => 1);
    assert.equal(batch.value[1], 2n ** 61n);
    const counts = [...batch.count.subarray(batch.offsets[1], batch.offsets[2])];
    assert.deepEqual(counts, [MAX_ENTRY, MAX_ENTRY]);
  });

  test("does not depend on the order of its rows", () => {
    const keys = Array.from({ length: 40 }, (_, i) => [`k${i}`, [i % 3, 1 + (i % 4)]] as const);
    const expected = rowsOf(capKeys(owned(window({ ts: TS, zones: { z: keys } })), () => 7).batch).sort();
    for (let seed = 1; seed <= 20; seed++) {
      const shuffled = keys.toSorted((a, b) => hash(a[0], seed) - hash(b[0], seed));
      const capped = capKeys(owned(window({ ts: TS, zones: { z: shuffled } })), () => 7).batch;
      assert.deepEqual(rowsOf(capped).sort(), expected, `seed ${seed}`);
    }
  });

  test("loses no count, whatever the cap: the parts sum to the whole", () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = randomOf(seed);
      const zones = Object.fromEntries(
        ["u", "v", "w"].map((zone) => [
          zone,
          Array.from({ length: 1 + random(60) }, () => {
            const entries = Array.from({ length: 1 + random(5) }, (_, i) => [i * 3, 1 + random(1000)] as const);
            return [`k${random(30)}`, ...entries] as const;
          }),
        ]),
      );
      const batch = owned(window({ ts: TS, zones }), { u: "acme", v: "acme", w: "globex" });
      const cap = random(12);
      const capped = capKeys(batch, () => cap).batch;
      assert.deepEqual(sumsOf(capped), sumsOf(batch), `seed ${seed}`);
      for (const tenant of ["acme", "globex"]) {
        const keys = new Set(
          rowsOf(capped)
            .filter((row) => row.startsWith(tenant))
            .map((row) => row.split(" ").slice(0, 3).join(" ")),
        );
        const real = [...keys].filter((key) => !key.includes(OTHER_KEY));
        assert.ok(real.length <= cap, `seed ${seed}: ${real.length} keys`);
      }
      // What the store gets is as whole as what came.
      const again = decodeBatch(encodeStored(capped, "s", 1));
      assert.deepEqual(sumsOf({ ...again, tenant: capped.tenant }), sumsOf(batch), `seed ${seed}`);
    }
  });

  test("takes no texts along of the keys that are gone", () => {
    const keys = Array.from({ length: 5000 }, (_, i) => [`k${i}`, [1, 1 + (i % 7)]] as const);
    const { batch } = capKeys(owned(window({ ts: TS, zones: { z: keys } })), () => 10);
    assert.equal(batch.keys[0]?.values.length, 12, "ten, the merged one, and coverage's empty one");
    assert.equal(batch.rows, 12);
  });
});

/** With the owner of each zone. */
function owned(batch: Batch, owners: Readonly<Record<string, string>> = {}): AttributedBatch {
  const values = ["", "acme", "globex"];
  const codes = Int32Array.from({ length: batch.rows }, (_, row) =>
    batch.kind[row] === KIND_WINDOW ? values.indexOf(owners[textAt(batch.zone, row)] ?? "acme") : 0,
  );
  return { ...batch, tenant: { codes, values } };
}

function joined(a: Batch, b: Batch): Batch {
  const builder = new BatchBuilder();
  for (const batch of [a, b]) {
    for (let row = 0; row < batch.rows; row++) {
      const about = {
        spec: textAt(batch.spec, row),
        enabling: textAt(batch.enabling, row),
        host: textAt(batch.host, row),
        tick: batch.tick[row] ?? 0,
        ts: batch.ts[row] ?? 0,
      };
      const [from, to] = [batch.offsets[row], batch.offsets[row + 1]];
      const keys = batch.keys.map((key) => textAt(key, row));
      const entries = { bucket: batch.bucket.subarray(from, to), count: batch.count.subarray(from, to) };
      const none = { dropped: 0, events: 0, endedMs: 0, receivedMs: 0, elapsedNs: 0, detail: "" };
      if (batch.kind[row] === KIND_COVERAGE) builder.addCoverage({ ...about, status: "ok", reason: "", ...none });
      else builder.addWindow({ ...about, zone: textAt(batch.zone, row), keys, ...entries, value: 0 });
    }
  }
  return builder.finish();
}

/** `tenant zone key/key bucket:count ...` of each window row. */
function rowsOf(batch: AttributedBatch): string[] {
  return indices(batch, KIND_WINDOW).map((row) => {
    const entries: string[] = [];
    for (let at = batch.offsets[row] ?? 0; at < (batch.offsets[row + 1] ?? 0); at++) {
      entries.push(`${batch.bucket[at] ?? NaN}:${batch.count[at] ?? NaN}`);
    }
    const keys = batch.keys.map((key) => textAt(key, row)).filter((text) => text !== "");
    return `${textAt(batch.tenant, row)} ${textAt(batch.zone, row)} ${keys.join("/")} ${entries.join(" ")}`;
  });
}

function coverageOf(batch: AttributedBatch): string[] {
  return indices(batch, KIND_COVERAGE).map((row) => textAt(batch.detail, row));
}

/** Counts by tenant, zone and bucket. */
function sumsOf(batch: AttributedBatch): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const row of rowsOf(batch)) {
    const [tenant = "", zone = "", , ...entries] = row.split(" ");
    for (const entry of entries) {
      const [bucket = "", count] = entry.split(":");
      const key = `${tenant} ${zone} ${bucket}`;
      sums[key] = (sums[key] ?? 0) + Number(count);
    }
  }
  return Object.fromEntries(Object.entries(sums).sort());
}

function indices(batch: Batch, kind: number): number[] {
  return [...batch.kind.keys()].filter((row) => batch.kind[row] === kind);
}

function randomOf(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function hash(text: string, seed: number): number {
  return [...Buffer.from(text)].reduce((h, byte) => (Math.imul(h, 31) + byte) >>> 0, seed * 7919);
}
