/**
 * instrumentations.ts: what is measured, and for whom: metrics, instrumentations, how they fare, and what one would cost.
 */
import type { Cause, EnablingState, EnablingStatus } from "../host-status.ts";
import type { CostClass, Metric } from "../metric.ts";
import type { PredicateJson } from "../predicate.ts";

/** GET /v1/metrics answers {metrics: MetricInfo[]}. */
export interface MetricInfo extends Metric {
  readonly name: string;
}

export interface InstrumentationInfo {
  readonly id: string;
  readonly metric: string;
  readonly label: string;
  readonly predicate: PredicateJson;
  /** Fields it is broken down by, in alphabetical order. */
  readonly decomposition: readonly string[];
  /** Discrete fields among them, "zonename" first where the metric has zones. */
  readonly keys: readonly string[];
  /** The numeric field whose distribution is kept; null: scalars, one value a key and column. */
  readonly numeric: string | null;
  readonly scheme: string | null;
  readonly granularitySec: number;
  readonly retentionSec: number;
  /** Seconds without a reader until it is deleted; 0: standing. */
  readonly idleMaxSec: number;
  /** "operator" or a tenant's id. */
  readonly owner: string;
  /** From configuration, always on, not to be deleted. */
  readonly standing: boolean;
  readonly createdMs: number;
}

/** GET /v1/instrumentations/:id adds the D program that runs for it (null for kstat metrics) and how it fares. */
export interface InstrumentationDetail extends InstrumentationInfo {
  readonly program: string | null;
  /** How many hosts are in which state and why; for tenants, of those on which they have a zone. */
  readonly states: readonly InstrumentationState[];
  /** Host by host, for operators only. */
  readonly hosts?: readonly InstrumentationHost[];
}

export interface InstrumentationState {
  readonly state: EnablingState;
  readonly cause: Cause;
  /** The cause in words. */
  readonly reason: string;
  readonly hosts: number;
}

export interface InstrumentationHost extends Omit<EnablingStatus, "spec" | "metric"> {
  readonly host: string;
}

/** GET /v1/instrumentations answers {instrumentations: InstrumentationSummary[]}. */
export interface InstrumentationSummary extends InstrumentationInfo {
  readonly cost: CostClass;
  readonly ageSec: number;
  /** When it ends unless somebody reads it, epoch ms; null: it stays, or is being watched. */
  readonly idleExpiresMs: number | null;
  /** When it ends whoever reads it; null: no such limit. */
  readonly expiresMs: number | null;
}

/** POST /v1/instrumentations with `dryRun`: what it would be, and cost. Nothing has been made. */
export interface InstrumentationPreview {
  readonly dryRun: true;
  /** As it would be made, but for its id. */
  readonly instrumentation: Omit<InstrumentationInfo, "id" | "createdMs">;
  readonly cost: CostClass;
  readonly source: "dtrace" | "kstat";
  /** What SmartOS hosts would run; null for kstat metrics, which the kernel counts anyway. */
  readonly program: string | null;
  /** Probe descriptions in it, without those of its clock. */
  readonly probes: readonly string[];
  readonly estimate: CostEstimate;
  /** Ids of the caller's instrumentations that count the same: then it costs no host anything more. */
  readonly equal: readonly string[];
  readonly hosts: {
    readonly supported: number;
    readonly unsupported: number;
    /** Hosts that have not said yet whether they can, or are away. */
    readonly unknown: number;
    /** Supported, but with as many enablings as a host may have: there it would wait. */
    readonly full: number;
    /** Host by host, for operators only. */
    readonly list?: readonly PreviewHost[];
  };
  readonly warnings: readonly Warning[];
  readonly caps: {
    /** null: operators have no cap. */
    readonly instrumentations: { readonly used: number; readonly most: number } | null;
    readonly enablingsPerHost: number;
  };
  /** Whether making it now would be refused by a cap, by which code; null: it would not. */
  readonly refused: string | null;
}

export interface CostEstimate {
  /** Of the caller's zones, over the last five minutes, all hosts together; null: nothing alike is measured. */
  readonly eventsPerSec: number | null;
  /** same: by an equal predicate; most: by one without a predicate, hence at most so many. */
  readonly basis: "same" | "most" | null;
}

export interface PreviewHost {
  readonly host: string;
  readonly supported: boolean | null;
  /** Why not, or why it is not known; "" where it is. */
  readonly reason: string;
  /** Enablings that it is told to run now. */
  readonly enablings: number;
  /** It is one of these, for somebody: to share it costs the host nothing more. */
  readonly shared: boolean;
  /** What an enabling like it reports there; null: there is none. */
  readonly eventsPerSec: number | null;
}

export interface Warning {
  readonly code: string;
  readonly message: string;
}
