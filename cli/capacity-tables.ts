/**
 * capacity-tables.ts: answers about capacity as tables for a terminal. A dash is what is not known, and never zero.
 */
import type {
  CapacityConsumers,
  CapacityFit,
  CapacityGrowth,
  CapacityHeadroom,
  CapacityHours,
  CapacityNeighbours,
  GrowthItem,
  HoursPart,
  InstrumentationMonths,
  Room,
} from "../core/capacity.ts";
import { formatQuantity } from "../core/units.ts";

const UNKNOWN = "-";

export function growthText({ unit, items, keys, missing }: CapacityGrowth): string {
  const rows = items.map((item) => [
    item.label,
    quantity(item.level, unit),
    quantity(item.limit, unit),
    growth(item, unit),
    reaches(item),
    item.backTest?.ratio?.toFixed(2) ?? UNKNOWN,
  ]);
  const note = keys > items.length ? `${items.length} of ${keys}; --items shows more\n` : "";
  return (
    lacking(missing) + table([["WHO", "NOW", "LIMIT", "IN 30 DAYS", "REACHES ITS LIMIT", "ERROR"], ...rows]) + note
  );
}

export function headroomText({ hosts, missing, basis }: CapacityHeadroom): string {
  const room = ({ free, capacity, unit }: Room): string =>
    free === null ? UNKNOWN : `${formatQuantity(free, unit)} of ${quantity(capacity, unit)}`;
  const rows = hosts.map(({ host, cpu, memory, pool, nic }) => [host, ...[cpu, memory, pool, nic].map(room)]);
  return `${lacking(missing)}free beside what is ${basis}:\n${table([["HOST", "CPU", "MEMORY", "POOL", "NETWORK"], ...rows])}`;
}

export function fitText({ hosts, total, missing }: CapacityFit): string {
  const rows = hosts.map(({ host, zones, limitedBy, unknown }) => [
    host,
    zones === null ? UNKNOWN : String(zones),
    zones === null ? `not known: ${unknown.join(", ")}` : (limitedBy ?? ""),
  ]);
  return `${lacking(missing)}${table([["HOST", "ZONES", "LIMITED BY"], ...rows])}${total} in all\n`;
}

export function consumersText({ unit, items, missing }: CapacityConsumers): string {
  const rows = items.map(({ label, mean, p95, peak, share }) => [
    label,
    ...[mean, p95, peak].map((each) => quantity(each, unit)),
    `${(100 * share).toFixed(1)} %`,
  ]);
  return lacking(missing) + table([["WHO", "MEAN", "95TH", "PEAK", "SHARE"], ...rows]);
}

export function hoursText({ unit, items, missing }: CapacityHours): string {
  const part = ({ mean }: HoursPart): string => quantity(mean, unit);
  const rows = items.map(({ label, working, night, weekend, idleRatio }) => [
    ...[label, part(working), part(night), part(weekend)],
    idleRatio === null ? UNKNOWN : idleRatio.toFixed(2),
  ]);
  return lacking(missing) + table([["WHO", "WORKING", "NIGHT", "WEEKEND", "IDLE/WORKING"], ...rows]);
}

export function neighboursText({ hosts, missing }: CapacityNeighbours): string {
  const rows = hosts.flatMap(({ host, waiters, consumers }) => [
    ...waiters.map((each) => [host, "waited", each] as const),
    ...consumers.map((each) => [host, "used", each] as const),
  ]);
  const lines = rows.map(([host, part, { label, then, usual, correlation }]) => [
    ...[host, part, label, formatQuantity(then, "%"), formatQuantity(usual, "%")],
    correlation === null ? UNKNOWN : correlation.toFixed(2),
  ]);
  return lacking(missing) + table([["HOST", "", "WHO", "THEN", "USUALLY", "CORRELATION"], ...lines]);
}

export function monthsText({ unit, q, months }: InstrumentationMonths): string {
  const rows = months.map(({ ts, hours, total, values }) => [
    new Date(ts * 1000).toISOString().slice(0, 7),
    String(hours),
    total === null ? UNKNOWN : String(total),
    ...values.map((each) => quantity(each, unit)),
  ]);
  const names = q.map((each) => `P${Number((each * 100).toPrecision(12))}`);
  return table([["MONTH", "HOURS", "EVENTS", ...names], ...rows]);
}

function growth({ refused, growth: in30, growthShare }: GrowthItem, unit: string): string {
  if (refused !== null || in30 === null) return refused === null ? UNKNOWN : refused.code;
  const share = growthShare === null ? "" : ` (${(100 * growthShare.mid).toFixed(1)} %)`;
  return `${in30.mid < 0 ? "-" : "+"}${formatQuantity(Math.abs(in30.mid), unit)}${share}`;
}

function reaches({ reaches: when, horizonDays }: GrowthItem): string {
  if (when === null) return UNKNOWN;
  if (when.reached) return "reached";
  if (when.earliestTs === null) return `not in ${horizonDays ?? 0} days`;
  const day = (ts: number): string => new Date(ts * 1000).toISOString().slice(0, 10);
  return `${day(when.earliestTs)} to ${when.latestTs === null ? "later" : day(when.latestTs)}`;
}

function quantity(value: number | null, unit: string): string {
  return value === null ? UNKNOWN : formatQuantity(value, unit);
}

function lacking(missing: readonly string[]): string {
  return missing.length === 0 ? "" : `not measured: ${missing.join(", ")}\n`;
}

/** Columns as wide as their widest cell, two spaces apart. What others named must not steer the terminal. */
function table(rows: readonly (readonly string[])[]): string {
  const plain = rows.map((row) => row.map((cell) => cell.replace(/\p{C}/gu, "?")));
  const widths = (plain[0] ?? []).map((_, column) => Math.max(...plain.map((row) => row[column]?.length ?? 0)));
  return plain
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}
