/**
 * Live columns from ingests in other processes: whatever becomes of the connections, what a viewer has at the end is what the store
 * has.
 */
import assert from "node:assert/strict";
import { get } from "node:http";
import { after, afterEach, before, describe, test } from "node:test";
import type { HeatmapColumn, LiveColumn } from "../../core/api.ts";
import { TRUE } from "../../core/predicate.ts";
import type { IngestService } from "../../ingest/service.ts";
import { ExpectedHosts } from "../../query-api/expected.ts";
import { FeedClient, type FeedClientOptions } from "../../query-api/feed-client.ts";
import { specOf } from "../../query-api/instrumentations.ts";
import { Live, type ViewerSink } from "../../query-api/live.ts";
import { Recent } from "../../query-api/recent.ts";
import type { View } from "../../query-api/view.ts";
import type { InstrumentationRow } from "../../store/instrumentations.ts";
import { encodeFrame, FrameReader } from "../../wire/feed-frames.ts";
import { frozen, post, startBed, window, type Bed } from "../admission/admission-bed.ts";
import { startProxy, type Proxy } from "./live-feed-proxy.ts";
import { until } from "../until.ts";

describe("frames of the feed", () => {
  test("are whole again wherever they were cut", () => {
    const frames = Array.from({ length: 20 }, (_, i) => encodeFrame(2, i + 1, new Uint8Array(i * 7).fill(i)));
    const all = Buffer.concat(frames);
    for (let size = 1; size < 60; size++) {
      const reader = new FrameReader();
      const read = [];
      for (let at = 0; at < all.length; at += size) read.push(...reader.push(all.subarray(at, at + size)));
      assert.deepEqual(
        read.map(({ position, payload }) => [position, payload.length, payload[0]]),
        frames.map((_, i) => [i + 1, i * 7, i === 0 ? undefined : i]),
      );
    }
  });

  test("of an impossible length are refused before memory is set aside", () => {
    for (const length of [0, 8, 2 ** 31]) {
      const head = Buffer.alloc(4);
      head.writeUInt32LE(length);
      assert.throws(() => new FrameReader().push(head), { code: "FEED_UNREADABLE" });
    }
  });
});

