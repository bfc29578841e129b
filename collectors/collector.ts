/**
 * collector.ts: the hosts of one collector process, and the way of their rows to ingest.
 */
import type { HostReport } from "../core/host-status.ts";
import type { Assignment } from "../core/instrumentation.ts";
import type { Platform } from "../d-scripts/recipe.ts";
import { Assignments } from "./assignments.ts";
import { GUARD_LIMITS, type GuardLimits } from "./cost-guard.ts";
import { CollectorMetrics } from "./collector-metrics.ts";
import { type DeliveryOptions, startDelivery } from "./spool-delivery.ts";
import { ENABLING_TIMINGS, type EnablingTimings } from "./enabling.ts";
import { Host } from "./host.ts";
import { NOBODY_KNOWS, type OwnerOf } from "./zones.ts";
import type { KnownHosts } from "./known-hosts.ts";
import { DEFAULT_TIMINGS, type SshTarget, type SshTimings } from "./ssh.ts";
import { SupportBook } from "./support.ts";
import { Turns } from "./turns.ts";

export interface CollectorOptions extends Omit<DeliveryOptions, "now"> {
  readonly hosts: readonly HostConfig[];
  readonly knownHosts: () => KnownHosts;
  /** For all hosts, read before each connection; default: each target's own. */
  readonly privateKey?: () => string;
  readonly queryUrl: string;
  readonly zonesEveryMs?: number;
  /** How often a host's rates and counters are reported; changes of state are told at once. */
  readonly reportEveryMs?: number;
  readonly timings?: SshTimings;
  readonly enablingTimings?: Partial<EnablingTimings>;
  readonly limits?: Partial<GuardLimits>;
  /** Whose a zone is where its host does not know. */
  readonly ownerOf?: OwnerOf;
  readonly reconnectMinMs?: number;
  readonly reconnectMaxMs?: number;
  readonly now?: () => number;
}

export interface HostConfig {
  readonly name: string;
  readonly target: SshTarget;
  readonly platform: Platform;
  /** Of a host without zones (linux): whose its one zone, "global", is. Default: the operators'. */
  readonly owner?: string;
}

export interface Collector {
  /** These hosts from now on: others end, new ones begin, those that are the same lose nothing. */
  setHosts(hosts: readonly HostConfig[]): void;
  /** Why windows are lost, or will be soon; "" where all is well. */
  problem(): string;
  /** Stops tracing, sends what is spooled for at most `withinMs`, then ends; what is left stays on the disk. */
  close(withinMs?: number): Promise<void>;
}

const CHECK_MS = 1_000;
const CONNECTING_AT_ONCE = 16;

/** @throws OperationalError SPOOL_IN_USE, SPOOL_UNREADABLE */
export async function startCollector(options: CollectorOptions): Promise<Collector> {
  const { log, token, privateKey, now = Date.now, metrics = new CollectorMetrics() } = options;
  const warn = (facts: Record<string, unknown>, message: string): void => log.warn(facts, message);
  const delivery = await startDelivery({ ...options, metrics, now });
  const { sink, uploader, earlier } = delivery;
  const report = (of: string, told: HostReport): void => {
    metrics.reported(of, told);
    uploader.report(of, told);
  };
  const support = new SupportBook();
  const turns = new Turns(CONNECTING_AT_ONCE);
  const makeHost = (host: HostConfig): Host =>
    new Host({
      ...host,
      ...(privateKey === undefined ? {} : { privateKey }),
      collector: options.name,
      knownHosts: options.knownHosts,
      timings: options.timings ?? DEFAULT_TIMINGS,
      enablingTimings: { ...ENABLING_TIMINGS, ...options.enablingTimings },
      limits: { ...GUARD_LIMITS, ...options.limits },
      reconnectMinMs: options.reconnectMinMs ?? 1_000,
      reconnectMaxMs: options.reconnectMaxMs ?? 60_000,
      zonesEveryMs: options.zonesEveryMs ?? 15_000,
      reportEveryMs: options.reportEveryMs ?? 15_000,
      ownerOf: options.ownerOf ?? NOBODY_KNOWS,
      support,
      turns,
      sink,
      claimLastTs: (spec) => earlier.claim(spec, host.name),
      report,
      log,
      now,
    });
  const hosts = new Map(options.hosts.map((host) => [host.name, { as: JSON.stringify(host), host: makeHost(host) }]));
  let assigned: readonly Assignment[] = [];
  const setHosts = (list: readonly HostConfig[]): void => {
    const wanted = new Map(list.map((each) => [each.name, each]));
    for (const [name, { as, host }] of hosts) {
      if (as === JSON.stringify(wanted.get(name))) continue;
      host.close();
      hosts.delete(name);
      if (!wanted.has(name)) report(name, removed(options.name, now()));
    }
    for (const [name, each] of wanted) {
      if (hosts.has(name)) continue;
      const host = makeHost(each);
      hosts.set(name, { as: JSON.stringify(each), host });
      host.assign(assigned);
      host.start();
    }
  };
  const assignments = new Assignments({
    queryUrl: options.queryUrl,
    token,
    onAssignments: (list: readonly Assignment[]) => {
      assigned = list;
      for (const { host } of hosts.values()) host.assign(list);
    },
    onAlarm: warn,
  });
  const checks = setInterval(() => {
    for (const { host } of hosts.values()) host.check();
  }, CHECK_MS);

  assignments.start();
  for (const { host } of hosts.values()) host.start();
  return {
    setHosts,
    problem: () => delivery.problem(),
    close: async (withinMs = 1_000) => {
      assignments.close();
      clearInterval(checks);
      for (const { host } of hosts.values()) host.close();
      await delivery.close(withinMs);
    },
  };
}

/** It is no longer watched: nothing is expected of it from now on. */
function removed(collector: string, nowMs: number): HostReport {
  return { collector, atMs: Math.round(nowMs), state: "removed", reason: "taken out of the inventory", platform: "" };
}
