/**
 * collector-metrics.ts: what a collector says of itself on /metrics: its hosts, what they count, what is lost, and how it gets to ingest.
 *
 * Rows, batches and reports pass through here on their way and are left as they are. A collector that shares its process with the
 * services shares their /metrics too, so every name begins with its own word.
 */
import { statfsSync } from "node:fs";
import { ENABLING_STATES, type HostReport } from "../core/host-status.ts";
import type { CoverageRow } from "../core/window.ts";
import { Metrics } from "../server/metrics.ts";
import type { RowSink } from "./batcher.ts";

/** What a batch's way to ingest came to. */
export type Delivered = "acknowledged" | "refused" | "renewed" | "denied" | "failed";

/** What is read when somebody asks, and not kept. */
export interface Waiting {
  readonly bytes: number;
  readonly batches: number;
  readonly capacityBytes: number;
  /** When the newest window of the batch under way ended, epoch ms; undefined: nothing waits. */
  readonly sinceMs: number | undefined;
  readonly directory: string;
}

interface HostState {
  readonly state: "up" | "down" | "refused";
  readonly enablings: readonly string[];
  readonly offsetMs: number;
}

export class CollectorMetrics {
  readonly #hosts = new Map<string, HostState>();
  readonly #now: () => number;
  readonly #windows;
  readonly #events;
  readonly #dropped;
  readonly #gaps;
  readonly #windowLag;
  readonly #batches;
  readonly #batchSeconds;
  readonly #deliveryLag;
  readonly #lost;
  readonly #spoolErrors;
  readonly #metrics: Metrics;

  constructor(metrics: Metrics = new Metrics(), now: () => number = Date.now) {
    this.#metrics = metrics;
    this.#now = now;
    this.#watchHosts();
    this.#windows = metrics.counter("collector_windows_total", "Windows by status: ok, partial, gap.", ["status"]);
    this.#events = metrics.counter("collector_events_total", "Events counted in windows.");
    this.#dropped = metrics.counter("collector_dropped_events_total", "Events that the hosts say were dropped.");
    this.#gaps = metrics.counter("collector_gaps_total", "Stretches of time that were not watched, by reason.", [
      "reason",
    ]);
    this.#windowLag = metrics.ages(
      "collector_window_lag_seconds",
      "From the end of a window until its rows were here.",
    );
    this.#batches = metrics.counter("collector_batches_total", "Tries to deliver a batch, by what came of it.", [
      "outcome",
    ]);
    this.#batchSeconds = metrics.seconds("collector_batch_seconds", "Time until ingest answered a batch.");
    this.#deliveryLag = metrics.ages(
      "collector_delivery_lag_seconds",
      "From the end of a batch's newest window until ingest acknowledged it.",
    );
    this.#lost = metrics.counter("collector_lost_windows_total", "Windows lost after they were counted, by reason.", [
      "reason",
    ]);
    this.#spoolErrors = metrics.counter(
      "collector_spool_errors_total",
      "Writes and reads that the spool's disk failed.",
    );
    // From the start, or the first of a kind would be no increase to Prometheus.
    for (const status of ["ok", "partial", "gap"]) this.#windows.inc({ status }, 0);
    for (const reason of ["spool_overflow", "spool_corrupt", "quarantined", "auth"]) this.#lost.inc({ reason }, 0);
    for (const outcome of ["acknowledged", "refused", "renewed", "denied", "failed"]) this.#batches.inc({ outcome }, 0);
  }

  /** The same sink, counted. */
  counted(sink: RowSink): RowSink {
    return {
      add: (rows, coverage) => {
        this.#count(coverage);
        sink.add(rows, coverage);
      },
    };
  }

  #count({ status, reason, events, dropped, endedMs }: CoverageRow): void {
    this.#windows.inc({ status });
    if (status === "gap") {
      this.#gaps.inc({ reason });
      return;
    }
    this.#events.inc(events);
    this.#dropped.inc(dropped);
    this.#windowLag.observe(Math.max(0, this.#now() - endedMs) / 1000);
  }

  /** A host has told how it is. */
  reported(host: string, { state, detail }: HostReport): void {
    if (state === "removed") {
      this.#hosts.delete(host);
      return;
    }
    const enablings = detail?.enablings ?? [];
    const isRefused = enablings.some(({ cause }) => cause === "host_key");
    this.#hosts.set(host, {
      state: isRefused ? "refused" : state,
      enablings: enablings.map((each) => each.state),
      offsetMs: Math.abs(detail?.clockOffsetMs ?? 0),
    });
  }

  /** @param endedMs when its newest window ended */
  delivered(outcome: Delivered, tookMs: number, endedMs: number): void {
    this.#batches.inc({ outcome });
    this.#batchSeconds.observe(tookMs / 1000);
    if (outcome === "acknowledged") this.#deliveryLag.observe(Math.max(0, this.#now() - endedMs) / 1000);
  }

  lost(windows: number, reason: string): void {
    this.#lost.inc({ reason }, windows);
  }

  spoolFailed(): void {
    this.#spoolErrors.inc();
  }

  /** @param waiting what is in the spool now */
  watchSpool(waiting: () => Waiting): void {
    const metrics = this.#metrics;
    const bytes = metrics.gauge("collector_spool_bytes", "Bytes of batches that ingest has not acknowledged.");
    const capacity = metrics.gauge("collector_spool_capacity_bytes", "Bytes beyond which the oldest are given up.");
    const batches = metrics.gauge("collector_spool_batches", "Batches that ingest has not acknowledged.");
    const oldest = metrics.gauge("collector_spool_oldest_seconds", "Age of the batch that is delivered next; 0: none.");
    const free = metrics.gauge("collector_spool_disk_free_bytes", "Bytes free where the spool is.");
    metrics.beforeText(() => {
      const now = waiting();
      bytes.set(now.bytes);
      capacity.set(now.capacityBytes);
      batches.set(now.batches);
      oldest.set(now.sinceMs === undefined ? 0 : Math.max(0, this.#now() - now.sinceMs) / 1000);
      const disk = freeBytes(now.directory);
      if (disk !== undefined) free.set(disk);
    });
  }

  #watchHosts(): void {
    const metrics = this.#metrics;
    const hosts = metrics.gauge("collector_hosts", "Hosts by state: up, down, or refused for their key.", ["state"]);
    const enablings = metrics.gauge("collector_enablings", "Programs and kstat tasks on hosts, by state.", ["state"]);
    const offset = metrics.gauge("collector_clock_offset_seconds", "How far the clock of a host is off, at most.");
    metrics.beforeText(() => {
      const all = [...this.#hosts.values()];
      for (const state of ["up", "down", "refused"] as const)
        hosts.set({ state }, all.filter((host) => host.state === state).length);
      const states = all.flatMap((host) => host.enablings);
      for (const state of ENABLING_STATES) enablings.set({ state }, states.filter((each) => each === state).length);
      offset.set(all.reduce((most, { offsetMs }) => Math.max(most, offsetMs), 0) / 1000);
    });
  }
}

function freeBytes(directory: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    // A disk that has gone is told by what cannot be written.
    return undefined;
  }
}
