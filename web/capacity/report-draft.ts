/**
 * report-draft.ts: a saved report as a form has it, and as the API takes it: the page's own question, under a name, with a schedule.
 */
import type { ReportRun, SavedReportInfo } from "../../core/reports/api.ts";
import type { ReportInput } from "../../core/reports/read-report.ts";
import type { ReportSchedule } from "../../core/reports/schedule.ts";
import { daysText } from "./words.ts";

export interface ReportDraft {
  readonly name: string;
  readonly every: "never" | ReportSchedule["every"];
  /** HH:MM, UTC. */
  readonly at: string;
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly day: number;
  /** "": nobody is told. */
  readonly hook: string;
}

export const FIRST_DRAFT: ReportDraft = { name: "", every: "never", at: "06:00", weekday: 1, day: 1, hook: "" };
export const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;

/** What a report is of, as the page is asked now. */
export type ReportScope = Pick<ReportInput, "tenant" | "rangeDays" | "horizonDays" | "items">;

export function inputOf(draft: ReportDraft, scope: ReportScope): ReportInput {
  const { name, every, at, weekday, day, hook } = draft;
  const schedule =
    every === "never"
      ? null
      : { every, at, weekday: every === "week" ? weekday : null, day: every === "month" ? day : null };
  return { name: name.trim(), ...scope, hook: hook === "" ? null : hook, schedule };
}

/** Why it cannot be saved yet; null: it can. */
export function lackOf({ name, every, at, hook }: ReportDraft): string | null {
  if (name.trim() === "") return "a name";
  if (every === "never") return null;
  if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(at)) return "a time such as 06:00";
  return hook === "" ? "a webhook that it is sent to" : null;
}

export function scheduleText(schedule: ReportSchedule | null): string {
  if (schedule === null) return "when asked for";
  const { every, at, weekday, day } = schedule;
  const when =
    every === "day"
      ? "every day"
      : every === "week"
        ? `every ${WEEKDAYS[weekday ?? 0] ?? ""}`
        : `every month on the ${day ?? 1}.`;
  return `${when} at ${at} UTC`;
}

export function scopeText({ rangeDays, horizonDays }: Pick<ReportInput, "rangeDays" | "horizonDays">): string {
  return `${daysText(rangeDays)} back, ${daysText(horizonDays)} ahead`;
}

/** How the last run went; null: it was made, and whoever should be told was. @param delivery as the hook has it, where it is known */
export function problemOf({ problem, last }: Pick<SavedReportInfo, "problem" | "last">): string | null {
  if (last !== null && last.problem !== "") return last.problem;
  return problem === "" ? null : problem;
}

/** Runs that nobody was there to make. */
export function missedText({ missed }: Pick<ReportRun, "missed">): string {
  return missed === 0 ? "" : `in place of ${missed} before it`;
}
