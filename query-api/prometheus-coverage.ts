/**
 * prometheus-coverage.ts: which host was watched when: a series of a zone has samples only where one of that zone's hosts reported, not
 * where any did.
 */
import type { StoreClient } from "../store/client.ts";
import type { Presence } from "./expected.ts";
import type { GridPlan } from "./planner.ts";
import { columnSql, coverageFilter, Params, presentSql, reading, type Segment } from "./sql.ts";
import type { View } from "./view.ts";

/** Ticks watched by host and begin of column. A second of a late row counts once, as long as no column is narrower than a minute. */
export async function readHostCoverage(
  store: StoreClient,
  view: View,
  plan: GridPlan,
  presence: Presence,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, ReadonlyMap<number, number>>> {
  if (plan.segments.length === 0) return new Map();
  const params = new Params();
  const part = (segment: Segment): string => {
    const filter = coverageFilter(view, segment, params);
    const at = (begin: string): string => presentSql(presence, view.spec.granularitySec, begin, params);
    const head = `SELECT toString(host) AS h, ${columnSql(plan.stepSec)} AS x`;
    switch (segment.table) {
      case "windows":
        return `${head}, uniqExactIf(ts, status != 'gap') AS n FROM windows
          WHERE ${filter} AND bitTest(${at("(intDiv(toUnixTimestamp(ts), 60) * 60)")}, toSecond(ts)) GROUP BY h, x`;
      case "windows_1m":
        return `${head}, toUInt64(sum(bitCount(bitAnd(mask, ${at("toUnixTimestamp(ts)")})))) AS n FROM windows_1m
          WHERE ${filter} GROUP BY h, x`;
      case "windows_1h":
        return `${head}, toUInt64(sum(arraySum(arrayMap((m, i) ->
            bitCount(bitAnd(m, ${at("(toUnixTimestamp(ts) + 60 * i)")})), masks, range(length(masks)))))) AS n
          FROM windows_1h WHERE ${filter} GROUP BY h, x`;
    }
  };
  const rows = await store.query<{ h: string; xs: number[]; ns: number[] }>(
    `SELECT h, groupArray(x) AS xs, groupArray(toUInt32(n)) AS ns
     FROM (SELECT h, x, sum(n) AS n FROM (${plan.segments.map(part).join(" UNION ALL ")}) GROUP BY h, x) GROUP BY h`,
    params.values,
    reading(signal),
  );
  return new Map(rows.map(({ h, xs, ns }) => [h, new Map(xs.map((x, i) => [x, ns[i] ?? 0]))]));
}
