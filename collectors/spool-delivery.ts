/**
 * spool-delivery.ts: the way of a collector's rows to ingest, put together: batcher, spool, uploader, and what becomes of losses.
 *
 *   hosts ──rows──▶ batcher ──batch──▶ spool ──head──▶ uploader ──HTTP──▶ ingest
 *                      ▲                 └─ dropped, damaged ─┐  └─ refused for good ─▶ quarantine
 *                      └──────────── gap rows ────────────────┴──────────┘
 */
import { errorChain, OperationalError } from "../core/errors.ts";
import { batchName, type CoverageRow } from "../core/window.ts";
import type { Log } from "../server/log.ts";
import { Batcher, type RowSink } from "./batcher.ts";
import { CollectorMetrics, type Delivered } from "./collector-metrics.ts";
import type { Secret, Verdict } from "./ingest-client.ts";
import { Once } from "./once.ts";
import { gapsOf, type LossReason } from "./spool-gaps.ts";
import type { SpoolLoss } from "./spool-loss.ts";
import { openSpool, type OpenSpool } from "./spool-open.ts";
import { Quarantine } from "./spool-quarantine.ts";
import { Watched } from "./spool-watched.ts";
import type { FrozenBatch } from "./spool.ts";
import { endedMsOf, Uploader } from "./uploader.ts";

export interface DeliveryOptions {
  /** The collector's own name: part of its stream names. */
  readonly name: string;
  /** For this collector alone; made where it is missing. */
  readonly spoolDirectory: string;
  /** What may wait there; beyond it the oldest is dropped. 256 MiB by default. */
  readonly spoolBytes?: number;
  readonly segmentBytes?: number;
  readonly ingestUrl: string;
  readonly token: Secret;
  readonly log: Log;
  readonly lingerMs?: number;
  readonly requestTimeoutMs?: number;
  readonly retryMinMs?: number;
  readonly retryMaxMs?: number;
  /** A batch is on the disk. */
  readonly onStored?: (seq: number) => void;
  readonly metrics?: CollectorMetrics;
  readonly now: () => number;
}

export interface Delivery {
  readonly batcher: Batcher;
  /** The batcher, counted. */
  readonly sink: RowSink;
  readonly uploader: Uploader;
  readonly spool: OpenSpool["spool"];
  /** What earlier runs on this directory watched. */
  readonly earlier: Watched;
  /** Why windows are lost, or will be soon; "" where all is well. */
  problem(): string;
  /** Writes what is there to the disk, sends for at most `withinMs`, and lets another process have the directory. */
  close(withinMs: number): Promise<void>;
}

const SPOOL_BYTES = 256 * 1024 * 1024;

/** @throws OperationalError SPOOL_IN_USE, SPOOL_UNREADABLE */
export async function startDelivery(options: DeliveryOptions): Promise<Delivery> {
  const { log, now, name, spoolDirectory: directory, metrics = new CollectorMetrics() } = options;
  const capacityBytes = options.spoolBytes ?? SPOOL_BYTES;
  const health = new SpoolHealth(now);
  const said = new Once();
  const quarantine = new Quarantine(directory);
  const declare = (coverage: readonly CoverageRow[], reason: LossReason, facts: object): void => {
    for (const row of gapsOf(coverage, reason, now())) sink.add([], row);
    const windows = coverage.filter((row) => row.status !== "gap").length;
    metrics.lost(windows, reason);
    if (!said.first(reason, now())) return;
    log.error({ windows, reason, ...facts }, "windows were lost; coverage says which, this line comes once an hour");
  };
  // Not within the append that dropped it: the gap rows are an append of their own.
  const onLoss = ({ coverage, reason, batches }: SpoolLoss): void =>
    void setImmediate(() => {
      if (reason === "spool_overflow") health.overflowed();
      const denied = reason === "spool_overflow" && uploader.isDenied;
      declare(coverage, denied ? "auth" : reason, { batches });
    });
  const onTrouble = (error: OperationalError): void => {
    health.failed();
    metrics.spoolFailed();
    if (said.first(error.code, now())) log.error({ err: error, ...error.info }, "the spool's disk fails");
  };
  const onRefused = (batch: FrozenBatch, status: number, answer: string): void => {
    declare(batch.coverage, "quarantined", { status, answer });
    quarantine.add(batch, { status, answer, atMs: now() }).catch((error: unknown) => {
      if (said.first("quarantine", now())) log.error({ chain: errorChain(error) }, "a refused batch cannot be kept");
    });
  };
  // The spool may be ready before there is an uploader, which looks at it when it starts.
  let wake = (): void => undefined;
  const opened = await openSpool({
    directory,
    collector: name,
    capacityBytes,
    ...(options.segmentBytes !== undefined && { segmentBytes: options.segmentBytes }),
    onStored: (seq) => {
      health.wrote();
      options.onStored?.(seq);
    },
    onReady: () => wake(),
    onLoss,
    onTrouble,
  });
  const { spool } = opened;
  const earlier = new Watched();
  earlier.takeRows(spool.watched.rows());
  const uploader = new Uploader({
    ...options,
    spool,
    onRefused,
    onAnswer: (batch, verdict, tookMs) => {
      const outcome = outcomeOf(verdict);
      metrics.delivered(outcome, tookMs, endedMsOf(batch));
      const { rows, bytes } = batch;
      const facts = { batch: batchName(batch.stream, batch.seq), outcome, rows, bytes: bytes.length };
      log.debug({ ...facts, tookMs: Math.round(tookMs) }, "batch sent");
    },
    onAlarm: (facts, message, denied) => log[denied ? "error" : "warn"](facts, message),
  });
  const batcher = new Batcher({ spool, lingerMs: options.lingerMs ?? 100 });
  const sink = metrics.counted(batcher);
  metrics.watchSpool(() => {
    const { bytes, length: batches } = spool;
    return { bytes, batches, capacityBytes, sinceMs: uploader.sinceMs, directory };
  });
  wake = () => uploader.wake();
  uploader.start();
  return {
    batcher,
    sink,
    uploader,
    spool,
    earlier,
    problem: () => (uploader.isDenied ? "ingest does not accept the token" : health.problem()),
    close: async (withinMs) => {
      batcher.flush();
      await spool.flushed();
      await uploader.close(withinMs);
      // Gap rows of what was lost meanwhile.
      batcher.flush();
      await opened.close();
    },
  };
}

function outcomeOf(verdict: Verdict): Delivered {
  switch (verdict.kind) {
    case "done":
      return "acknowledged";
    case "renew":
      return "renewed";
    case "refused":
      return "refused";
    case "retry":
      return verdict.denied ? "denied" : "failed";
  }
}

/** Whether the spool does what it is for. */
class SpoolHealth {
  readonly #now: () => number;
  #isFailing = false;
  #overflowedMs = -Infinity;

  constructor(now: () => number) {
    this.#now = now;
  }

  failed(): void {
    this.#isFailing = true;
  }

  wrote(): void {
    this.#isFailing = false;
  }

  overflowed(): void {
    this.#overflowedMs = this.#now();
  }

  problem(): string {
    if (this.#isFailing) return "the spool's disk takes no writes";
    return this.#now() - this.#overflowedMs < OVERFLOW_MS
      ? "the spool is full, and the oldest windows are given up"
      : "";
  }
}

/** A full spool loses a batch for each that comes: a minute without a loss is an end of it. */
const OVERFLOW_MS = 60_000;
