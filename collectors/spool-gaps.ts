/**
 * spool-gaps.ts: gap rows for windows that were in the spool and will not be stored: dropped, damaged, or refused by ingest.
 *
 * A window becomes one gap row. A lost row that was a gap itself is declared again with the reason that it had, and neighbours of
 * one spec and host are joined into one row (`elapsedNs` says how long it is), or an outage much longer than the spool would fill
 * it with gap rows that drive each other out. Refused rows are declared once more only: if ingest refuses everything, what was
 * refused must not grow.
 */
import { GRANULARITIES_SEC } from "../core/instrumentation.ts";
import type { CoverageRow, GapReason } from "../core/window.ts";
import { gapRow } from "./coverage.ts";

export type LossReason = Extract<GapReason, "spool_overflow" | "spool_corrupt" | "quarantined" | "auth">;

/**
 * @param coverage of one or more lost batches
 * @returns gap rows; in all as many columns as were lost, save gaps that have been refused before
 */
export function gapsOf(coverage: readonly CoverageRow[], reason: LossReason, nowMs: number): CoverageRow[] {
  const windows = coverage.filter((row) => row.status !== "gap");
  const gaps = coverage.filter((row) => row.status === "gap");
  const again =
    reason === "quarantined"
      ? gaps.filter((row) => row.reason !== "quarantined").map((row) => ({ ...row, reason }))
      : gaps;
  return [...windows.map((row) => gapRow({ ...row, reason, nowMs })), ...joined(again)];
}

/** Joins rows of one spec, host and reason that follow each other at even steps. */
function joined(gaps: readonly CoverageRow[]): CoverageRow[] {
  const groups = new Map<string, CoverageRow[]>();
  for (const row of gaps) {
    const key = `${row.spec} ${row.reason} ${row.host}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return [...groups.values()].flatMap((group) => runs(group.sort((a, b) => a.ts - b.ts)));
}

/** @param rows of one spec, host and reason, ascending */
function runs(rows: readonly CoverageRow[]): CoverageRow[] {
  const stepSec = granularityOf(rows);
  const lengthSec = (row: CoverageRow): number => row.elapsedNs / 1e9 || stepSec;
  const found: CoverageRow[] = [];
  for (const row of rows) {
    const last = found.at(-1);
    const seconds = last === undefined ? 0 : lengthSec(last);
    // Rows of two days (UTC) go in two batches, so a run ends at midnight.
    const follows =
      seconds > 0 && last !== undefined && row.ts === last.ts + seconds && dayOf(row.ts) === dayOf(last.ts);
    if (follows && lengthSec(row) > 0) {
      found[found.length - 1] = { ...last, elapsedNs: (seconds + lengthSec(row)) * 1e9 };
    } else found.push(row);
  }
  return found;
}

/** From the distance of single columns; 0 where there are no two. */
function granularityOf(rows: readonly CoverageRow[]): number {
  const singles = rows.filter((row) => row.elapsedNs === 0);
  const strides = new Set(singles.slice(1).map((row, i) => row.ts - (singles[i]?.ts ?? 0)));
  return GRANULARITIES_SEC.find((sec) => strides.has(sec)) ?? 0;
}

function dayOf(ts: number): number {
  return Math.floor(ts / 86_400);
}
