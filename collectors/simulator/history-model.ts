/**
 * history-model.ts: what a simulated fleet does over years: growth and seasons that are put in, so that they can be asked for again.
 *
 * A quantity is level(t) x season(hour of the week) x noise. Each has a level at the end of the history, and grows towards it by so much
 * (linear) or by such a share (compound) a month of 30 days. All of it is a function of the seed and the time.
 */
import { mix, unit } from "./random.ts";

export const HOUR_SEC = 3600;
const DAY_SEC = 86_400;
const MONTH_SEC = 30 * DAY_SEC;
const WEEK_HOURS = 168;
/** Epoch second 0 was a Thursday. */
const THURSDAY = 3;

export interface Growth {
  readonly kind: "linear" | "compound";
  /** linear: in the quantity's unit a month; compound: a share of it a month. */
  readonly perMonth: number;
}

export interface Quantity {
  readonly seed: number;
  /** Its mean over a week, at the end of the history. */
  readonly endLevel: number;
  readonly endTs: number;
  readonly growth: Growth;
  readonly season: readonly number[];
  /** Standard deviation of the noise, as a share. */
  readonly noise: number;
}

export const FLAT: Growth = { kind: "linear", perMonth: 0 };
export const EVEN: readonly number[] = new Array<number>(WEEK_HOURS).fill(1);
/** People at work: a hump by day from Monday to Friday, a low one at the weekend. Hours of the week from Monday 00:00 UTC. */
export const OFFICE = normal((hour, day) => 1 + (day < 5 ? 0.9 : 0.2) * hump(hour, 14, 4.5));
/** Jobs between 1:00 and 4:00. */
export const NIGHTLY = normal((hour) => (hour >= 1 && hour < 4 ? 12 : 0.3));
/** A little more by day. */
export const MILD = normal((hour) => 1 + 0.15 * hump(hour, 15, 5));

/** Without season and noise. */
export function levelAt({ endLevel, endTs, growth }: Quantity, ts: number): number {
  const months = (ts - endTs) / MONTH_SEC;
  if (growth.kind === "compound") return endLevel * (1 + growth.perMonth) ** months;
  return Math.max(0, endLevel + growth.perMonth * months);
}

/** Without noise. */
export function expectedAt(quantity: Quantity, ts: number): number {
  return levelAt(quantity, ts) * (quantity.season[hourOfWeek(ts)] ?? 1);
}

/** What is measured in the hour that begins at `ts`. */
export function valueAt(quantity: Quantity, ts: number): number {
  return expectedAt(quantity, ts) * Math.exp(quantity.noise * normalOf(quantity.seed, ts / HOUR_SEC));
}

/**
 * The first day (UTC, its begin) from the end of the history on, whose busiest hour is expected to reach the limit.
 *
 * @returns null: not within `days`
 */
export function reachesTs(quantity: Quantity, limit: number, days: number): number | null {
  const first = Math.ceil(quantity.endTs / DAY_SEC) * DAY_SEC;
  for (let day = first; day < first + days * DAY_SEC; day += DAY_SEC) {
    for (let ts = day; ts < day + DAY_SEC; ts += HOUR_SEC) if (expectedAt(quantity, ts) >= limit) return day;
  }
  return null;
}

/** From Monday 00:00 UTC. */
export function hourOfWeek(ts: number): number {
  const day = (Math.floor(ts / DAY_SEC) + THURSDAY) % 7;
  return day * 24 + (Math.floor(ts / HOUR_SEC) % 24);
}

/** Nearly normal, within 3.4 deviations, and belonging to (seed, at). */
export function normalOf(seed: number, at: number): number {
  const drawn = mix(seed, at);
  return (unit(drawn, 0) + unit(drawn, 1) + unit(drawn, 2) + unit(drawn, 3) - 2) * 1.732_050_8;
}

function normal(shape: (hour: number, day: number) => number): readonly number[] {
  const raw = EVEN.map((_, i) => shape(i % 24, Math.floor(i / 24)));
  const mean = raw.reduce((sum, each) => sum + each, 0) / raw.length;
  return raw.map((each) => each / mean);
}

/** 1 at `at`, falling off over `width` hours, around the clock. */
function hump(hour: number, at: number, width: number): number {
  const off = Math.min(Math.abs(hour - at), 24 - Math.abs(hour - at));
  return Math.exp(-((off / width) ** 2));
}
