/**
 * tables.ts: the store's tables as data: columns, keys and the reason for each ordering, with not a word of SQL around them.
 *
 * store/ddl.ts writes them down twice, for the embedded engine and for a cluster. The shapes here are the newest; how a
 * database gets there from an older one is store/migrations.ts, and a test holds the two together.
 */
import { MAX_KEYS } from "../core/window.ts";

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly codec?: string;
}

/** An aggregate projection: kept with each part, hence exact whenever the part is there. */
export interface Projection {
  readonly name: string;
  readonly query: string;
}

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  /** Of rows with the same key the one with the largest `newest` stays; absent: all rows stay. */
  readonly newest?: string;
  readonly partitionBy?: string;
  readonly orderBy: readonly string[];
  readonly indexes?: readonly string[];
  readonly projections?: readonly Projection[];
  readonly constraints?: readonly string[];
  /**
   * The expression that places a row on a shard of a cluster. Absent: every node of the cluster has all rows, which is right
   * for control state: it is small, and every node needs it.
   */
  readonly shardBy?: string;
  /** The tier whose retention bounds this table, and the column that has a row's age. */
  readonly tier?: Tier;
  /** Whose rows are a tenant's own: restrictive policies of a cluster apply. */
  readonly perTenant?: boolean;
}

/** How fine a table's columns of time are; its rows are kept as long as the tier is. */
export type Tier = "1s" | "1m" | "1h";

const KEYS = Array.from({ length: MAX_KEYS }, (_, i) => `k${i + 1}`);

const name = (column: string): Column => ({ name: column, type: "LowCardinality(String)" });
const number = (column: string, type: string, codec = "T64, ZSTD(1)"): Column => ({ name: column, type, codec });

/**
 * A tenant's zone lies on one shard, so that its read asks few of them, and a big tenant is spread over all. Coverage has
 * no tenant and no zone: by the same key all of it would lie on one shard, so it goes by its host. Both are the same for a
 * raw row and for what it is rolled up into, so that a roll-up never moves a row to another shard.
 */
const SHARD_BY = "if(kind = 1, cityHash64(tenant, zone), cityHash64(host))";

/**
 * Windows and coverage share one table, so that one insert, which is atomic, stores both.
 *
 * Ordering: by spec first, since every read names one; then the hour, so that a short range reads few granules however much
 * history there is; then the tenant, so that a tenant's view is a contiguous read; then what a heatmap filters by. Coverage
 * rows have the empty tenant and zone, hence come first in each (spec, hour) and are read without touching windows.
 * Measured in the design's layout comparison: 1.08 B a bucket, and cost grows 1.5 to 3 times for 10 times the data.
 *
 * Codecs: counts are more than half of the bytes, and noise that no level of ZSTD makes much smaller; buckets are runs of ones, where
 * level 5 takes a tenth less than level 1. A batch's number is the same in neighbouring rows or rises by little: packed by T64 it
 * takes nothing, where Delta of 8 bytes took 2 % of all (measured: 0.94 B a bucket before, 0.88 after).
 *
 * The projection counts rows by spec and hour within each part, so that whether a roll-up is up to date is known exactly and
 * at once; it is written with the part, so that no crash can part the two.
 */
export const WINDOWS: Table = {
  name: "windows",
  columns: [
    { name: "kind", type: "UInt8" },
    name("spec"),
    name("enabling"),
    name("host"),
    number("tick", "UInt32", "Delta, ZSTD(1)"),
    number("ts", "DateTime('UTC')", "Delta, ZSTD(1)"),
    name("tenant"),
    name("zone"),
    ...KEYS.map(name),
    number("bucket", "Array(Int16)", "Delta(2), ZSTD(5)"),
    number("count", "Array(UInt32)"),
    number("value", "Int64"),
    name("status"),
    name("reason"),
    number("dropped", "UInt64"),
    number("events", "UInt64"),
    number("ended_ms", "Int64", "Delta, ZSTD(1)"),
    number("received_ms", "Int64", "Delta, ZSTD(1)"),
    number("elapsed_ns", "UInt64"),
    { name: "detail", type: "String", codec: "ZSTD(1)" },
    name("stream"),
    number("seq", "UInt64"),
  ],
  partitionBy: "toYYYYMMDD(ts)",
  orderBy: ["spec", "toStartOfHour(ts)", "tenant", "zone", ...KEYS, "host", "ts"],
  indexes: ["by_seq seq TYPE minmax GRANULARITY 4"],
  projections: [{ name: "by_hour", query: "SELECT spec, toStartOfHour(ts), count() GROUP BY spec, toStartOfHour(ts)" }],
  constraints: ["entries_pair CHECK length(bucket) = length(count)"],
  shardBy: SHARD_BY,
  tier: "1s",
  perTenant: true,
};