describe("the feed over HTTP", () => {
  let bed: Bed;
  let collector: string;
  let service: string;
  const closers: (() => Promise<void> | void)[] = [];
  before(async () => {
    bed = await startBed();
    const zone = { name: "z", owner: "acme", alias: "", state: "running" };
    for (const host of ["cn-01", "cn-02"]) await bed.state.ownership.report(host, [zone], Date.now());
    collector = await bed.state.tokens.create("collector", "", "test");
    service = await bed.state.tokens.create("service", "", "test");
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  after(() => bed.close());

  /** A query API's live side on feeds of ingests behind proxies, by a clock that stands still, and one viewer. */
  const watch = (urls: readonly string[], spec: string, options: Partial<FeedClientOptions> = {}): Watch => {
    const watching = new Watch(bed, urls, service, spec, options);
    closers.push(() => watching.close());
    return watching;
  };
  const proxied = async (target: () => string): Promise<Proxy> => {
    const proxy = await startProxy(target);
    closers.push(() => proxy.close());
    return proxy;
  };
  const ingestWith = (feedOptions: { replayBytes?: number } = {}): Promise<IngestService> =>
    bed.ingestWith({ feedOptions, feedTimings: { heartbeatMs: 50, stallMs: 300 } });

  test("is for services only", async () => {
    const { url } = await ingestWith();
    for (const role of ["collector", "operator", "tenant"] as const) {
      const token = await bed.state.tokens.create(role, role === "tenant" ? "acme" : "", "test");
      const { status } = await fetch(`${url}/v1/feed`, { headers: { authorization: `Bearer ${token}` } });
      assert.equal(status, 403, role);
    }
    assert.equal((await fetch(`${url}/v1/feed`)).status, 401);
  });

  test("gives a viewer what the store has, under load, through connections that are cut at random", async () => {
    // The second ingest keeps next to nothing, so that most of its cuts are gaps.
    const ingests = [await ingestWith(), await ingestWith({ replayBytes: 1 })];
    const proxies = [await proxied(() => ingests[0]?.url ?? ""), await proxied(() => ingests[1]?.url ?? "")];
    const watching = watch(
      proxies.map(({ url }) => url),
      "load",
    );
    await until("both are followed", () => watching.feed.connected.now === 2);
    const random = randomOf(7);
    const columns = 40;
    const send = async (ingest: number): Promise<void> => {
      const host = `cn-0${ingest + 1}`;
      for (let i = 0; i < columns; i++) {
        const ts = watching.startTs + i - 3;
        watching.nowSec = Math.max(watching.nowSec, ts);
        const keys = Array.from({ length: 5 }, (_, k) => [`k${k}`, [k, 1 + random(9)]] as const);
        const body = frozen(window({ spec: "load", host, tick: i, ts, zones: { z: keys } }));
        assert.equal((await post(ingests[ingest]?.url ?? "", collector, `load-${ingest}`, i + 1, body)).status, 200);
        if (random(3) === 0) proxies[random(2)]?.cut();
      }
    };
    await Promise.all([send(0), send(1)]);
    await watching.agrees(watching.startTs - 3, watching.startTs - 3 + columns);
    assert.ok(watching.feed.counts.resumed > 3, `${watching.feed.counts.resumed} resumed`);
    assert.ok(watching.feed.counts.gaps > 3, `${watching.feed.counts.gaps} gaps`);
  });

  test("goes on after the connection was cut without anything read again", async () => {
    const ingest = await ingestWith();
    const proxy = await proxied(() => ingest.url);
    const watching = watch([proxy.url], "cut");
    await until("it is followed", () => watching.feed.connected.now === 1);
    await watching.clockReaches(watching.startTs + 10);
    for (let i = 1; i <= 10; i++) {
      const ts = watching.startTs + 10 + i;
      watching.nowSec = ts;
      if (i % 3 === 0) proxy.cut();
      await post(
        ingest.url,
        collector,
        "cut",
        i,
        frozen(window({ spec: "cut", tick: i, ts, zones: { z: [["k", [i, i]]] } })),
      );
    }
    await watching.agrees(watching.startTs + 11, watching.startTs + 21);
    assert.deepEqual(watching.feed.counts, { resumed: 3, gaps: 1 }, "the one gap is the beginning");
    assert.deepEqual(watching.received, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "each batch once, in order");
  });

  test("after another ingest process has come, the store says what was missed", async () => {
    let ingest = await ingestWith();
    const proxy = await proxied(() => ingest.url);
    const watching = watch([proxy.url], "restart");
    await until("it is followed", () => watching.feed.connected.now === 1);
    const at = watching.startTs + 10;
    await watching.clockReaches(at);
    const send = (i: number): Promise<unknown> =>
      post(
        ingest.url,
        collector,
        "restart",
        i,
        frozen(window({ spec: "restart", tick: i, ts: at + i, zones: { z: [["k", [i, i]]] } })),
      );
    await send(1);
    await until("the first came", () => watching.received.length === 1);
    const dead = ingest;
    ingest = await ingestWith();
    await dead.close();
    await send(2);
    await until("it is followed again", () => watching.feed.counts.gaps === 2);
    await watching.clockReaches(at + 10);
    await send(3);
    await watching.agrees(at + 1, at + 4);
  });

  test("a batch whose insert was answered by nobody is told of when it comes again", async () => {
    let lose = true;
    const store = Object.assign(Object.create(bed.store) as typeof bed.store, {
      insertArrow: async (...all: Parameters<typeof bed.store.insertArrow>) => {
        const answer = await bed.store.insertArrow(...all);
        if (lose) throw new Error("the answer is lost");
        return answer;
      },
    });
    const ingest = await bed.ingestWith({ feedTimings: { heartbeatMs: 50 } }, store);
    const watching = watch([ingest.url], "lost");
    await until("it is followed", () => watching.feed.connected.now === 1);
    const ts = watching.startTs + 10;
    await watching.clockReaches(ts);
    const body = frozen(window({ spec: "lost", ts, zones: { z: [["k", [1, 1]]] } }));
    assert.equal((await post(ingest.url, collector, "lost", 1, body)).status, 500);
    lose = false;
    assert.equal((await post(ingest.url, collector, "lost", 1, body)).code, "duplicate");
    assert.equal((await post(ingest.url, collector, "lost", 1, body)).code, "duplicate");
    await watching.agrees(ts, ts + 1);
    assert.deepEqual(watching.received, [1]);
  });

  test("a link that is dead without saying so is found out by its silence", async () => {
    const ingest = await ingestWith();
    const proxy = await proxied(() => ingest.url);
    const watching = watch([proxy.url], "dead", { silenceMs: 400 });
    await until("it is followed", () => watching.feed.connected.now === 1);
    const { accepted } = proxy;
    const { resumed } = watching.feed.counts;
    proxy.hang();
    const from = performance.now();
    await until("a new connection", () => proxy.accepted > accepted);
    await until("it goes on", () => watching.feed.counts.resumed > resumed);
    assert.ok(performance.now() - from < 10_000);
    assert.ok(
      watching.troubles.some((chain) => chain.includes("no heartbeat")),
      watching.troubles.join(),
    );
  });

  test("a subscriber that reads nothing costs ingest no memory, and is let go", async () => {
    const replayBytes = 2_000_000;
    const ingest = await ingestWith({ replayBytes });
    const lazy = get(`${ingest.url}/v1/feed`, { headers: { authorization: `Bearer ${service}` } });
    const gone = new Promise((closed) => lazy.on("close", closed));
    lazy.on("error", () => undefined);
    lazy.on("response", (response) => response.on("error", () => undefined).pause());
    await until("it is there", () => ingest.feed.readers === 1);
    const keys = Array.from({ length: 2000 }, (_, k) => [`k${k}`, [k % 90, 1]] as const);
    const batch = window({ spec: "lazy", ts: 1_700_000_000, zones: { z: keys } });
    const tenant = { codes: new Int32Array(batch.rows), values: ["acme"] };
    let published = 0;
    // Past the store, which has no part in this; as fast as the event loop turns.
    while (ingest.feed.readers === 1) {
      ingest.feed.publish({ stream: "lazy", seq: (published += 1), batch: { ...batch, tenant } });
      assert.ok(ingest.feed.keptBytes <= replayBytes);
      await new Promise(published < 100 ? setImmediate : (wake) => setTimeout(wake, 10));
    }
    assert.ok(published * 280_000 > 2 * replayBytes, `${published} batches`);
    lazy.destroy();
    await gone;
  });

  test("nothing is kept for subscribers that there are none of", async () => {
    const ingest = await ingestWith();
    await post(
      ingest.url,
      collector,
      "none",
      1,
      frozen(window({ spec: "none", ts: 1_700_000_000, zones: { z: [["k", [1, 1]]] } })),
    );
    assert.equal(ingest.feed.newest, 1);
    assert.equal(ingest.feed.keptBytes, 0);
  });

  test("a token that is revoked ends the feed", async () => {
    const ingest = await ingestWith();
    const token = await bed.state.tokens.create("service", "", "test");
    const response = await fetch(`${ingest.url}/v1/feed`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(response.status, 200);
    await bed.state.tokens.revoke(/^iso_([0-9a-f]+)_/.exec(token)?.[1] ?? "");
    for await (const piece of response.body as AsyncIterable<Uint8Array>) assert.ok(piece.length > 0);
  });
});

/** A query API's live side, and its one viewer: what it would show. */
class Watch {
  readonly startTs = Math.floor(Date.now() / 1000 / 100) * 100 - 1000;
  nowSec = this.startTs;
  readonly feed: FeedClient;
  readonly columns = new Map<number, unknown>();
  readonly troubles: string[] = [];
  readonly received: number[] = [];
  readonly #bed: Bed;
  readonly #view: View;
  readonly #expected = new ExpectedHosts(
    ["cn-01", "cn-02"].map((host) => ({ zone: "z", host, owner: "acme", fromMs: 0, toMs: 0, alias: "", state: "" })),
    null,
  );
  readonly #leave: () => void;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(bed: Bed, urls: readonly string[], token: string, spec: string, options: Partial<FeedClientOptions>) {
    this.#bed = bed;
    const row = { ...INSTRUMENTATION, spec };
    this.#view = { instrumentation: row, ...specOf(row), tenant: null, where: TRUE };
    const now = (): number => this.nowSec * 1000;
    this.feed = new FeedClient({
      ingestUrls: urls,
      token: () => Promise.resolve(token),
      onState: ({ chain }) => this.troubles.push(chain),
      minBackoffMs: 10,
      maxBackoffMs: 50,
      now,
      ...options,
    });
    this.feed.subscribe(({ seq }) => this.received.push(seq));
    const live = new Live({
      recent: new Recent(this.feed, now),
      expectedFor: () => this.#expected,
      readHistory: (_view, from, to) => this.#read(from, to),
      onError: (error) => this.troubles.push(String(error)),
      now,
    });
    this.feed.start();
    const sink: ViewerSink = { write: (text) => this.#event(text), onDrain: () => undefined, end: () => undefined };
    this.#leave = live.subscribe(this.#view, this.startTs - 5, sink);
  }

  async close(): Promise<void> {
    this.#leave();
    await this.feed.close();
    await this.#reading;
  }

  /** Columns from then on begin after everything so far. */
  async clockReaches(ts: number): Promise<void> {
    this.nowSec = ts;
    await new Promise(setImmediate);
  }

  /** Waits until each column that the viewer has is as the store has it. */
  async agrees(fromTs: number, toTs: number): Promise<void> {
    const truth = new Map((await this.#read(fromTs, toTs)).map((each) => [each.ts, shown(each)]));
    assert.equal(truth.size, toTs - fromTs);
    for (const [ts, column] of truth) {
      await until(
        `column ${ts - this.startTs}`,
        () => JSON.stringify(this.columns.get(ts)) === JSON.stringify(column),
      ).catch(() => assert.deepEqual(this.columns.get(ts), column, `column ${ts - this.startTs}`));
    }
  }

  /** What the page does with events: a column replaces what it has, a late range is read again. */
  #event(text: string): boolean {
    for (const event of text.split("\n\n")) {
      const data = /^data: (.*)$/m.exec(event)?.[1] ?? "null";
      if (event.startsWith("event: column\n")) {
        const column = JSON.parse(data) as LiveColumn;
        this.columns.set(column.ts, shown(column));
      } else if (event.startsWith("event: late\n")) {
        const { fromTs, toTs } = JSON.parse(data) as { fromTs: number; toTs: number };
        this.#reading = this.#reading.then(async () => {
          for (const column of await this.#read(fromTs, toTs)) this.columns.set(column.ts, shown(column));
        });
      }
    }
    return true;
  }

  /** Straight from the table. */
  async #read(fromTs: number, toTs: number): Promise<readonly HeatmapColumn[]> {
    const range = { spec: this.#view.instrumentation.spec, fromTs, toTs };
    const where = `spec = {spec:String} AND toUnixTimestamp(ts) >= {fromTs:UInt32} AND toUnixTimestamp(ts) < {toTs:UInt32}`;
    // Coverage first: what is stored between the two must not show as watched and empty.
    const covered = await this.#bed.store.query<{ x: number; hosts: number }>(
      `SELECT toUnixTimestamp(ts) AS x, toUInt32(uniqExact(host)) AS hosts FROM windows WHERE kind = 0 AND ${where} GROUP BY x`,
      range,
    );
    const rows = await this.#bed.store.query<{ x: number; b: number; n: number }>(
      `SELECT toUnixTimestamp(ts) AS x, b, toFloat64(sum(c)) AS n FROM windows ARRAY JOIN bucket AS b, count AS c
       WHERE kind = 1 AND ${where} GROUP BY x, b ORDER BY x, b`,
      range,
    );
    return Array.from({ length: toTs - fromTs }, (_, i) => {
      const own = rows.filter((row) => row.x === fromTs + i);
      const reporting = covered.find((row) => row.x === fromTs + i)?.hosts ?? 0;
      const total = reporting === 0 ? null : own.reduce((sum, { n }) => sum + n, 0);
      const entries = { bucket: own.map(({ b }) => b), count: own.map(({ n }) => n) };
      const rest = { dropped: 0, reason: "", p50: null, p90: null, p99: null, p999: null };
      return { ts: fromTs + i, reporting, expected: 2, total, ...rest, ...entries };
    });
  }
}

/** What can be seen of a column. */
function shown({ reporting, expected, total, bucket, count }: HeatmapColumn): unknown {
  return { reporting, expected, total, bucket: Array.from(bucket), count: Array.from(count) };
}

const INSTRUMENTATION: InstrumentationRow = {
  id: "0".repeat(16),
  spec: "s",
  metric: "syscall.ops",
  label: "",
  predicate: {},
  decomposition: ["execname", "latency"],
  scheme: null,
  granularitySec: 1,
  retentionSec: 1,
  idleMaxSec: 0,
  owner: "operator",
  standing: true,
  createdMs: 0,
  deletedMs: 0,
};

function randomOf(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
