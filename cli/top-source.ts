/**
 * top-source.ts: what `isotherm top` shows, from the query API.
 *
 * Latency and rate are one distribution a zone over the last seconds (the columns of its heatmap merged), CPU a series of the
 * same seconds; what nobody measures is null, never zero.
 */
import type { Breakdown, Heatmap, HeatmapGroup, InstrumentationInfo, Series } from "../core/api.ts";
import { bucketsOf } from "../core/histogram/buckets.ts";
import { merge, quantile } from "../core/histogram/distribution.ts";
import { parseScheme } from "../core/histogram/scheme.ts";
import { answer, type Api } from "./api-client.ts";
import { badWhat, findInstrumentation, findMetric } from "./find-instrumentation.ts";
import { zoneNames } from "./zone-names.ts";

export interface TopZone {
  readonly zone: string;
  readonly alias: string;
  readonly host: string;
  /** Events a second. */
  readonly rate: number;
  /** In the metric's base unit; null: nothing was counted. */
  readonly p50: number | null;
  readonly p99: number | null;
  /** In percent of one CPU; null: not known. */
  readonly cpu: number | null;
}

export interface TopAnswer {
  readonly metric: string;
  readonly unit: string;
  /** The seconds asked of, [from, to) in epoch seconds, and of how many of them anything is known: rates are over those. */
  readonly window: TimeWindow;
  readonly windowSec: number;
  readonly watchedSec: number;
  readonly zones: readonly TopZone[];
  /** Events of zones beyond those listed. */
  readonly otherRate: number;
}

export interface TopRequest {
  readonly metric: string;
  readonly windowSec: number;
  /** At most so many zones. */
  readonly top: number;
}

export interface TopSource {
  read(nowMs?: number): Promise<TopAnswer>;
}

/** @throws InputError where the metric has no zones or no distribution, or nobody measures it */
export async function openTop(api: Api, { metric, windowSec, top }: TopRequest): Promise<TopSource> {
  const suits = ({ numeric, keys }: InstrumentationInfo): boolean => numeric !== null && keys.includes("zonename");
  const found = await findInstrumentation(api, metric, suits);
  if (found === undefined || !suits(found)) {
    throw badWhat(metric, "one that is measured with zones and a distribution (isotherm watch METRIC makes one)");
  }
  const { fields } = await findMetric(api, found.metric);
  const unit = fields.find(({ name }) => name === found.numeric)?.type ?? "";
  const cpu = await findInstrumentation(api, "cpu.usage", ({ keys }) => keys.includes("zonename"));
  const buckets = bucketsOf(parseScheme(found.scheme ?? ""));
  const read = async (nowMs = Date.now()): Promise<TopAnswer> => {
    const window = lastWhole(nowMs, windowSec, found.granularitySec);
    const [names, { parts, other }, usage] = await Promise.all([
      zoneNames(api),
      readTotals(api, found.id, window, top),
      cpu === undefined
        ? new Map<string, number>()
        : readCpu(api, cpu.id, lastWhole(nowMs, windowSec, cpu.granularitySec)),
    ]);
    const zonesOf = parts.map(({ key }) => key);
    const { watchedSec, groups } = await readDistributions(api, found.id, window, zonesOf);
    const perSec = (events: number): number => events / Math.max(1, watchedSec);
    const zones = groups.map(({ key, total, columns }): TopZone => {
      const whole = merge(columns);
      return {
        zone: key,
        alias: names.get(key)?.alias ?? "",
        host: names.get(key)?.host ?? "",
        rate: perSec(total),
        p50: quantile(buckets, whole, 0.5),
        p99: quantile(buckets, whole, 0.99),
        cpu: usage.get(key) ?? null,
      };
    });
    return {
      ...{ metric: found.metric, unit, window: { from: window.from, to: window.to } },
      ...{ windowSec: window.to - window.from, watchedSec, zones, otherRate: perSec(other) },
    };
  };
  return { read };
}

/** Epoch seconds, [from, to). */
interface TimeWindow {
  readonly from: number;
  readonly to: number;
}
/** And in how many columns it is read. */
interface Window extends TimeWindow {
  readonly columns: number;
}

/** The newest seconds are still coming in: the window ends a little before. */
const SETTLED_SEC = 2;
/** Longer windows are read in columns of ten seconds. */
const LONG_SEC = 600;
const LONG_STEP_SEC = 10;

/** The last seconds that are whole columns: the API widens a range to whole ones, and would answer for more than is said. */
function lastWhole(nowMs: number, windowSec: number, granularitySec: number): Window {
  const stepSec = Math.max(granularitySec, windowSec > LONG_SEC ? LONG_STEP_SEC : 1);
  const columns = Math.ceil(windowSec / stepSec);
  const to = Math.floor((nowMs / 1000 - SETTLED_SEC) / stepSec) * stepSec;
  return { from: to - columns * stepSec, to, columns };
}

/** Events by zone. */
async function readTotals(api: Api, id: string, { from, to }: Window, top: number): Promise<Breakdown> {
  const params = { path: { id }, query: { by: "zonename", from, to, limit: top } };
  return answer<Breakdown>(api, api.client.GET("/v1/instrumentations/{id}/breakdown", { params }));
}

/** The API answers for so many keys at once. */
const KEYS_AT_ONCE = 20;

interface Distributions {
  readonly watchedSec: number;
  /** A zone each. */
  readonly groups: readonly HeatmapGroup[];
}

async function readDistributions(
  api: Api,
  id: string,
  window: Window,
  zones: readonly string[],
): Promise<Distributions> {
  let watchedSec = 0;
  const groups: HeatmapGroup[] = [];
  for (let i = 0; i < zones.length; i += KEYS_AT_ONCE) {
    const keys = zones.slice(i, i + KEYS_AT_ONCE);
    const params = { path: { id }, query: { ...window, by: "zonename", keys } };
    const heatmap = await answer<Heatmap>(api, api.client.GET("/v1/instrumentations/{id}/heatmap", { params }));
    groups.push(...(heatmap.groups ?? []).filter(({ isOther }) => !isOther));
    const watched = heatmap.columns.filter(({ reporting, total }) => reporting > 0 || (total ?? 0) > 0);
    watchedSec = watched.length * heatmap.stepSec;
  }
  return { watchedSec, groups };
}

async function readCpu(api: Api, id: string, window: Window): Promise<Map<string, number>> {
  const query = { ...window, by: "zonename", limit: 100 };
  const params = { path: { id }, query };
  const { series } = await answer<Series>(api, api.client.GET("/v1/instrumentations/{id}/series", { params }));
  return new Map(
    series.flatMap(({ key, values }): [string, number][] => {
      const known = values.filter((each) => each !== null);
      return key === "" || known.length === 0 ? [] : [[key, known.reduce((sum, each) => sum + each, 0) / known.length]];
    }),
  );
}
