/**
 * rollup-bed.ts: an engine with a ledger: every row that is stored is also added up here, by plain arithmetic, so that each
 * answer of the query API has something to be held against that went no common way.
 */
import assert from "node:assert/strict";
import type { Heatmap } from "../../core/api.ts";
import { BatchBuilder } from "../../core/batch-builder.ts";
import type { Spec } from "../../core/instrumentation.ts";
import { TRUE } from "../../core/predicate.ts";
import { findMetric } from "../../d-scripts/catalogue.ts";
import { attribute } from "../../ingest/attribution.ts";
import { readBreakdown } from "../../query-api/breakdown.ts";
import { blocksOf } from "../../query-api/column-blocks.ts";
import { ExpectedHosts } from "../../query-api/expected.ts";
import { readHeatmap } from "../../query-api/heatmap.ts";
import type { View } from "../../query-api/view.ts";
import type { StoreClient } from "../../store/client.ts";
import { migrate } from "../../store/migrations.ts";
import { Rollups, type RollupsOptions } from "../../store/rollups.ts";
import { encodeStored } from "../../wire/batch.ts";
import { startTestEngine, type TestEngine } from "./engine-fixture.ts";

/** 2023-11-15 00:00 UTC. */
export const DAY = 1_700_006_400;
const HOSTS = ["cn-0", "cn-1"];
const ZONES = ["z0", "z1", "z2"];
export const SPECS = ["latency", "cpu"] as const;
type SpecName = (typeof SPECS)[number];

/** One tick of one host: its coverage and its windows. */
interface Tick {
  readonly spec: SpecName;
  readonly host: string;
  readonly ts: number;
  readonly status: "ok" | "partial" | "gap";
  readonly dropped: number;
  readonly windows: readonly {
    readonly zone: string;
    readonly key: string;
    readonly bucket: number[];
    readonly count: number[];
  }[];
}

/** What answered: tiers of the heatmaps and then of the breakdown, and the widths of the heatmaps' columns. */
interface Checked {
  readonly tiers: string[];
  readonly widths: number[];
}

export class Bed {
  readonly engine: TestEngine;
  readonly store: StoreClient;
  /** What has been stored. */
  readonly ticks: Tick[] = [];
  #seq = 0;

  private constructor(engine: TestEngine) {
    this.engine = engine;
    this.store = engine.client;
  }

  static async start(): Promise<Bed> {
    const bed = new Bed(await startTestEngine());
    await migrate(bed.store, 1);
    return bed;
  }

