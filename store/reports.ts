/**
 * reports.ts: saved capacity reports and their last runs as they are stored.
 *
 * Two tables, since each has a writer of its own: whoever changes a report, at any process, and the one process that runs them
 * (store/lease.ts). In one row the one would undo what the other has just written.
 */
import type { StoreClient } from "./client.ts";
import { ControlTable } from "./control.ts";

export interface ReportRow {
  readonly id: string;
  /** OPERATOR or a tenant's id. */
  readonly owner: string;
  /** JSON form. */
  readonly report: unknown;
  /** When somebody last asked for a run; 0: nobody has. */
  readonly askedMs: number;
  readonly createdMs: number;
  readonly changedMs: number;
  /** 0 while it lives. */
  readonly deletedMs: number;
}

export interface ReportRunRow {
  /** Id of the report. */
  readonly report: string;
  /** What the schedule's last run was due at; 0: there was none. */
  readonly dueMs: number;
  /** The last asking that was answered. */
  readonly askedMs: number;
  /** When the schedule's next is due, by the schedule of then; 0: it had none. */
  readonly nextMs: number;
  /** JSON form: the last run of either kind. */
  readonly run: unknown;
}

export interface ReportTables {
  readonly reports: ControlTable<ReportRow>;
  readonly runs: ControlTable<ReportRunRow>;
  refresh(isChanged?: (table: string) => boolean): Promise<void>;
}

export function openReports(store: StoreClient): ReportTables {
  const reports = new ControlTable<ReportRow>(
    store,
    "capacity_reports",
    ({ id }) => id,
    (row) => ({
      id: String(row["id"]),
      owner: String(row["owner"]),
      report: JSON.parse(String(row["report"])) as unknown,
      askedMs: Number(row["asked_ms"]),
      createdMs: Number(row["created_ms"]),
      changedMs: Number(row["changed_ms"]),
      deletedMs: Number(row["deleted_ms"]),
    }),
    ({ report, askedMs, createdMs, changedMs, deletedMs, ...row }) => ({
      ...{ ...row, report: JSON.stringify(report), asked_ms: askedMs },
      ...{ created_ms: createdMs, changed_ms: changedMs, deleted_ms: deletedMs },
    }),
  );
  const runs = new ControlTable<ReportRunRow>(
    store,
    "capacity_report_runs",
    ({ report }) => report,
    (row) => ({
      report: String(row["report"]),
      dueMs: Number(row["due_ms"]),
      askedMs: Number(row["asked_ms"]),
      nextMs: Number(row["next_ms"]),
      run: JSON.parse(String(row["run"])) as unknown,
    }),
    ({ report, dueMs, askedMs, nextMs, run }) => ({
      ...{ report, due_ms: dueMs, asked_ms: askedMs, next_ms: nextMs, run: JSON.stringify(run) },
    }),
  );
  return {
    ...{ reports, runs },
    refresh: async (isChanged) => {
      await Promise.all([reports.refresh(isChanged), runs.refresh(isChanged)]);
    },
  };
}
