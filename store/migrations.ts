/**
 * migrations.ts: how a database gets to this program's tables: numbered steps, forward only.
 *
 * Each statement can be run again without harm, so a crash between two of them is mended by the next start; a database that
 * is newer than this program is refused rather than guessed at. A step says what it does to a table; store/ddl.ts says it in
 * the form of the embedded engine or of a cluster. What a step made once never changes: later shapes are later steps.
 */
import { OperationalError } from "../core/errors.ts";
import type { StoreClient } from "./client.ts";
import { addColumn, addProjection, changeCodec, createTable, EMBEDDED, type Form } from "./ddl.ts";
import {
  ALERT_DELIVERIES,
  ALERT_GAPS,
  ALERT_HOOKS,
  ALERT_RULES,
  ALERT_SILENCES,
  ALERT_STATES,
  APPLIED,
  AUDIT,
  BOARDS,
  CAPACITY_REPORTS,
  CAPACITY_REPORT_COPIES,
  CAPACITY_REPORT_RUNS,
  CLAIMS,
  HOSTS,
  INSTRUMENTATIONS,
  LEASES,
  OWNERSHIP,
  ROLLUPS,
  TENANTS,
  TOKENS,
  WINDOWS,
  WINDOWS_1H,
  WINDOWS_1M,
  type Table,
} from "./tables.ts";

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly statements: (form: Form) => string[];
}

/** The table as it was before a later step added these. */
function before(table: Table, added: { readonly columns?: readonly string[]; readonly projections?: boolean }): Table {
  const columns = table.columns.filter(({ name }) => added.columns?.includes(name) !== true);
  const { projections = [], ...rest } = table;
  return { ...rest, columns, ...(added.projections === true ? {} : { projections }) };
}

/** Adds a column that the table's newest shape has, behind the one that stands before it there. */
function added(table: Table, name: string): (form: Form) => string[] {
  const at = table.columns.findIndex((column) => column.name === name);
  const [previous, column] = table.columns.slice(at - 1, at + 1);
  if (previous === undefined || column === undefined) throw new Error(`${table.name} has no ${name} behind another`);
  return (form) => addColumn(table, column, previous.name, form);
}

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: "windows and control state",
    statements: (form) =>
      [
        before(WINDOWS, { projections: true }),
        before(TENANTS, { columns: ["deleted_ms"] }),
        before(TOKENS, { columns: ["parent", "scope", "lineage"] }),
        before(INSTRUMENTATIONS, { columns: ["expires_ms"] }),
        OWNERSHIP,
        before(HOSTS, { columns: ["detail"] }),
      ].flatMap((table) => createTable(table, form)),
  },
  { version: 2, name: "how hosts are, in detail", statements: added(HOSTS, "detail") },
  { version: 3, name: "sessions that end with their token", statements: added(TOKENS, "parent") },
  {
    version: 4,
    name: "roll-ups of minutes and hours",
    statements: (form) => [WINDOWS_1M, WINDOWS_1H, ROLLUPS].flatMap((table) => createTable(table, form)),
  },
  {
    version: 5,
    name: "rows counted by spec and hour",
    statements: (form) => (WINDOWS.projections ?? []).flatMap((each) => addProjection(WINDOWS, each, form)),
  },
  { version: 6, name: "which collector speaks for a host", statements: (form) => createTable(CLAIMS, form) },
  {
    version: 7,
    name: "scopes and rotation of tokens, accounts that end, who did what",
    statements: (form) => [
      ...added(TOKENS, "scope")(form),
      ...added(TOKENS, "lineage")(form),
      ...added(TENANTS, "deleted_ms")(form),
      ...createTable(AUDIT, form),
    ],
  },
  { version: 8, name: "instrumentations for a limited time", statements: added(INSTRUMENTATIONS, "expires_ms") },
  { version: 9, name: "boards", statements: (form) => createTable(BOARDS, form) },
  {
    version: 10,
    name: "alerts",
    statements: (form) =>
      [ALERT_RULES, ALERT_STATES, ALERT_HOOKS, ALERT_SILENCES, ALERT_DELIVERIES, LEASES].flatMap((table) =>
        createTable(table, form),
      ),
  },
  {
    version: 11,
    name: "buckets and numbers of batches in less",
    statements: (form) => ["bucket", "seq"].flatMap((column) => changeCodec(WINDOWS, column, form)),
  },
  {
    version: 12,
    name: "saved capacity reports, and what alert rules lacked",
    statements: (form) =>
      [CAPACITY_REPORTS, CAPACITY_REPORT_RUNS, ALERT_GAPS].flatMap((table) => createTable(table, form)),
  },
  {
    // A link in last Monday's mail is to show last Monday's numbers: what the store still has of that range by now is other numbers.
    version: 13,
    name: "capacity reports as they were sent",
    statements: (form) => createTable(CAPACITY_REPORT_COPIES, form),
  },
];

/**
 * Brings the database to this program's version.
 *
 * @param form what the store is: the embedded engine unless said otherwise
 * @returns the names of the migrations that were applied
 * @throws OperationalError STORE_NEWER where a newer program has been at work
 */
export async function migrate(store: StoreClient, nowMs: number, form: Form = EMBEDDED): Promise<string[]> {
  for (const statement of createTable(APPLIED, form)) await store.command(statement);
  const [row] = await store.query<{ version: number }>(`SELECT max(version) AS version FROM ${APPLIED.name}`);
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
    for (const statement of migration.statements(form)) await store.command(statement);
    await store.insertRows(APPLIED.name, [{ version: migration.version, name: migration.name, applied_ms: nowMs }]);
    applied.push(migration.name);
  }
  return applied;
}