/**
 * What both roll-ups keep of windows: counts by bucket; scalars as sum, least and greatest; and `rows`, how many raw rows were
 * merged. Of coverage: ticks known to be partial, gaps with their reasons, losses. `generation` is the attempt that wrote the
 * row: only generations that `rollups` names as committed are ever read.
 */
const ROLLED: readonly Column[] = [
  { name: "kind", type: "UInt8" },
  name("spec"),
  number("generation", "UInt64", "Delta, ZSTD(1)"),
  name("host"),
  number("ts", "DateTime('UTC')", "Delta, ZSTD(1)"),
  name("tenant"),
  name("zone"),
  ...KEYS.map(name),
  number("bucket", "Array(Int16)", "Delta(2), ZSTD(1)"),
  number("count", "Array(UInt64)"),
  number("value", "Int64"),
  number("value_min", "Int64"),
  number("value_max", "Int64"),
  number("rows", "UInt64"),
  number("partial", "UInt32"),
  number("gaps", "UInt32"),
  { name: "reasons", type: "Array(LowCardinality(String))" },
  number("reason_counts", "Array(UInt64)"),
  number("dropped", "UInt64"),
  number("events", "UInt64"),
];

/**
 * One row a minute. Bit s of `mask` says that second s was covered, so that the seconds covered by any of several hosts are
 * counted exactly: bitCount(groupBitOr(mask)).
 *
 * Ordering: as windows, with the generation after the hour: those that are not read cost no reading.
 */
export const WINDOWS_1M: Table = {
  name: "windows_1m",
  columns: [...ROLLED, number("mask", "UInt64", "ZSTD(1)")],
  partitionBy: "toYYYYMMDD(ts)",
  orderBy: ["spec", "toStartOfHour(ts)", "generation", "tenant", "zone", ...KEYS, "host", "ts"],
  constraints: ["entries_pair CHECK length(bucket) = length(count)"],
  shardBy: SHARD_BY,
  tier: "1m",
  perTenant: true,
};

/**
 * One row an hour, made from minutes; `masks` has the sixty of them, and is empty in windows.
 *
 * Ordering: by day and not by hour, and without the generation: a read spans months, and a tenant's rows of a day shall be
 * together in it.
 */
export const WINDOWS_1H: Table = {
  name: "windows_1h",
  columns: [...ROLLED, number("masks", "Array(UInt64)", "ZSTD(1)")],
  partitionBy: "toYYYYMM(ts)",
  orderBy: ["spec", "toStartOfDay(ts)", "tenant", "zone", ...KEYS, "host", "ts"],
  constraints: ["entries_pair CHECK length(bucket) = length(count)"],
  shardBy: SHARD_BY,
  tier: "1h",
  perTenant: true,
};

/**
 * Which generation of which (tier, spec, hour) holds, and how far its life has come: store/rollup-units.ts has the states.
 *
 * Ordering: a reader asks for one spec and a range of hours.
 */
export const ROLLUPS: Table = {
  name: "rollups",
  columns: [
    name("spec"),
    number("tier", "UInt16"),
    number("hour", "DateTime('UTC')", "Delta, ZSTD(1)"),
    number("generation", "UInt64", "Delta, ZSTD(1)"),
    { name: "state", type: "UInt8" },
    number("rows", "UInt64"),
    number("at_ms", "Int64", "Delta, ZSTD(1)"),
  ],
  newest: "state",
  partitionBy: "toYYYYMM(hour)",
  orderBy: ["spec", "hour", "tier", "generation"],
  tier: "1h",
};

/** Small tables of control state: the newest version of a row wins, and a deletion is a version. */
function control(
  table: string,
  key: readonly string[],
  columns: readonly (readonly [string, string, string?])[],
): Table {
  return {
    name: table,
    columns: [
      ...columns.map(([column, type, codec]) => ({ name: column, type, ...(codec === undefined ? {} : { codec }) })),
      { name: "version", type: "UInt64" },
    ],
    newest: "version",
    orderBy: key,
  };
}

const LABEL = "LowCardinality(String)";

export const TENANTS = control(
  "tenants",
  ["id"],
  [
    ["id", "String"],
    ["name", "String"],
    ["created_ms", "Int64"],
    ["deleted_ms", "Int64"],
  ],
);

