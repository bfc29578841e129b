/**
 * ddl.ts: tables as SQL, for the embedded engine and for a cluster, from one description (store/tables.ts).
 *
 *   embedded   one MergeTree a table
 *   cluster    a sharded table is `NAME_local`, replicated within its shard, and a Distributed `NAME` over all of them, so
 *              that readers and ingest use the same names as with the embedded engine; a table of control state is one
 *              replicated table that every node of every shard holds, under its own name
 *
 * Names come from this program and from an administrator's configuration, never from a request; they are checked all the
 * same, since they stand in the text.
 */
import {
  DEFAULT_RETENTION,
  retentionDays,
  type Column,
  type Projection,
  type Retention,
  type Table,
} from "./tables.ts";

export interface EmbeddedForm {
  readonly kind: "embedded";
}

export interface ClusterForm {
  readonly kind: "cluster";
  /** Its name in the servers' remote_servers. */
  readonly cluster: string;
  readonly database: string;
  /** A storage policy with a volume `cold`, and after how many days a tier's parts move there; null: one volume. */
  readonly storage: { readonly policy: string; readonly coldVolume: string; readonly coldAfterDays: Retention } | null;
  readonly retention: Retention;
}

export type Form = EmbeddedForm | ClusterForm;

export const EMBEDDED: Form = { kind: "embedded" };

/** The cluster that deploy/clickhouse configures. */
export const CLUSTER: ClusterForm = {
  kind: "cluster",
  cluster: "isotherm",
  database: "isotherm",
  storage: {
    policy: "isotherm_tiered",
    coldVolume: "cold",
    coldAfterDays: { rawDays: 2, minuteDays: 14, hourDays: 60 },
  },
  retention: DEFAULT_RETENTION,
};

/** The table that holds the parts: what ALTER is said to. */
export function localName(table: Pick<Table, "name" | "shardBy">, form: Form): string {
  return form.kind === "cluster" && table.shardBy !== undefined ? `${table.name}_local` : table.name;
}

/** What makes a statement one of all nodes; "" on the embedded engine. */
export function onCluster(form: Form): string {
  return form.kind === "cluster" ? ` ON CLUSTER ${identifier(form.cluster)}` : "";
}

/** The statements that make a table where it is missing; each may be run again. */
export function createTable(table: Table, form: Form): string[] {
  const statements = [createLocal(table, form)];
  if (form.kind === "cluster" && table.shardBy !== undefined) statements.push(createDistributed(table, form));
  return statements;
}

function createLocal(table: Table, form: Form): string {
  const parts = [
    ...table.columns.map(columnText),
    ...(table.indexes ?? []).map((index) => `INDEX ${index}`),
    ...(table.constraints ?? []).map((constraint) => `CONSTRAINT ${constraint}`),
    ...(table.projections ?? []).map(({ name, query }) => `PROJECTION ${name} (${query})`),
  ];
  return [
    `CREATE TABLE IF NOT EXISTS ${localName(table, form)}${onCluster(form)} (`,
    `  ${parts.join(",\n  ")}`,
    `) ENGINE = ${engine(table, form)}`,
    ...(table.partitionBy === undefined ? [] : [`PARTITION BY ${table.partitionBy}`]),
    `ORDER BY (${table.orderBy.join(", ")})`,
    ...ttl(table, form),
    `SETTINGS ${settings(table, form).join(", ")}`,
  ].join("\n");
}

function columnText({ name, type, codec }: Column): string {
  return `${name} ${type}${codec === undefined ? "" : ` CODEC(${codec})`}`;
}

function engine(table: Table, form: Form): string {
  const family = table.newest === undefined ? "MergeTree" : "ReplacingMergeTree";
  const newest = table.newest === undefined ? [] : [table.newest];
  if (form.kind === "embedded") return `${family}(${newest.join(", ")})`;
  // {shard} and {replica} are macros of each server. What all nodes share must be named alike on all, and each node apart.
  const [path, replica] =
    table.shardBy === undefined
      ? [`/clickhouse/tables/all/${form.database}/${table.name}`, "{shard}-{replica}"]
      : [`/clickhouse/tables/{shard}/${form.database}/${table.name}`, "{replica}"];
  return `Replicated${family}(${[`'${path}'`, `'${replica}'`, ...newest].join(", ")})`;
}

function createDistributed(table: Table, form: ClusterForm): string {
  const columns = table.columns.map(({ name, type }) => `${name} ${type}`);
  const over = [form.cluster, form.database, localName(table, form)].map(identifier).join(", ");
  return [
    `CREATE TABLE IF NOT EXISTS ${table.name}${onCluster(form)} (`,
    `  ${columns.join(",\n  ")}`,
    `) ENGINE = Distributed(${over}, ${table.shardBy ?? "rand()"})`,
  ].join("\n");
}

/**
 * On a cluster parts move to the cold volume by age. They are deleted by store/retention.ts, which knows what has been rolled
 * up; the TTL is what saves the disk where that has not run for a long time, and never forgets half a part.
 */
function ttl(table: Table, form: Form): string[] {
  if (form.kind === "embedded" || table.tier === undefined) return [];
  const column = table.columns.some(({ name }) => name === "ts") ? "ts" : "hour";
  const keepDays = Math.ceil(retentionDays(table.tier, form.retention) * TTL_MARGIN);
  const rules = [`${column} + INTERVAL ${keepDays} DAY DELETE`];
  if (form.storage !== null && table.shardBy !== undefined) {
    const days = retentionDays(table.tier, form.storage.coldAfterDays);
    rules.unshift(`${column} + INTERVAL ${days} DAY TO VOLUME '${identifier(form.storage.coldVolume)}'`);
  }
  return [`TTL ${rules.join(", ")}`];
}