  /** Stores ticks of random content at random seconds of [fromTs, toTs), as one batch. */
  async add(
    random: () => number,
    count: number,
    fromTs: number,
    toTs: number,
    specs: readonly SpecName[] = SPECS,
  ): Promise<void> {
    const ticks = Array.from({ length: count }, () => randomTick(random, specs, fromTs, toTs));
    await this.store.insertArrow("windows", encodeTicks(ticks, ++this.#seq));
    this.ticks.push(...ticks);
  }

  rollups(nowSec: number, options: Partial<RollupsOptions> = {}): Rollups {
    return new Rollups({
      store: this.store,
      now: () => nowSec * 1000,
      leaseMs: 0,
      graceMs: 0,
      againAfterMs: 0,
      retainEveryMs: Infinity,
      onError: (error) => {
        throw error;
      },
      ...options,
    });
  }

  async heatmap(
    fromTs: number,
    toTs: number,
    columns: number,
    nowSec: number,
    retentionSec?: number,
  ): Promise<Heatmap> {
    const view = viewOf("latency", retentionSec === undefined ? {} : { retentionSec });
    return readHeatmap(this.store, view, { range: { fromTs, toTs }, columns }, EVERYWHERE, nowSec);
  }

  /** Holds heatmaps of a range, and a breakdown of nearly all of it, against the ledger. */
  async check(fromTs: number, toTs: number, steps: readonly number[], nowSec = toTs + 100): Promise<Checked> {
    const tiers: string[] = [];
    const widths: number[] = [];
    for (const step of steps) {
      const columns = Math.ceil((toTs - fromTs) / step);
      // With what has been kept of earlier reads; then from the store alone.
      this.#checkHeatmap(await this.heatmap(fromTs, toTs, columns, nowSec));
      blocksOf(this.store).clear();
      const heatmap = await this.heatmap(fromTs, toTs, columns, nowSec);
      tiers.push(heatmap.tier);
      widths.push(heatmap.stepSec);
      this.#checkHeatmap(heatmap);
    }
    const request = { by: "execname", range: { fromTs: fromTs + 7, toTs: toTs - 7 }, limit: 2 };
    const answer = await readBreakdown(this.store, viewOf("latency"), request, nowSec);
    const within = this.#windows("latency", answer.fromTs, answer.toTs);
    assert.equal(answer.total, sum(within.map(({ window }) => sum(window.count))), "the breakdown's total");
    const byKey = new Map<string, number>();
    for (const { window } of within) byKey.set(window.key, (byKey.get(window.key) ?? 0) + sum(window.count));
    for (const part of answer.parts) assert.equal(part.total, byKey.get(part.key), `the part of ${part.key}`);
    assert.equal(answer.total, answer.other + sum(answer.parts.map(({ total }) => total)));
    return { tiers: [...tiers, answer.tier], widths };
  }

  #checkHeatmap(heatmap: Heatmap): void {
    const { fromTs, toTs, stepSec } = heatmap;
    const all = this.#windows("latency", fromTs, toTs);
    assert.equal(heatmap.total, sum(all.map(({ window }) => sum(window.count))), `the total at ${stepSec} s`);
    for (const column of heatmap.columns) {
      const to = column.ts + stepSec;
      const tally = new Map<number, number>();
      for (const { tick, window } of all) {
        if (tick.ts < column.ts || tick.ts >= to) continue;
        window.bucket.forEach((b, i) => tally.set(b, (tally.get(b) ?? 0) + (window.count[i] ?? 0)));
      }
      const here = this.ticks.filter(({ spec, ts }) => spec === "latency" && ts >= column.ts && ts < to);
      const seen = new Set(here.filter(({ status }) => status !== "gap").map(({ host, ts }) => `${host} ${ts}`));
      const what = `at ${column.ts} in columns of ${stepSec} s`;
      assert.deepEqual(
        Array.from(column.bucket, (b, i): [number, number] => [b, column.count[i] ?? 0]),
        [...tally].filter(([, n]) => n > 0).sort((a, b) => a[0] - b[0]),
        `counts ${what}`,
      );
      assert.equal(
        column.reporting,
        seen.size === 0 ? 0 : Math.max(1, Math.floor(seen.size / stepSec)),
        `hosts ${what}`,
      );
      assert.equal(column.total === null, seen.size === 0, `known ${what}`);
      assert.equal(column.dropped, sum(here.map(({ dropped }) => dropped)), `losses ${what}`);
      assert.equal(column.reason, here.some(({ status }) => status === "gap") ? "ssh_down" : "", `reason ${what}`);
    }
  }

  #windows(spec: SpecName, fromTs: number, toTs: number): { tick: Tick; window: Tick["windows"][number] }[] {
    return this.ticks
      .filter((tick) => tick.spec === spec && tick.ts >= fromTs && tick.ts < toTs)
      .flatMap((tick) => tick.windows.map((window) => ({ tick, window })));
  }

  /** Holds the committed rows of both roll-ups against raw rows: by key and bucket, scalars, coverage and losses. */
  async checkTiers(): Promise<void> {
    const read = async (table: string, committed: string): Promise<unknown[]> => {
      const rows = table === "windows" ? "count()" : "sum(rows)";
      const counts = await this.store.query(
        `SELECT spec, host, tenant, zone, k1, b, toFloat64(sum(c)) AS n FROM ${table} ARRAY JOIN bucket AS b, count AS c
         WHERE kind = 1 AND ${committed} GROUP BY ALL HAVING n > 0 ORDER BY ALL`,
      );
      const facts = await this.store.query(
        `SELECT kind, spec, host, tenant, zone, k1, toFloat64(sum(value)) AS v, toFloat64(sum(dropped)) AS d,
           toFloat64(sum(events)) AS e, toFloat64(${rows}) AS r,
           ${table === "windows" ? "min(value)" : "min(value_min)"} AS least,
           ${table === "windows" ? "max(value)" : "max(value_max)"} AS most,
           ${table === "windows" ? "countIf(status = 'partial')" : "sum(partial)"} AS p,
           ${table === "windows" ? "countIf(status = 'gap')" : "sum(gaps)"} AS g,
           ${
             table === "windows"
               ? "uniqExactIf(ts, kind = 0 AND status != 'gap')"
               : table === "windows_1m"
                 ? "sum(bitCount(mask))"
                 : "sum(arraySum(m -> bitCount(m), masks))"
           } AS s
         FROM ${table} WHERE ${committed} GROUP BY ALL ORDER BY kind, spec, host, tenant, zone, k1`,
      );
      return [counts, facts];
    };
    const committed = (tier: number): string =>
      `(spec, toStartOfHour(ts), generation) IN (
         SELECT spec, hour, max((state, generation)).2 FROM rollups WHERE tier = ${tier} AND state > 0 GROUP BY spec, hour)`;
    const raw = await read("windows", "1");
    assert.deepEqual(await read("windows_1m", committed(60)), raw, "minutes are raw");
    assert.deepEqual(await read("windows_1h", committed(3600)), raw, "hours are raw");
  }
}

