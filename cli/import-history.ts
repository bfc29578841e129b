/**
 * import-history.ts: lines of history, in their order, into a store: tenants and zones as control state, hours by months.
 */
import { InputError, OperationalError } from "../core/errors.ts";
import { checkHour, type CheckedHour, type HistoryLine, type MetricLine, type ZoneLine } from "../core/hours.ts";
import { parseSpec, type Spec } from "../core/instrumentation.ts";
import { findMetric } from "../d-scripts/catalogue.ts";
import { Instrumentations } from "../query-api/instrumentations.ts";
import { specId } from "../query-api/spec-id.ts";
import type { StoreClient } from "../store/client.ts";
import type { State } from "../store/state.ts";
import { HourStore, type ImportReport } from "./import-store.ts";

export interface ImportOptions {
  readonly store: StoreClient;
  readonly state: Pick<State, "tenants" | "ownership" | "instrumentations">;
  /** Also make standing instrumentations of DTrace metrics, which then run on all hosts. */
  readonly enable: boolean;
  readonly nowMs?: () => number;
}

/** Rows of one insert: enough that an insert costs little beside them. */
const CHUNK_ROWS = 200_000;

interface Open {
  readonly name: string;
  readonly spec: Spec;
  readonly id: string;
  hours: CheckedHour[];
  lastTs: number;
}

/** @throws InputError with the line's number; OperationalError IMPORT_... */
export async function importHistory(
  lines: AsyncIterable<HistoryLine> | Iterable<HistoryLine>,
  options: ImportOptions,
): Promise<ImportReport> {
  const { store, state } = options;
  const nowMs = options.nowMs ?? Date.now;
  const hours = new HourStore(store, nowMs);
  const open = new Map<string, Open>();
  const zones: ZoneLine[] = [];
  let waiting = 0;
  const flush = async (): Promise<void> => {
    await reportZones(state, zones.splice(0), nowMs());
    const parts = [...open.values()].filter((each) => each.hours.length > 0);
    const all = parts.map((each) => ({ spec: each.id, granularitySec: each.spec.granularitySec, hours: each.hours }));
    await hours.put(all, (host, zone, ts) => state.ownership.ownerAt(host, zone, ts * 1000));
    for (const each of parts) each.hours = [];
    waiting = 0;
  };
  let number = 0;
  for await (const line of lines) {
    number += 1;
    const where = `line ${number}`;
    switch (line.kind) {
      case "metric":
        if (open.has(line.name)) throw wrongLine(where, "name", `${line.name} is named twice`);
        open.set(line.name, await openMetric(line, options, where));
        break;
      case "tenant":
        if (state.tenants.get(line.id)?.name !== line.name) {
          await state.tenants.put([{ id: line.id, name: line.name, createdMs: nowMs() }]);
        }
        break;
      case "zone":
        zones.push(line);
        break;
      case "hour": {
        const each = open.get(line.of);
        if (each === undefined) throw wrongLine(where, "of", "expected the name of a metric in a line before");
        if (line.ts <= each.lastTs) throw wrongLine(where, "ts", "expected hours of one metric ascending, each once");
        if (waiting >= CHUNK_ROWS || (each.hours.length > 0 && monthOf(each.lastTs) !== monthOf(line.ts)))
          await flush();
        const hour = checkHour(line, each.spec, where);
        each.hours.push(hour);
        waiting += hour.rows.length + hour.ticks.size;
        each.lastTs = hour.ts;
        break;
      }
      default:
        throw wrongLine(where, "kind", "expected metric, tenant, zone or hour");
    }
  }
  await flush();
  return hours.report;
}

async function openMetric(line: MetricLine, { state, enable }: ImportOptions, where: string): Promise<Open> {
  const entry = findMetric(line.metric);
  if (entry === undefined) throw wrongLine(where, "metric", `there is no metric ${JSON.stringify(line.metric)}`);
  const { kind: _kind, name, ...input } = line;
  const spec = parseSpec(input, entry.metric);
  const id = specId(spec);
  const isThere = state.instrumentations.all().some((row) => row.spec === id && row.deletedMs === 0);
  if (!isThere) {
    if (entry.metric.source === "dtrace" && !enable) {
      const message = `import ${line.metric}: it would run on the hosts from now on; make the instrumentation first, or give --enable`;
      throw new OperationalError("IMPORT_ENABLES", message);
    }
    await new Instrumentations(state.instrumentations).ensureStanding(input);
  }
  return { name, spec, id, hours: [], lastTs: -1 };
}

/** Zones that are named open their intervals; those that a host has beside them stay as they are. */
async function reportZones(
  { ownership }: Pick<State, "ownership">,
  zones: readonly ZoneLine[],
  nowMs: number,
): Promise<void> {
  for (const host of new Set(zones.map((each) => each.host))) {
    const there = ownership
      .current()
      .filter((row) => row.host === host)
      .map(({ zone, owner, alias, state }) => ({ name: zone, owner, alias, state }));
    const names = new Set(there.map(({ name }) => name));
    const added = zones
      .filter((each) => each.host === host && !names.has(each.zone))
      .map(({ zone, owner, alias }) => ({ name: zone, owner, alias, state: "imported" }));
    if (added.length > 0) await ownership.report(host, [...there, ...added], nowMs);
  }
}

function monthOf(ts: number): number {
  const at = new Date(ts * 1000);
  return at.getUTCFullYear() * 12 + at.getUTCMonth();
}

function wrongLine(where: string, field: string, message: string): InputError {
  return new InputError(`read ${where}: ${field}: ${message}`, [{ field, code: "BAD_HISTORY", message }]);
}
