/**
 * constant.ts: what a person types for a constant of a predicate, as the number or text that the API takes, and back.
 *
 * A time may be typed with its unit (`10 ms`) and is nanoseconds without one, as the API has it; a size is bytes, with IEC or
 * SI prefixes (`64 KiB`, `1 MB`).
 */
import type { ValueType } from "../../core/metric.ts";

const TIMES: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, min: 60e9 };
const SIZES: Readonly<Record<string, number>> = {
  b: 1,
  k: 1024,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
};

/** @returns null where it is not one yet: empty, or a number that cannot be read */
export function parseConstant(text: string, type: ValueType): string | number | null {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  if (type === "string") return trimmed;
  const match = /^(-?\d+(?:\.\d+)?)\s*([a-zµ]*)$/i.exec(trimmed);
  if (match === null) return null;
  const unit = (match[2] ?? "").toLowerCase();
  const factor = unit === "" ? 1 : unitsOf(type)[unit];
  return factor === undefined ? null : Math.round(Number(match[1]) * factor);
}

/** As a person would type it: `parseConstant` reads it back to the same. */
export function constantText(value: unknown, type: ValueType): string {
  if (typeof value !== "number") return String(value);
  const units = Object.entries(unitsOf(type)).filter(([name]) => /^(ns|us|ms|s|kib|mib|gib|tib)$/.test(name));
  const whole = units.filter(([, factor]) => value !== 0 && value % factor === 0).sort((a, b) => b[1] - a[1])[0];
  return whole === undefined ? String(value) : `${value / whole[1]} ${NAMES[whole[0]] ?? whole[0]}`;
}

/** What a field of the type may be typed as. */
export function exampleOf(type: ValueType): string {
  return { time: "10 ms", size: "64 KiB", percent: "50", subsecond: "500", number: "1", string: "text" }[type];
}

const NAMES: Readonly<Record<string, string>> = { kib: "KiB", mib: "MiB", gib: "GiB", tib: "TiB" };

function unitsOf(type: ValueType): Readonly<Record<string, number>> {
  if (type === "time") return TIMES;
  if (type === "size") return SIZES;
  if (type === "subsecond") return { ms: 1, s: 1000 };
  return type === "percent" ? { "%": 1 } : {};
}