export const TOKENS = control(
  "tokens",
  ["id"],
  [
    ["id", "String"],
    ["hash", "String"],
    ["role", LABEL],
    ["tenant", "String"],
    ["label", "String"],
    ["created_ms", "Int64"],
    ["expires_ms", "Int64"],
    ["revoked_ms", "Int64"],
    ["parent", "String"],
    ["scope", LABEL],
    ["lineage", "String"],
  ],
);

export const INSTRUMENTATIONS = control(
  "instrumentations",
  ["id"],
  [
    ["id", "String"],
    ["spec", "String"],
    ["metric", "String"],
    ["label", "String"],
    ["predicate", "String"],
    ["decomposition", "String"],
    ["scheme", "Nullable(String)"],
    ["granularity_sec", "UInt32"],
    ["retention_sec", "UInt32"],
    ["idle_max_sec", "UInt32"],
    ["owner", "String"],
    ["standing", "Bool"],
    ["created_ms", "Int64"],
    ["deleted_ms", "Int64"],
    ["expires_ms", "Int64"],
  ],
);

export const OWNERSHIP = control(
  "ownership",
  ["zone", "host", "from_ms"],
  [
    ["zone", "String"],
    ["host", "String"],
    ["from_ms", "Int64"],
    ["to_ms", "Int64"],
    ["owner", "String"],
    ["alias", "String"],
    ["state", LABEL],
  ],
);

export const HOSTS = control(
  "hosts",
  ["name"],
  [
    ["name", "String"],
    ["collector", "String"],
    ["platform", "String"],
    ["state", LABEL],
    ["reason", "String"],
    ["since_ms", "Int64"],
    ["seen_ms", "Int64"],
    ["detail", "String", "ZSTD(1)"],
  ],
);

/** Which collector's token speaks for a host; "" where it was released (store/claims.ts). */
export const CLAIMS = control(
  "claims",
  ["host"],
  [
    ["host", "String"],
    ["token", "String"],
    ["since_ms", "Int64"],
  ],
);

/** Panels under a name; what one holds is the query API's to say (store/boards.ts). */
export const BOARDS = control(
  "boards",
  ["id"],
  [
    ["id", "String"],
    ["owner", "String"],
    ["name", "String"],
    ["panels", "String", "ZSTD(1)"],
    ["range_sec", "UInt32"],
    ["created_ms", "Int64"],
    ["changed_ms", "Int64"],
    ["deleted_ms", "Int64"],
  ],
);

/** Alert rules, as JSON; what one may hold is core/alerts' to say (store/alerts.ts). */
export const ALERT_RULES = control(
  "alert_rules",
  ["id"],
  [
    ["id", "String"],
    ["owner", "String"],
    ["origin", LABEL],
    ["rule", "String", "ZSTD(1)"],
    ["created_ms", "Int64"],
    ["changed_ms", "Int64"],
    ["deleted_ms", "Int64"],
  ],
);

/** Where each rule stands for each of its keys: what outlives a restart. */
export const ALERT_STATES = control(
  "alert_states",
  ["rule", "key"],
  [
    ["rule", "String"],
    ["key", "String"],
    ["owner", "String"],
    ["status", LABEL],
    ["state", "String", "ZSTD(1)"],
    ["changed_ms", "Int64"],
  ],
);

export const ALERT_HOOKS = control(
  "alert_hooks",
  ["id"],
  [
    ["id", "String"],
    ["owner", "String"],
    ["origin", LABEL],
    ["name", "String"],
    ["kind", LABEL],
    ["url", "String"],
    ["secret", "String"],
    ["settings", "String"],
    ["created_ms", "Int64"],
    ["deleted_ms", "Int64"],
  ],
);

export const ALERT_SILENCES = control(
  "alert_silences",
  ["id"],
  [
    ["id", "String"],
    ["owner", "String"],
    ["silence", "String", "ZSTD(1)"],
    ["created_ms", "Int64"],
    ["deleted_ms", "Int64"],
  ],
);

/** What hooks are told: a row is stored before its first attempt, so that a crash repeats it and never forgets it. */
export const ALERT_DELIVERIES = control(
  "alert_deliveries",
  ["id"],
  [
    ["id", "String"],
    ["owner", "String"],
    ["hook", "String"],
    ["group_key", "String"],
    ["members", "String", "ZSTD(1)"],
    ["body", "String", "ZSTD(1)"],
    ["status", LABEL],
    ["attempts", "UInt32"],
    ["next_ms", "Int64"],
    ["problem", "String"],
    ["created_ms", "Int64"],
  ],
);

