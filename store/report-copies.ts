/**
 * report-copies.ts: capacity reports as their hooks were told of them: what a link in last week's message shows.
 *
 * A range that is read again gives other numbers: late data have come, hours have been let go, zones have changed hands. So each run that is
 * sent leaves a copy, before its message is stored. Copies are bounded: the newest KEEP_RUNS of a report, for KEEP_MS, of MAX_BYTES each;
 * who makes one pays for it, by letting the old ones go. They are not held in memory.
 */
import type { StoreClient, StoreOptions } from "./client.ts";

export interface ReportCopy {
  /** Id of the saved report. */
  readonly report: string;
  /** The run's: the idempotency key of its message. */
  readonly run: string;
  readonly dueMs: number;
  readonly ranMs: number;
  /** JSON: core/capacity.ts CapacityReport. */
  readonly body: string;
}

/** A month of days, eight of weeks. */
export const KEEP_RUNS = 35;
/** A year of months, and one more to compare with. */
export const KEEP_MS = 400 * 86_400_000;
/** A hundred keys of five resources over two years are about three. */
export const MAX_BYTES = 8_000_000;

/** @returns whether it is kept: one that is too large is not */
export async function putCopy(store: StoreClient, copy: ReportCopy): Promise<boolean> {
  if (Buffer.byteLength(copy.body) > MAX_BYTES) return false;
  const { report, run, dueMs, ranMs, body } = copy;
  await store.insertRows("capacity_report_copies", [
    { report, run, due_ms: dueMs, ran_ms: ranMs, body, version: Math.max(1, ranMs) },
  ]);
  return true;
}

/** @returns null: there is none, or none any more */
export async function readCopy(
  store: StoreClient,
  report: string,
  run: string,
  options?: StoreOptions,
): Promise<ReportCopy | null> {
  const [row] = await store.query<Record<string, unknown>>(
    "SELECT * FROM capacity_report_copies FINAL WHERE report = {report:String} AND run = {run:String}",
    { report, run },
    options,
  );
  if (row === undefined) return null;
  return { report, run, dueMs: Number(row["due_ms"]), ranMs: Number(row["ran_ms"]), body: String(row["body"]) };
}

export async function hasCopy(store: StoreClient, report: string, run: string): Promise<boolean> {
  const rows = await store.query(
    "SELECT run FROM capacity_report_copies WHERE report = {report:String} AND run = {run:String} LIMIT 1",
    { report, run },
  );
  return rows.length > 0;
}

/** Lets go what is too old, and of one report what is beyond its newest. To do it twice is harmless. */
export async function sweepCopies(store: StoreClient, report: string, nowMs: number): Promise<void> {
  const before = nowMs - KEEP_MS;
  const rows = await store.query<{ report: string; run: string }>(
    `SELECT report, run FROM (
       SELECT report, run, ran_ms, row_number() OVER (PARTITION BY report ORDER BY ran_ms DESC, run) AS nth
       FROM capacity_report_copies FINAL
     ) WHERE ran_ms < {before:Int64} OR (report = {report:String} AND nth > {most:UInt32})`,
    { before, report, most: KEEP_RUNS },
  );
  if (rows.length === 0) return;
  await store.command("ALTER TABLE capacity_report_copies DELETE WHERE has({runs:Array(String)}, run)", {
    runs: rows.map(({ run }) => run),
  });
}

/** A report that is deleted leaves nothing. */
export async function forgetCopies(store: StoreClient, report: string): Promise<void> {
  await store.command("ALTER TABLE capacity_report_copies DELETE WHERE report = {report:String}", { report });
}
