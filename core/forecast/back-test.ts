/**
 * back-test.ts: what the forecast would have said in the past, beside what then was.
 *
 * A rolling origin (L. J. Tashman, "Out-of-sample tests of forecasting accuracy", Int. J. Forecasting 16, 2000): at each origin a fit
 * sees only what came before, and is compared with the weeks after it. Beside it stands the seasonal naive forecast, last
 * week's value of the same hour (R. J. Hyndman, G. Athanasopoulos, "Forecasting: principles and practice", 5.2): what does not
 * beat that is not worth its band.
 *
 * Which of the forms is used, and how wide the band is, is decided at each origin by the origins before it, so that the error and
 * the coverage that are told were made on data that had no say in them. The width is conformal (V. Vovk, A. Gammerman, G. Shafer,
 * "Algorithmic learning in a random world", 2005; scaled as in Y. Romano, E. Patterson, E. J. Candes, "Conformalized quantile
 * regression", NeurIPS 2019): the band is stretched until it holds the share asked for of what was held back. Hours of one week
 * are not exchangeable, so that this is a calibration and no guarantee; the coverage that is told says how well it held.
 */
import { bandOf, type Band } from "./band.ts";
import { quantile } from "./order.ts";
import { fitSeasonTrend, FORMS, WEEK, type Form, type SeasonTrend } from "./season-trend.ts";

export interface BackTest {
  /** How many origins, and how far each looked ahead. */
  readonly folds: number;
  readonly horizonDays: number;
  /** Hours compared. */
  readonly points: number;
  /** Mean absolute errors, in the unit of the values. */
  readonly error: number;
  readonly naiveError: number;
  /** error / naiveError: below 1 is better than naive; null where the naive one has none. */
  readonly ratio: number | null;
  /** error as a share of the mean absolute value; null where that is 0. */
  readonly relativeError: number | null;
  /** The share of held-back hours that were in the band. */
  readonly coverage: number;
}

/** What all origins together decide for the real forecast. */
export interface Calibration {
  readonly backTest: BackTest;
  readonly form: Form;
  /** What the band is stretched by, at least 1. */
  readonly stretch: number;
}

const MAX_FOLDS = 4;
const MIN_TRAIN = 4 * WEEK;
/** Far enough ahead for a line and a curve to part. */
const MAX_AHEAD = 26 * WEEK;
const MAX_STRETCH = 1000;

/**
 * @param y by hours; NaN is missing
 * @param confidence of the band: 0.9
 * @returns null where no origin could be fitted
 */
export function backTest(y: Float64Array, confidence: number, z: number): Calibration | null {
  const ahead = Math.min(MAX_AHEAD, Math.max(WEEK, Math.floor(y.length / 6 / WEEK) * WEEK));
  const folds = Math.min(MAX_FOLDS, Math.floor((y.length - MIN_TRAIN) / ahead));
  const tallies = new Map(FORMS.map((form) => [form, new Tally()]));
  const told = new Tally();
  let tested = 0;
  for (let fold = folds; fold >= 1; fold--) {
    const origin = y.length - fold * ahead;
    // Decided before this origin is looked at.
    const chosen = best(tallies);
    const stretch = stretchOf(tallies.get(chosen), confidence);
    const fits = FORMS.map((form) => fitSeasonTrend(y, origin, form, z));
    const usable = fits.find((fit) => fit?.form === chosen) ?? fits.find((fit) => fit !== null);
    if (!usable) continue;
    tested += 1;
    told.add(y, usable, ahead, confidence, stretch);
    for (const fit of fits) if (fit !== null) tallies.get(fit.form)?.add(y, fit, ahead, confidence, 1);
    // A form that one origin could not use is not to be used.
    for (const [i, fit] of fits.entries()) if (fit === null) tallies.delete(FORMS[i] ?? "linear");
  }
  if (told.points === 0) return null;
  const form = best(tallies);
  const error = told.error / told.points;
  const naiveError = told.naivePoints === 0 ? 0 : told.naive / told.naivePoints;
  return {
    form,
    stretch: stretchOf(tallies.get(form), confidence),
    backTest: {
      folds: tested,
      horizonDays: ahead / 24,
      points: told.points,
      error,
      naiveError,
      ratio: naiveError === 0 ? null : error / naiveError,
      relativeError: told.size === 0 ? null : told.error / told.size,
      coverage: told.inside / told.points,
    },
  };
}

/** The form with the smallest error so far; the first that can be used before anything is known. */
function best(tallies: ReadonlyMap<Form, Tally>): Form {
  const mean = ({ error, points }: Tally): number => (points === 0 ? 0 : error / points);
  const [first] = [...tallies].sort((a, b) => mean(a[1]) - mean(b[1]));
  return first?.[0] ?? "linear";
}

function stretchOf(tally: Tally | undefined, confidence: number): number {
  if (tally === undefined || tally.scores.length === 0) return 1;
  return Math.min(MAX_STRETCH, Math.max(1, quantile(tally.scores, confidence)));
}

/** Errors added up over origins. */
class Tally {
  points = 0;
  naivePoints = 0;
  error = 0;
  naive = 0;
  /** Sum of absolute values. */
  size = 0;
  inside = 0;
  /** How far each value lay from the middle, in half widths of the band on its side. */
  readonly scores: number[] = [];

  add(y: Float64Array, fit: SeasonTrend, ahead: number, confidence: number, stretch: number): void {
    const bandAt = bandOf(fit, confidence, stretch);
    for (let i = fit.end; i < fit.end + ahead; i++) {
      const value = y[i] ?? NaN;
      if (Number.isNaN(value)) continue;
      const band = bandAt(i);
      this.points += 1;
      this.size += Math.abs(value);
      this.error += Math.abs(value - band.mid);
      if (value >= band.low && value <= band.high) this.inside += 1;
      this.scores.push(scoreOf(value, band));
      const naive = lastWeeks(y, i, fit.end);
      if (Number.isNaN(naive)) continue;
      this.naivePoints += 1;
      this.naive += Math.abs(value - naive);
    }
  }
}

function scoreOf(value: number, { low, mid, high }: Band): number {
  const off = Math.abs(value - mid);
  // Rounding apart, what lies in the middle is no miss.
  if (off <= 1e-9 * Math.abs(mid)) return 0;
  const width = value > mid ? high - mid : mid - low;
  return width > 0 ? off / width : MAX_STRETCH;
}

/** The last known value of the same hour of the week before the origin, at most four weeks back. */
function lastWeeks(y: Float64Array, index: number, origin: number): number {
  const back = Math.ceil((index - origin + 1) / WEEK);
  for (let week = back; week < back + 4; week++) {
    const value = y[index - week * WEEK] ?? NaN;
    if (!Number.isNaN(value)) return value;
  }
  return NaN;
}
