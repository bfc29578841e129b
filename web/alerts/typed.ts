/**
 * typed.ts: numbers as a person types them in the form of a rule, and back: `5 min`, `0.1 %`, `p99`, `10 ms`, `64 KiB`, `1.5k`.
 *
 * What is written is read back to the same number; what cannot be read is null, which the form says at its field.
 */
import { unitKind } from "../../core/units.ts";

const SECONDS: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600, d: 86_400, w: 604_800 };
const TIMES: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, min: 60e9 };
const SUBSECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000 };
const SIZES: Readonly<Record<string, number>> = {
  ...{ B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 },
  ...{ K: 1024, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 },
};
const PLAIN: Readonly<Record<string, number>> = { k: 1e3, M: 1e6, G: 1e9 };

/** A duration in seconds; `90` is seconds too. */
export function parseSeconds(text: string): number | null {
  return parse(text, SECONDS);
}

export function secondsText(seconds: number): string {
  return write(seconds, { s: 1, min: 60, h: 3600, d: 86_400 });
}

/** A fraction of 1: `1 %` or `0.01`. A bare number above 1 could be either, and is neither. */
export function parseShare(text: string): number | null {
  const percent = parse(text.trim().endsWith("%") ? text.trim().slice(0, -1) : "", {});
  if (percent !== null) return round(percent / 100);
  const fraction = parse(text, {});
  return fraction === null || fraction > 1 || fraction < 0 ? null : fraction;
}

export function shareText(share: number): string {
  return `${round(share * 100)} %`;
}

/** `p99`, `p99.9`, `99 %` or `0.99`. */
export function parseQuantile(text: string): number | null {
  const match = /^p\s*(\d+(?:\.\d+)?)$/i.exec(text.trim());
  return match === null ? parseShare(text) : round(Number(match[1]) / 100);
}

export function quantileText(q: number): string {
  return `p${round(q * 100)}`;
}

/** A value in base units. @param unit as core/units.ts has them, `UNIT/s` too; or "share" */
export function parseAmount(text: string, unit: string): number | null {
  if (unit === "share") return parseShare(text);
  const [amount = "", per = "s", ...more] = text.split("/");
  return per.trim() === "s" && more.length === 0 ? parse(amount, unitsOf(unit)) : null;
}

export function amountText(value: number, unit: string): string {
  if (unit === "share") return shareText(value);
  switch (unitKind(unit)) {
    case "time":
      return write(value, { ns: 1, us: 1e3, ms: 1e6, s: 1e9 });
    case "milliseconds":
      return write(value, SUBSECONDS);
    case "size":
      return write(value, { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 });
    case "percent":
      return `${value} %`;
    case "plain":
      return String(value);
  }
}

/** What may be typed, for an empty field and for a wrong one. */
export function exampleOf(unit: string): string {
  if (unit === "share") return "1 %";
  const kind = unitKind(unit);
  return { time: "10 ms", milliseconds: "500 ms", size: "64 KiB", percent: "80 %", plain: "100" }[kind];
}

function unitsOf(unit: string): Readonly<Record<string, number>> {
  const kind = unitKind(unit);
  return { time: TIMES, milliseconds: SUBSECONDS, size: SIZES, percent: { "%": 1 }, plain: PLAIN }[kind];
}

function parse(text: string, units: Readonly<Record<string, number>>): number | null {
  const match = /^(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*([a-zµ%]*)$/i.exec(text.trim());
  if (match === null) return null;
  const [, number = "", unit = ""] = match;
  if (unit === "") return Number(number);
  const same = Object.keys(units).find((each) => each === unit);
  const alike = same ?? Object.keys(units).find((each) => each.toLowerCase() === unit.toLowerCase());
  return alike === undefined ? null : round(Number(number) * (units[alike] ?? 1));
}

/** In the largest unit in which it is whole. */
function write(value: number, units: Readonly<Record<string, number>>): string {
  const known = Object.entries(units).sort((a, b) => b[1] - a[1]);
  const [name, size] = known.find(([, each]) => value !== 0 && Number.isInteger(value / each)) ??
    known.at(-1) ?? ["", 1];
  return `${round(value / size)} ${name}`.trim();
}

/** Without what a double adds: 0.1 + 0.2 is 0.3. */
function round(value: number): number {
  return Number(value.toPrecision(12));
}
