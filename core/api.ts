/**
 * api.ts: the shapes that the query API and its clients exchange.
 *
 * Times in paths, queries and answers are epoch seconds (columns) unless a name ends in Ms; values are in the metric's base
 * unit (ns for time, bytes for size). null means "not known", never zero.
 */
import type { Cause, EnablingState, EnablingStatus, HostDetail } from "./host-status.ts";
import type { CostClass, Field, Metric, ValueType } from "./metric.ts";
import type { PredicateJson } from "./predicate.ts";

export type Role = "operator" | "tenant" | "collector" | "service";

/** What a tenant's token may do: look, or ask for measurements and manage its tenant's tokens as well. */
export type Scope = "read" | "write";

/** Who is asking: GET /v1/session. */
export interface SessionInfo {
  readonly role: Role;
  /** "read": the page offers nothing that changes anything. */
  readonly scope: Scope;
  /** The tenant whose token this is; null for operators. */
  readonly tenant: TenantInfo | null;
  /** The label of the token. */
  readonly label: string;
  /** True in the demo: the page says that its data are simulated. */
  readonly simulated: boolean;
  readonly version: string;
}

/** GET /v1/session/ways: how people sign in besides with a token; for anybody. */
export interface SignInWays {
  /** The OpenID provider that people are sent to (GET /v1/session/oidc/start); null: none. */
  readonly oidc: { readonly name: string } | null;
}

export interface TenantInfo {
  /** The owner's uuid. */
  readonly id: string;
  readonly name: string;
  /** Zones owned now. */
  readonly zones: readonly { readonly name: string; readonly alias: string }[];
}

/** GET /v1/tenants/:id: a tenant with the history of its zones. */
export interface TenantDetail extends TenantInfo {
  /** Whether there is an account: zones may have an owner that nobody has named. */
  readonly named: boolean;
  /** The newest first. */
  readonly intervals: readonly OwnershipInterval[];
}

/** A zone was the tenant's from `fromMs` (0: as long as anybody knows) until `toMs` (null: still is). */
export interface OwnershipInterval {
  readonly zone: string;
  readonly alias: string;
  readonly fromMs: number;
  readonly toMs: number | null;
  /** Operators only. */
  readonly host?: string;
}

/** GET /v1/tokens answers {tokens: TokenInfo[]}; never with the secret, nor its digest. */
export interface TokenInfo {
  readonly id: string;
  readonly role: Role;
  /** The tenant's id; null unless the role is tenant. */
  readonly tenant: string | null;
  readonly scope: Scope;
  readonly label: string;
  /** A session of the page, or a service's own, which the program makes and forgets. */
  readonly passing: boolean;
  /** The same for a token and its successors. */
  readonly lineage: string;
  readonly createdMs: number;
  /** null: never, not revoked. */
  readonly expiresMs: number | null;
  readonly revokedMs: number | null;
  readonly valid: boolean;
}

/** The answer to making or rotating a token: the one time that its text is shown. */
export interface NewTokenInfo extends TokenInfo {
  readonly token: string;
}

/** One line of GET /v1/audit: who did what. */
export interface AuditInfo {
  readonly id: string;
  readonly atMs: number;
  /** For example "token.revoke". */
  readonly action: string;
  /** Whose affair it was: "operator" or a tenant's id. */
  readonly owner: string;
  /** The id of what it was done to. */
  readonly object: string;
  /** Tenants learn the role of an operator, not which one. */
  readonly actor: {
    readonly role: Role;
    readonly tenant: string | null;
    readonly id?: string;
    readonly label?: string;
  };
  readonly detail: Readonly<Record<string, unknown>>;
}

/** GET /v1/audit: the newest first. */
export interface AuditPage {
  readonly entries: readonly AuditInfo[];
  /** `before` of the next page; null: there is none. */
  readonly next: string | null;
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
  /** Bucket indexes with a count, ascending, and their counts; in a heatmap that has `rows`, indexes into those. */
  readonly bucket: ArrayLike<number>;
  readonly count: ArrayLike<number>;
  /** Asked for with weights=weight: each count times the middle of its values; entry by entry as `count`. */
  readonly weight?: ArrayLike<number>;
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
  /** The coarsest of the store's tiers that answered: "1s", "1m" or "1h"; the sums are the same in all. */
  readonly tier: string;
  /** Events over all columns. */
  readonly total: number;
  /** One for each step of [fromTs, toTs), ascending, also where nothing is known. */
  readonly columns: readonly HeatmapColumn[];
  /** Asked for with `rows`, `low` or `high`: what each row covers, the lowest first. */
  readonly rows?: readonly HeatmapRow[];
  /** With `rows`: what lies outside them. The counts of the columns and these add up to `total`. */
  readonly leftOut?: LeftOut;
  /** Asked for with `coloring`: which value of a cell gets which place on a ramp. */
  readonly scale?: HeatmapScale;
  /** Asked for with `by`: the same counts by key; cell by cell they add up to the columns'. */
  readonly by?: string;
  readonly groups?: readonly HeatmapGroup[];
}

