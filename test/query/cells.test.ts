/**
 * Adding up by column and bucket gives what plain arithmetic gives, whichever form the entries come in; coverage counts (second, host)
 * once.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seeded } from "../../collectors/simulator/random.ts";
import { entriesOf, gather, NO_CELLS, type Entries } from "../../query-api/cells.ts";
import { TicksSeen } from "../../query-api/ticks-seen.ts";

const COLUMNS = 5;

interface Row {
  readonly column: number;
  readonly part: number;
  readonly cells: readonly (readonly [bucket: number, count: number])[];
}

function randomRows(seed: number): Row[] {
  const random = seeded(seed);
  const below = (n: number): number => Math.floor(random() * n);
  return Array.from({ length: 60 }, () => ({
    column: below(COLUMNS + 2) - 1,
    part: below(3),
    cells: Array.from({ length: below(4) }, (): [number, number] => [below(20) - 10, below(1000)]),
  }));
}

/** As the engine's rows have it, and as its sums do. */
function forms(rows: readonly Row[]): Entries[] {
  const flat = rows.flatMap(({ column, part, cells }) =>
    cells.map(([bucket, count]) => ({ column, part, bucket, count })),
  );
  const offsets = new Int32Array(rows.length + 1);
  rows.forEach(({ cells }, i) => (offsets[i + 1] = (offsets[i] ?? 0) + cells.length));
  const bucket = Int16Array.from(flat.map((each) => each.bucket));
  const count = Uint32Array.from(flat.map((each) => each.count));
  const of = (list: readonly { column: number; part: number }[]) =>
    [Int32Array.from(list.map((each) => each.column)), Uint16Array.from(list.map((each) => each.part))] as const;
  return [
    entriesOf(...of(rows), { offsets, values: bucket }, { offsets, values: count }),
    { column: of(flat)[0], part: of(flat)[1], offsets: null, bucket, count: Float64Array.from(count) },
  ];
}

describe("cells", () => {
  test("are sums by column and bucket, ascending, without zeros, in both forms", () => {
    for (let seed = 0; seed < 50; seed++) {
      const rows = randomRows(seed);
      for (const part of [null, 0, 2]) {
        const expected = Array.from({ length: COLUMNS }, (_, column) => {
          const tally = new Map<number, number>();
          for (const row of rows.filter((each) => each.column === column && (part === null || each.part === part))) {
            for (const [bucket, count] of row.cells) tally.set(bucket, (tally.get(bucket) ?? 0) + count);
          }
          const entries = [...tally].filter(([, count]) => count > 0).sort((a, b) => a[0] - b[0]);
          return { bucket: entries.map(([bucket]) => bucket), count: entries.map(([, count]) => count) };
        });
        for (const entries of forms(rows)) assert.deepEqual(gather(entries, COLUMNS, part), expected);
      }
    }
  });

  test("of nothing are nothing", () => {
    const [none] = forms([]);
    assert.ok(none);
    assert.deepEqual(gather(none, 2, null), [NO_CELLS, NO_CELLS]);
  });

  test("above 2^53 are refused", () => {
    const count = Float64Array.of(2 ** 53 - 1, 1);
    const column = new Int32Array(2);
    const entries = { column, part: new Uint16Array(2), offsets: null, bucket: new Int16Array(2), count };
    assert.throws(() => gather(entries, 1, null), { code: "COUNT_TOO_LARGE" });
  });
});

describe("ticks", () => {
  test("count once, whether few or too many for a bit each", () => {
    for (const hosts of [3, 100_000]) {
      const seen = new TicksSeen(1000, 3600, hosts);
      assert.deepEqual(
        [
          seen.add(1000, 1),
          seen.add(1000, 2),
          seen.add(1001, 1),
          seen.add(1000, 1),
          seen.add(4599, hosts),
          seen.add(4599, hosts),
        ],
        [true, true, true, false, true, false],
      );
    }
  });
});
