/**
 * consumers.ts: who uses most, and when they do: at work, at night, at weekends.
 */
import type { CapacityBy, CapacityConsumers, CapacityHours, HoursPart, Resource } from "../../core/capacity.ts";
import type { Range } from "../sql.ts";
import type { Names } from "./growth.ts";
import { HOUR_SEC, planHours, rankKeys, readHourly, type Hourly, type Reads } from "./hourly.ts";
import type { FindView } from "./limits.ts";
import { keySql, RESOURCES } from "./sources.ts";
import { summaryOf } from "./statistics.ts";

export interface ConsumersRequest {
  readonly resource: Resource;
  readonly by: CapacityBy;
  readonly range: Range;
  readonly items: number;
}

/** So many keys are added up to tell what the others use. */
const MAX_OTHERS = 300;

interface Read {
  readonly missing: readonly string[];
  readonly fromTs: number;
  readonly toTs: number;
  readonly hourly: Hourly | null;
  readonly count: number;
}

async function readLargest(
  reads: Reads,
  find: FindView,
  { resource, by, range }: ConsumersRequest,
  count: number,
): Promise<Read> {
  const { use } = RESOURCES[resource];
  const view = find(use);
  if (view === null) return { missing: [use.metric], ...range, hourly: null, count: 0 };
  const key = keySql(view, resource, by);
  const at = await planHours(reads, view, range);
  const found = await rankKeys(reads, at, key, "size", count);
  const keys = found.keys.map((each) => each.key);
  const hourly = await readHourly(reads, at, key, keys);
  return { missing: [], fromTs: at.fromTs, toTs: at.toTs, hourly, count: found.count };
}

export async function readConsumers(
  reads: Reads,
  find: FindView,
  names: Names,
  request: ConsumersRequest,
): Promise<CapacityConsumers> {
  const { resource, by, items } = request;
  const { hourly, count, ...read } = await readLargest(reads, find, request, Math.max(items, MAX_OTHERS));
  const about = { ...read, resource, by, unit: RESOURCES[resource].unit };
  const all = [...(hourly?.series ?? [])]
    .flatMap(([key, values]) => {
      const summary = summaryOf(values);
      return summary === null ? [] : [{ key, ...summary }];
    })
    .sort((a, b) => b.mean - a.mean || (a.key < b.key ? -1 : 1));
  // Where there are more keys than were read, the whole is not known.
  const total = all.length === 0 || count > Math.max(items, MAX_OTHERS) ? null : sum(all.map(({ mean }) => mean));
  const shown = all.slice(0, items);
  return {
    ...about,
    total,
    items: shown.map(({ key, mean, p95, peak }) => {
      const share = total === null || total === 0 ? 0 : mean / total;
      return { key, label: names.labelOf(by, key), mean, p95, peak, share };
    }),
    other: total === null ? null : total - sum(shown.map(({ mean }) => mean)),
  };
}

export interface Working {
  /** Hours of the local day, [from, to). */
  readonly fromHour: number;
  readonly toHour: number;
  readonly offsetMinutes: number;
}

/** From Monday to Friday. */
const DAYS = "Mon-Fri";

export async function readHours(
  reads: Reads,
  find: FindView,
  names: Names,
  request: ConsumersRequest,
  working: Working,
): Promise<CapacityHours> {
  const { resource, by, items } = request;
  const { hourly, count: _count, ...read } = await readLargest(reads, find, request, items);
  const about = { ...read, resource, by, unit: RESOURCES[resource].unit, working: { ...working, days: DAYS } };
  if (hourly === null) return { ...about, items: [] };
  const parts = Array.from({ length: hourly.hours }, (_, i) => partOf(hourly.fromTs + i * HOUR_SEC, working));
  return {
    ...about,
    items: [...hourly.series].map(([key, values]) => {
      const of = (part: Part): HoursPart => partSummary(values, (i) => parts[i] === part);
      const idle = partSummary(values, (i) => parts[i] !== "working");
      const atWork = of("working");
      return {
        ...{ key, label: names.labelOf(by, key), working: atWork, night: of("night"), weekend: of("weekend") },
        idleRatio: idle.mean === null || atWork.mean === null || atWork.mean === 0 ? null : idle.mean / atWork.mean,
      };
    }),
  };
}

type Part = "working" | "night" | "weekend";

/** @param ts epoch seconds */
export function partOf(ts: number, { fromHour, toHour, offsetMinutes }: Working): Part {
  const local = ts + offsetMinutes * 60;
  // Epoch second 0 was a Thursday; Monday is 0.
  const day = (Math.floor(local / 86_400) + 3) % 7;
  if (day >= 5) return "weekend";
  const hour = Math.floor(local / HOUR_SEC) % 24;
  return hour >= fromHour && hour < toHour ? "working" : "night";
}

function partSummary(values: Float64Array, wanted: (i: number) => boolean): HoursPart {
  const summary = summaryOf(values, wanted);
  return { hours: summary?.hours ?? 0, mean: summary?.mean ?? null, p95: summary?.p95 ?? null };
}

function sum(values: readonly number[]): number {
  return values.reduce((all, each) => all + each, 0);
}
