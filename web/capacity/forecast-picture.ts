/**
 * forecast-picture.ts: a forecast as lines and areas in pixels: what was, what will be with its band, the limit, and where they meet.
 *
 * Pure, so that what is drawn can be tested. A day that is not known breaks the line and is hatched: it is never a zero. The value axis
 * begins at zero, and shows the limit unless that would press everything else flat.
 */
import type { Outlook } from "../../core/capacity.ts";
import { formatQuantity, formatTick, unitKind } from "../../core/units.ts";
import { zoneOffsetSec, type Zone } from "../clock.ts";
import { readyTs } from "./words.ts";

const DAY_SEC = 86_400;
const WEEK_SEC = 7 * DAY_SEC;
/** Of more days than these the forecast has each week's busiest. */
const MAX_DAYS = 60;
/** A limit so many times higher than all else is told, and not drawn to scale. */
const FAR = 5;
const LABEL_PX = 64;
const VALUE_LABEL_PX = 44;

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Tick {
  readonly at: number;
  readonly label: string;
  /** Below the label, where it changes. */
  readonly year: string;
}

export interface ForecastPicture {
  readonly box: Box;
  readonly fromTs: number;
  readonly untilTs: number;
  /** SVG paths. */
  readonly past: string;
  /** The busiest hour of each week so far, which is what a long forecast goes on from. */
  readonly crest: string;
  readonly mid: string;
  readonly band: string;
  /** Stretches of days that are not known, pixels. */
  readonly missing: readonly { readonly x: number; readonly width: number }[];
  readonly nowX: number;
  /** When a forecast is possible, where only time is lacking. */
  readonly readyX: number | null;
  readonly limit: { readonly y: number; readonly isAbove: boolean; readonly text: string } | null;
  /** Where the band meets the limit; `isOpen`: its lower end does not within the horizon. */
  readonly meets: {
    readonly x1: number;
    readonly x2: number;
    readonly mid: number | null;
    readonly isOpen: boolean;
  } | null;
  readonly times: readonly Tick[];
  readonly values: readonly { readonly at: number; readonly label: string }[];
}

/** What is under a pointer. */
export type Reading =
  | { readonly kind: "past"; readonly ts: number; readonly value: number | null }
  | { readonly kind: "ahead"; readonly ts: number; readonly low: number; readonly mid: number; readonly high: number };

export interface Shown {
  readonly outlook: Outlook;
  readonly limit: number | null;
  readonly unit: string;
  /** Where the past ends, epoch seconds. */
  readonly toTs: number;
}

export function pictureOf({ outlook, limit, unit, toTs }: Shown, box: Box, zone: Zone): ForecastPicture {
  const { past, days, reaches } = outlook;
  const ready = readyTs(outlook);
  const fromTs = past.length === 0 ? toTs - DAY_SEC : toTs - past.length * DAY_SEC;
  const untilTs = Math.max(toTs + DAY_SEC, (days.at(-1)?.ts ?? 0) + DAY_SEC, ready === null ? 0 : ready + DAY_SEC);
  const tallest = Math.max(0, ...past.map((each) => each ?? 0), ...days.map(({ mid }) => mid));
  const isAbove = limit !== null && limit > FAR * tallest && tallest > 0;
  const most = Math.max(tallest * 1.12, limit === null || isAbove ? 0 : limit * 1.06);
  // A band that opens widely must not press the line flat.
  const top = Math.max(most, Math.min(1.4 * most, ...[Math.max(0, ...days.map(({ high }) => high))])) || 1;
  const x = (ts: number): number => box.left + ((ts - fromTs) / (untilTs - fromTs)) * box.width;
  const y = (value: number): number => box.top + (1 - Math.min(1, Math.max(0, value / top))) * box.height;
  const dayX = (i: number): number => x(fromTs + (i + 0.5) * DAY_SEC);
  // As the forecast is told: by days, or by weeks.
  const weeks = (outlook.horizonDays ?? past.length) > MAX_DAYS ? weeksOf(past) : [];
  const ahead = days.map((day) => ({ ...day, x: x(day.ts + DAY_SEC / 2) }));
  const upper = ahead.map((day) => `${px(day.x)} ${px(y(day.high))}`);
  const lower = ahead.map((day) => `${px(day.x)} ${px(y(day.low))}`).reverse();
  const earliest = reaches?.reached === false ? reaches.earliestTs : null;
  const [expected, latest] = [reaches?.expectedTs ?? null, reaches?.latestTs ?? null];
  return {
    box,
    fromTs,
    untilTs,
    past: brokenLine(past, dayX, y),
    crest: brokenLine(weeks, (i) => x(toTs - (weeks.length - i - 0.5) * WEEK_SEC), y),
    mid: line(ahead.map((day) => `${px(day.x)} ${px(y(day.mid))}`)),
    band: ahead.length === 0 ? "" : `${line([...upper, ...lower])}Z`,
    missing: runsOf(past).map(({ from, to }) => {
      const left = x(fromTs + from * DAY_SEC);
      return { x: left, width: x(fromTs + to * DAY_SEC) - left };
    }),
    nowX: x(toTs),
    readyX: ready === null ? null : x(ready),
    limit: limit === null ? null : { y: isAbove ? box.top : y(limit), isAbove, text: formatQuantity(limit, unit) },
    meets:
      earliest === null || isAbove
        ? null
        : {
            x1: x(earliest),
            x2: latest === null ? box.left + box.width : x(latest + DAY_SEC),
            mid: expected === null ? null : x(expected + DAY_SEC / 2),
            isOpen: latest === null,
          },
    times: monthTicks(fromTs, untilTs, Math.max(2, Math.floor(box.width / LABEL_PX)), zone).map((tick) => ({
      ...tick,
      at: x(tick.at),
    })),
    values: amountTicks(top, unit, Math.max(2, Math.floor(box.height / VALUE_LABEL_PX))).map(({ value, label }) => ({
      at: y(value),
      label,
    })),
  };
}