/** The TTL deletes at one and a half times the retention. */
const TTL_MARGIN = 1.5;

function settings(table: Table, form: Form): string[] {
  const durable = ["fsync_after_insert = 1", "fsync_part_directory = 1"];
  if (form.kind === "embedded" || table.tier === undefined) return durable;
  const tiered = form.storage === null || table.shardBy === undefined ? [] : [form.storage.policy].map(identifier);
  return [...durable, "ttl_only_drop_parts = 1", ...tiered.map((policy) => `storage_policy = '${policy}'`)];
}

/** The statements that add a column where it is missing. */
export function addColumn(table: Table, column: Column, after: string, form: Form): string[] {
  const add = (target: string, text: string): string =>
    `ALTER TABLE ${target}${onCluster(form)} ADD COLUMN IF NOT EXISTS ${text} AFTER ${after}`;
  const local = localName(table, form);
  const statements = [add(local, columnText(column))];
  if (local !== table.name) statements.push(add(table.name, `${column.name} ${column.type}`));
  return statements;
}

/** The statement that gives a column the codec of the newest shape: parts take it as they are written and merged. */
export function changeCodec(table: Table, column: string, form: Form): string[] {
  const codec = table.columns.find(({ name }) => name === column)?.codec;
  if (codec === undefined) throw new Error(`${table.name} has no ${column} with a codec`);
  return [`ALTER TABLE ${localName(table, form)}${onCluster(form)} MODIFY COLUMN ${column} CODEC(${codec})`];
}

/** The statements that add a projection where it is missing, to parts that exist as well. */
export function addProjection(table: Table, { name, query }: Projection, form: Form): string[] {
  const alter = `ALTER TABLE ${localName(table, form)}${onCluster(form)}`;
  return [`${alter} ADD PROJECTION IF NOT EXISTS ${name} (${query})`, `${alter} MATERIALIZE PROJECTION ${name}`];
}

/**
 * Deletes a partition of a table on all nodes.
 *
 * @param partition its value: digits, as of toYYYYMMDD
 */
export function dropPartition(table: Table, partition: number, form: Form): string {
  return `ALTER TABLE ${localName(table, form)}${onCluster(form)} DROP PARTITION ${digits(partition)}`;
}

/** Deletes rows of one partition on all nodes; `where` may have parameters. */
export function deleteRows(table: Table, partition: number, where: string, form: Form): string {
  const target = `${localName(table, form)}${onCluster(form)}`;
  return `ALTER TABLE ${target} DELETE IN PARTITION ${digits(partition)} WHERE ${where} SETTINGS mutations_sync = 1`;
}

/**
 * Users of a cluster, and what each may: run once by an administrator, and again after a change. The embedded engine has none
 * of this by SQL, and one user.
 *
 *   isotherm_ingest   inserts, reads, makes tables
 *   isotherm_reader   what the query API reads as, for tenants and operators; the policy holds it to the tenant that the query
 *                     API names in the setting `isotherm_tenant`, so that a query that lacks its tenant filter reads nothing
 *                     of others. `*` is all tenants.
 *
 * Passwords are not here: `ALTER USER isotherm_reader IDENTIFIED ...` is the administrator's.
 */
export function access(tables: readonly Table[], form: ClusterForm): string[] {
  const on = onCluster(form);
  const database = identifier(form.database);
  const every = `ON ${database}.*`;
  const statements = [
    `CREATE ROLE IF NOT EXISTS isotherm_reading${on}`,
    `CREATE ROLE IF NOT EXISTS isotherm_writing${on}`,
    `GRANT${on} SELECT ${every} TO isotherm_reading`,
    `GRANT${on} SELECT, INSERT, CREATE TABLE, ALTER, DROP TABLE ${every} TO isotherm_writing`,
    `GRANT${on} CLUSTER ON *.* TO isotherm_writing`,
    `CREATE SETTINGS PROFILE OR REPLACE isotherm_reading${on} SETTINGS
       isotherm_tenant = '' CHANGEABLE_IN_READONLY, readonly = 1 TO isotherm_reading`,
    `CREATE QUOTA OR REPLACE isotherm_reading${on} KEYED BY client_key, user_name
       FOR INTERVAL 1 minute MAX queries = 6000, execution_time = 600, read_rows = 100000000000,
       FOR INTERVAL 1 hour MAX errors = 10000 TO isotherm_reading`,
  ];
  for (const table of tables.filter((each) => each.perTenant === true)) {
    for (const target of new Set([localName(table, form), table.name])) {
      const where = `${on} ON ${database}.${target} FOR SELECT`;
      statements.push(
        `CREATE ROW POLICY OR REPLACE isotherm_all${where} USING 1 AS PERMISSIVE TO isotherm_writing, isotherm_reading`,
        `CREATE ROW POLICY OR REPLACE isotherm_tenant${where}
           USING getSetting('isotherm_tenant') = '*' OR kind = 0 OR tenant = getSetting('isotherm_tenant')
           AS RESTRICTIVE TO isotherm_reading`,
      );
    }
  }
  return statements;
}

export function createDatabase(form: ClusterForm): string {
  return `CREATE DATABASE IF NOT EXISTS ${identifier(form.database)}${onCluster(form)} ENGINE = Atomic`;
}

/** The whole schema as a script for one look, or for clickhouse-client: the database, tables, access. */
export function clusterScript(tables: readonly Table[], form: ClusterForm): string[] {
  return [createDatabase(form), ...tables.flatMap((table) => createTable(table, form)), ...access(tables, form)];
}

function identifier(text: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(text)) throw new RangeError(`not a name: ${JSON.stringify(text)}`);
  return text;
}

/** A number as text in a statement: for lists that are too long to be bound, since parameters travel in the URL. */
export function digits(value: number): string {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a whole number: ${value}`);
  return String(value);
}
