/**
 * bench/store.ts: which layout of the table of windows is the best, on the sum of disk, insert CPU and query time.
 *
 * One day of a small fleet is made in the engine itself, from a minute of the common workload with fresh noise in each count.
 * Each layout is then filled from it, merged, and asked what the product asks. The CPU of an insert is what the engine spends on
 * INSERT ... SELECT, merges included, less what the same SELECT costs alone. A figure of each column is divided by the best
 * one's; the score is their sum, so that 3.0 would be best in everything.
 *
 * Run: node --import tsx bench/store.ts [HOURS]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BatchBuilder } from "../core/batch-builder.ts";
import { createStoreClient } from "../store/client.ts";
import { startEngine } from "../store/engine.ts";
import { migrate } from "../store/migrations.ts";
import { encodeStored } from "../wire/batch.ts";
import { machine, percentile } from "./machine.ts";
import { cpuSeconds } from "./peers/peer.ts";
import { makeWorkload } from "./peers/workload.ts";

const HOURS = Number(process.argv[2] ?? 6);
const SIZE = { hosts: 10, zones: 10, metrics: 2, seconds: 60 };
const TENANTS = 10;
/** 2026-01-01, so that partitions and hours are round. */
const FROM = 1_767_225_600;
const RUNS = 7;

interface Layout {
  readonly name: string;
  readonly columns: string;
  readonly orderBy: string;
  /** From the columns of `base`. */
  readonly select: string;
  readonly from?: string;
  /** Yields b and c, given a filter on spec, ts, tenant, zone. */
  readonly read: (filter: string) => string;
}

const LABELS =
  "spec LowCardinality(String), tenant LowCardinality(String), zone LowCardinality(String), host LowCardinality(String)";
const TIME = "ts DateTime('UTC') CODEC(Delta, ZSTD(1))";
const ARRAYS = "bucket Array(Int16) CODEC(Delta(2), ZSTD(1)), count Array(UInt32) CODEC(T64, ZSTD(1))";
const PLAIN = "spec, tenant, zone, host, ts";
const pairs = (filter: string): string =>
  `SELECT ts, b, c FROM LAYOUT ARRAY JOIN bucket AS b, count AS c WHERE ${filter}`;

const LAYOUTS: readonly Layout[] = [
  {
    name: "row; spec, hour, tenant, zone, ts",
    columns: `${LABELS}, ${TIME}, b Int16 CODEC(Delta, ZSTD(1)), c UInt32 CODEC(T64, ZSTD(1))`,
    orderBy: "spec, toStartOfHour(ts), tenant, zone, host, ts",
    select: `${PLAIN}, b, c`,
    from: "base ARRAY JOIN bucket AS b, count AS c",
    read: (filter) => `SELECT ts, b, c FROM LAYOUT WHERE ${filter}`,
  },
  {
    name: "array; tenant, spec, zone, ts",
    columns: `${LABELS}, ${TIME}, ${ARRAYS}`,
    orderBy: "tenant, spec, zone, host, ts",
    select: `${PLAIN}, bucket, count`,
    read: pairs,
  },
  {
    name: "array; spec, hour, tenant, zone, ts",
    columns: `${LABELS}, ${TIME}, ${ARRAYS}`,
    orderBy: "spec, toStartOfHour(ts), tenant, zone, host, ts",
    select: `${PLAIN}, bucket, count`,
    read: pairs,
  },
  {
    name: "run; spec, hour, tenant, zone, ts",
    columns: `${LABELS}, ${TIME}, first Int16 CODEC(Delta, ZSTD(1)), dense Array(UInt32) CODEC(T64, ZSTD(1))`,
    orderBy: "spec, toStartOfHour(ts), tenant, zone, host, ts",
    select: `${PLAIN}, arrayMin(bucket) AS first,
      arrayMap(i -> if(indexOf(bucket, toInt16(first + i)) = 0, 0, count[indexOf(bucket, toInt16(first + i))]),
        range(toUInt32(arrayMax(bucket) - first + 1))) AS dense`,
    read: (filter) =>
      `SELECT ts, first + i - 1 AS b, c FROM LAYOUT ARRAY JOIN dense AS c, arrayEnumerate(dense) AS i WHERE ${filter} AND c > 0`,
  },
  {
    name: "array with series id; same key",
    columns: `spec LowCardinality(String), series UInt32, ${TIME}, ${ARRAYS}`,
    orderBy: "spec, toStartOfHour(ts), series, ts",
    select: "spec, series.id AS series, ts, bucket, count",
    from: "base INNER JOIN series ON series.tenant = base.tenant AND series.zone = base.zone AND series.host = base.host",
    read: (filter) => {
      const [own, labels] = splitFilter(filter);
      return pairs(labels === "" ? own : `${own} AND series IN (SELECT id FROM series WHERE ${labels})`);
    },
  },
];

