/**
 * api.ts: the shapes that the query API and its clients exchange.
 *
 * Times in paths, queries and answers are epoch seconds (columns) unless a name ends in Ms; values are in the metric's base
 * unit (ns for time, bytes for size). null means "not known", never zero.
 */
import type { Cause, EnablingState, EnablingStatus, HostDetail } from "./host-status.ts";
import type { Metric } from "./metric.ts";
import type { PredicateJson } from "./predicate.ts";

export type Role = "operator" | "tenant" | "collector";

/** Who is asking: GET /v1/session. */
export interface SessionInfo {
  readonly role: Role;
  /** The tenant whose token this is; null for operators. */
  readonly tenant: TenantInfo | null;
  /** The label of the token. */
  readonly label: string;
  /** True in the demo: the page says that its data are simulated. */
  readonly simulated: boolean;
  readonly version: string;
}

export interface TenantInfo {
  /** The owner's uuid. */
  readonly id: string;
  readonly name: string;
  /** Zones owned now. */
  readonly zones: readonly { readonly name: string; readonly alias: string }[];
}

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

/** GET /v1/hosts answers {hosts: HostInfo[]}, for operators. */
export interface HostInfo extends HostDetail {
  readonly name: string;
  readonly collector: string;
  /** The platform image. */
  readonly platform: string;
  readonly state: "up" | "down" | "removed";
  readonly reason: string;
  /** When it entered this state, and when a collector last spoke of it: epoch ms. */
  readonly sinceMs: number;
  readonly seenMs: number;
  /** Zones that are known there, the global one not counted. */
  readonly zones: number;
}

/** One column of a heatmap: everything counted in [ts, ts + stepSec). */
export interface HeatmapColumn {
  readonly ts: number;
  /** Hosts that reported the whole column, and hosts that should have. reporting = 0: no data, not zero. */
  readonly reporting: number;
  readonly expected: number;
  /** Events known to be lost. */
  readonly dropped: number;
  /** Why data are missing, the most frequent reason first; "" where none is. */
  readonly reason: string;
  /** Events in the column; null where nothing was watched. */
  readonly total: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  /** Bucket indexes with a count, ascending, and their counts. */
  readonly bucket: ArrayLike<number>;
  readonly count: ArrayLike<number>;
}

/** GET /v1/instrumentations/:id/heatmap; the same fields as schema metadata and rows in the Arrow form. */
export interface Heatmap {
  readonly instrumentation: string;
  readonly metric: string;
  /** Text of the bucket scheme that `bucket` indexes. */
  readonly scheme: string;
  readonly unit: string;
  readonly fromTs: number;
  readonly toTs: number;
  readonly stepSec: number;
  /** The store's tier that answered: "1s", "1m" or "1h". */
  readonly tier: string;
  /** Events over all columns. */
  readonly total: number;
  /** One for each step of [fromTs, toTs), ascending, also where nothing is known. */
  readonly columns: readonly HeatmapColumn[];
}

/** GET /v1/instrumentations/:id/breakdown?by=FIELD: totals by one key; parts plus other equal the total. */
export interface Breakdown {
  readonly by: string;
  readonly total: number;
  readonly other: number;
  readonly parts: readonly BreakdownPart[];
}

export interface BreakdownPart {
  readonly key: string;
  readonly total: number;
}

/** GET /v1/instrumentations/:id/series: scalars by key. */
export interface Series {
  readonly instrumentation: string;
  readonly metric: string;
  readonly unit: string;
  readonly fromTs: number;
  readonly toTs: number;
  readonly stepSec: number;
  readonly tier: string;
  readonly times: readonly number[];
  readonly reporting: readonly number[];
  readonly expected: readonly number[];
  /** The largest first; at most the number asked for, then one "other" (key "") if there are more. */
  readonly series: readonly { readonly key: string; readonly values: readonly (number | null)[] }[];
}

/**
 * Events of GET /v1/instrumentations/:id/live (server-sent events).
 *
 * event `column`: data LiveColumn, id its `ts`. A column may come again with more in it (a host reported later): the client
 * replaces what it has, so that a reconnect that repeats columns counts nothing twice.
 * event `late`: data {fromTs, toTs}: rows came for columns older than memory; read that range again.
 * event `late`: data {fromTs, toTs}: columns in there have changed or were not sent; the client reads them from the heatmap.
 * event `notice`: data {code, message}; `SKIPPED` when a slow viewer was moved to the newest column (a `late` follows).
 *
 * The stream ends when it cannot catch up, with its token, and with its instrumentation: the client asks again, and is told why.
 */
export interface LiveColumn extends HeatmapColumn {
  /** Server's clock when the column was sent, epoch ms: what the page's freshness is measured from. */
  readonly sentMs: number;
  /** When the last window in it ended, by its host's clock, epoch ms; null in columns read from the store. */
  readonly endedMs: number | null;
}

/** The one shape of an HTTP error. */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly errors: readonly { readonly field: string; readonly code: string; readonly message: string }[];
}
