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
import { durationText } from "../core/duration.ts";
import { formatQuantity } from "../core/units.ts";
import { table } from "./table.ts";

const UNKNOWN = "-";

export function growthText(answer: CapacityGrowth): string {
  const { unit, items, keys, missing } = answer;
  if (items.length === 0) return nothing(`nothing is known of ${answer.resource} by ${answer.by}`, answer);
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

export function headroomText(answer: CapacityHeadroom): string {
  const { hosts, missing, basis } = answer;
  if (hosts.length === 0) return nothing("nothing is known of any host", answer);
  const room = ({ free, capacity, unit }: Room): string =>
    free === null ? UNKNOWN : `${formatQuantity(free, unit)} of ${quantity(capacity, unit)}`;
  const rows = hosts.map(({ host, cpu, memory, pool, nic }) => [host, ...[cpu, memory, pool, nic].map(room)]);
  return `${lacking(missing)}free beside what is ${basis}:\n${table([["HOST", "CPU", "MEMORY", "POOL", "NETWORK"], ...rows])}`;
}

export function fitText(answer: CapacityFit): string {
  const { hosts, total, missing } = answer;
  if (hosts.length === 0) return nothing("nothing is known of any host", answer);
  const rows = hosts.map(({ host, zones, limitedBy, unknown }) => [
    host,
    zones === null ? UNKNOWN : String(zones),
    zones === null ? `not known: ${unknown.join(", ")}` : (limitedBy ?? ""),
  ]);
  return `${lacking(missing)}${table([["HOST", "ZONES", "LIMITED BY"], ...rows])}${total} in all\n`;
}

export function consumersText(answer: CapacityConsumers): string {
  const { unit, items, missing } = answer;
  if (items.length === 0) return nothing(`nothing is known of ${answer.resource} by ${answer.by}`, answer);
  const rows = items.map(({ label, mean, p95, peak, share }) => [
    label,
    ...[mean, p95, peak].map((each) => quantity(each, unit)),
    `${(100 * share).toFixed(1)} %`,
  ]);
  return lacking(missing) + table([["WHO", "MEAN", "95TH", "PEAK", "SHARE"], ...rows]);
}

export function hoursText(answer: CapacityHours): string {
  const { unit, items, missing } = answer;
  if (items.length === 0) return nothing(`nothing is known of ${answer.resource} by ${answer.by}`, answer);
  const part = ({ mean }: HoursPart): string => quantity(mean, unit);
  const rows = items.map(({ label, working, night, weekend, idleRatio }) => [
    ...[label, part(working), part(night), part(weekend)],
    idleRatio === null ? UNKNOWN : idleRatio.toFixed(2),
  ]);
  return lacking(missing) + table([["WHO", "WORKING", "NIGHT", "WEEKEND", "IDLE/WORKING"], ...rows]);
}

export function neighboursText(answer: CapacityNeighbours): string {
  const { hosts, missing } = answer;
  if (hosts.length === 0) {
    const why =
      missing.length > 0 ? "nobody can be named" : "no host had hours in which its zones waited much more than usual";
    return nothing(why, answer);
  }
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
  if (months.length === 0) return "no month was watched\n";
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
  return missing.length === 0
    ? ""
    : `not measured: ${missing.join(", ")} (docs/capacity.md says by what; isotherm instrumentation create)\n`;
}

/** In place of a head without rows: that there is nothing, and what was looked at. */
function nothing(said: string, { fromTs, toTs, missing }: Looked): string {
  const hour = (ts: number): string => `${new Date(ts * 1000).toISOString().slice(0, 16)}Z`;
  return `${lacking(missing)}${said}; looked at ${hour(fromTs)} to ${hour(toTs)}, ${durationText(toTs - fromTs)}\n`;
}

type Looked = Pick<CapacityGrowth, "fromTs" | "toTs" | "missing">;