/** Since when a rule's evaluations lacked something, and where it stood before (store/alert-gaps.ts). */
export const ALERT_GAPS = control(
  "alert_gaps",
  ["rule"],
  [
    ["rule", "String"],
    ["from_ts", "UInt32"],
    ["changed_ms", "Int64"],
    ["states", "String", "ZSTD(1)"],
    ["seen_ms", "Int64"],
  ],
);

/** Saved capacity reports: what is asked, when, and who is told (store/reports.ts). */
export const CAPACITY_REPORTS = control(
  "capacity_reports",
  ["id"],
  [
    ["id", "String"],
    ["owner", "String"],
    ["report", "String", "ZSTD(1)"],
    ["asked_ms", "Int64"],
    ["created_ms", "Int64"],
    ["changed_ms", "Int64"],
    ["deleted_ms", "Int64"],
  ],
);

/** The last run of each, and when the next is due. A table of its own: it is written by who runs it, the other by who changes it. */
export const CAPACITY_REPORT_RUNS = control(
  "capacity_report_runs",
  ["report"],
  [
    ["report", "String"],
    ["due_ms", "Int64"],
    ["asked_ms", "Int64"],
    ["next_ms", "Int64"],
    ["run", "String", "ZSTD(1)"],
  ],
);

/** Reports as hooks were told of them (store/report-copies.ts). */
export const CAPACITY_REPORT_COPIES = control(
  "capacity_report_copies",
  ["report", "run"],
  [
    ["report", "String"],
    ["run", "String"],
    ["due_ms", "Int64"],
    ["ran_ms", "Int64"],
    ["body", "String", "ZSTD(3)"],
  ],
);

/** Who does what only one process may (store/lease.ts). */
export const LEASES = control(
  "leases",
  ["name", "holder"],
  [
    ["name", "String"],
    ["holder", "String"],
    ["choosing", "Bool"],
    ["number", "UInt64"],
    ["beat", "UInt64"],
  ],
);

/**
 * Who did what. Rows are written once and never change; `owner` is whose affair it was: a tenant's id, or the operators'.
 *
 * Ordering: a reader pages from the newest backwards, so by time first; the trail is small beside what it tells of.
 */
export const AUDIT: Table = {
  name: "audit",
  columns: [
    { name: "at_ms", type: "Int64", codec: "Delta, ZSTD(1)" },
    { name: "id", type: "String" },
    name("owner"),
    name("action"),
    { name: "object", type: "String" },
    { name: "actor", type: "String" },
    name("actor_role"),
    name("actor_tenant"),
    { name: "actor_label", type: "String" },
    { name: "detail", type: "String", codec: "ZSTD(1)" },
  ],
  partitionBy: "toYYYYMM(fromUnixTimestamp64Milli(at_ms, 'UTC'))",
  orderBy: ["at_ms", "id"],
};

/** What has been applied, by number. */
export const APPLIED: Table = {
  name: "migrations",
  columns: [
    { name: "version", type: "UInt32" },
    { name: "name", type: "String" },
    { name: "applied_ms", type: "Int64" },
  ],
  orderBy: ["version"],
};

/** All tables but that of the migrations. */
export const TABLES: readonly Table[] = [
  WINDOWS,
  WINDOWS_1M,
  WINDOWS_1H,
  ROLLUPS,
  TENANTS,
  TOKENS,
  INSTRUMENTATIONS,
  OWNERSHIP,
  HOSTS,
  CLAIMS,
  AUDIT,
  BOARDS,
  ALERT_RULES,
  ALERT_STATES,
  ALERT_HOOKS,
  ALERT_SILENCES,
  ALERT_DELIVERIES,
  LEASES,
  ALERT_GAPS,
  CAPACITY_REPORTS,
  CAPACITY_REPORT_RUNS,
  CAPACITY_REPORT_COPIES,
];

/** How long each tier is kept: whole days, raw at least one, and none less than the one before it. */
export interface Retention {
  readonly rawDays: number;
  readonly minuteDays: number;
  readonly hourDays: number;
}

export const DEFAULT_RETENTION: Retention = { rawDays: 7, minuteDays: 90, hourDays: 730 };

export function retentionDays(tier: Tier, retention: Retention): number {
  if (tier === "1s") return retention.rawDays;
  return tier === "1m" ? retention.minuteDays : retention.hourDays;
}
