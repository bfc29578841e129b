/**
 * coverage.ts: one spec on one host without silence: every column is either delivered or declared a gap.
 *
 * A column that a delivery skipped is a gap at once. While nothing is delivered (the connection is down, dtrace is gone) the
 * clock declares columns overdue a few seconds behind the present. A column declared a gap may still be delivered afterwards,
 * by a frame that was only slow: then the delivery counts, since readers let any report win over a gap.
 */
import type { CoverageRow, GapReason, WindowShare } from "../core/window.ts";
import type { RowSink } from "./batcher.ts";
import { ColumnClock } from "./column-clock.ts";
import type { ClockFlag } from "./host-clock.ts";

export interface CoverageOptions {
  readonly spec: string;
  readonly host: string;
  readonly granularitySec: number;
  readonly sink: RowSink;
}

/** One tick as it was read. */
export interface Delivery {
  readonly enabling: string;
  readonly tick: number;
  readonly endedMs: number;
  /** What was done to `endedMs`. */
  readonly clock?: ClockFlag;
  readonly receivedMs: number;
  readonly elapsedNs: number;
  readonly rows: readonly WindowShare[];
  readonly events: number;
  readonly dropped: number;
  /** What was lost, by kind; empty when nothing was. */
  readonly losses: Readonly<Record<string, number>>;
}

/** Of more columns, one row says all the older ones: an hour's outage should not cost 3,600 rows when it ends. */
const MAX_GAP_ROWS = 120;
/** Frames travel; a column younger than this is not overdue. */
const GRACE_SEC = 3;

export class Coverage {
  readonly #options: CoverageOptions;
  readonly #clock: ColumnClock;
  #nextTs: number | undefined;
  #enabling = "";
  /** Columns declared since the last delivery, for one reason. */
  #outage: { readonly reason: GapReason; readonly fromTs: number } | undefined;

  constructor(options: CoverageOptions) {
    this.#options = options;
    this.#clock = new ColumnClock(options.granularitySec);
  }

  deliver(delivery: Delivery, missedReason: GapReason): void {
    const { spec, host, granularitySec, sink } = this.#options;
    const { enabling, tick } = delivery;
    const ts = this.#clock.columnOf(delivery.endedMs);
    if (this.#nextTs !== undefined && ts > this.#nextTs) this.#declare(ts, missedReason, delivery.receivedMs);
    // A window from before the expected one was slow, and changes nothing; one from far before says that the clock was set back,
    // or that history is being told: then columns are expected from there on.
    const behind = (this.#nextTs ?? 0) - ts;
    if (ts >= (this.#outage?.fromTs ?? ts)) this.#outage = undefined;
    if (behind <= 0 || behind > MAX_GAP_ROWS * granularitySec) this.#nextTs = ts + granularitySec;
    this.#enabling = enabling;
    const flag = delivery.clock ?? "";
    const lossy = delivery.dropped > 0 || Object.keys(delivery.losses).length > 0;
    sink.add(delivery.rows, {
      spec,
      enabling,
      host,
      tick,
      ts,
      status: lossy ? "partial" : "ok",
      reason: "",
      dropped: delivery.dropped,
      events: delivery.events,
      endedMs: delivery.endedMs,
      receivedMs: delivery.receivedMs,
      elapsedNs: delivery.elapsedNs,
      detail: lossy || flag !== "" ? JSON.stringify({ ...delivery.losses, ...(flag !== "" && { clock: flag }) }) : "",
    });
  }

  /**
   * Declares what should have come by now. Call it while nothing can come, with the reason.
   *
   * @param hostMs now by the host's clock, which is what columns go by
   * @param nowMs now by ours
   */
  overdue(hostMs: number, reason: GapReason, nowMs = hostMs): void {
    const { granularitySec } = this.#options;
    const dueTs = Math.floor((hostMs / 1000 - GRACE_SEC) / granularitySec) * granularitySec;
    this.#nextTs ??= dueTs;
    if (dueTs > this.#nextTs) this.#declare(dueTs, reason, nowMs);
  }

  /**
   * What an outage was is known now: its columns are declared again, and of equally frequent reasons readers take the first by
   * name, which is host_reboot before ssh_down.
   */
  correct(was: GapReason, reason: GapReason, nowMs: number): void {
    const toTs = this.#nextTs;
    if (toTs === undefined || this.#outage?.reason !== was) return;
    this.#nextTs = this.#outage.fromTs;
    this.#declare(toTs, reason, nowMs);
  }

  /** Goes on after a column of an earlier run, and declares what ended between it and now, which nobody can deliver any more. */
  resume(lastTs: number, nowMs: number, reason: GapReason): void {
    const { granularitySec } = this.#options;
    this.#nextTs = lastTs + granularitySec;
    const toTs = Math.floor(nowMs / 1000 / granularitySec) * granularitySec;
    if (toTs > this.#nextTs) this.#declare(toTs, reason, nowMs);
  }

  /** Gap rows for [nextTs, toTs). */
  #declare(toTs: number, reason: GapReason, nowMs: number): void {
    const { spec, host, granularitySec, sink } = this.#options;
    const first = this.#nextTs ?? toTs;
    if (this.#outage?.reason !== reason) this.#outage = { reason, fromTs: first };
    const from = Math.max(first, toTs - MAX_GAP_ROWS * granularitySec);
    if (from > first) {
      sink.add([], { ...this.#gap(spec, host, first, reason, nowMs), elapsedNs: (from - first) * 1e9 });
    }
    for (let ts = from; ts < toTs; ts += granularitySec) sink.add([], this.#gap(spec, host, ts, reason, nowMs));
    this.#nextTs = toTs;
  }

  #gap(spec: string, host: string, ts: number, reason: GapReason, nowMs: number): CoverageRow {
    return gapRow({ spec, host, enabling: this.#enabling, ts, reason, nowMs });
  }
}

/** A declaration that a column was not watched; with `elapsedNs`, that columns from there on were not. */
export function gapRow(gap: {
  spec: string;
  host: string;
  enabling: string;
  ts: number;
  reason: GapReason;
  nowMs: number;
}): CoverageRow {
  return {
    spec: gap.spec,
    enabling: gap.enabling,
    host: gap.host,
    tick: 0,
    ts: gap.ts,
    status: "gap",
    reason: gap.reason,
    dropped: 0,
    events: 0,
    endedMs: 0,
    receivedMs: gap.nowMs,
    elapsedNs: 0,
    detail: "",
  };
}
