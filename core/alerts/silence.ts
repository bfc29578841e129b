/**
 * silence.ts: who is not to be woken: alerts with certain labels, for a while (a silence) or every week at certain hours (a maintenance
 * window). A silenced alert is evaluated and shown as ever; it is not sent.
 */
import { Reader } from "./read-rule.ts";

/** `^=`: begins with. There are no regular expressions: what a tenant writes is tried on every alert each second. */
export const MATCHER_OPS = ["=", "!=", "^="] as const;

export interface Matcher {
  readonly name: string;
  readonly op: (typeof MATCHER_OPS)[number];
  readonly value: string;
}

/** Hours of each week; `to` at or before `from` is of the next day. */
export interface Weekly {
  /** 0 is Sunday: the days on which it begins. */
  readonly days: readonly number[];
  /** HH:MM */
  readonly from: string;
  readonly to: string;
  /** IANA name; on the days when clocks are put forward or back it begins and ends by the clock. */
  readonly timeZone: string;
}

export interface SilenceInput {
  readonly matchers: readonly Matcher[];
  readonly startsMs: number;
  readonly endsMs: number;
  /** Null: all of the time between. */
  readonly weekly: Weekly | null;
  readonly comment: string;
}

/** @throws InputError naming each wrong field */
export function parseSilence(json: unknown, nowMs: number): SilenceInput {
  const reader = new Reader("");
  const given = reader.object(json, "", ["matchers", "startsMs", "endsMs", "weekly", "comment"]);
  const list = Array.isArray(given["matchers"]) ? (given["matchers"] as unknown[]) : [];
  if (list.length === 0 || list.length > 10)
    reader.fail("matchers", "NOT_A_LIST", "expected 1 to 10 of {name, op, value}");
  const matchers = list.slice(0, 10).map((each, i) => {
    const at = `matchers[${i}]`;
    const matcher = reader.object(each, at, ["name", "op", "value"]);
    return {
      name: reader.text(matcher["name"], `${at}.name`, 1, 63),
      op: reader.word(matcher["op"], `${at}.op`, MATCHER_OPS, "="),
      value: reader.text(matcher["value"], `${at}.value`, 0, 256),
    };
  });
  const startsMs = reader.whole(given["startsMs"], "startsMs", 0, 2 ** 52, nowMs);
  const endsMs = reader.whole(given["endsMs"], "endsMs", 0, 2 ** 52);
  if (endsMs <= startsMs) reader.fail("endsMs", "BAD_RANGE", "expected epoch milliseconds after `startsMs`");
  const weekly = (given["weekly"] ?? null) === null ? null : readWeekly(reader, given["weekly"]);
  const comment = reader.text(given["comment"] ?? "", "comment", 0, 1000);
  reader.end("read a silence");
  return { matchers, startsMs, endsMs, weekly, comment };
}

function readWeekly(reader: Reader, json: unknown): Weekly {
  const given = reader.object(json, "weekly", ["days", "from", "to", "timeZone"]);
  const days = Array.isArray(given["days"]) ? (given["days"] as unknown[]) : [];
  const right =
    days.length > 0 &&
    days.length <= 7 &&
    days.every((day) => Number.isInteger(day) && Number(day) >= 0 && Number(day) <= 6);
  if (!right) reader.fail("weekly.days", "NOT_A_LIST", "expected days from 0 (Sunday) to 6");
  const time = (name: string): string =>
    reader.matching(given[name], `weekly.${name}`, /^([01]\d|2[0-3]):[0-5]\d$/, "a time such as 22:00");
  const timeZone = reader.text(given["timeZone"] ?? "UTC", "weekly.timeZone", 1, 64);
  if (!isZone(timeZone)) reader.fail("weekly.timeZone", "BAD_ZONE", "expected a time zone such as Europe/Vienna");
  return { days: right ? (days as number[]) : [], from: time("from"), to: time("to"), timeZone };
}

export function matchesLabels(matchers: readonly Matcher[], labels: Readonly<Record<string, string>>): boolean {
  return matchers.every(({ name, op, value }) => {
    const own = Object.hasOwn(labels, name) ? (labels[name] ?? "") : "";
    if (op === "^=") return own.startsWith(value);
    return (own === value) === (op === "=");
  });
}

/** Whether a silence holds at a time, whomever it is for. */
export function isInForce({ startsMs, endsMs, weekly }: SilenceInput, nowMs: number): boolean {
  if (nowMs < startsMs || nowMs >= endsMs) return false;
  return weekly === null || isWithin(weekly, nowMs);
}

function isWithin({ days, from, to, timeZone }: Weekly, nowMs: number): boolean {
  const { day, minute } = clockAt(nowMs, timeZone);
  const [start, end] = [minuteOf(from), minuteOf(to)];
  if (start < end) return days.includes(day) && minute >= start && minute < end;
  // Over midnight: the evening of one of its days, or the morning after one.
  return (days.includes(day) && minute >= start) || (days.includes((day + 6) % 7) && minute < end);
}

function minuteOf(text: string): number {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
}

const formats = new Map<string, Intl.DateTimeFormat>();
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

function clockAt(nowMs: number, timeZone: string): { day: number; minute: number } {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    formats.set(timeZone, format);
  }
  const parts = new Map(format.formatToParts(nowMs).map(({ type, value }) => [type, value]));
  const minute = Number(parts.get("hour")) * 60 + Number(parts.get("minute"));
  return { day: DAYS.indexOf(parts.get("weekday") ?? ""), minute };
}

function isZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone });
    return true;
  } catch {
    return false;
  }
}