/** The terms of a filter on the table's own columns, and those on labels. */
function splitFilter(filter: string): [string, string] {
  const terms = filter.split(" AND ");
  const isLabel = (term: string): boolean => term.startsWith("tenant") || term.startsWith("zone");
  return [terms.filter((term) => !isLabel(term)).join(" AND "), terms.filter(isLabel).join(" AND ")];
}

const directory = await mkdtemp(join(tmpdir(), "isotherm-bench-"));
const engine = await startEngine({ dataDir: directory });
const { url, username, password, database } = engine;
const store = createStoreClient({ url, username, password, database, requestTimeoutMs: 600_000 });
const cpu = (): number => cpuSeconds(engine.pid ?? 0);
const SLOW = { settings: { max_execution_time: 600 } };

async function makeBase(): Promise<{ histograms: number; buckets: number }> {
  await migrate(store, Date.now());
  const workload = makeWorkload(SIZE);
  const builder = new BatchBuilder();
  workload.windows.forEach((second, at) => {
    second.forEach(({ bucket, count }, i) => {
      const series = workload.series[i];
      if (series === undefined) return;
      const { host, zone, metric } = series;
      builder.addWindow({
        spec: `spec${metric}`,
        enabling: host,
        host,
        tick: at + 1,
        ts: FROM + at,
        zone,
        keys: [],
        bucket,
        count,
        value: 0,
      });
    });
  });
  const batch = builder.finish();
  const values = Array.from({ length: TENANTS }, (_, i) => `tenant-${i}`);
  const codes = batch.zone.codes.map((code) => code % TENANTS);
  await store.insertArrow("windows", encodeStored({ ...batch, tenant: { codes, values } }, "bench", 1));
  await store.command(
    `CREATE TABLE base (${LABELS}, ${TIME}, ${ARRAYS}) ENGINE = MergeTree PARTITION BY toYYYYMMDD(ts)
     ORDER BY (spec, tenant, zone, host, ts)`,
  );
  // Each minute anew, with the noise that a count of its size has.
  for (let hour = 0; hour < HOURS; hour++) {
    await store.command(
      `INSERT INTO base SELECT spec, tenant, zone, host, ts + minute * 60, bucket,
         arrayMap(c -> toUInt32(greatest(1, round(c + sqrt(c) * 2 * (randCanonical(c + minute) - 0.5)))), count)
       FROM windows CROSS JOIN (SELECT toUInt32(number + ${hour * 60}) AS minute FROM numbers(60)) AS minutes`,
      {},
      SLOW,
    );
  }
  await store.command(
    "CREATE TABLE series (id UInt32, tenant String, zone String, host String) ENGINE = MergeTree ORDER BY id",
  );
  await store.command(
    `INSERT INTO series SELECT toUInt32(rowNumberInAllBlocks()), * FROM
      (SELECT DISTINCT toString(tenant), toString(zone), toString(host) FROM base ORDER BY 1, 2, 3)`,
  );
  const [sum] = await store.query<{ n: number; b: number }>(
    "SELECT toFloat64(count()) AS n, toFloat64(sum(length(bucket))) AS b FROM base",
  );
  return { histograms: sum?.n ?? 0, buckets: sum?.b ?? 0 };
}

interface Result {
  readonly name: string;
  readonly bytesPerBucket: number;
  readonly insertNsPerBucket: number;
  readonly queriesMs: readonly number[];
}

