/**
 * Live columns where parts fail or are slow: the store, the viewer, the clock. Fed by hand, without a store.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HeatmapColumn, LiveColumn } from "../../core/api.ts";
import { BatchBuilder } from "../../core/batch-builder.ts";
import { TRUE } from "../../core/predicate.ts";
import type { LiveFeed } from "../../core/window.ts";
import { findMetric } from "../../d-scripts/catalogue.ts";
import { Feed } from "../../ingest/feed.ts";
import { ExpectedHosts } from "../../query-api/expected.ts";
import { Live, type ViewerSink } from "../../query-api/live.ts";
import { Recent } from "../../query-api/recent.ts";
import { specOf } from "../../query-api/instrumentations.ts";
import type { View } from "../../query-api/view.ts";
import type { InstrumentationRow } from "../../store/instrumentations.ts";
import type { OwnershipRow } from "../../store/ownership.ts";
import { seeded } from "../../collectors/simulator/random.ts";

const START = 1_700_000_000;

describe("live columns", () => {
  test("a viewer whose catch-up fails is let go, to ask again, and not left without columns", async () => {
    const bed = new Bed();
    bed.history = () => Promise.reject(new Error("the store is down"));
    const viewer = bed.watch(START - 100);
    await settle();
    assert.equal(viewer.ended, true);
    assert.equal(bed.live.viewers, 0);
    assert.equal(bed.errors.length, 1);
  });

  test("columns that leave memory while history is read are read from the store", async () => {
    const bed = new Bed();
    bed.nowSec = START + 200;
    for (let ts = START + 10; ts <= START + 200; ts++) bed.publish(ts, 1);
    let reads = 0;
    bed.history = async (from, to) => {
      reads += 1;
      // The store is so slow that memory has moved on by ten seconds.
      if (reads === 1) for (let ts = START + 201; ts <= START + 210; ts++) bed.publish((bed.nowSec = ts), 1);
      await settle();
      return Array.from({ length: to - from }, (_, i) => stored(from + i));
    };
    const viewer = bed.watch(START + 50);
    await settle(5);
    const seen = new Set(viewer.columns().map((each) => each.ts));
    for (let ts = START + 50; ts <= START + 210; ts++) assert.ok(seen.has(ts), `column ${ts - START}`);
  });

  test("a viewer that leaves while history is read is written nothing more", async () => {
    const bed = new Bed();
    bed.history = async (from, to) => {
      await settle();
      return Array.from({ length: to - from }, (_, i) => stored(from + i));
    };
    const viewer = bed.watch(START - 10);
    viewer.leave();
    await settle(3);
    assert.deepEqual(viewer.texts, []);
  });

  test("what a slow viewer did not get is told to it as late, so that it can read it", async () => {
    const bed = new Bed();
    const viewer = bed.watch(START + 20);
    await settle();
    viewer.full = true;
    for (let ts = START + 30; ts < START + 40; ts++) bed.publish((bed.nowSec = ts), 1);
    viewer.full = false;
    viewer.drain();
    // The first went into the full socket's buffer; of the others only the newest is sent.
    assert.deepEqual(
      viewer.columns().map((each) => each.ts - START),
      [30, 39],
    );
    assert.deepEqual(viewer.late(), [{ fromTs: START + 31, toTs: START + 40 }]);
  });

  test("a viewer whose socket stays full costs two writes, however much comes, and is told so", async () => {
    const bed = new Bed();
    const viewer = bed.watch(START + 20);
    await settle();
    viewer.full = true;
    for (let ts = START + 30; ts < START + 3030; ts++) bed.publish((bed.nowSec = ts), 1);
    assert.equal(viewer.texts.length, 1, "nothing is written to a full socket");
    viewer.full = false;
    viewer.drain();
    assert.equal(viewer.texts.length, 2);
    assert.deepEqual(viewer.notices(), [
      { code: "SKIPPED", message: "2999 columns were skipped: this viewer is slow" },
    ]);
    assert.equal(viewer.columns().at(-1)?.ts, START + 3029, "the newest");
    bed.publish((bed.nowSec = START + 3030), 1);
    assert.equal(viewer.columns().at(-1)?.ts, START + 3030, "and on from there");
  });

  test("a viewer that reads nothing is read no more history than it takes, and all of it once it reads", async () => {
    const bed = new Bed();
    const reads: number[] = [];
    bed.history = (from, to) => {
      reads.push(to - from);
      return Promise.resolve(Array.from({ length: to - from }, (_, i) => stored(from + i)));
    };
    const viewer = bed.watch(START - 3000);
    viewer.full = true;
    await settle(5);
    assert.equal(viewer.texts.length, 1, "nothing is written to a full socket");
    assert.equal(reads.length, 1);
    assert.ok((reads[0] ?? Infinity) <= 300, `${reads[0]} columns were read`);
    viewer.full = false;
    viewer.drain();
    await settle(50);
    const seen = new Set(viewer.columns().map(({ ts }) => ts));
    for (let ts = START - 3000; ts <= START; ts++) assert.ok(seen.has(ts), `column ${ts - START}`);
  });

  test("viewers that are alike share one subscription and one sum of each column", async () => {
    const bed = new Bed();
    const viewers = Array.from({ length: 200 }, () => bed.watch(START + 50));
    await settle(2);
    let sums = 0;
    const tally = bed.recent.tally.bind(bed.recent);
    bed.recent.tally = (...of) => {
      sums += 1;
      return tally(...of);
    };
    for (let ts = START + 60; ts < START + 70; ts++) bed.publish((bed.nowSec = ts), 1);
    for (const viewer of viewers) assert.equal(viewer.columns().length, 10);
    assert.deepEqual([bed.subscriptions, sums], [1, 10]);
    for (const viewer of viewers) viewer.leave();
    assert.equal(bed.live.viewers, 0);
  });

  test("a host whose enablings overlap in a column counts once, and what both counted counts", async () => {
    const bed = new Bed(1, ["cn-01", "cn-02"]);
    bed.nowSec = START + 20;
    const viewer = bed.watch(START + 20);
    await settle();
    bed.publish(START + 20, 3, { enabling: "before" });
    bed.publish(START + 20, 4, { enabling: "after" });
    assert.deepEqual(viewer.columns(), [], "it waits for the other host: one twice is not both");
    bed.publish(START + 20, 5, { host: "cn-02" });
    const [column] = viewer.columns();
    assert.deepEqual([column?.reporting, column?.expected, column?.total], [2, 2, 12]);
    bed.publish(START + 21, 3, { enabling: "before" });
    bed.publish(START + 21, 4, { enabling: "after" });
    while (viewer.columns().length < 2) await settle();
    const partial = viewer.columns()[1];
    assert.deepEqual([partial?.reporting, partial?.expected, partial?.total], [1, 2, 7]);
    viewer.leave();
  });

  test("from any time on, whatever comes meanwhile and however often it asks again, a viewer ends with what the store has", async () => {
    for (let seed = 1; seed <= 25; seed++) {
      const random = seeded(seed);
      const among = (from: number, to: number): number => from + Math.floor(random() * (to - from));
      const bed = new Bed();
      const ledger = new Map<number, number>();
      const put = (ts: number): void => {
        const count = among(1, 9);
        ledger.set(ts, (ledger.get(ts) ?? 0) + count);
        bed.publish(ts, count);
      };
      // What was stored before this process began is in the store alone.
      for (let ts = START - 40; ts < START + 2; ts++) ledger.set(ts, among(1, 9));
      const busy = (): void => {
        for (let i = among(0, 6); i > 0; i--) put((bed.nowSec += random() < 0.5 ? 1 : 0));
        put(among(Math.max(START + 2, bed.nowSec - 20), bed.nowSec + 1));
      };
      bed.nowSec = START + 40;
      for (let i = 0; i < 20; i++) put(among(START + 2, START + 41));
      bed.history = async (from, to) => {
        busy();
        const rows = [...ledger]
          .filter(([ts]) => ts >= from && ts < to)
          .map(([ts, total]) => ({ ...stored(ts), total }));
        await Promise.resolve();
        busy();
        return rows;
      };
      // As a page does it: the newest column that it has is where it asks again.
      const seen = new Map<number, number | null>();
      const since = among(START - 30, START + 40);
      for (let connection = 0; connection < 4; connection++) {
        const viewer = bed.watch(seen.size === 0 ? since : Math.max(...seen.keys()));
        for (let i = among(1, 4); i > 0; i--) {
          busy();
          await Promise.resolve();
        }
        await settle();
        busy();
        viewer.leave();
        for (const { ts, total } of viewer.columns()) seen.set(ts, total);
        // Within the overlap of a new connection, so that the next one has to make up for it.
        if (connection < 3) put(bed.nowSec - among(0, 4));
      }
      const expected = [...ledger].filter(([ts]) => ts >= since).sort((a, b) => a[0] - b[0]);
      const got = [...seen].filter(([ts]) => ts >= since).sort((a, b) => a[0] - b[0]);
      assert.deepEqual(got, expected, `seed ${seed}`);
    }
  });

  test("a time that is no number is no time", async () => {
    const bed = new Bed();
    bed.publish((bed.nowSec = START + 20), 1);
    const viewer = bed.watch(Number.NaN);
    await settle();
    assert.deepEqual(
      viewer.columns().map((each) => each.ts - START),
      [20],
    );
  });

  test("a host whose clock is years ahead costs neither memory nor time", async () => {
    const bed = new Bed();
    const viewer = bed.watch(START + 20);
    await settle();
    bed.publish(4_200_000_000, 1);
    assert.deepEqual(viewer.columns(), []);
    assert.equal(bed.recent.floorTs, START + 2);
    bed.publish((bed.nowSec = START + 30), 1);
    assert.equal(viewer.columns().length, 1);
    viewer.leave();
  });

  test("columns of a wide granularity have neither seam nor double", async () => {
    const bed = new Bed(10);
    const asked: [number, number][] = [];
    bed.history = (from, to) => {
      asked.push([from, to]);
      const columns: HeatmapColumn[] = [];
      for (let ts = Math.floor(from / 10) * 10; ts < to; ts += 10) columns.push(stored(ts));
      return Promise.resolve(columns);
    };
    bed.nowSec = START + 65;
    for (let ts = START + 10; ts <= START + 60; ts += 10) bed.publish(ts, 1);
    const viewer = bed.watch(START - 20);
    await settle();
    const times = viewer.columns().map((each) => each.ts - START);
    assert.deepEqual([...new Set(times)], times, "no column twice");
    assert.deepEqual(
      times.filter((ts) => ts >= -20),
      [-20, -10, 0, 10, 20, 30, 40, 50, 60],
    );
  });
});

describe("hosts that are expected", () => {
  const row = (host: string, owner: string, fromMs: number, toMs: number): OwnershipRow => ({
    zone: `z-${host}-${fromMs}`,
    host,
    owner,
    fromMs,
    toMs,
    alias: "",
    state: "running",
  });

  test("are a tenant's at the time, and only then", () => {
    const expected = new ExpectedHosts([row("a", "acme", 0, 10_000), row("b", "acme", 10_000, 0)], "acme");
    assert.deepEqual(expected.within(0, 5000), ["a"]);
    assert.deepEqual(expected.within(10_000, 20_000), ["b"]);
    assert.deepEqual(expected.within(5000, 20_000), ["a", "b"]);
  });

  test("an interval that ends before it begins expects nothing", () => {
    const expected = new ExpectedHosts([row("a", "acme", 10_000, 5000), row("a", "acme", 20_000, 0)], "acme");
    assert.deepEqual(expected.within(0, 15_000), []);
    assert.deepEqual(expected.within(6000, 12_000), []);
  });
});

const INSTRUMENTATION: InstrumentationRow = {
  id: "0".repeat(16),
  spec: "s",
  metric: "syscall.ops",
  label: "",
  predicate: {},
  decomposition: ["latency"],
  scheme: null,
  granularitySec: 1,
  retentionSec: 1,
  idleMaxSec: 0,
  owner: "operator",
  standing: true,
  createdMs: 0,
  deletedMs: 0,
};

/** Live columns of one spec on one host, by a clock that stands still. */
class Bed {
  nowSec = START;
  history: (fromTs: number, toTs: number) => Promise<HeatmapColumn[]> = () => Promise.resolve([]);
  readonly errors: unknown[] = [];
  readonly recent: Recent;
  readonly live: Live;
  /** Of the feed. */
  subscriptions = 0;
  readonly #feed = new Feed();
  readonly #view: View;
  #seq = 0;

