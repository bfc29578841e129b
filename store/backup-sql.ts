/**
 * backup-sql.ts: the statements of a backup and of its restoration, for the embedded engine and for a cluster.
 *
 * A backup is two of ClickHouse's, in this order: `marks`, the table that says which generation of a roll-up holds, then
 * `rows`, all other tables. ClickHouse takes each table at a moment of its own. With the marks first, a generation that they
 * call committed has all its rows in what is taken later, and raw rows that came in between make the roll-up look out of date,
 * which has it made again. The other way round a mark could stand without its rows, and the roll-up would be short for good.
 */
import { localName, type Form } from "./ddl.ts";
import { ROLLUPS } from "./tables.ts";

/** Where a backup lies: a directory that the server's backups.allowed_path covers, or a folder of one of its disks. */
export type Place =
  | { readonly kind: "file"; readonly dir: string }
  | { readonly kind: "disk"; readonly disk: string; readonly folder: string };

export const PARTS = ["marks", "rows"] as const;
export type Part = (typeof PARTS)[number];

export interface BackupTerms {
  readonly form: Form;
  readonly database: string;
  /** What this one stands on: files that are there already are not stored again. */
  readonly base: Place | null;
}

/** Run it with a new `id`; it goes on by itself, and system.backups says how it ends. */
export function backupSql(part: Part, to: Place, terms: BackupTerms, id: string): string {
  return `BACKUP ${subject(part, terms)} TO ${placeSql(to, part)} SETTINGS ${settings(part, terms, id)} ASYNC`;
}

/** The tables must not be there; the database may be. */
export function restoreSql(part: Part, from: Place, terms: BackupTerms, id: string): string {
  return `RESTORE ${subject(part, terms)} FROM ${placeSql(from, part)} SETTINGS ${settings(part, terms, id)} ASYNC`;
}

function subject(part: Part, { form, database }: BackupTerms): string {
  const marks = name(localName(ROLLUPS, form));
  const what =
    part === "marks"
      ? `TABLE ${name(database)}.${marks}`
      : `DATABASE ${name(database)} EXCEPT TABLES ${name(database)}.${marks}`;
  return form.kind === "cluster" ? `${what} ON CLUSTER ${name(form.cluster)}` : what;
}

function settings(part: Part, { base }: BackupTerms, id: string): string {
  return [`id = ${text(id)}`, ...(base === null ? [] : [`base_backup = ${placeSql(base, part)}`])].join(", ");
}

function placeSql(place: Place, part: Part): string {
  return place.kind === "file"
    ? `File(${text(`${place.dir}/${part}`)})`
    : `Disk(${text(place.disk)}, ${text(`${place.folder}/${part}`)})`;
}

function name(of: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(of)) throw new RangeError(`not a name: ${JSON.stringify(of)}`);
  return of;
}

/** A backup's place cannot be bound as a parameter. */
function text(of: string): string {
  return `'${of.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