/** What lies at an instant: the day that it is in; ahead of now the nearest day that is drawn. */
export function readingAt({ outlook, toTs }: Shown, ts: number): Reading | null {
  const { past, days } = outlook;
  if (ts < toTs) {
    const day = Math.floor((ts - (toTs - past.length * DAY_SEC)) / DAY_SEC);
    if (day < 0 || day >= past.length) return null;
    return { kind: "past", ts: toTs - (past.length - day) * DAY_SEC, value: past[day] ?? null };
  }
  const distance = (each: { readonly ts: number }): number => Math.abs(each.ts + DAY_SEC / 2 - ts);
  const nearest = days.reduce<(typeof days)[number] | null>(
    (best, each) => (best === null || distance(each) < distance(best) ? each : best),
    null,
  );
  return nearest === null ? null : { kind: "ahead", ...nearest };
}

export function timeAt({ box, fromTs, untilTs }: ForecastPicture, x: number): number {
  return fromTs + ((x - box.left) / box.width) * (untilTs - fromTs);
}

export function placeAt({ box, fromTs, untilTs }: ForecastPicture, ts: number): number {
  return box.left + ((ts - fromTs) / (untilTs - fromTs)) * box.width;
}

/** Fewer values, each the greatest of its stretch; null where nothing of it is known. */
export function condensed(values: readonly (number | null)[], count: number): (number | null)[] {
  if (values.length <= count) return [...values];
  return Array.from({ length: count }, (_, i) => {
    const part = values.slice(Math.floor((i * values.length) / count), Math.floor(((i + 1) * values.length) / count));
    const known = part.filter((each) => each !== null);
    return known.length === 0 ? null : Math.max(...known);
  });
}

/** The greatest of each seven days, the last of which end the past. */
function weeksOf(past: readonly (number | null)[]): (number | null)[] {
  const count = Math.floor(past.length / 7);
  return condensed(past.slice(past.length - 7 * count), count);
}

function brokenLine(
  values: readonly (number | null)[],
  x: (i: number) => number,
  y: (value: number) => number,
): string {
  let path = "";
  values.forEach((value, i) => {
    if (value === null) return;
    const isFirst = (values[i - 1] ?? null) === null;
    // A day between two unknown ones is a dot as long as itself.
    const isAlone = isFirst && (values[i + 1] ?? null) === null;
    path += `${isFirst ? "M" : "L"}${px(x(i))} ${px(y(value))}${isAlone ? "h0.01" : ""}`;
  });
  return path;
}

/** Stretches without a value, [from, to). */
function runsOf(values: readonly (number | null)[]): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  values.forEach((value, i) => {
    if (value !== null) return;
    const last = runs.at(-1);
    if (last?.to === i) last.to = i + 1;
    else runs.push({ from: i, to: i + 1 });
  });
  return runs;
}

function line(points: readonly string[]): string {
  return points.length === 0 ? "" : `M${points.join("L")}`;
}

function px(value: number): string {
  return value.toFixed(1);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60];
const DAY_STEPS = [1, 2, 7, 14];

/** Begins of months (or of days, where there are few) in the zone that is shown, at most `room` of them. */
export function monthTicks(fromTs: number, toTs: number, room: number, zone: Zone): Tick[] {
  const days = (toTs - fromTs) / DAY_SEC;
  const dayStep = days / room > 14 || days > 100 ? undefined : DAY_STEPS.find((each) => each >= days / room);
  const monthStep = MONTH_STEPS.find((each) => each >= days / 30.4 / room) ?? 120;
  const first = new Date((fromTs + zoneOffsetSec(fromTs, zone)) * 1000);
  const ticks: Tick[] = [];
  let year = "";
  for (let i = 0; ; i++) {
    const date =
      dayStep === undefined
        ? Date.UTC(first.getUTCFullYear(), Math.floor(first.getUTCMonth() / monthStep) * monthStep + i * monthStep)
        : Date.UTC(first.getUTCFullYear(), first.getUTCMonth(), first.getUTCDate() + i * dayStep);
    // The offset at that instant, which daylight saving may have changed.
    const at = date / 1000 - zoneOffsetSec(date / 1000, zone);
    if (at > toTs) return ticks;
    if (at < fromTs) continue;
    const shown = new Date(date);
    const month = MONTHS[shown.getUTCMonth()] ?? "";
    const label = dayStep === undefined ? month : `${shown.getUTCDate()} ${month}`;
    const own = String(shown.getUTCFullYear());
    ticks.push({ at, label, year: own === year ? "" : own });
    year = own;
  }
}

/** From zero up, at even steps of the unit that is shown: 5 GiB, and not 4.66. */
export function amountTicks(max: number, unit: string, room: number): { value: number; label: string }[] {
  const scale = unitKind(unit) === "size" ? 1024 ** Math.max(0, Math.floor(Math.log2(max) / 10 + 1e-9)) : 1;
  const needed = max / scale / Math.max(1, room);
  const power = 10 ** Math.floor(Math.log10(needed));
  const step = ([1, 2, 5, 10].find((each) => each * power >= needed * (1 - 1e-9)) ?? 10) * power * scale;
  return Array.from({ length: Math.floor(max / step + 1e-9) + 1 }, (_, i) => ({
    value: i * step,
    label: formatTick(Number((i * step).toPrecision(12)), unit),
  }));
}
