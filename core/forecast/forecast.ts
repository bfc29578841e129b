/**
 * forecast.ts: what an hourly series will be, with a band, when it reaches a limit, and how wrong such a forecast has been.
 *
 *   series ──▶ enough? (sufficiency.ts) ──▶ back-test at past origins (back-test.ts) ──▶ fit to all (season-trend.ts) ──▶ days ahead
 *                  └─no─▶ a refusal, with why
 *
 * Pure and deterministic: the same hours give the same answer. Nulls are missing and never zero. It looks no further ahead than it
 * can look back.
 */
import { backTest, type BackTest } from "./back-test.ts";
import { bandOf, type Band } from "./band.ts";
import { back, fitSeasonTrend, WEEK, type Form, type SeasonTrend } from "./season-trend.ts";
import { refusalOf, type Refusal } from "./sufficiency.ts";

/** Values by hours: `values[i]` is of [fromTs + 3600 i, fromTs + 3600 (i + 1)). */
export interface HourlySeries {
  /** Epoch seconds, a whole hour. */
  readonly fromTs: number;
  readonly values: readonly (number | null)[];
}

export interface ForecastOptions {
  readonly horizonDays: number;
  /** What must not be reached; null: nothing. */
  readonly limit?: number | null;
  /** The share of values that the band is to hold; 0.9 unless said otherwise. */
  readonly confidence?: number;
}

/** A day's busiest hour. */
export interface DayAhead extends Band {
  /** Its begin, epoch seconds. */
  readonly ts: number;
}

/** When the busiest hour of a day reaches the limit; null: not within the horizon. */
export interface Reaches {
  readonly limit: number;
  /** It is there already. */
  readonly reached: boolean;
  /** By the upper end of the band, the middle, and the lower end: epoch seconds of the day's begin. */
  readonly earliestTs: number | null;
  readonly expectedTs: number | null;
  readonly latestTs: number | null;
}

export interface Projection {
  readonly refused: null;
  readonly form: Form;
  /** Of the series at its end, without season. */
  readonly level: number;
  /** In 30 days from the end on, in the unit of the values, with the slope's interval. */
  readonly growth: Band;
  /** The same as a share of the level; null where that is not above 0. */
  readonly growthShare: Band | null;
  readonly confidence: number;
  readonly horizonDays: number;
  /** What each hour of the week (from Monday 00:00 UTC) is above or below the level; where form is not linear, a factor of it. */
  readonly season: readonly number[];
  readonly days: readonly DayAhead[];
  readonly reaches: Reaches | null;
  readonly backTest: BackTest;
}

export type Forecast = Projection | { readonly refused: Refusal };

const CONFIDENCE = 0.9;
const DAY_SEC = 86_400;
const MONTH_HOURS = 30 * 24;
/** Epoch second 0 was a Thursday. */
const THURSDAY_HOURS = 72;

export function forecast(series: HourlySeries, options: ForecastOptions): Forecast {
  const confidence = options.confidence ?? CONFIDENCE;
  const first = series.values.findIndex((each) => each !== null);
  const y = Float64Array.from(first < 0 ? [] : series.values.slice(first), (each) => each ?? NaN);
  const refused = refusalOf(y);
  if (refused !== null) return { refused };
  const z = zOf(confidence);
  const calibration = backTest(y, confidence, z);
  const fit = calibration === null ? null : fitSeasonTrend(y, y.length, calibration.form, z);
  if (calibration === null || fit === null) {
    return { refused: { code: "NO_TREND", message: "too few whole weeks are known for a trend" } };
  }
  const fromTs = series.fromTs + first * 3600;
  const ahead = Math.min(Math.floor(options.horizonDays), Math.floor(y.length / 24));
  const days = daysAhead(fit, fromTs, ahead, confidence, calibration.stretch);
  const { level, growth } = growthOf(fit);
  const { limit = null } = options;
  return {
    refused: null,
    form: fit.form,
    level,
    growth,
    growthShare: level > 0 ? { low: growth.low / level, mid: growth.mid / level, high: growth.high / level } : null,
    confidence,
    horizonDays: ahead,
    season: seasonOf(fit, fromTs),
    days,
    reaches: limit === null ? null : reachesOf(limit, days, y),
    backTest: calibration.backTest,
  };
}

/** Whole days (UTC) after the end, each by its busiest hour. */
function daysAhead(fit: SeasonTrend, fromTs: number, count: number, confidence: number, stretch: number): DayAhead[] {
  const endTs = fromTs + fit.end * 3600;
  const firstTs = Math.ceil(endTs / DAY_SEC) * DAY_SEC;
  const bandAt = bandOf(fit, confidence, stretch);
  return Array.from({ length: count }, (_, day) => {
    const ts = firstTs + day * DAY_SEC;
    const begin = (ts - fromTs) / 3600;
    let [low, mid, high] = [-Infinity, -Infinity, -Infinity];
    for (let hour = 0; hour < 24; hour++) {
      const band = bandAt(begin + hour);
      low = Math.max(low, band.low);
      mid = Math.max(mid, band.mid);
      high = Math.max(high, band.high);
    }
    return { ts, low, mid, high };
  });
}

function growthOf(fit: SeasonTrend): { level: number; growth: Band } {
  const mean = seasonMean(fit);
  const level = back(fit.form, fit.level) * mean;
  const after = (slope: number): number => back(fit.form, fit.level + (slope * MONTH_HOURS) / WEEK) * mean - level;
  const { low, slope, high } = fit.trend;
  return { level, growth: { low: after(low), mid: after(slope), high: after(high) } };
}

/** Of logarithms the season's mean is 0, and so the line is a geometric mean: what people mean is the other. */
function seasonMean({ form, season }: SeasonTrend): number {
  return form === "log" ? season.reduce((sum, each) => sum + Math.exp(each), 0) / WEEK : 1;
}

function seasonOf(fit: SeasonTrend, fromTs: number): number[] {
  const mean = seasonMean(fit);
  return Array.from({ length: WEEK }, (_, hour) => {
    // The index, modulo 168, of that hour of the week, counted from Monday.
    const index = (hour - THURSDAY_HOURS - fromTs / 3600 + 1_000_000 * WEEK) % WEEK;
    return back(fit.form, fit.season[index] ?? 0) / mean;
  });
}

function reachesOf(limit: number, days: readonly DayAhead[], y: Float64Array): Reaches {
  const firstOf = (end: keyof Band): number | null => days.find((day) => day[end] >= limit)?.ts ?? null;
  const lastWeek = y.subarray(-WEEK).filter((each) => each >= limit).length;
  return {
    limit,
    reached: lastWeek > 0,
    earliestTs: firstOf("high"),
    expectedTs: firstOf("mid"),
    latestTs: firstOf("low"),
  };
}

/**
 * The two-sided quantile of the standard normal distribution, to 4.5e-4 (M. Abramowitz, I. A. Stegun, "Handbook of mathematical
 * functions", 26.2.23).
 */
function zOf(confidence: number): number {
  const t = Math.sqrt(-2 * Math.log((1 - confidence) / 2));
  return t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}
