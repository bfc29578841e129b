/**
 * growth.ts: who grows, and who reaches its limit when.
 */
import type { CapacityBy, CapacityGrowth, GrowthItem, Resource } from "../../core/capacity.ts";
import { planHours, rankKeys, readHourly, seriesOf, type Reads } from "./hourly.ts";
import { readLimits, type FindView } from "./limits.ts";
import { outlookOf } from "./outlook.ts";
import { keySql, RESOURCES } from "./sources.ts";
import type { Range } from "../sql.ts";

export interface GrowthRequest {
  readonly resource: Resource;
  readonly by: CapacityBy;
  readonly range: Range;
  readonly horizonDays: number;
  readonly rank: "size" | "growth";
  readonly items: number;
  /** For every key, in place of what was measured. */
  readonly limit: number | undefined;
}

/** What names mean to people, and how many zones a tenant has now. */
export interface Names {
  readonly labelOf: (by: CapacityBy, key: string) => string;
  readonly zonesOf: (tenant: string) => number;
}

export async function readGrowth(
  reads: Reads,
  find: FindView,
  names: Names,
  request: GrowthRequest,
): Promise<CapacityGrowth> {
  const { resource, by, range } = request;
  const { unit, use } = RESOURCES[resource];
  const view = find(use);
  const about = { resource, by, unit, fromTs: range.fromTs, toTs: range.toTs };
  if (view === null) return { ...about, missing: [use.metric], keys: 0, items: [] };
  const key = keySql(view, resource, by);
  const at = await planHours(reads, view, range);
  const { keys, count } = await rankKeys(reads, at, key, request.rank, request.items);
  const hourly = await readHourly(
    reads,
    at,
    key,
    keys.map((each) => each.key),
  );
  const limits =
    request.limit === undefined
      ? await readLimits(reads, find, resource, by, range, names.zonesOf)
      : { byKey: new Map(keys.map((each) => [each.key, request.limit])), missing: [] };
  const items: GrowthItem[] = [];
  for (const [name, values] of hourly.series) {
    const limit = limits.byKey.get(name) ?? null;
    const outlook = await outlookOf(seriesOf(hourly, values), request.horizonDays, limit, reads.signal);
    items.push({ key: name, label: names.labelOf(by, name), limit, ...outlook });
  }
  const missing = limits.missing;
  return { ...about, fromTs: at.fromTs, toTs: at.toTs, missing, keys: count, items: items.sort(urgentFirst) };
}

function urgentFirst(a: GrowthItem, b: GrowthItem): number {
  const whenOf = ({ reaches }: GrowthItem): number =>
    reaches === null ? Infinity : reaches.reached ? 0 : (reaches.earliestTs ?? Infinity);
  const [x, y] = [whenOf(a), whenOf(b)];
  if (x !== y) return x - y;
  return (b.growthShare?.mid ?? -Infinity) - (a.growthShare?.mid ?? -Infinity) || (a.key < b.key ? -1 : 1);
}
