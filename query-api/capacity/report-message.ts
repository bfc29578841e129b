/**
 * report-message.ts: what a hook is sent of a report: what is reached first, and where the rest is read. The report itself is up to a
 * megabyte of bands and seasons, which no pager shows.
 */
import type { CapacityReport } from "../../core/capacity.ts";
import type { ReportMessage } from "../../core/reports/api.ts";
import { scheduleText } from "../../core/reports/schedule.ts";
import type { ReportRow } from "../../store/reports.ts";
import { inputOf, linksOf, rangeOfRun } from "./saved-reports.ts";

/** Later than this is worth a word. */
const LATE_MS = 300_000;
const MAX_REACHES = 50;
const MAX_NAMED = 3;

export interface MadeRun {
  readonly row: ReportRow;
  readonly dueMs: number;
  readonly ranMs: number;
  readonly missed: number;
  /** The tenant's name, or all. */
  readonly of: string;
  /** Null: it could not be made. */
  readonly report: CapacityReport | null;
  readonly problem: string;
  readonly baseUrl: string;
  /** The run of which a copy was kept; null: none was. */
  readonly run: string | null;
}

export function reportMessage(made: MadeRun): ReportMessage {
  const { row, dueMs, ranMs, missed, of, report, problem, baseUrl } = made;
  const { name, schedule, horizonDays } = inputOf(row);
  const reaches = report === null ? [] : reachesOf(report);
  return {
    ...{ version: "1", kind: "capacity-report" },
    report: { id: row.id, name, owner: row.owner, schedule: schedule === null ? "" : scheduleText(schedule) },
    status: report === null ? "failed" : "made",
    problem,
    run: {
      ...{ dueAt: new Date(dueMs).toISOString(), ranAt: new Date(ranMs).toISOString() },
      ...{ isLate: ranMs - dueMs > LATE_MS, missed },
    },
    ...{ of, range: rangeOfRun(inputOf(row), dueMs) },
    text: report === null ? `${name}: no report: ${problem}` : `${name}: ${sentenceOf(report, reaches, horizonDays)}`,
    reaches: reaches.slice(0, MAX_REACHES),
    missing: report?.missing ?? [],
    links: linksOf(row, dueMs, baseUrl, made.run),
  };
}

function reachesOf({ growth }: CapacityReport): ReportMessage["reaches"] {
  return growth
    .flatMap(({ resource, by, items }) =>
      items.flatMap(({ key, label, reaches }) =>
        reaches === null || (!reaches.reached && reaches.earliestTs === null)
          ? []
          : [{ resource, by, key, label, ...reaches }],
      ),
    )
    .sort((a, b) => firstTs(a) - firstTs(b));
}

function firstTs({ reached, earliestTs }: ReportMessage["reaches"][number]): number {
  return reached ? 0 : (earliestTs ?? Infinity);
}

function sentenceOf({ growth }: CapacityReport, reaches: ReportMessage["reaches"], horizonDays: number): string {
  const known = growth.flatMap(({ items }) => items).filter((item) => item.reaches !== null).length;
  if (reaches.length === 0) return `none of ${known} with a limit and a forecast reaches it within ${horizonDays} days`;
  const day = (ts: number): string => new Date(ts * 1000).toISOString().slice(0, 10);
  const named = reaches.slice(0, MAX_NAMED).map(({ resource, label, reached, earliestTs, latestTs }) => {
    const when = reached
      ? "now"
      : `from ${day(earliestTs ?? 0)} on${latestTs === null ? "" : `, by ${day(latestTs)} at the latest`}`;
    return `${resource} of ${label} ${when}`;
  });
  const others = reaches.length > named.length ? `; and ${reaches.length - named.length} more` : "";
  return `${reaches.length} of ${known} may reach their limit within ${horizonDays} days: ${named.join("; ")}${others}`;
}
