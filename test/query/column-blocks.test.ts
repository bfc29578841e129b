/**
 * Closed hours that have been read are kept, and what is kept is never anything but what the store has: after late rows, a roll-up,
 * a zone that moved; for another reader, predicate or hue.
 */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { seeded } from "../../collectors/simulator/random.ts";
import type { Heatmap } from "../../core/api.ts";
import { OperationalError } from "../../core/errors.ts";
import type { Predicate } from "../../core/predicate.ts";
import { blocksOf, ColumnBlocks, type Block } from "../../query-api/column-blocks.ts";
import { ExpectedHosts } from "../../query-api/expected.ts";
import { readHeatmap } from "../../query-api/heatmap.ts";
import type { View } from "../../query-api/view.ts";
import type { StoreClient } from "../../store/client.ts";
import { Bed, DAY, EVERYWHERE, viewOf } from "../store/rollup-bed.ts";

const HOUR = 3600;

/** A store that counts its reads of rows, and does something before each. */
function watching(store: StoreClient): StoreClient & { reads: number; looks: number; before: () => Promise<void> } {
  const watched = {
    ...store,
    reads: 0,
    looks: 0,
    before: () => Promise.resolve(),
    query: (async (...args: Parameters<StoreClient["query"]>) => {
      watched.looks += 1;
      return store.query(...args);
    }) as StoreClient["query"],
    queryArrow: async (...args: Parameters<StoreClient["queryArrow"]>) => {
      watched.reads += 1;
      await watched.before();
      return store.queryArrow(...args);
    },
  };
  return watched;
}