/** Both hosts are expected at all times. */
export const EVERYWHERE = new ExpectedHosts(
  [],
  null,
  HOSTS.map((host) => ({ host, toMs: Infinity })),
);

function randomTick(random: () => number, specs: readonly SpecName[], fromTs: number, toTs: number): Tick {
  const of = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const spec = of(specs);
  const status = of(["ok", "ok", "ok", "partial", "gap"] as const);
  const windows = Array.from({ length: status === "gap" ? 0 : Math.floor(random() * 3) }, () => {
    const bucket = Array.from({ length: 1 + Math.floor(random() * 4) }, () => Math.floor(random() * 30));
    // A bucket twice in one window, and counts that overflow 32 bits in sum, are both allowed.
    const count = bucket.map(() => Math.floor(random() ** 8 * 4e9));
    return { zone: of(ZONES), key: of(["nginx", "mysqld", "node", "cron"]), bucket, count };
  });
  const ts = fromTs + Math.floor(random() * (toTs - fromTs));
  return { spec, host: of(HOSTS), ts, status, dropped: status === "partial" ? Math.floor(random() * 9) : 0, windows };
}

function encodeTicks(ticks: readonly Tick[], seq: number): Uint8Array {
  const builder = new BatchBuilder();
  ticks.forEach(({ spec, host, ts, status, dropped, windows }, i) => {
    const base = { spec, enabling: `e-${host}`, host, tick: i, ts };
    const ended = { endedMs: ts * 1000, receivedMs: ts * 1000, elapsedNs: 1e9, detail: "" };
    builder.addCoverage({
      ...base,
      ...ended,
      status,
      dropped,
      events: windows.length,
      reason: status === "gap" ? "ssh_down" : "",
    });
    for (const { zone, key, bucket, count } of windows) {
      const scalar = spec === "cpu";
      builder.addWindow({
        ...base,
        zone,
        keys: [key],
        bucket: scalar ? [] : bucket,
        count: scalar ? [] : count,
        value: scalar ? (count[0] ?? 0) - 1000 : 0,
      });
    }
  });
  const { attributed } = attribute(builder.finish(), (_host, zone) => (zone === "z0" ? "acme" : "globex"));
  return encodeStored(attributed, "bed", seq);
}

/** The view of an operator on one of the two specs; its instrumentation keeps all that the tiers keep. */
export function viewOf(spec: SpecName, change: Partial<View> & { retentionSec?: number } = {}): View {
  const { retentionSec = 4_000_000_000, ...view } = change;
  const name = spec === "latency" ? "syscall.ops" : "cpu.usage";
  const metric = findMetric(name)?.metric;
  assert.ok(metric);
  const shape: Spec = {
    metric: name,
    predicate: TRUE,
    keys: ["execname"],
    zoned: true,
    numeric: spec === "latency" ? "latency" : null,
    scheme: spec === "latency" ? { kind: "quantize" } : null,
    granularitySec: 1,
  };
  const instrumentation = {
    id: "0".repeat(16),
    spec,
    metric: name,
    label: "",
    predicate: {},
    decomposition: [],
    scheme: spec === "latency" ? "quantize" : null,
    granularitySec: 1,
    retentionSec,
    idleMaxSec: 0,
    owner: "operator",
    standing: true,
    createdMs: 0,
    deletedMs: 0,
  };
  return { instrumentation, metric, spec: shape, tenant: null, where: TRUE, ...view };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}

/** How a call ends at which the process dies. half: an INSERT SELECT has written a part of its rows. */
export type Death = "before" | "half" | "after";

/**
 * A store whose user dies at its `at`-th write: from then on every call fails. Reads change nothing, so that dying at one is dying
 * before the next write.
 *
 * @param at from 0; Infinity: never
 */
export function dyingStore(store: StoreClient, at: number, death: Death): { store: StoreClient; writes: () => number } {
  let writes = 0;
  let dead = false;
  const die = (): never => {
    dead = true;
    throw new Error("killed");
  };
  const write = async <R>(call: () => Promise<R>, half: () => Promise<unknown>): Promise<R> => {
    if (dead) return die();
    if (writes++ !== at) return call();
    if (death === "half") await half();
    if (death === "after") await call();
    return die();
  };
  const mortal: StoreClient = {
    ...store,
    query: async <T>(...call: Parameters<StoreClient["query"]>): Promise<T[]> =>
      dead ? die() : store.query<T>(...call),
    command: (sql, params, options) => {
      // The rows of one of the two hosts.
      const part = sql.replace("    GROUP BY spec", "      AND host = 'cn-0'\n    GROUP BY spec");
      return write(
        () => store.command(sql, params, options),
        () => store.command(part, params, options),
      );
    },
    insertRows: (...call) =>
      write(
        () => store.insertRows(...call),
        () => Promise.resolve(),
      ),
  };
  return { writes: () => writes, store: mortal };
}
