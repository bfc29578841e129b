/**
 * When a saved report is due: each instant once, in any course of looks; and what one may say.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { InputError } from "../../core/errors.ts";
import { parseReport } from "../../core/reports/read-report.ts";
import { dueAt, nextAfter, scheduleText, type ReportSchedule } from "../../core/reports/schedule.ts";
import { LONG } from "../long.ts";

const at = (text: string): number => Date.parse(text);
const DAILY: ReportSchedule = { every: "day", at: "06:00", weekday: null, day: null };
const MONDAYS: ReportSchedule = { every: "week", at: "06:00", weekday: 1, day: null };
const LAST_DAYS: ReportSchedule = { every: "month", at: "23:30", weekday: null, day: 31 };
const RUNS = { numRuns: LONG ? 20_000 : 300, seed: 12 };

describe("a schedule", () => {
  const instants: readonly (readonly [name: string, schedule: ReportSchedule, after: string, next: string])[] = [
    ["every day, the same day", DAILY, "2026-03-01T05:59:59Z", "2026-03-01T06:00:00Z"],
    ["every day, on the instant itself", DAILY, "2026-03-01T06:00:00Z", "2026-03-02T06:00:00Z"],
    ["every day, over a leap day", DAILY, "2028-02-28T07:00:00Z", "2028-02-29T06:00:00Z"],
    ["every week", MONDAYS, "2026-11-23T06:00:01Z", "2026-11-30T06:00:00Z"],
    ["every week, over the year's end", MONDAYS, "2026-12-29T00:00:00Z", "2027-01-04T06:00:00Z"],
    ["the last day of a short month", LAST_DAYS, "2026-02-01T00:00:00Z", "2026-02-28T23:30:00Z"],
    ["the last day of a leap month", LAST_DAYS, "2028-02-01T00:00:00Z", "2028-02-29T23:30:00Z"],
    ["every month, over the year's end", LAST_DAYS, "2026-12-31T23:30:00Z", "2027-01-31T23:30:00Z"],
  ];
  for (const [name, schedule, after, next] of instants) {
    test(`is due next: ${name}`, () => assert.equal(nextAfter(schedule, at(after)), at(next)));
  }

  test("says in words what it is", () => {
    assert.equal(scheduleText(MONDAYS), "every Monday at 06:00 UTC");
    assert.equal(scheduleText(LAST_DAYS), "every month at 23:30 UTC, day 31");
  });

  const anySchedule = fc
    .record({
      ...{ every: fc.constantFrom("day", "week", "month"), weekday: fc.integer({ min: 0, max: 6 }) },
      ...{ hour: fc.integer({ min: 0, max: 23 }), minute: fc.integer({ min: 0, max: 59 }) },
      day: fc.integer({ min: 1, max: 31 }),
    })
    .map(({ every, hour, minute, weekday, day }): ReportSchedule => {
      const two = (number: number): string => String(number).padStart(2, "0");
      return {
        ...{ every, at: `${two(hour)}:${two(minute)}` },
        ...{ weekday: every === "week" ? weekday : null, day: every === "month" ? day : null },
      };
    });
  const anyTime = fc.integer({ min: at("2020-01-01"), max: at("2040-01-01") });

  test("law: however often somebody looks, each instant is run or counted as missed, once", () => {
    const looks = fc.array(fc.integer({ min: 0, max: 40 * 86_400_000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(anySchedule, anyTime, looks, (schedule, startMs, waits) => {
        let [lastMs, nowMs, counted] = [startMs, startMs, 0];
        for (const wait of waits) {
          nowMs += wait;
          const due = dueAt(schedule, lastMs, nowMs);
          if (due === null) continue;
          assert.ok(due.dueMs <= nowMs && due.dueMs > lastMs);
          counted += 1 + due.missed;
          lastMs = due.dueMs;
        }
        let instants = 0;
        for (let ms = nextAfter(schedule, startMs); ms <= nowMs; ms = nextAfter(schedule, ms)) instants += 1;
        assert.equal(counted, instants);
      }),
      RUNS,
    );
  });

  test("law: the next instant is after, at the time of the day, and no other lies between", () => {
    fc.assert(
      fc.property(anySchedule, anyTime, fc.nat(86_400_000 * 31), (schedule, afterMs, less) => {
        const next = nextAfter(schedule, afterMs);
        assert.ok(next > afterMs);
        assert.equal(new Date(next).toISOString().slice(11, 16), schedule.at);
        const between = Math.max(afterMs, next - 1 - less);
        assert.equal(nextAfter(schedule, between), next);
      }),
      RUNS,
    );
  });
});

describe("a saved report", () => {
  const GOOD = { name: "monday", hook: "pager", schedule: { every: "week", at: "06:00", weekday: 1 } };
  const wrong: readonly (readonly [name: string, change: object, fields: readonly string[]])[] = [
    ["without a name", { name: undefined }, ["name"]],
    ["with a field that there is not", { cron: "0 6 * * 1" }, ["cron"]],
    ["over more than two years", { rangeDays: 731 }, ["rangeDays"]],
    ["of half a day", { horizonDays: 0.5 }, ["horizonDays"]],
    ["with a schedule and nobody to tell", { hook: null }, ["hook"]],
    ["every hour", { schedule: { every: "hour", at: "06:00" } }, ["schedule.every"]],
    ["at a time that there is not", { schedule: { every: "day", at: "24:00" } }, ["schedule.at"]],
    ["every week on no day", { schedule: { every: "week", at: "06:00" } }, ["schedule.weekday"]],
    ["every week on the eighth day", { schedule: { every: "week", at: "06:00", weekday: 7 } }, ["schedule.weekday"]],
    ["every day on a Monday", { schedule: { every: "day", at: "06:00", weekday: 1 } }, ["schedule.weekday"]],
    ["every month on the 32nd", { schedule: { every: "month", at: "06:00", day: 32 } }, ["schedule.day"]],
    ["with a schedule in words", { schedule: "every monday" }, ["schedule", "schedule.every", "schedule.at"]],
  ];
  for (const [name, change, fields] of wrong) {
    test(`${name} is refused, and the field is named with what was expected`, () => {
      assert.throws(
        () => parseReport({ ...GOOD, ...change }),
        (error: unknown) => {
          assert.ok(error instanceof InputError);
          assert.deepEqual(error.errors.map(({ field }) => field).slice(0, fields.length), fields);
          for (const { message } of error.errors) assert.match(message, /^expected /);
          return true;
        },
      );
    });
  }

  test("reads back from what is stored", () => {
    const report = parseReport(GOOD);
    assert.deepEqual(parseReport(JSON.parse(JSON.stringify(report))), report);
    assert.deepEqual([report.rangeDays, report.horizonDays, report.items, report.tenant], [365, 365, 10, null]);
  });
});
