/**
 * hosts.ts: how hosts are, and how an instrumentation fares on each.
 *
 * Operators see hosts by name, with reasons as the hosts gave them. Tenants see counts by state and cause, of the hosts on which
 * they have a zone: a reason may name a host, a probe or a file, and is not theirs to read.
 */
import type { HostInfo, InstrumentationHost, InstrumentationState } from "../core/api.ts";
import { CAUSES, type Cause, type HostDetail } from "../core/host-status.ts";
import type { HostRow } from "../store/hosts.ts";
import type { OwnershipRow } from "../store/ownership.ts";

/** Collectors report each host a few times a minute; one that is silent for longer may be gone, and nothing it said holds. */
const SILENT_MS = 90_000;

const NO_DETAIL: HostDetail = { dtrace: "", bootSec: 0, clockOffsetMs: null, enablings: [], metrics: [] };

export function hostInfos(rows: readonly HostRow[], ownership: readonly OwnershipRow[], nowMs: number): HostInfo[] {
  const zones = new Map<string, number>();
  for (const { host, toMs } of ownership) if (toMs === 0) zones.set(host, (zones.get(host) ?? 0) + 1);
  return rows
    .map((row) => ({
      name: row.name,
      collector: row.collector,
      platform: row.platform,
      ...presenceOf(row, nowMs),
      seenMs: row.seenMs,
      zones: zones.get(row.name) ?? 0,
      ...hostDetail(row),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** One entry for each host that has been told to run the spec, and for those that are away and may not know of it. */
export function instrumentationHosts(spec: string, rows: readonly HostRow[], nowMs: number): InstrumentationHost[] {
  return rows
    .flatMap((row): InstrumentationHost[] => {
      const { state, reason, sinceMs } = presenceOf(row, nowMs);
      if (state === "removed") return [];
      const own = hostDetail(row).enablings.find((each) => each.spec === spec);
      if (state === "down") {
        const cause = row.state !== "down" ? "collector_silent" : own?.state === "down" ? own.cause : "ssh_down";
        return [{ ...IDLE, host: row.name, state: "down", cause, reason, sinceMs }];
      }
      if (own === undefined) return [];
      const { spec: _spec, metric: _metric, ...rest } = own;
      return [{ host: row.name, ...rest }];
    })
    .sort((a, b) => (a.host < b.host ? -1 : 1));
}

/** The same without hosts, for tenants: the most frequent first. */
export function instrumentationStates(hosts: readonly InstrumentationHost[]): InstrumentationState[] {
  const counts = new Map<string, InstrumentationState>();
  for (const { state, cause } of hosts) {
    const key = `${state} ${cause}`;
    const hostCount = (counts.get(key)?.hosts ?? 0) + 1;
    counts.set(key, { state, cause, reason: wordsOf(cause), hosts: hostCount });
  }
  return [...counts.values()].sort((a, b) => b.hosts - a.hosts);
}

const IDLE = { retryAtMs: null, eventsPerSec: null, dropsPerSec: null, losses: {}, unknownSample: "" } as const;

/** How a host is now: what it said last holds only for a while. */
export function presenceOf(row: HostRow, nowMs: number): Pick<HostInfo, "state" | "reason" | "sinceMs"> {
  const silent = row.state === "up" && nowMs - row.seenMs > SILENT_MS;
  if (!silent) return { state: row.state, reason: row.reason, sinceMs: row.sinceMs };
  return { state: "down", reason: `collector ${row.collector} is silent`, sinceMs: row.seenMs };
}

/** What its collector said of it last. */
export function hostDetail(row: HostRow): HostDetail {
  return row.detail === "" ? NO_DETAIL : (JSON.parse(row.detail) as HostDetail);
}

function wordsOf(cause: Cause): string {
  return CAUSES[cause];
}