async function measure(layout: Layout, index: number, buckets: number): Promise<Result> {
  const table = `layout${index}`;
  await store.command(
    `CREATE TABLE ${table} (${layout.columns}) ENGINE = MergeTree PARTITION BY toYYYYMMDD(ts) ORDER BY (${layout.orderBy})`,
  );
  const source = (hour: number): string =>
    `SELECT ${layout.select} FROM ${layout.from ?? "base"} WHERE ts >= ${FROM + hour * 3600} AND ts < ${FROM + (hour + 1) * 3600}`;
  const hours = Array.from({ length: HOURS }, (_, hour) => hour);
  const beforeSelect = cpu();
  for (const hour of hours) await store.command(`${source(hour)} FORMAT Null`, {}, SLOW);
  const beforeInsert = cpu();
  for (const hour of hours) await store.command(`INSERT INTO ${table} ${source(hour)}`, {}, SLOW);
  await store.command(`OPTIMIZE TABLE ${table} FINAL`, {}, SLOW);
  const insert = cpu() - beforeInsert - (beforeInsert - beforeSelect);
  const [disk] = await store.query<{ bytes: number }>(
    "SELECT toFloat64(sum(bytes_on_disk)) AS bytes FROM system.parts WHERE active AND table = {table:String}",
    { table },
  );
  const queriesMs = [];
  for (const filter of await filters()) queriesMs.push(await timeOf(layout.read(filter).replace("LAYOUT", table)));
  await store.command(`DROP TABLE ${table}`);
  return {
    name: layout.name,
    bytesPerBucket: (disk?.bytes ?? 0) / buckets,
    insertNsPerBucket: (insert * 1e9) / buckets,
    queriesMs,
  };
}

const QUESTIONS = ["zone 1 h", "tenant 1 h", "fleet 1 h", `fleet ${HOURS} h`];

async function filters(): Promise<string[]> {
  const [zone] = await store.query<{ zone: string }>("SELECT any(zone) AS zone FROM base WHERE tenant = 'tenant-3'");
  const at = FROM + Math.floor(HOURS / 2) * 3600;
  const hour = `spec = 'spec0' AND ts >= ${at} AND ts < ${at + 3600}`;
  return [
    `${hour} AND tenant = 'tenant-3' AND zone = '${zone?.zone ?? ""}'`,
    `${hour} AND tenant = 'tenant-3'`,
    hour,
    `spec = 'spec0' AND ts >= ${FROM} AND ts < ${FROM + HOURS * 3600}`,
  ];
}

/** Of a heatmap of at most 600 columns. */
async function timeOf(read: string): Promise<number> {
  const step = /ts < (\d+)/.exec(read)?.[1] === String(FROM + HOURS * 3600) ? HOURS * 6 : 6;
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const from = performance.now();
    await store.queryArrow(
      `SELECT toUInt32(intDiv(toUnixTimestamp(ts), ${step}) * ${step}) AS x, b, toFloat64(sum(c)) AS n FROM (${read}) GROUP BY x, b`,
      {},
      { settings: { max_threads: 2 } },
    );
    times.push(performance.now() - from);
  }
  return percentile(times, 0.5);
}

try {
  console.log(machine());
  const { histograms, buckets } = await makeBase();
  console.log(
    `${(histograms / 1e6).toFixed(1)} M histograms, ${(buckets / 1e6).toFixed(0)} M non-zero buckets, ${HOURS} h, ${TENANTS} tenants; medians of ${RUNS}\n`,
  );
  const results: Result[] = [];
  for (const [index, layout] of LAYOUTS.entries()) results.push(await measure(layout, index, buckets));
  const best = (of: (result: Result) => number): number => Math.min(...results.map(of));
  const geometric = (result: Result): number =>
    Math.exp(result.queriesMs.reduce((sum, each) => sum + Math.log(each), 0) / result.queriesMs.length);
  console.log(`${"layout; sort key".padEnd(40)} B/bucket  insert ns/bucket  ${QUESTIONS.join(" / ")} ms   score`);
  for (const result of results) {
    const score =
      result.bytesPerBucket / best((each) => each.bytesPerBucket) +
      result.insertNsPerBucket / best((each) => each.insertNsPerBucket) +
      geometric(result) / best(geometric);
    console.log(
      `${result.name.padEnd(40)} ${result.bytesPerBucket.toFixed(3).padStart(8)} ${result.insertNsPerBucket.toFixed(1).padStart(17)}  ` +
        `${result.queriesMs
          .map((each) => each.toFixed(0))
          .join(" / ")
          .padEnd(36)} ${score.toFixed(2)}`,
    );
  }
} finally {
  await store.close();
  await engine.close();
  await rm(directory, { recursive: true, force: true });
}
