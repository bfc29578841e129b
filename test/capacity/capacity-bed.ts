/**
 * capacity-bed.ts: services with a simulated history of some months in them, imported as `isotherm import` does.
 */
import { importHistory } from "../../cli/import-history.ts";
import type { ImportReport } from "../../cli/import-store.ts";
import {
  historyFleet,
  type HistoryFleet,
  type HistoryOptions,
  type HistoryZone,
} from "../../collectors/simulator/history-fleet.ts";
import { historyLines } from "../../collectors/simulator/history.ts";
import type { HistoryLine, HourLine } from "../../core/hours.ts";
import type { StoreClient } from "../../store/client.ts";
import { startApi, type Api } from "../api/api-fixture.ts";
import type { Client } from "../e2e/stack.ts";

export const OPTIONS: HistoryOptions = { days: 56, hosts: 1, zonesPerHost: 5, seed: 4, nowMs: Date.now() };

export interface CapacityBed {
  readonly api: Api;
  readonly fleet: HistoryFleet;
  readonly report: ImportReport;
  /** Imports lines into the same store. */
  readonly import: (lines: Iterable<HistoryLine>) => Promise<ImportReport>;
  /** What is asked for once the history is the whole range. */
  readonly range: string;
}

/** @param names of the metrics that are imported; all unless said otherwise */
export async function startCapacity(
  names?: readonly string[],
  differs: Parameters<typeof startApi>[1] = {},
): Promise<CapacityBed> {
  const fleet = historyFleet(OPTIONS);
  const api = await startApi(fleet.tenants, differs);
  const { store, state } = api.services;
  const run = (lines: Iterable<HistoryLine>): Promise<ImportReport> =>
    importHistory(lines, { store, state, enable: true });
  const report = await run(linesOf(names));
  return { api, fleet, report, import: run, range: `from=${fleet.fromTs}&to=${fleet.endTs}` };
}

function* linesOf(names: readonly string[] | undefined): Generator<HistoryLine> {
  for (const line of historyLines(OPTIONS)) {
    const name = line.kind === "hour" ? line.of : line.kind === "metric" ? line.name : undefined;
    if (name === undefined || names === undefined || names.includes(name)) yield line;
  }
}

/** A mutant: the store asked without the predicate that holds a tenant to its rows. */
export function withoutTenants(store: StoreClient): StoreClient {
  const without = (sql: string): string => sql.replace(/\btenant = \{\w+:String\}/g, "1");
  return {
    ...store,
    query: (sql, params, options) => store.query(without(sql), params, options),
    queryArrow: (sql, params, options) => store.queryArrow(without(sql), params, options),
  };
}

/** What the tests ask of a bed, which is there once they run, and what was put into it. */
export function askingOf(bed: () => CapacityBed) {
  const ask = <T>(path: string, query = "", client: Client = bed().api.operator): Promise<T> =>
    client.json<T>(`/v1/capacity/${path}?${bed().range}&${query}`);
  const zones = (): readonly HistoryZone[] => bed().fleet.hosts.flatMap((host) => host.zones);
  const zoneOf = (role: string): HistoryZone => zones().find((zone) => zone.role === role) as HistoryZone;
  const hoursOf = (name: string): HourLine[] =>
    [...historyLines(OPTIONS)].filter((line): line is HourLine => line.kind === "hour" && line.of === name);
  const idOf = async (metric: string): Promise<string> => {
    const { instrumentations } = await bed().api.operator.json<{ instrumentations: { id: string; metric: string }[] }>(
      "/v1/instrumentations",
    );
    return instrumentations.find((each) => each.metric === metric)?.id ?? "";
  };
  return { ask, zones, zoneOf, hoursOf, idOf };
}