  constructor(granularitySec = 1, hosts: readonly string[] = ["cn-01"]) {
    assert.ok(findMetric(INSTRUMENTATION.metric));
    const instrumentation = { ...INSTRUMENTATION, granularitySec };
    this.#view = { instrumentation, ...specOf(instrumentation), tenant: null, where: TRUE };
    const now = (): number => this.nowSec * 1000;
    const feed: LiveFeed = {
      subscribe: (listener) => {
        this.subscriptions += 1;
        return this.#feed.subscribe(listener);
      },
    };
    this.recent = new Recent(feed, now);
    const owned = { zone: "z", owner: "acme", fromMs: 0, toMs: 0, alias: "", state: "running" } as const;
    const expected = new ExpectedHosts(
      hosts.map((host) => ({ ...owned, host })),
      null,
    );
    this.live = new Live({
      recent: this.recent,
      expectedFor: () => expected,
      readHistory: (_view, from, to) => this.history(from, to),
      onError: (error) => this.errors.push(error),
      now,
    });
  }

  watch(sinceTs: number): FakeViewer {
    const viewer = new FakeViewer();
    viewer.leave = this.live.subscribe(this.#view, sinceTs, viewer);
    return viewer;
  }

  publish(ts: number, count: number, { host = "cn-01", enabling = "e" } = {}): void {
    const builder = new BatchBuilder();
    const about = { spec: "s", enabling, host, tick: 1, ts };
    builder.addWindow({ ...about, zone: "z", keys: [], bucket: [5], count: [count], value: 0 });
    const rest = { status: "ok", reason: "", dropped: 0, events: count, elapsedNs: 1e9, detail: "" } as const;
    builder.addCoverage({ ...about, ...rest, endedMs: ts * 1000, receivedMs: ts * 1000 });
    const batch = builder.finish();
    const tenant = { codes: new Int32Array(batch.rows), values: ["acme"] };
    this.#feed.publish({ stream: "s", seq: ++this.#seq, batch: { ...batch, tenant } });
  }
}

class FakeViewer implements ViewerSink {
  readonly texts: string[] = [];
  full = false;
  ended = false;
  leave: () => void = () => undefined;
  drain: () => void = () => undefined;

  write(text: string): boolean {
    this.texts.push(text);
    return !this.full;
  }

  onDrain(resume: () => void): void {
    this.drain = resume;
  }

  end(): void {
    this.ended = true;
    this.leave();
  }

  columns(): LiveColumn[] {
    return this.#data("column") as LiveColumn[];
  }

  late(): unknown[] {
    return this.#data("late");
  }

  notices(): unknown[] {
    return this.#data("notice");
  }

  #data(event: string): unknown[] {
    const events = this.texts.join("").split("\n\n");
    return events
      .filter((text) => text.startsWith(`event: ${event}\n`))
      .map((text) => JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? "null") as unknown);
  }
}

function stored(ts: number): HeatmapColumn {
  const known = { reporting: 1, expected: 1, dropped: 0, reason: "", total: 1, p50: 1, p90: 1, p99: 1, p999: 1 };
  return { ts, ...known, bucket: [5], count: [1] };
}

async function settle(turns = 1): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((wake) => setTimeout(wake, 5));
}
