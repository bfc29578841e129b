/**
 * collector.ts: the hosts of one collector process, and the way of their rows to ingest.
 */
import type { Assignment } from "../core/instrumentation.ts";
import type { CoverageRow } from "../core/window.ts";
import type { Platform } from "../d-scripts/recipe.ts";
import type { Log } from "../server/log.ts";
import { Assignments } from "./assignments.ts";
import { Batcher } from "./batcher.ts";
import { GUARD_LIMITS, type GuardLimits } from "./cost-guard.ts";
import { gapRow } from "./coverage.ts";
import { ENABLING_TIMINGS, type EnablingTimings } from "./enabling.ts";
import { Host } from "./host.ts";
import type { KnownHosts } from "./known-hosts.ts";
import { Once } from "./once.ts";
import { MemorySpool } from "./spool.ts";
import { DEFAULT_TIMINGS, type SshTarget, type SshTimings } from "./ssh.ts";
import { SupportBook } from "./support.ts";
import { Turns } from "./turns.ts";
import { Uploader } from "./uploader.ts";

export interface CollectorOptions {
  /** The collector's own name: part of its stream names. */
  readonly name: string;
  readonly hosts: readonly HostConfig[];
  readonly knownHosts: () => KnownHosts;
  readonly ingestUrl: string;
  readonly queryUrl: string;
  readonly token: string;
  readonly log: Log;
  readonly spoolBytes?: number;
  readonly lingerMs?: number;
  readonly zonesEveryMs?: number;
  /** How often a host's rates and counters are reported; changes of state are told at once. */
  readonly reportEveryMs?: number;
  readonly timings?: SshTimings;
  readonly enablingTimings?: Partial<EnablingTimings>;
  readonly limits?: Partial<GuardLimits>;
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
  /** Stops tracing, sends what is spooled for at most `withinMs`, then ends. */
  close(withinMs?: number): Promise<void>;
}

const CHECK_MS = 1_000;
const CONNECTING_AT_ONCE = 16;

export function startCollector(options: CollectorOptions): Collector {
  const { name, log, token, now = Date.now } = options;
  const said = new Once();
  const warn = (facts: Record<string, unknown>, message: string): void => log.warn(facts, message);
  const lose = (coverage: readonly CoverageRow[], reason: "spool_overflow" | "quarantined"): void => {
    const lost = coverage.filter((row) => row.status !== "gap");
    for (const row of lost) batcher.add([], gapRow({ ...row, reason, nowMs: now() }));
    if (lost.length > 0 && said.first(`lost: ${reason}`, now())) {
      log.error(
        { windows: lost.length, reason },
        "windows were lost; coverage says which, this line comes once an hour",
      );
    }
  };
  const spool = new MemorySpool({
    collector: name,
    capacityBytes: options.spoolBytes ?? 256 * 1024 * 1024,
    // Not within the append that dropped it: the gap rows are an append of their own.
    onDrop: (dropped) => setImmediate(() => lose(dropped.coverage, "spool_overflow")),
  });
  const uploader = new Uploader({
    ingestUrl: options.ingestUrl,
    token,
    spool,
    onRefused: (coverage) => lose(coverage, "quarantined"),
    onAlarm: warn,
  });
  const batcher = new Batcher({ spool, lingerMs: options.lingerMs ?? 100, onBatch: () => uploader.wake() });
  const support = new SupportBook();
  const turns = new Turns(CONNECTING_AT_ONCE);
  const hosts = options.hosts.map(
    (host) =>
      new Host({
        ...host,
        collector: name,
        knownHosts: options.knownHosts,
        timings: options.timings ?? DEFAULT_TIMINGS,
        enablingTimings: { ...ENABLING_TIMINGS, ...options.enablingTimings },
        limits: { ...GUARD_LIMITS, ...options.limits },
        reconnectMinMs: options.reconnectMinMs ?? 1_000,
        reconnectMaxMs: options.reconnectMaxMs ?? 60_000,
        zonesEveryMs: options.zonesEveryMs ?? 15_000,
        reportEveryMs: options.reportEveryMs ?? 15_000,
        support,
        turns,
        sink: batcher,
        report: (of, report) => uploader.report(of, report),
        log,
        now,
      }),
  );
  const assignments = new Assignments({
    queryUrl: options.queryUrl,
    token,
    onAssignments: (list: readonly Assignment[]) => {
      for (const host of hosts) host.assign(list);
    },
    onAlarm: warn,
  });
  const checks = setInterval(() => {
    for (const host of hosts) host.check();
  }, CHECK_MS);

  uploader.start();
  assignments.start();
  for (const host of hosts) host.start();
  return {
    close: async (withinMs = 1_000) => {
      assignments.close();
      clearInterval(checks);
      for (const host of hosts) host.close();
      batcher.flush();
      await uploader.close(withinMs);
    },
  };
}
