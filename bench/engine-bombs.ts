/**
 * bench/engine-bombs.ts: what eight query bombs at once do to inserts, and how soon an engine that was killed serves again.
 *
 * The engine has its default limits, and is warm: its first insert makes its pools and reads its code, which happens once in a service's
 * life. Inserts of one realistic batch go on one after another, first alone, then beside eight endless statements, each of which is started again when a limit ends it. Then the engine is killed (-9) under the same
 * inserts several times; the outcome of each is looked up before it is sent again, as ingest does. Run:
 * node --import tsx bench/engine-bombs.ts [seconds of each part] [kills]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperationalError, errorChain } from "../core/errors.ts";
import { createStoreClient } from "../store/client.ts";
import { startEngine } from "../store/engine.ts";
import { BOMBS } from "./bombs.ts";
import { machine, percentile } from "./machine.ts";

const SECONDS = Number(process.argv[2] ?? 10);
const HISTOGRAMS = 1000;
const WARM = 20;
const KILLS = Number(process.argv[3] ?? 10);

const dataDir = mkdtempSync(join(tmpdir(), "isotherm-bench-"));
const engine = await startEngine({ dataDir });
const client = createStoreClient(engine);
await client.command(`CREATE TABLE windows (host LowCardinality(String), ts DateTime, bucket Array(Int16), count Array(UInt32), seq UInt64)
  ENGINE = MergeTree ORDER BY (host, ts) SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`);
const batch = await client.queryArrow(
  `SELECT concat('cn-', toString(number % 50)) AS host, toDateTime(1700000000 + intDiv(number, 50)) AS ts,
     arrayMap(x -> toInt16(x), range(11)) AS bucket, arrayMap(x -> toUInt32(x * number), range(11)) AS count, number AS seq
   FROM numbers(${HISTOGRAMS})`,
);

interface Inserts {
  readonly ms: number[];
  readonly failed: Map<string, number>;
}

/** Inserts ten times a second, whether the last one was slow or not. */
async function inserting(ends: AbortSignal): Promise<Inserts> {
  const inserts: Inserts = { ms: [], failed: new Map() };
  const running = new Set<Promise<void>>();
  while (!ends.aborted) {
    const startedAt = performance.now();
    const one = client
      .insertArrow("windows", batch)
      .then(() => void inserts.ms.push(performance.now() - startedAt))
      .catch((error: unknown) => {
        const text = errorChain(error).slice(0, 120);
        inserts.failed.set(text, (inserts.failed.get(text) ?? 0) + 1);
      })
      .finally(() => running.delete(one));
    running.add(one);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await Promise.all(running);
  return inserts;
}

async function bombing(sql: string, ends: AbortSignal, ended: Map<string, number>): Promise<void> {
  while (!ends.aborted) {
    await client.query(sql, {}, { signal: ends }).catch((error: unknown) => {
      const code = error instanceof OperationalError ? error.code : "other";
      ended.set(code, (ended.get(code) ?? 0) + 1);
    });
  }
}

function print(what: string, { ms, failed }: Inserts): void {
  const at = (q: number): string => percentile(ms, q).toFixed(0);
  console.log(
    `${what}: ${ms.length} inserts, median ${at(0.5)} ms, 99th ${at(0.99)} ms, worst ${at(1)} ms, failed ${[...failed.values()].reduce((a, b) => a + b, 0)}`,
  );
  for (const [text, n] of failed) console.log(`  ${n} x ${text}`);
}

console.log(machine());
for (let n = 0; n < WARM; n++) await client.insertArrow("windows", batch);
print("alone          ", await inserting(AbortSignal.timeout(SECONDS * 1000)));
const ends = AbortSignal.timeout(SECONDS * 1000);
const ended = new Map<string, number>();
const bombs = BOMBS.map(({ sql }) => bombing(sql, ends, ended));
print("8 bombs beside ", await inserting(ends));
await Promise.all(bombs);
console.log(
  `  bombs ended: ${[...ended].map(([code, n]) => `${n} x ${code}`).join(", ")}; engine restarts ${engine.restarts}`,
);

await client.command(
  "CREATE TABLE ledger (seq UInt64) ENGINE = MergeTree ORDER BY seq SETTINGS fsync_after_insert = 1",
);
const backMs: number[] = [];
let acknowledged = 0;
for (let kill = 0; kill < KILLS; kill++) {
  for (let n = 0; n < 10; n++) await client.insertRows("ledger", [{ seq: acknowledged++ }]);
  process.kill(engine.pid ?? 0, "SIGKILL");
  const startedAt = performance.now();
  for (let stored = false; !stored;) {
    stored = await look().catch(() => false);
    if (!stored) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  backMs.push(performance.now() - startedAt);
}
const [row] = await client.query<{ n: number }>("SELECT toUInt32(uniqExact(seq)) AS n FROM ledger");
console.log(
  `kill -9: ${KILLS} times, an insert is acknowledged again after ${percentile(backMs, 0.5).toFixed(0)} ms (median), ${percentile(backMs, 1).toFixed(0)} ms (worst); ` +
    `${acknowledged} rows acknowledged, ${row?.n ?? 0} stored`,
);
await client.close();
await engine.close();
rmSync(dataDir, { recursive: true, force: true });

/** Stores the next row of the ledger, unless it is there. */
async function look(): Promise<boolean> {
  const [found] = await client.query<{ n: number }>("SELECT toUInt32(count()) AS n FROM ledger");
  if ((found?.n ?? 0) < acknowledged) throw new Error("an acknowledged row is gone");
  if (found?.n === acknowledged) await client.insertRows("ledger", [{ seq: acknowledged }]);
  acknowledged++;
  return true;
}
