/**
 * outlook.ts: forecasts of many series, as they are answered. Each takes some tens of milliseconds of this process, so between two
 * of them it attends to others.
 */
import { setImmediate } from "node:timers/promises";
import type { Outlook } from "../../core/capacity.ts";
import { forecast, type DayAhead, type HourlySeries } from "../../core/forecast/forecast.ts";

/** So many days are told one by one; of more, each week's busiest. */
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
  const sinceTs = first < 0 ? null : series.fromTs + first * 3600;
  const about = { known, sinceTs, past: pastOf(there) };
  const found = forecast(series, { horizonDays, limit });
  if (found.refused !== null) return { ...NOTHING, ...about, refused: found.refused };
  const { form, level, growth, growthShare, confidence, reaches, backTest, season } = found;
  return {
    ...{ ...about, refused: null, form, level, growth, growthShare, confidence, reaches, backTest, season },
    horizonDays: found.horizonDays,
    days: thinned(found.days),
  };
}

/** Of so many of a day's hours the busiest is taken to be the day's. */
const MIN_KNOWN_HOURS = 18;

/** Four digits are more than any picture has. @param values by hours, up to the end of the range */
export function pastOf(values: readonly (number | null)[]): (number | null)[] {
  const days = Math.floor(values.length / 24);
  return Array.from({ length: days }, (_, day) => {
    const begin = values.length - (days - day) * 24;
    const hours = values.slice(begin, begin + 24).filter((each) => each !== null);
    return hours.length < MIN_KNOWN_HOURS ? null : Number(Math.max(...hours).toPrecision(4));
  });
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

/** Every seventh day would be the same day of the week, and so perhaps all Sundays. */
export function thinned(days: readonly DayAhead[]): DayAhead[] {
  if (days.length <= MAX_DAYS) return [...days];
  const parts = Array.from({ length: Math.ceil(days.length / 7) }, (_, i) => days.slice(i * 7, (i + 1) * 7));
  return parts.flatMap((part) =>
    part.reduce<DayAhead[]>(([most], each) => [most === undefined || each.mid > most.mid ? each : most], []),
  );
}
