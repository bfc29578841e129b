/**
 * outlook.ts: forecasts of many series, as they are answered. Each takes some tens of milliseconds of this process, so between two
 * of them it attends to others.
 */
import { setImmediate } from "node:timers/promises";
import type { Outlook } from "../../core/capacity.ts";
import { forecast, type DayAhead, type HourlySeries } from "../../core/forecast/forecast.ts";

/** Enough for a curve. */
const MAX_DAYS = 60;

export async function outlookOf(
  series: HourlySeries,
  horizonDays: number,
  limit: number | null,
  signal: AbortSignal | undefined,
): Promise<Outlook> {
  await setImmediate();
  signal?.throwIfAborted();
  // Before its first hour it was not there to be known.
  const first = series.values.findIndex((each) => each !== null);
  const there = first < 0 ? [] : series.values.slice(first);
  const known = there.length === 0 ? 0 : there.filter((each) => each !== null).length / there.length;
  const found = forecast(series, { horizonDays, limit });
  if (found.refused !== null) return { ...NOTHING, known, refused: found.refused };
  const { form, level, growth, growthShare, confidence, reaches, backTest, season } = found;
  return {
    ...{ known, refused: null, form, level, growth, growthShare, confidence, reaches, backTest, season },
    horizonDays: found.horizonDays,
    days: thinned(found.days),
  };
}

const NOTHING = {
  form: null,
  level: null,
  growth: null,
  growthShare: null,
  confidence: null,
  horizonDays: null,
  reaches: null,
  backTest: null,
  season: [],
  days: [],
} as const;

/** The last day is always among them. */
function thinned(days: readonly DayAhead[]): DayAhead[] {
  const step = Math.ceil(days.length / MAX_DAYS);
  return days.filter((_, i) => (days.length - 1 - i) % step === 0);
}
