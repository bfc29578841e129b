/**
 * read-report.ts: a saved capacity report as it comes in a request, read and checked.
 *
 *   {"name": "monday", "rangeDays": 365, "horizonDays": 180, "items": 10, "hook": "pager",
 *    "schedule": {"every": "week", "weekday": 1, "at": "06:00"}}
 *
 * Whether there is such a hook and such a tenant is asked by who knows them (query-api/capacity/saved-reports.ts).
 */
import { Reader } from "../alerts/read-rule.ts";
import type { ReportSchedule } from "./schedule.ts";

export interface ReportInput {
  /** Unique among its owner's. */
  readonly name: string;
  /** Operators: only this tenant's zones. Null: all that the owner may see. */
  readonly tenant: string | null;
  /** How far it looks back, and ahead. */
  readonly rangeDays: number;
  readonly horizonDays: number;
  /** At most so many of each. */
  readonly items: number;
  /** Name of the owner's webhook that is told; null: nobody is. */
  readonly hook: string | null;
  /** Null: only when somebody asks for it. */
  readonly schedule: ReportSchedule | null;
}

const FIELDS = ["name", "tenant", "rangeDays", "horizonDays", "items", "hook", "schedule"];
const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;

/** @throws InputError naming each wrong field */
export function parseReport(json: unknown): ReportInput {
  const reader = new Reader("");
  const given = reader.object(json, "", FIELDS);
  const report = {
    name: reader.text(given["name"], "name", 1, 100),
    tenant: reader.textOrNull(given["tenant"], "tenant", 64),
    rangeDays: reader.whole(given["rangeDays"], "rangeDays", 1, 730, 365),
    horizonDays: reader.whole(given["horizonDays"], "horizonDays", 1, 730, 365),
    items: reader.whole(given["items"], "items", 1, 100, 10),
    hook: reader.textOrNull(given["hook"], "hook", 100),
    schedule: (given["schedule"] ?? null) === null ? null : readSchedule(reader, given["schedule"]),
  };
  if (report.schedule !== null && report.hook === null) {
    reader.fail("hook", "REQUIRED", "expected the name of a webhook: what is made by a schedule is sent somewhere");
  }
  reader.end("read a saved report");
  return report;
}

function readSchedule(reader: Reader, json: unknown): ReportSchedule {
  const given = reader.object(json, "schedule", ["every", "at", "weekday", "day"]);
  const every = reader.word(given["every"], "schedule.every", ["day", "week", "month"] as const);
  const at = reader.matching(given["at"], "schedule.at", TIME, "a time (UTC) such as 06:00");
  /** Of the one kind of schedule that has it; the others must not pretend to. */
  const own = (name: "weekday" | "day", of: string, min: number, max: number): number | null => {
    const value = given[name] ?? null;
    if (every === of) return reader.whole(value, `schedule.${name}`, min, max);
    if (value !== null) reader.fail(`schedule.${name}`, "UNKNOWN_FIELD", `expected none unless every is ${of}`);
    return null;
  };
  return { every, at, weekday: own("weekday", "week", 0, 6), day: own("day", "month", 1, 31) };
}
