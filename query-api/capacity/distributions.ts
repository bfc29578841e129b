/**
 * distributions.ts: percentiles of one instrumentation by calendar months and by hours, from exact counts.
 */
import type { InstrumentationForecast, InstrumentationMonths, Outlook } from "../../core/capacity.ts";
import { InputError } from "../../core/errors.ts";
import { bucketsOf } from "../../core/histogram/buckets.ts";
import { fromTally, quantile, totalOf, type Distribution } from "../../core/histogram/distribution.ts";
import { metricName } from "../../core/metric.ts";
import type { View } from "../view.ts";
import { columnSql, Params, reading, windowsFilter, type Range } from "../sql.ts";
import {
  HOUR_SEC,
  planHours,
  rankKeys,
  readHourly,
  readWatchedHours,
  seriesOf,
  type HourPlan,
  type Reads,
} from "./hourly.ts";
import { outlookOf } from "./outlook.ts";
import { numericColumns } from "../../wire/answers.ts";

/** Months in UTC, also the one that has just begun. */
export async function readMonths(
  reads: Reads,
  view: View,
  range: Range,
  q: readonly number[],
): Promise<InstrumentationMonths> {
  const { scheme } = view.spec;
  if (scheme === null) throw noDistribution(view);
  const at = await planHours(reads, view, range);
  const watched = await readWatchedHours(reads, at);
  const month = "toUnixTimestamp(toDateTime(toStartOfMonth(ts), 'UTC'))";
  const tallies = await readTallies(reads, at, `toUInt32(${month})`);
  const buckets = bucketsOf(scheme);
  const hours = (at.toTs - at.fromTs) / HOUR_SEC;
  const seen = new Map<number, number>();
  for (let i = 0; i < hours; i++) {
    const ts = monthOf(at.fromTs + i * HOUR_SEC);
    const isWatched = [...watched.values()].some((shares) => (shares[i] ?? 0) > 0);
    seen.set(ts, (seen.get(ts) ?? 0) + (isWatched ? 1 : 0));
  }
  return {
    ...{ instrumentation: view.instrumentation.id, metric: metricName(view.metric), unit: unitOf(view), q },
    months: [...seen].map(([ts, watchedHours]) => {
      const distribution = tallies.get(ts) ?? NOTHING;
      const isKnown = watchedHours > 0;
      const values = q.map((each) => (isKnown ? quantile(buckets, distribution, each) : null));
      return { ts, hours: watchedHours, total: isKnown ? totalOf(distribution) : null, values };
    }),
  };
}

/** Of a distribution its percentiles, hour by hour; of scalars their sum over everything that the reader sees. */
export async function readForecast(
  reads: Reads,
  view: View,
  range: Range,
  q: readonly number[],
  horizonDays: number,
  limit: number | null,
): Promise<InstrumentationForecast> {
  const at = await planHours(reads, view, range);
  const about = {
    ...{ instrumentation: view.instrumentation.id, metric: metricName(view.metric), unit: unitOf(view) },
    ...{ fromTs: at.fromTs, toTs: at.toTs },
  };
  const one = (values: Float64Array): Promise<Outlook> =>
    outlookOf(seriesOf(at, values), horizonDays, limit, reads.signal);
  const { scheme } = view.spec;
  if (scheme === null) {
    const { keys } = await rankKeys(reads, at, "'all'", "size", 1);
    const hourly = await readHourly(
      reads,
      at,
      "'all'",
      keys.map((each) => each.key),
    );
    const [all = new Float64Array(hourly.hours).fill(NaN)] = hourly.series.values();
    return { ...about, items: [{ q: null, ...(await one(all)) }] };
  }
  const tallies = await readTallies(reads, at, columnSql(HOUR_SEC));
  const buckets = bucketsOf(scheme);
  const hours = (at.toTs - at.fromTs) / HOUR_SEC;
  const items: InstrumentationForecast["items"][number][] = [];
  for (const each of q) {
    const values = Float64Array.from({ length: hours }, (_, i) => {
      // An hour without events has no percentile, whether it was watched or not.
      return quantile(buckets, tallies.get(at.fromTs + i * HOUR_SEC) ?? NOTHING, each) ?? NaN;
    });
    items.push({ q: each, ...(await one(values)) });
  }
  return { ...about, items };
}

const NOTHING: Distribution = { bucket: [], count: [] };

/** Counts by bucket, added up by an expression of `ts`. */
async function readTallies(reads: Reads, { view, plan }: HourPlan, x: string): Promise<Map<number, Distribution>> {
  if (plan.segments.length === 0) return new Map();
  const params = new Params();
  const rows = plan.segments
    .map(
      (segment) =>
        `SELECT ${x} AS x, b, sum(c) AS n FROM ${segment.table} ARRAY JOIN bucket AS b, count AS c
         WHERE ${windowsFilter(view, segment, params)} GROUP BY x, b`,
    )
    .join(" UNION ALL ");
  const sql = `SELECT toUInt32(x) AS x, toInt32(b) AS b, toFloat64(sum(n)) AS n FROM (${rows}) GROUP BY x, b`;
  const columns = numericColumns(await reads.store.queryArrow(sql, params.values, reading(reads.signal)));
  const { x: xs = [], b: bs = [], n: ns = [] } = columns;
  const tallies = new Map<number, Map<number, number>>();
  for (let i = 0; i < xs.length; i++) {
    let tally = tallies.get(xs[i] ?? 0);
    if (tally === undefined) tallies.set(xs[i] ?? 0, (tally = new Map<number, number>()));
    tally.set(bs[i] ?? 0, ns[i] ?? 0);
  }
  return new Map([...tallies].map(([key, tally]) => [key, fromTally(tally)]));
}

function monthOf(ts: number): number {
  const at = new Date(ts * 1000);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth()) / 1000;
}

function unitOf({ metric, spec }: View): string {
  if (spec.numeric === null) {
    if (metric.type === "percent") return "%";
    return metric.scope === "point" ? metric.unit : metric.type === "size" ? "bytes/s" : `${metric.unit}/s`;
  }
  const field = metric.fields.find(({ name }) => name === spec.numeric);
  return field?.type === "time" ? "ns" : field?.type === "size" ? "bytes" : field?.type === "percent" ? "%" : "";
}

function noDistribution(view: View): InputError {
  const message = `expected an instrumentation of a distribution; ${view.instrumentation.metric} has scalars here`;
  return new InputError("read months", [{ field: "id", code: "NOT_A_DISTRIBUTION", message }]);
}