describe("columns of closed hours", () => {
  let bed: Bed;
  let store: ReturnType<typeof watching>;
  let random = seeded(3);
  let at = DAY - 4 * HOUR;
  before(async () => {
    bed = await Bed.start();
    store = watching(bed.store);
  });
  after(() => bed.engine.close());
  afterEach(() => blocksOf(store).clear());

  /** Three hours in which no test has been, with rows in two of them. */
  const fill = async (): Promise<number> => {
    at += 4 * HOUR;
    random = seeded(at);
    await bed.add(random, 120, at, at + 2 * HOUR, ["latency"]);
    return at;
  };
  interface Asked {
    readonly columns?: number;
    readonly view?: Partial<View>;
    readonly hues?: { readonly by: string; readonly keys: readonly string[] };
    readonly expected?: ExpectedHosts;
    readonly from?: StoreClient;
    readonly nowSec?: number;
  }
  const read = (fromTs: number, asked: Asked = {}): Promise<Heatmap> => {
    const { columns = 240, view = {}, hues, expected = EVERYWHERE, from = store, nowSec = fromTs + 3 * HOUR } = asked;
    const request = { range: { fromTs, toTs: fromTs + 2 * HOUR }, columns, hues };
    return readHeatmap(from, viewOf("latency", view), request, expected, nowSec);
  };
  /** What the store alone answers. */
  const fresh = async (fromTs: number, asked: Asked = {}): Promise<Heatmap> => {
    const alone = { ...bed.store };
    return read(fromTs, { ...asked, from: alone });
  };

  test("are read once, and then only looked up", async () => {
    const from = await fill();
    for (const columns of [240, 2]) {
      const first = await read(from, { columns });
      const { reads } = store;
      assert.deepEqual(await read(from, { columns }), first);
      assert.equal(store.reads, reads, "no row is read again");
      assert.deepEqual(await fresh(from, { columns }), first);
    }
  });

  test("are kept of a day that is under way too; only the column that is open is read each time", async () => {
    const from = await fill();
    const range = { fromTs: from, toTs: from + 4 * HOUR };
    const wide = (nowSec: number, of: StoreClient): Promise<Heatmap> =>
      readHeatmap(of, viewOf("latency"), { range, columns: 2 }, EVERYWHERE, nowSec);
    for (const [nowSec, reads] of [
      [from + 4 * HOUR + 60, 0],
      [from + 3 * HOUR, 1],
    ] as const) {
      await wide(nowSec, store);
      const before = store.reads;
      assert.deepEqual(await wide(nowSec, store), await wide(nowSec, { ...bed.store }));
      assert.equal(store.reads - before, reads);
    }
  });

  test("are read with their count in one statement, where none of them is kept", async () => {
    const from = await fill();
    const { reads, looks } = store;
    await read(from, { columns: (2 * HOUR) / 30 });
    assert.deepEqual([store.reads - reads, store.looks - looks], [1, 0]);
    await read(from, { columns: (2 * HOUR) / 30 });
    assert.deepEqual([store.reads - reads, store.looks - looks], [1, 1]);
  });

  test("have a late row as soon as it is stored", async () => {
    for (const columns of [240, 120, 2]) {
      const from = await fill();
      const first = await read(from, { columns });
      await bed.add(random, 3, from, from + 600, ["latency"]);
      const second = await read(from, { columns });
      assert.deepEqual(second, await fresh(from, { columns }));
      assert.notDeepEqual(second.columns, first.columns);
      await bed.check(from, from + 2 * HOUR, [60], from + 3 * HOUR);
    }
  });

  test("have a row that came while they were read", async () => {
    for (const columns of [240, 120]) {
      const from = await fill();
      store.before = async () => {
        store.before = () => Promise.resolve();
        await bed.add(random, 3, from, from + 600, ["latency"]);
      };
      await read(from, { columns });
      await bed.add(random, 3, from + HOUR, from + HOUR + 600, ["latency"]);
      assert.deepEqual(await read(from, { columns }), await fresh(from, { columns }));
    }
  });

  test("hold no more than one snapshot has, while rows come in all the time", async () => {
    const from = await fill();
    const enough = new AbortController();
    const coming = (async () => {
      while (!enough.signal.aborted) await bed.add(random, 2, from, from + HOUR, ["latency"]);
    })();
    for (let round = 0; round < 5; round++) {
      const { columns } = await read(from, { columns: (2 * HOUR) / 30 });
      for (const column of columns)
        assert.ok(column.total !== null || column.bucket.length === 0, "counted, not watched");
    }
    enough.abort();
    await coming;
    assert.deepEqual(await read(from, { columns: 240 }), await fresh(from, { columns: 240 }));
  });

  test("stay right when they are rolled up, and once their raw rows have gone", async () => {
    const from = await fill();
    const nowSec = from + 3 * HOUR;
    await bed.rollups(nowSec).runOnce();
    // Two days on, raw rows may have been dropped: what is kept depends on the roll-ups too.
    const later = nowSec + 2 * 86_400;
    const first = await read(from, { columns: 120, nowSec: later });
    assert.equal(first.tier, "1m");
    const { reads } = store;
    assert.deepEqual(await read(from, { columns: 120, nowSec: later }), first);
    assert.equal(store.reads, reads);
    await bed.add(random, 3, from, from + 600, ["latency"]);
    const late = await read(from, { columns: 120, nowSec: later });
    assert.deepEqual(late.columns, (await fresh(from, { columns: 120, nowSec: later })).columns);
    assert.notDeepEqual(late.columns, first.columns);
  });

  test("are another reader's only if it reads the same", async () => {
    const from = await fill();
    const nginx: Predicate = { op: "eq", field: "execname", value: "nginx" };
    const readers: Partial<View>[] = [
      { tenant: null },
      { tenant: "acme" },
      { tenant: "globex" },
      { tenant: "" },
      { tenant: "null" },
      { tenant: "acme", where: nginx },
      { tenant: null, where: nginx },
    ];
    const totals = new Set<number>();
    for (let round = 0; round < 2; round++) {
      for (const view of readers) {
        const heatmap = await read(from, { view });
        assert.deepEqual(heatmap, await fresh(from, { view }), JSON.stringify(view));
        totals.add(heatmap.total);
      }
    }
    assert.equal(totals.size, 6, "all differ, but for the two who are nobody");
  });

  test("count hosts as they are expected now, when a zone has moved", async () => {
    const from = await fill();
    const owns = (toMs: number): ExpectedHosts =>
      new ExpectedHosts(
        ["cn-0", "cn-1"].map((host) => ({
          host,
          zone: `z-${host}`,
          owner: "acme",
          alias: "",
          state: "running",
          fromMs: 0,
          toMs: host === "cn-1" ? toMs : 0,
        })),
        "acme",
      );
    const view = { tenant: "acme" };
    for (const expected of [owns(0), owns((from + HOUR) * 1000), owns((from + 1800) * 1000), owns(0)]) {
      const heatmap = await read(from, { view, expected });
      assert.deepEqual(heatmap, await fresh(from, { view, expected }));
    }
    const [whole, part] = [
      await read(from, { view, expected: owns(0) }),
      await read(from, { view, expected: owns(1) }),
    ];
    assert.notDeepEqual(whole.columns, part.columns);
  });

  test("fall apart by hue to the unit, whichever hues were asked for before", async () => {
    const from = await fill();
    for (const keys of [["nginx"], ["nginx", "node"], [], ["node", "nginx"], ["nginx"]]) {
      const hues = { by: "execname", keys };
      const heatmap = await read(from, { hues });
      assert.deepEqual(heatmap, await fresh(from, { hues }));
      assert.equal(
        heatmap.groups?.reduce((sum, { total }) => sum + total, 0),
        heatmap.total,
      );
      heatmap.columns.forEach(({ count }, i) => {
        const ofGroups = heatmap.groups?.map(({ columns }) => total(columns[i]?.count ?? []));
        assert.equal(total(ofGroups ?? []), total(count));
      });
    }
  });

  test("are the same whether rows are added up here or in the engine, where there are too many", async () => {
    const from = await fill();
    for (const hues of [undefined, { by: "execname", keys: ["nginx", "cron"] }]) {
      const asked = { columns: 240, ...(hues && { hues }) };
      const here = await read(from, asked);
      blocksOf(store).clear();
      store.before = () => {
        store.before = () => Promise.resolve();
        return Promise.reject(new OperationalError("QUERY_TOO_LARGE", "query"));
      };
      assert.deepEqual(await read(from, asked), here);
    }
  });
});

