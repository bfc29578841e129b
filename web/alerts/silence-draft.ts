/**
 * silence-draft.ts: a silence, or a maintenance window, as it is typed, and what the API takes of it.
 */
import type { AlertInfo, SilenceInfo } from "../../core/alerts/api.ts";
import type { FieldError } from "../../core/errors.ts";
import type { Matcher, Weekly } from "../../core/alerts/silence.ts";
import { clockText, dateText, type Zone } from "../clock.ts";
import { parseSeconds } from "./typed.ts";

export interface SilenceDraft {
  readonly matchers: readonly Matcher[];
  /** As an input of the kind datetime-local has it; "": now. */
  readonly starts: string;
  readonly length: string;
  readonly weekly: Weekly | null;
  readonly comment: string;
}

export const EMPTY_SILENCE: SilenceDraft = {
  ...{ matchers: [{ name: "alertname", op: "=", value: "" }], starts: "", length: "1 h" },
  ...{ weekly: null, comment: "" },
};

/** Of this alert and no other of its rule. */
export function matchersOf({ name, labels, key }: AlertInfo): readonly Matcher[] {
  const keys = Object.entries(labels).filter(
    ([label, value]) => label !== "alertname" && key !== null && value === key,
  );
  return [["alertname", name] as const, ...keys].map(([label, value]) => ({ name: label, op: "=", value }));
}

export interface WrittenSilence {
  readonly json: object;
  readonly errors: readonly FieldError[];
}

export function writeSilence(draft: SilenceDraft, zone: Zone, nowMs: number): WrittenSilence {
  const errors: FieldError[] = [];
  const wrong = (field: string, message: string): void => {
    errors.push({ field, code: "UNREADABLE", message });
  };
  const startsMs = draft.starts === "" ? nowMs : Date.parse(`${draft.starts}${zone === "utc" ? "Z" : ""}`);
  if (Number.isNaN(startsMs)) wrong("startsMs", "expected a date and a time");
  const seconds = parseSeconds(draft.length);
  if (seconds === null || seconds <= 0) wrong("endsMs", "expected how long, such as 1 h");
  draft.matchers.forEach(({ name }, i) => {
    if (name.trim() === "") wrong(`matchers[${i}]`, "expected the name of a label");
  });
  return {
    json: {
      matchers: draft.matchers.map(({ name, op, value }) => ({ name: name.trim(), op, value: value.trim() })),
      ...{ startsMs, endsMs: startsMs + (seconds ?? 0) * 1000 },
      ...{ weekly: draft.weekly, comment: draft.comment },
    },
    errors,
  };
}

/** `alertname = slow, zone ≠ web-0` */
export function matchersText(
  matchers: readonly Matcher[],
  nameOf: (field: string, value: string) => string = (_field, value) => value,
): string {
  const signs = { "=": "=", "!=": "≠", "^=": "begins with" } as const;
  return matchers
    .map(({ name, op, value }) => `${name} ${signs[op]} ${value === "" ? "(none)" : nameOf(name, value)}`)
    .join(", ");
}

export const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;

export function weeklyText({ days, from, to, timeZone }: Weekly): string {
  const every = days.length === 7 ? "every day" : days.map((day) => DAYS[day] ?? "").join(", ");
  return `${every} ${from} – ${to}${to <= from ? " of the next day" : ""} ${timeZone}`;
}

/** Whether it holds, will, or is over. */
export function silenceState(
  { isInForce, startsMs, endsMs }: SilenceInfo,
  nowMs: number,
): "quiet now" | "waits" | "over" {
  if (endsMs <= nowMs) return "over";
  return isInForce && startsMs <= nowMs ? "quiet now" : "waits";
}

export function untilText(ms: number, zone: Zone): string {
  return `${dateText(ms / 1000, zone)} ${clockText(ms / 1000, zone).slice(0, 5)}`;
}
