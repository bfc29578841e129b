/**
 * window.ts: what travels from collector to store: windows and the proof that they were watched.
 *
 * A *window* is one tick of one enabling on one host: for each key either a distribution or a scalar. Every tick of every
 * enabling also yields one *coverage* row, also when nothing happened, because only that row tells "zero" from "unknown".
 * Both kinds share one batch and one table, so that a batch is stored by one atomic insert: a window is never visible
 * without its coverage, nor the reverse.
 *
 * A batch is columnar: typed arrays that go to the wire and to the engine as they are. Strings are codes into a list, as
 * they repeat in nearly every row.
 */

/** The wire's version: a change that an older reader would misread raises it. */
export const WIRE_VERSION = 1;

/** Discrete fields beyond the zone that one instrumentation may break down by: columns k1..k6. */
export const MAX_KEYS = 6;

/** A count above this is stored as several entries of its bucket; sums are then still exact. */
export const MAX_ENTRY = 4_294_967_295;

/** The most that one bucket of one window may hold; above it the frame is refused as damaged. */
export const MAX_COUNT = 2 ** 40;

export const KIND_COVERAGE = 0;
export const KIND_WINDOW = 1;
/** Never sent: ingest stores one such row with each batch, saying what the batch was (ingest/audit-receipt.ts). */
export const KIND_RECEIPT = 2;

/**
 * What became of a tick. ok: all events counted. partial: counted, with known loss (`dropped`). gap: not watched; `reason`
 * says why.
 */
export type CoverageStatus = "ok" | "partial" | "gap";

export const GAP_REASONS = [
  "ssh_down",
  "dtrace_exit",
  "dtrace_killed",
  "host_reboot",
  "late_tick",
  "bad_frame",
  "counter_reset",
  "spool_overflow",
  "spool_corrupt",
  "quarantined",
  "collector_down",
  "auth",
  "disabled",
  "unsupported",
  "too_late",
] as const;
export type GapReason = (typeof GAP_REASONS)[number];

/** Which window it is: what all its rows share. */
export interface WindowId {
  /** Digest of metric, predicate, decomposition, granularity and scheme: what the rows of one instrumentation share. */
  readonly spec: string;
  /** One run of the spec on one host; (enabling, tick) identifies a window whatever the clocks did. */
  readonly enabling: string;
  readonly host: string;
  readonly tick: number;
  /** The column: epoch seconds of the granule that most of the window lies in. */
  readonly ts: number;
}

/** One key's share of a window: a distribution (bucket and count) or a scalar (value). */
export interface WindowShare {
  /** The zone's name (its uuid on SmartOS); "global" for the global zone; "" where the metric has no zone. */
  readonly zone: string;
  /** The other discrete fields, in the order of the spec's decomposition. */
  readonly keys: readonly string[];
  readonly bucket: ArrayLike<number>;
  readonly count: ArrayLike<number>;
  /** A scalar in the metric's base unit; 0 for a distribution. */
  readonly value: number | bigint;
}

export interface WindowRow extends WindowId, WindowShare {}

/** A window that spans more granules than this spans several: samples were lost, or came late. */
export const LATE_GRANULES = 1.5;

export interface CoverageRow extends WindowId {
  readonly status: CoverageStatus;
  /** A gap's reason; "" otherwise. */
  readonly reason: GapReason | "";
  /** Events known to be lost in this window. */
  readonly dropped: number;
  /** Events counted, over all keys; a check on the rows. */
  readonly events: number;
  /** When the window ended by the host's clock, and when its frame was complete by the collector's: epoch ms. */
  readonly endedMs: number;
  readonly receivedMs: number;
  /** Length of the window, ns: from the host's clock or from kstat's snaptime. */
  readonly elapsedNs: number;
  /** Losses by kind, errors: JSON; "" where there is nothing to say. */
  readonly detail: string;
}

/** Strings as codes into a list without repeats. */
export interface DictColumn {
  readonly codes: Int32Array;
  readonly values: readonly string[];
}

/** A batch's columns; all of `rows` entries but for the two entry columns. Coverage rows leave the window columns empty. */
export interface Batch {
  readonly rows: number;
  readonly kind: Uint8Array;
  readonly spec: DictColumn;
  readonly enabling: DictColumn;
  readonly host: DictColumn;
  readonly tick: Uint32Array;
  readonly ts: Uint32Array;
  readonly zone: DictColumn;
  /** k1..k6 */
  readonly keys: readonly DictColumn[];
  /** Row i owns the entries offsets[i] .. offsets[i+1]-1 of `bucket` and `count`. */
  readonly offsets: Int32Array;
  readonly bucket: Int16Array;
  readonly count: Uint32Array;
  readonly value: BigInt64Array;
  readonly status: DictColumn;
  readonly reason: DictColumn;
  readonly dropped: BigUint64Array;
  readonly events: BigUint64Array;
  readonly endedMs: BigInt64Array;
  readonly receivedMs: BigInt64Array;
  readonly elapsedNs: BigUint64Array;
  readonly detail: DictColumn;
}

/** A batch after ingest has looked up who owned each row's zone; "" on coverage rows. */
export interface AttributedBatch extends Batch {
  readonly tenant: DictColumn;
}

/** The tenant of rows whose zone nobody is known to own: shown to operators only. */
export const QUARANTINE = "quarantine";
/** The owner of the global zone. */
export const OPERATOR = "operator";

/** A key field of rows that were merged because their window had too many keys; no real key is ever stored as this. */
export const OTHER_KEY = "(other)";

/** How logs call a batch, from the collector's spool to the store: one name for each (stream, seq). */
export function batchName(stream: string, seq: number): string {
  return `${stream}=${seq}`;
}

/** What a feed publishes once a batch is safely stored. */
export interface StoredBatch {
  readonly stream: string;
  readonly seq: number;
  readonly batch: AttributedBatch;
}

/** Where ingest publishes stored batches and the query API listens; a listener must not throw and must not wait. */
export interface LiveFeed {
  /**
   * @param onGap called when batches that were stored from `sinceMs` on may not have been told, and will not be: what was made
   *   of the feed is whole again only for what is stored from now on
   * @returns the end of the subscription
   */
  subscribe(listener: (stored: StoredBatch) => void, onGap?: (sinceMs: number) => void): () => void;
}
