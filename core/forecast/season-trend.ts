/**
 * season-trend.ts: a level, a trend and the hours of a week, of a series with holes.
 *
 *   y(t) = level + slope * weeks since the end + season[hour of the week] + rest
 *
 * The decomposition is STL's, by alternation (R. B. Cleveland, W. S. Cleveland, J. E. McRae, I. Terpenning, "STL: a seasonal-trend
 * decomposition procedure based on loess", J. Official Statistics 6, 1990), with medians for its robust weights, and with one
 * season of 168 hours, which has the hour of the day and the day of the week in one. The trend is one line (theil-sen.ts): a smoother
 * would follow the past more closely and say nothing about the future. The line hangs on the last four weeks, so that a step in
 * the past (a zone moved, a job added) shifts the forecast and does not tilt it.
 *
 * Three forms of it, of which the back-test chooses:
 *
 *   linear   level and season are added: a constant day on what grows by so much a week
 *   scaled   the season multiplies: the day grows with the level (the multiplicative decomposition), by so much a week
 *   log      linear, of the logarithm: what grows by so many percent a week
 */
import { medianOf } from "./order.ts";
import { theilSen, type Slope } from "./theil-sen.ts";

export const WEEK = 168;
/** Two years: the range that is asked for is what the trend is of, so that who sees a change in it can ask for less. */
export const MAX_WEEKS = 105;
const RECENT_WEEKS = 4;
/** A week of which less is known has no level. */
const MIN_KNOWN = WEEK / 2;
const HALF_YEAR_WEEKS = 26;
const ROUNDS = 2;

export type Form = "linear" | "scaled" | "log";
export const FORMS: readonly Form[] = ["linear", "scaled", "log"];

export interface SeasonTrend {
  readonly form: Form;
  /** At the end of the series, of the form's scale (log: natural logarithm). */
  readonly level: number;
  /** A week, of the form's scale. */
  readonly trend: Slope;
  /** By index modulo 168: what is added to the line, mean 0; where form is "scaled" what it is multiplied by, mean 1. */
  readonly season: Float64Array;
  /** Index just past the series. */
  readonly end: number;
  /** What is left over in the recent half year, in no order: differences; where form is "scaled" shares of the value. */
  readonly rests: Float64Array;
}

/**
 * Fits y[from, to).
 *
 * @param y by hours; NaN is missing
 * @param z how wide the slope's interval is
 * @returns null where a form that multiplies meets what is not above 0, or nothing can be told
 */
export function fitSeasonTrend(y: Float64Array, to: number, form: Form, z: number): SeasonTrend | null {
  const weeks = Math.min(MAX_WEEKS, Math.floor(to / WEEK));
  const from = to - weeks * WEEK;
  const v = transformed(y, from, to, form);
  if (v === null) return null;
  const times = form === "scaled";
  let season: Float64Array = new Float64Array(WEEK).fill(noneOf(times));
  let levels: Float64Array = new Float64Array(weeks);
  let trend: Slope | null = null;
  for (let round = 0; round < ROUNDS; round++) {
    levels = levelsOf(v, weeks, season, trend?.slope ?? 0, times);
    trend = theilSen(levels, z);
    if (trend === null) return null;
    season = seasonOf(v, weeks, levels, trend.slope, times);
    if (form === "scaled" && season.some((each) => !(each > 0))) return null;
  }
  if (trend === null) return null;
  const level = medianOf(recentOf(v, weeks, season, trend.slope, times));
  if (Number.isNaN(level)) return null;
  // The season is by the index of the whole series, not by that of the part that was fitted.
  const turned = new Float64Array(WEEK);
  for (let h = 0; h < WEEK; h++) turned[(from + h) % WEEK] = season[h] ?? 0;
  return { form, level, trend, season: turned, end: to, rests: restsOf(v, weeks, levels, season, trend.slope, times) };
}