/** Whole buckets, so that every count lies in exactly one row; values low <= v < high, null for an open end. */
export interface HeatmapRow {
  /** Bucket indexes of the scheme, both inclusive. */
  readonly first: number;
  readonly last: number;
  readonly low: number | null;
  readonly high: number | null;
}

export interface LeftOut {
  readonly below: number;
  readonly above: number;
  /** Of the total; 0 where that is 0. */
  readonly share: number;
}

/** linear: the share of the greatest. log: the logarithm's. rank: the share of cells with less, which makes outliers plain. */
export type Coloring = "rank" | "linear" | "log";

export interface HeatmapScale {
  readonly coloring: Coloring;
  /** What a cell's colour stands for. */
  readonly of: "count" | "weight";
  /** The greatest of all cells; 0 where there are none. */
  readonly max: number;
  /** The smallest value whose place on the ramp, 0 to 1, is at least `place`; ascending. */
  readonly stops: readonly { readonly place: number; readonly value: number }[];
}

export interface HeatmapGroup {
  /** "" in the group of all other keys. */
  readonly key: string;
  readonly isOther: boolean;
  /** Events in all rows and outside them. */
  readonly total: number;
  /** In the order of the heatmap's columns. */
  readonly columns: readonly Pick<HeatmapColumn, "bucket" | "count" | "weight">[];
}

/** GET /v1/instrumentations/:id/quantiles: of the whole range and of each column, from all that was counted. */
export interface Quantiles {
  readonly instrumentation: string;
  readonly metric: string;
  readonly scheme: string;
  readonly unit: string;
  readonly fromTs: number;
  readonly toTs: number;
  readonly stepSec: number;
  readonly tier: string;
  /** As asked for: fractions of the events. */
  readonly q: readonly number[];
  readonly total: number;
  /** Each event taken for the middle of its bucket; null where nothing was counted. */
  readonly mean: number | null;
  /** One for each of `q`, interpolated within one bucket. */
  readonly values: readonly (number | null)[];
  readonly columns: readonly QuantilesColumn[];
}

export interface QuantilesColumn extends Pick<
  HeatmapColumn,
  "ts" | "reporting" | "expected" | "dropped" | "reason" | "total"
> {
  readonly mean: number | null;
  readonly values: readonly (number | null)[];
}

/** GET /v1/instrumentations/:id/cell: what lies in a range of time and of values, by every key. */
export interface CellDetail {
  readonly instrumentation: string;
  readonly metric: string;
  readonly unit: string;
  readonly fromTs: number;
  readonly toTs: number;
  readonly tier: string;
  /** The values that whole buckets cover, low <= v < high; null for an open end, and both where no bucket lies within. */
  readonly low: number | null;
  readonly high: number | null;
  readonly total: number;
  /** One for each key of the instrumentation; in each the parts and other add up to the total. */
  readonly keys: readonly Pick<Breakdown, "by" | "parts" | "other">[];
}

/** GET /v1/instrumentations/:id/windows: rows as they are stored, by time. */
export interface WindowsPage {
  readonly instrumentation: string;
  readonly metric: string;
  readonly scheme: string | null;
  readonly fromTs: number;
  readonly toTs: number;
  readonly tier: string;
  readonly windows: readonly StoredWindow[];
  /** `after` of the next page; null: there is none. */
  readonly next: string | null;
}

export interface StoredWindow {
  readonly ts: number;
  /** How long the row's time is: that of one tick, or of the tier that has it. */
  readonly durationSec: number;
  /** By field, "zonename" first where the metric has zones. */
  readonly keys: Readonly<Record<string, string>>;
  /** A distribution's bucket indexes and counts; empty for a scalar. */
  readonly bucket: readonly number[];
  readonly count: readonly number[];
  /** A scalar in the metric's base unit; null for a distribution. */
  readonly value: number | null;
  /** Operators only. */
  readonly host?: string;
  readonly tenant?: string;
}

