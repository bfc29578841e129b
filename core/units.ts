/**
 * units.ts: numbers as people read them: a value with its unit, and a count.
 *
 * Units are the base units of the API (ns, bytes, percent, ms within a second, or the name of what is counted). Time climbs
 * ns, us, ms, s in steps of 1000 (SI); sizes climb B, KiB, MiB in steps of 1024 (IEC). A number and its unit stay apart in
 * the answer, so that the page can set the unit in lighter ink.
 */
export interface Quantity {
  readonly number: string;
  /** "" where there is none. */
  readonly unit: string;
}

type UnitKind = "time" | "size" | "percent" | "milliseconds" | "plain";

/** Three significant digits, no trailing zeros: 1.25, 12.5, 125, 1250. */
export function quantity(value: number, unit: string): Quantity {
  const kind = unitKind(unit);
  if (kind !== "plain" && unit.endsWith("/s")) {
    const amount = quantity(value, unit.slice(0, -2));
    return { number: amount.number, unit: `${amount.unit}/s` };
  }
  switch (kind) {
    case "time":
      return climb(value, TIME_UNITS);
    case "milliseconds":
      return climb(value * 1e6, TIME_UNITS);
    case "size":
      return climb(value, SIZE_UNITS);
    case "percent":
      return { number: digits(value), unit: "%" };
    case "plain":
      return { ...climb(value, PLAIN_UNITS, ""), unit };
  }
}

/** `1.5 ms`, `64 KiB`, `12 %`. */
export function formatQuantity(value: number, unit: string): string {
  const { number, unit: name } = quantity(value, unit);
  return name === "" ? number : `${number} ${name}`;
}

/** As `formatQuantity`, but without the name of what is counted: an axis says that once, elsewhere. */
export function formatTick(value: number, unit: string): string {
  const { number, unit: name } = quantity(value, unit);
  return name === "" || unitKind(unit) === "plain" ? number : `${number} ${name}`;
}

/** `1 – 1.5 ms`: the unit once where both ends share it; `< 1 us` and `≥ 100 s` where an end is open. */
export function formatRange(low: number | null, high: number | null, unit: string): string {
  if (low === null && high === null) return "any value";
  if (low === null) return `< ${formatQuantity(high ?? 0, unit)}`;
  if (high === null) return `≥ ${formatQuantity(low, unit)}`;
  const from = quantity(low, unit);
  const to = quantity(high, unit);
  const start = from.unit === to.unit ? from.number : `${from.number} ${from.unit}`;
  return `${start} – ${to.number}${to.unit === "" ? "" : ` ${to.unit}`}`;
}

const THOUSANDS = new Intl.NumberFormat("en-US");

/** An exact count with thousands apart: `612,400`. */
export function formatCount(count: number): string {
  return THOUSANDS.format(Math.round(count));
}

/** A count where there is little room: `980`, `1.2k`, `41k`, `6.1M`. */
export function formatShort(count: number): string {
  if (count < 1000) return digits(count);
  const { number, unit } = climb(count, PLAIN_UNITS);
  return `${number}${unit}`;
}

/** A share as percent: one decimal below ten, `< 0.1 %` rather than a false zero. */
export function formatShare(part: number, whole: number): string {
  if (whole <= 0) return "–";
  const percent = (part / whole) * 100;
  if (part > 0 && percent < 0.1) return "< 0.1 %";
  return `${percent < 9.95 ? percent.toFixed(1) : percent.toFixed(0)} %`;
}

type Ladder = readonly (readonly [size: number, name: string])[];
const TIME_UNITS: Ladder = [
  [1e9, "s"],
  [1e6, "ms"],
  [1e3, "us"],
  [1, "ns"],
];
const SIZE_UNITS: Ladder = [
  [2 ** 50, "PiB"],
  [2 ** 40, "TiB"],
  [2 ** 30, "GiB"],
  [2 ** 20, "MiB"],
  [2 ** 10, "KiB"],
  [1, "B"],
];
const PLAIN_UNITS: Ladder = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
  [1, ""],
];

/** Of a unit or of that unit a second. */
export function unitKind(unit: string): UnitKind {
  switch (unit.replace(/\/s$/, "")) {
    case "ns":
    case "time":
      return "time";
    case "ms":
    case "subsecond":
      return "milliseconds";
    case "B":
    case "bytes":
    case "size":
      return "size";
    case "%":
    case "percent":
      return "percent";
    default:
      return "plain";
  }
}

function climb(value: number, ladder: Ladder, glue?: string): Quantity {
  if (value === 0) return { number: "0", unit: ladder.at(-1)?.[1] ?? "" };
  // 0.9995 so that what rounds to 1000 us is written 1 ms.
  const [size, name] = ladder.find(([each]) => Math.abs(value) >= each * 0.9995) ?? ladder.at(-1) ?? [1, ""];
  return glue === undefined
    ? { number: digits(value / size), unit: name }
    : { number: `${digits(value / size)}${glue}${name}`, unit: "" };
}

function digits(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toString() : Number(value.toPrecision(3)).toString();
}