describe("the memory of columns", () => {
  const block = (columns: number): Block => ({
    tier: "1s",
    byHue: [],
    columns: Array.from({ length: columns }, (_, ts) => ({
      ...{ ts, reporting: 1, expected: 1, dropped: 0, reason: "", total: 1, p50: 1, p90: 1, p99: 1, p999: 1 },
      ...{ bucket: [1], count: [1] },
    })),
  });

  test("is bounded: what nobody has asked for longest goes first", () => {
    const blocks = new ColumnBlocks(100_000);
    for (const key of ["a", "b", "c", "d"]) blocks.put(key, "1", block(90));
    assert.ok(blocks.get("a", "1"));
    blocks.put("e", "1", block(90));
    assert.deepEqual(
      ["a", "b", "c", "d", "e"].map((key) => blocks.has(key)),
      [true, false, true, true, true],
    );
    assert.ok(blocks.bytes <= 100_000);
    blocks.put("huge", "1", block(5000));
    assert.equal(blocks.has("huge"), false, "one that would drive out all others is not kept");
  });

  test("knows a block by its state, and keeps the newest", () => {
    const blocks = new ColumnBlocks();
    blocks.put("a", "1", block(1));
    assert.equal(blocks.get("a", "2"), undefined);
    blocks.put("a", "2", block(2));
    assert.equal(blocks.get("a", "1"), undefined);
    assert.equal(blocks.get("a", "2")?.columns.length, 2);
  });
});

function total(counts: ArrayLike<number>): number {
  return Array.from(counts).reduce((sum, each) => sum + each, 0);
}