/** GET /v1/instrumentations/:id/breakdown?by=FIELD: totals by one key; parts plus other equal the total. */
export interface Breakdown {
  readonly by: string;
  /** What was added up: the range asked for, or wider by less than a minute (an hour) where only the tier's whole ones are left. */
  readonly fromTs: number;
  readonly toTs: number;
  /** As in a heatmap. */
  readonly tier: string;
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
  /** Events that were lost, at least. */
  readonly dropped: readonly number[];
  /** Why the column is missing or partial; "" if it is neither. */
  readonly reasons: readonly string[];
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

/** What a selection came to: whole buckets only, and no row of a tier was cut. */
export interface AnsweredSelection {
  readonly instrumentation: string;
  readonly metric: string;
  readonly unit: string;
  /** What was added up: as asked, or wider where only a tier's whole minutes or hours are left. */
  readonly fromTs: number;
  readonly toTs: number;
  /** Edges of the buckets that were taken; null: open. */
  readonly low: number | null;
  readonly high: number | null;
  readonly where: PredicateJson;
  /** As in a heatmap. */
  readonly tier: string;
  /** Seconds of it in which some host was watched: 0 means that nothing is known of it. */
  readonly watchedSec: number;
  /** Events known to be lost on the hosts watched, before any filter. */
  readonly dropped: number;
}

/** POST /v1/selections/breakdown: for each key the parts plus `other` equal `total`. */
export interface SelectionBreakdown {
  readonly selection: AnsweredSelection;
  /** Integers added up in the engine: nothing is sampled, estimated or cut short. */
  readonly exact: true;
  /** null: nothing was watched. */
  readonly total: number | null;
  readonly breakdowns: readonly {
    readonly by: string;
    /** How many values the key has in all. */
    readonly values: number;
    readonly total: number;
    readonly other: number;
    /** The largest first. */
    readonly parts: readonly BreakdownPart[];
  }[];
}

/** What a selection is compared with: another one, what is left of its range, or the same an hour, a day, a week before. */
export type Against = "selection" | "rest" | "hour" | "day" | "week";

/** POST /v1/selections/compare. With "rest", `b` is the whole that A is a part of, and its counts are those outside A. */
export interface SelectionComparison {
  readonly against: Against;
  readonly a: AnsweredSelection;
  readonly b: AnsweredSelection;
  readonly exact: true;
  /** null: nothing was watched. */
  readonly totalA: number | null;
  readonly totalB: number | null;
  readonly comparisons: readonly {
    readonly by: string;
    readonly values: number;
    /** The largest difference of shares first, whichever its sign. */
    readonly parts: readonly ComparedPart[];
    /** All other values together: with them each side's shares add up to 1. */
    readonly other: Omit<ComparedPart, "key">;
  }[];
}

export interface ComparedPart {
  readonly key: string;
  readonly a: number;
  readonly b: number;
  /** Of the side's total; null where that is 0 or not known. */
  readonly shareA: number | null;
  readonly shareB: number | null;
  /** shareA - shareB. */
  readonly difference: number | null;
}

/**
 * POST /v1/selections/difference: A - B, cell by cell, on one grid. Column i of A is set against column i of B; the sum over all cells
 * is totalA - totalB, the totals being those of the columns in which both are known.
 */
export interface SelectionDifference {
  readonly against: Exclude<Against, "rest">;
  readonly a: AnsweredSelection;
  readonly b: AnsweredSelection;
  readonly exact: true;
  readonly scheme: string;
  readonly unit: string;
  readonly stepSec: number;
  /** null: there is no column in which both are known. */
  readonly totalA: number | null;
  readonly totalB: number | null;
  readonly columns: readonly DifferenceColumn[];
}

export interface DifferenceColumn {
  readonly a: DifferenceSide;
  readonly b: DifferenceSide;
  /** Buckets with a count on either side, ascending; null where either side has no data: that is no difference of zero. */
  readonly bucket: readonly number[] | null;
  /** Counts, A - B. */
  readonly count: readonly number[] | null;
  /** Of each side's total, A - B; null also where a total is 0. */
  readonly share: readonly number[] | null;
}

export interface DifferenceSide {
  readonly ts: number;
  readonly reporting: number;
  readonly expected: number;
  /** null: not known. */
  readonly total: number | null;
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

/** GET /v1/metadata: all that a client needs to draw its forms and axes. */
export interface Metadata {
  readonly modules: readonly { readonly name: string; readonly label: string; readonly metrics: readonly string[] }[];
  readonly metrics: readonly MetadataMetric[];
  readonly types: Readonly<Record<ValueType, TypeInfo>>;
  readonly schemes: readonly SchemeInfo[];
  readonly predicate: {
    readonly operators: readonly { readonly name: string; readonly label: string; readonly operand: string }[];
    readonly maxDepth: number;
    readonly maxNodes: number;
    readonly maxIn: number;
    /** Regular expression of a string constant. */
    readonly string: string;
  };
  readonly costs: readonly { readonly name: CostClass; readonly label: string }[];
  readonly transformations: readonly TransformationInfo[];
  readonly granularitiesSec: readonly number[];
  readonly limits: {
    readonly keys: number;
    readonly columns: number;
    readonly instrumentationsPerTenant: number;
    readonly enablingsPerHost: number;
  };
}

export interface MetadataMetric extends Omit<MetricInfo, "fields"> {
  readonly fields: readonly MetadataField[];
  /** Schemes that its numeric field may have: any DTrace has, or only the field's own. */
  readonly schemes: "any" | "own";
}

export interface MetadataField extends Field {
  /** What a predicate may test it with. */
  readonly operators: readonly string[];
}

/** How values of a type read: value x base^power is in `unit`, and prefixes climb by `base` (10: SI, 2: IEC). */
export interface TypeInfo {
  readonly label: string;
  readonly unit: string;
  readonly base: 2 | 10;
  readonly power: number;
}

export interface SchemeInfo {
  readonly kind: string;
  readonly parameters: readonly string[];
  readonly label: string;
  /** Whether an instrumentation may ask for it. */
  readonly choosable: boolean;
}

/** Something that can be made of what was measured, beside reading it as it is. */
export interface TransformationInfo {
  readonly name: string;
  readonly label: string;
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Of which instrumentations: all, or those with a distribution (or without). */
  readonly applies: "all" | "distribution" | "scalar";
  /** Its choices, by parameter. */
  readonly choices?: Readonly<Record<string, readonly string[]>>;
}

/** GET /v1/boards answers {boards: BoardInfo[]}: panels under a name, on one time axis. */
export interface BoardInfo {
  readonly id: string;
  readonly name: string;
  /** "operator" or a tenant's id. */
  readonly owner: string;
  readonly panels: readonly BoardPanel[];
  /** The stretch of time that it opens with. */
  readonly rangeSec: number;
  readonly createdMs: number;
  readonly changedMs: number;
}

/** What a panel shows. It names no instrumentation, since those end: any with this metric and these fields will do. */
export interface BoardPanel {
  readonly metric: string;
  /** Fields that an instrumentation for it must have, in any order. */
  readonly decomposition: readonly string[];
  /** The key of its lines or hues; null: all together. */
  readonly by: string | null;
  /** Which keys count: all of these conditions. */
  readonly where: readonly BoardCondition[];
}

/** The key is one of `values`; with `not`, none of them. */
export interface BoardCondition {
  readonly field: string;
  readonly not: boolean;
  readonly values: readonly string[];
}

/** GET /v1/zones answers {zones: ZoneInfo[]}, for operators: every zone that is there now, and where. */
export interface ZoneInfo {
  readonly zone: string;
  readonly alias: string;
  readonly host: string;
  /** As the host reports it: "running". */
  readonly state: string;
  /** The owner's uuid, and its account's name; null where nobody has named it. */
  readonly owner: string;
  readonly ownerName: string | null;
  /** Since when it has been there and this owner's, epoch ms; 0: as long as anybody knows. */
  readonly sinceMs: number;
}

/** GET /v1/fleet: how what was measured arrives, over the last minutes, for operators. */
export interface FleetInfo {
  readonly fromTs: number;
  readonly toTs: number;
  readonly hosts: readonly HostArrivals[];
  readonly streams: readonly StreamInfo[];
}

/** What has come of one host in the range. */
export interface HostArrivals {
  readonly host: string;
  /** Begin of the newest window that was watched; null: none was. */
  readonly newestTs: number | null;
  /** From a window's end by its host's clock to its arrival, of the last minute's the 95th percentile; null: not known. */
  readonly delayMs: number | null;
  /** Windows told of: whole, partial, and gaps. */
  readonly whole: number;
  readonly partial: number;
  readonly gaps: number;
  /** Events known to be lost. */
  readonly dropped: number;
  /** Why windows were missing, the most frequent reason; "" where none were. */
  readonly reason: string;
}

/** One stream of batches, of one run of one collector. */
export interface StreamInfo {
  readonly stream: string;
  readonly seq: number;
  readonly batches: number;
  readonly rows: number;
  /** When ingest took the newest batch, epoch ms. */
  readonly receivedMs: number;
}
