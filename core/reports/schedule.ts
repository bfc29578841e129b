/**
 * schedule.ts: when a saved report is due: each day, week or month at a time (UTC), as instants that everybody computes alike.
 *
 * There is no clock in here, and no state: what is due follows from the schedule and from the time of the run before. A process that was
 * away for a week finds by the same lines what it missed.
 */

export type Every = "day" | "week" | "month";

export interface ReportSchedule {
  readonly every: Every;
  /** HH:MM, UTC: there is no hour that comes twice, or never. */
  readonly at: string;
  /** 0 is Sunday; null unless every week. */
  readonly weekday: number | null;
  /** Day of the month from 1; in a month that has no such day its last one. Null unless every month. */
  readonly day: number | null;
}

const DAY_MS = 86_400_000;

/** The first instant after a time, epoch ms. */
export function nextAfter(schedule: ReportSchedule, afterMs: number): number {
  const { every, weekday, day } = schedule;
  const from = new Date(afterMs);
  const [year, month] = [from.getUTCFullYear(), from.getUTCMonth()];
  if (every === "month") {
    for (let ahead = 0; ; ahead++) {
      const atMs = inMonth(year, month + ahead, day ?? 1) + timeMs(schedule);
      if (atMs > afterMs) return atMs;
    }
  }
  for (let dayMs = Date.UTC(year, month, from.getUTCDate()); ; dayMs += DAY_MS) {
    const atMs = dayMs + timeMs(schedule);
    if (atMs > afterMs && (every === "day" || new Date(dayMs).getUTCDay() === weekday)) return atMs;
  }
}

/** What is due of a schedule at a time. */
export interface Due {
  /** The last instant that has come. */
  readonly dueMs: number;
  /** How many have come before it since the run before: they are made up for by this one. */
  readonly missed: number;
}

/** Runs are at least a day apart, so this is years; what is older is nobody's report any more. */
const MAX_MISSED = 1000;

/** @param afterMs of the run before @returns null: nothing yet */
export function dueAt(schedule: ReportSchedule, afterMs: number, nowMs: number): Due | null {
  let dueMs = nextAfter(schedule, afterMs);
  if (dueMs > nowMs) return null;
  for (let missed = 0; ; missed++) {
    const nextMs = nextAfter(schedule, dueMs);
    if (nextMs > nowMs || missed === MAX_MISSED) return { dueMs, missed };
    dueMs = nextMs;
  }
}

/** In words: "every Monday at 06:00 UTC". */
export function scheduleText({ every, at, weekday, day }: ReportSchedule): string {
  const when = every === "week" ? (WEEKDAYS[weekday ?? 0] ?? "") : every;
  return `every ${when} at ${at} UTC${every === "month" ? `, day ${day ?? 1}` : ""}`;
}

const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

function timeMs({ at }: ReportSchedule): number {
  return (Number(at.slice(0, 2)) * 60 + Number(at.slice(3, 5))) * 60_000;
}

function inMonth(year: number, month: number, day: number): number {
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return Date.UTC(year, month, Math.min(day, last));
}