/** The forecast of an index, of the form's scale, with its line, or with another slope. */
export function at(fit: SeasonTrend, index: number, slope = fit.trend.slope): number {
  // The level is the median of the last weeks, so a line of another slope turns about their middle.
  const pivot = (RECENT_WEEKS / 2) * (slope - fit.trend.slope);
  const base = fit.level + pivot + (slope * (index - fit.end)) / WEEK;
  const season = fit.season[index % WEEK] ?? 0;
  return fit.form === "scaled" ? base * season : base + season;
}

/** A value without its season: what multiplies is divided out. A condition, and no table of functions: it is asked millions of times. */
function without(value: number, season: number, times: boolean): number {
  return times ? value / season : value - season;
}

/** The season that changes nothing. */
function noneOf(times: boolean): number {
  return times ? 1 : 0;
}

/** From the form's scale. */
export function back(form: Form, value: number): number {
  return form === "log" ? Math.exp(value) : value;
}

function transformed(y: Float64Array, from: number, to: number, form: Form): Float64Array | null {
  const v = y.slice(from, to);
  if (form === "linear") return v;
  for (let i = 0; i < v.length; i++) if ((v[i] ?? NaN) <= 0) return null;
  return form === "log" ? v.map(Math.log) : v;
}

/** Weeks' medians without season, and without what the trend does within the week. */
function levelsOf(v: Float64Array, weeks: number, season: Float64Array, slope: number, times: boolean): Float64Array {
  const levels = new Float64Array(weeks);
  const known = new Float64Array(WEEK);
  for (let w = 0; w < weeks; w++) {
    let n = 0;
    for (let h = 0; h < WEEK; h++) {
      const each = v[w * WEEK + h] ?? NaN;
      if (!Number.isNaN(each)) known[n++] = without(each, season[h] ?? 0, times) - slope * (h / WEEK - 0.5);
    }
    levels[w] = n < MIN_KNOWN ? NaN : medianOf(known.subarray(0, n));
  }
  return levels;
}

function seasonOf(v: Float64Array, weeks: number, levels: Float64Array, slope: number, times: boolean): Float64Array {
  const season = new Float64Array(WEEK);
  const known = new Float64Array(weeks);
  let sum = 0;
  for (let h = 0; h < WEEK; h++) {
    let n = 0;
    for (let w = 0; w < weeks; w++) {
      const rest = without(v[w * WEEK + h] ?? NaN, (levels[w] ?? NaN) + slope * (h / WEEK - 0.5), times);
      if (Number.isFinite(rest)) known[n++] = rest;
    }
    season[h] = n === 0 ? noneOf(times) : medianOf(known.subarray(0, n));
    sum += season[h] ?? 0;
  }
  const mean = sum / WEEK;
  return season.map((each) => without(each, mean, times));
}

/** What the last weeks say of the level at the end: each hour without season, carried there by the slope. */
function recentOf(v: Float64Array, weeks: number, season: Float64Array, slope: number, times: boolean): Float64Array {
  const found = new Float64Array(RECENT_WEEKS * WEEK);
  let n = 0;
  for (let i = Math.max(0, weeks - RECENT_WEEKS) * WEEK; i < weeks * WEEK; i++) {
    const each = v[i] ?? NaN;
    if (!Number.isNaN(each)) found[n++] = without(each, season[i % WEEK] ?? 0, times) - slope * (i / WEEK - weeks);
  }
  return found.subarray(0, n);
}

/** How far hours lie from their week's level and season, in the last half year. */
function restsOf(
  v: Float64Array,
  weeks: number,
  levels: Float64Array,
  season: Float64Array,
  slope: number,
  times: boolean,
): Float64Array {
  const rests = new Float64Array(HALF_YEAR_WEEKS * WEEK);
  let n = 0;
  for (let i = Math.max(0, weeks - HALF_YEAR_WEEKS) * WEEK; i < weeks * WEEK; i++) {
    const h = i % WEEK;
    const level = (levels[Math.floor(i / WEEK)] ?? NaN) + slope * (h / WEEK - 0.5);
    const base = without(v[i] ?? NaN, season[h] ?? 0, times);
    const rest = times ? base / level - 1 : base - level;
    if (Number.isFinite(rest)) rests[n++] = rest;
  }
  return rests.subarray(0, n);
}
