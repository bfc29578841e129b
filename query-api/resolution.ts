/**
 * resolution.ts: how wide a column is, for a range and a number of columns.
 */
import { InputError } from "../core/errors.ts";
import type { Range } from "./sql.ts";

/** Widths that divide minutes, hours and days, so that columns start at round times. */
const STEPS_SEC = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];

export const MAX_COLUMNS = 4000;

/**
 * @param granularitySec no column is narrower
 * @returns the narrowest step that needs at most `columns`, and the range widened to whole columns
 */
export function resolve(range: Range, columns: number, granularitySec: number): Range & { stepSec: number } {
  const span = range.toTs - range.fromTs;
  const steps = STEPS_SEC.filter((step) => step % granularitySec === 0);
  const stepSec = steps.find((step) => Math.ceil(span / step) <= columns) ?? 86_400;
  return { stepSec, ...widen(range, stepSec) };
}

/** The smallest range of whole steps that has all of `range` in it. */
export function widen(range: Range, stepSec: number): Range {
  return {
    fromTs: Math.floor(range.fromTs / stepSec) * stepSec,
    toTs: Math.ceil(range.toTs / stepSec) * stepSec,
  };
}

const MAX_RANGE_SEC = 2 * 366 * 86_400;
/** The last whole day that 32 bits of seconds can name: columns are widened to whole days at most. */
const MAX_TS = 49_710 * 86_400;

/**
 * Reads a range from a request.
 *
 * @param from epoch seconds; negative: so many seconds before `to`
 * @param to epoch seconds; undefined: now
 * @throws InputError naming `from` or `to`
 */
export function parseRange(from: number | undefined, to: number | undefined, nowSec: number): Range {
  const toTs = Math.ceil(to ?? nowSec);
  const fromTs = Math.floor(from === undefined ? toTs - 300 : from < 0 ? toTs + from : from);
  const wrong = (field: string, message: string): InputError =>
    new InputError("read a range of time", [{ field, code: "BAD_RANGE", message }]);
  if (toTs < 1 || toTs > MAX_TS) throw wrong("to", "expected epoch seconds, at most those of 2106");
  if (fromTs < 0 || fromTs >= toTs) throw wrong("from", "expected epoch seconds before `to`");
  if (toTs - fromTs > MAX_RANGE_SEC) throw wrong("from", "expected a range of at most two years");
  return { fromTs, toTs };
}
