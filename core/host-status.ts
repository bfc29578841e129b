/**
 * host-status.ts: how a host and what runs on it are, as a collector reports it and the API shows it.
 *
 * A *cause* is a short stable word that tells nothing about the host; a *reason* is a sentence for operators and may name
 * hosts, probes and files. Tenants see causes only.
 */

/**
 * starting: wanted, and no frame yet (waiting for a channel, too). resting: ended, will be started again. unsupported: cannot
 * run on this host. disabled: switched off because of what it cost. down: the host is away.
 */
export const ENABLING_STATES = ["starting", "running", "resting", "unsupported", "disabled", "down"] as const;
export type EnablingState = (typeof ENABLING_STATES)[number];

/** In words that a tenant may read. */
export const CAUSES = {
  running: "it runs",
  starting: "it is being started",
  waiting_for_channel: "it waits until fewer run on the host",
  exit: "it ended and will be started again",
  silent: "it stopped reporting and will be started again",
  channel: "the connection to the host was interrupted",
  drops: "too many events were dropped",
  lag: "it fell too far behind",
  overhead: "it cost the host too much",
  unresponsive: "it burdened the host too much",
  kill_switch: "tracing is switched off on the host",
  no_dtrace: "the host has no DTrace",
  no_privileges: "the host does not allow tracing",
  no_such_probe: "the host lacks the probes that it needs",
  does_not_compile: "the host cannot run it",
  refused: "the host refused it",
  cannot_compile: "it cannot be expressed for the host",
  not_on_platform: "the host's platform does not have it",
  missing_statistics: "the host does not count it",
  ssh_down: "the host cannot be reached",
  host_key: "the host's identity is in doubt",
  collector_silent: "the host's collector is silent",
} as const;
export type Cause = keyof typeof CAUSES;

/** One spec on one host. */
export interface EnablingStatus {
  /** Digest of the spec. */
  readonly spec: string;
  readonly metric: string;
  readonly state: EnablingState;
  readonly cause: Cause;
  readonly reason: string;
  /** Since when it has been in this state, epoch ms. */
  readonly sinceMs: number;
  /** When it will be tried again, epoch ms; null: it runs, or only by hand. */
  readonly retryAtMs: number | null;
  /** Over the last ten ticks; null: nothing known. */
  readonly eventsPerSec: number | null;
  readonly dropsPerSec: number | null;
  /** dtrace's own CPU time a second; absent where the host does not tell. */
  readonly dtraceCpu?: number;
  /** What was lost, and what was not understood, by kind, since it was assigned. */
  readonly losses: Readonly<Record<string, number>>;
  /** The first line of dtrace's that was not understood; "" where all were. */
  readonly unknownSample: string;
}

/** Whether a host can measure a metric. */
export interface MetricSupport {
  readonly metric: string;
  /** null: not known yet. */
  readonly supported: boolean | null;
  /** Why not; "" where it is. */
  readonly reason: string;
  /** kstat statistics that the platform image lacks; rows that need them are left out. */
  readonly missing: readonly string[];
}

/** What a collector says of a host beyond whether it is up. */
export interface HostDetail {
  readonly dtrace: string;
  /** Epoch seconds; 0: not known. */
  readonly bootSec: number;
  /** How far the host's clock is ahead of the collector's; null: not known. */
  readonly clockOffsetMs: number | null;
  readonly enablings: readonly EnablingStatus[];
  readonly metrics: readonly MetricSupport[];
}

/** What a collector says of a host: PUT /v1/hosts/:host on ingest. */
export interface HostReport {
  readonly collector: string;
  readonly atMs: number;
  readonly state: "up" | "down" | "removed";
  readonly reason: string;
  /** The platform image. */
  readonly platform: string;
  /** Only where they have changed since they were last told: all of them. */
  readonly zones?: readonly { name: string; owner: string; alias: string; state: string }[];
  readonly detail?: HostDetail;
}
