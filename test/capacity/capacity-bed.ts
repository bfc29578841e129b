/**
 * capacity-bed.ts: services with a simulated history of some months in them, imported as `isotherm import` does.
 */
import { importHistory } from "../../cli/import-history.ts";
import type { ImportReport } from "../../cli/import-store.ts";
import { historyFleet, type HistoryFleet, type HistoryOptions } from "../../collectors/simulator/history-fleet.ts";
import { historyLines } from "../../collectors/simulator/history.ts";
import type { HistoryLine } from "../../core/hours.ts";
import type { StoreClient } from "../../store/client.ts";
import { startApi, type Api } from "../api/api-fixture.ts";

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
export async function startCapacity(names?: readonly string[]): Promise<CapacityBed> {
  const fleet = historyFleet(OPTIONS);
  const api = await startApi(fleet.tenants);
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
