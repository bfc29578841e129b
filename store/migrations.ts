/**
 * migrations.ts: the store's tables, numbered, forward only.
 *
 * Each statement can be run again without harm, so a crash between two of them is mended by the next start; a database that
 * is newer than this program is refused rather than guessed at.
 */
import { OperationalError } from "../core/errors.ts";
import { MAX_KEYS } from "../core/window.ts";
import type { StoreClient } from "./client.ts";

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
}

const KEYS = Array.from({ length: MAX_KEYS }, (_, i) => `k${i + 1}`);

/**
 * Windows and coverage share one table, so that one insert, which is atomic, stores both.
 *
 * Ordering: by spec first, since every read names one; then the hour, so that a short range reads few granules however much
 * history there is; then the tenant, so that a tenant's view is a contiguous read; then what a heatmap filters by. Coverage
 * rows have the empty tenant and zone, hence come first in each (spec, hour) and are read without touching windows.
 * Measured in the design's layout comparison: 1.08 B a bucket, and cost grows 1.5 to 3 times for 10 times the data.
 */
const WINDOWS = `
  CREATE TABLE IF NOT EXISTS windows (
    kind UInt8,
    spec LowCardinality(String),
    enabling LowCardinality(String),
    host LowCardinality(String),
    tick UInt32 CODEC(Delta, ZSTD(1)),
    ts DateTime('UTC') CODEC(Delta, ZSTD(1)),
    tenant LowCardinality(String),
    zone LowCardinality(String),
    ${KEYS.map((key) => `${key} LowCardinality(String)`).join(",\n    ")},
    bucket Array(Int16) CODEC(Delta(2), ZSTD(1)),
    count Array(UInt32) CODEC(T64, ZSTD(1)),
    value Int64 CODEC(T64, ZSTD(1)),
    status LowCardinality(String),
    reason LowCardinality(String),
    dropped UInt64 CODEC(T64, ZSTD(1)),
    events UInt64 CODEC(T64, ZSTD(1)),
    ended_ms Int64 CODEC(Delta, ZSTD(1)),
    received_ms Int64 CODEC(Delta, ZSTD(1)),
    elapsed_ns UInt64 CODEC(T64, ZSTD(1)),
    detail String CODEC(ZSTD(1)),
    stream LowCardinality(String),
    seq UInt64 CODEC(Delta, ZSTD(1)),
    INDEX by_seq seq TYPE minmax GRANULARITY 4,
    CONSTRAINT entries_pair CHECK length(bucket) = length(count)
  ) ENGINE = MergeTree
  PARTITION BY toYYYYMMDD(ts)
  ORDER BY (spec, toStartOfHour(ts), tenant, zone, ${KEYS.join(", ")}, host, ts)
  SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`;

/** Small tables of control state: the newest version of a row wins, and a deletion is a version. */
function control(name: string, columns: string, key: string): string {
  return `CREATE TABLE IF NOT EXISTS ${name} (${columns}, version UInt64)
    ENGINE = ReplacingMergeTree(version) ORDER BY (${key})
    SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`;
}

const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: "windows and control state",
    statements: [
      WINDOWS,
      control("tenants", "id String, name String, created_ms Int64", "id"),
      control(
        "tokens",
        `id String, hash String, role LowCardinality(String), tenant String, label String,
         created_ms Int64, expires_ms Int64, revoked_ms Int64`,
        "id",
      ),
      control(
        "instrumentations",
        `id String, spec String, metric String, label String, predicate String, decomposition String,
         scheme Nullable(String), granularity_sec UInt32, retention_sec UInt32, idle_max_sec UInt32,
         owner String, standing Bool, created_ms Int64, deleted_ms Int64`,
        "id",
      ),
      control(
        "ownership",
        "zone String, host String, from_ms Int64, to_ms Int64, owner String, alias String, state LowCardinality(String)",
        "zone, host, from_ms",
      ),
      control(
        "hosts",
        `name String, collector String, platform String, state LowCardinality(String), reason String,
         since_ms Int64, seen_ms Int64`,
        "name",
      ),
    ],
  },
  {
    version: 2,
    name: "how hosts are, in detail",
    statements: ["ALTER TABLE hosts ADD COLUMN IF NOT EXISTS detail String CODEC(ZSTD(1)) AFTER seen_ms"],
  },
  {
    version: 3,
    name: "sessions that end with their token",
    statements: ["ALTER TABLE tokens ADD COLUMN IF NOT EXISTS parent String AFTER revoked_ms"],
  },
];

/**
 * Brings the database to this program's version.
 *
 * @returns the names of the migrations that were applied
 * @throws OperationalError STORE_NEWER where a newer program has been at work
 */
export async function migrate(store: StoreClient, nowMs: number): Promise<string[]> {
  await store.command(
    "CREATE TABLE IF NOT EXISTS migrations (version UInt32, name String, applied_ms Int64) ENGINE = MergeTree ORDER BY version",
  );
  const [row] = await store.query<{ version: number }>("SELECT max(version) AS version FROM migrations");
  const current = row?.version ?? 0;
  const newest = MIGRATIONS.at(-1)?.version ?? 0;
  if (current > newest) {
    throw new OperationalError(
      "STORE_NEWER",
      `open the store: its tables are of version ${current}, this program knows ${newest}; run a newer isotherm`,
    );
  }
  const applied: string[] = [];
  for (const migration of MIGRATIONS.filter((each) => each.version > current)) {
    for (const statement of migration.statements) await store.command(statement);
    await store.insertRows("migrations", [{ version: migration.version, name: migration.name, applied_ms: nowMs }]);
    applied.push(migration.name);
  }
  return applied;
}
