/**
 * admission.ts: which batch is let in, and whose turn it is.
 *
 *   headers ──enter──▶ body ──turn──▶ work, insert ──leave──▶
 *      │                      │
 *      │ 429 RATE_LIMITED     └ collectors take turns, so that one with a hundred batches waiting delays another's by one
 *      │     over its quota, or over its share of what is in flight
 *      └ 503 INGEST_BUSY
 *            all that may be in flight is
 *
 * It is decided on the headers, before a byte of the body is read, so that memory is bounded by what was let in, however many
 * send and however slow the store is. A collector is known by its token: names in a batch are only what it says of itself.
 */
import { OperationalError } from "../core/errors.ts";
import { QuotaBook, type Cost, type Rates } from "./quota.ts";

export interface AdmissionLimits {
  /** Bodies in flight, of all collectors; memory in use is about four times as much, while a batch is worked on. */
  readonly inFlightBytes: number;
  /** What one collector may have of it, in (0, 1]. */
  readonly collectorShare: number;
  /** Batches worked on side by side. */
  readonly working: number;
  /** Those of one collector: it sends one at a time, so more than a few are a flood. */
  readonly collectorWorking: number;
  /** What each collector may bring. */
  readonly collector: Rates;
}

export const ADMISSION_LIMITS: AdmissionLimits = {
  inFlightBytes: 64 * 1024 * 1024,
  collectorShare: 0.25,
  working: 16,
  collectorWorking: 4,
  collector: { rowsPerSec: 250_000, bytesPerSec: 64 * 1024 * 1024, keysPerSec: 250_000 },
};

/** A request costs memory beside its body. */
const REQUEST_BYTES = 16 * 1024;

/** Others are there while one began within this time. */
const OTHERS_MS = 2_000;
const MAX_PAUSE_MS = 100;

interface Collector {
  bytes: number;
  working: number;
  readonly waiting: (() => void)[];
}

export class Admission {
  #limits: AdmissionLimits;
  readonly #quotas: QuotaBook;
  /** Collectors with anything in flight, the one whose turn was longest ago first. */
  readonly #collectors = new Map<string, Collector>();
  #bytes = 0;
  #working = 0;
  #granting = false;
  /** Who began last, when, and how long the event loop was busy with it. */
  #last = { name: "", atMs: -Infinity, busyMs: 0 };
  /** When anybody else began last. */
  #otherAtMs = -Infinity;
  #isPausing = false;

  constructor(limits: AdmissionLimits, now: () => number = Date.now) {
    this.#limits = limits;
    this.#quotas = new QuotaBook(limits.collector, now);
  }

  /** Other limits from now on; what is in flight stays. */
  limit(limits: AdmissionLimits): void {
    this.#limits = limits;
    this.#quotas.setRates(limits.collector);
  }

  /** Bytes in flight. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Lets a batch in, by what its headers say.
   *
   * @returns what must be called when nothing of the batch is held any more; a second call does nothing
   * @throws OperationalError RATE_LIMITED, INGEST_BUSY, with `info.retryAfterSec`
   */
  enter(name: string, { bytes, rows }: { readonly bytes: number; readonly rows: number }): () => void {
    const waitMs = this.#quotas.waitMs(name);
    if (waitMs > 0) throw limited("its quota of rows, bytes or keys a second is used up", waitMs);
    const held = bytes + REQUEST_BYTES;
    const { inFlightBytes, collectorShare } = this.#limits;
    const own = this.#collectors.get(name)?.bytes ?? 0;
    if (own > 0 && own + held > inFlightBytes * collectorShare) {
      throw limited("it has as much in flight as one collector may", 1000);
    }
    if (this.#bytes > 0 && this.#bytes + held > inFlightBytes) {
      throw new OperationalError("INGEST_BUSY", "take in a batch: as much is in flight as memory is set aside for", {
        info: { retryAfterSec: 1 },
      });
    }
    this.#quotas.charge(name, { bytes, rows });
    const collector = this.#open(name);
    collector.bytes += held;
    this.#bytes += held;
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      collector.bytes -= held;
      this.#bytes -= held;
      this.#close(name, collector);
    };
  }

  /** Adds to what a collector has brought: what is known only once the batch has been read. */
  charge(name: string, cost: Cost): void {
    this.#quotas.charge(name, cost);
  }

  /**
   * Does the work on a batch when it is its collector's turn. Batches of one collector begin in the order of the calls.
   *
   * @throws what `work` throws
   */
  async turn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const collector = this.#open(name);
    await new Promise<void>((begin) => {
      collector.waiting.push(begin);
      this.#grantSoon();
    });
    try {
      return await work();
    } finally {
      collector.working -= 1;
      this.#working -= 1;
      this.#close(name, collector);
      this.#grantSoon();
    }
  }

  /**
   * One grant for each turn of the event loop: reading a batch takes milliseconds of CPU, and requests that came meanwhile must be
   * heard before the next begins.
   */
  #grantSoon(): void {
    if (this.#granting) return;
    this.#granting = true;
    setImmediate(() => {
      this.#granting = false;
      this.#last.busyMs ||= performance.now() - this.#last.atMs;
      if (this.#grant()) this.#grantSoon();
    });
  }

  /** @returns whether there may be more to grant */
  #grant(): boolean {
    const { working, collectorWorking } = this.#limits;
    if (this.#working >= working) return false;
    for (const [name, collector] of this.#collectors) {
      if (collector.working >= collectorWorking || collector.waiting.length === 0) continue;
      if (this.#isTooSoon(name)) continue;
      // To the end of the row.
      this.#collectors.delete(name);
      this.#collectors.set(name, collector);
      this.#begin(name, collector);
      return true;
    }
    return false;
  }

  #begin(name: string, collector: Collector): void {
    const nowMs = performance.now();
    if (this.#last.name !== name) this.#otherAtMs = this.#last.atMs;
    this.#last = { name, atMs: nowMs, busyMs: 0 };
    collector.working += 1;
    this.#working += 1;
    collector.waiting.shift()?.();
  }

  /**
   * While others come too, who began last begins again only after a pause as long as its work: an answer to the others takes
   * several turns of the event loop, each of which would else hold a batch of the flood.
   */
  #isTooSoon(name: string): boolean {
    const nowMs = performance.now();
    const { name: last, atMs, busyMs } = this.#last;
    if (name !== last || nowMs - this.#otherAtMs > OTHERS_MS) return false;
    const waitMs = Math.min(busyMs, MAX_PAUSE_MS) * 2 - (nowMs - atMs);
    if (waitMs <= 0) return false;
    if (this.#isPausing) return true;
    this.#isPausing = true;
    setTimeout(() => {
      this.#isPausing = false;
      this.#grantSoon();
    }, waitMs);
    return true;
  }

  #open(name: string): Collector {
    let collector = this.#collectors.get(name);
    if (collector === undefined) this.#collectors.set(name, (collector = { bytes: 0, working: 0, waiting: [] }));
    return collector;
  }

  #close(name: string, { bytes, working, waiting }: Collector): void {
    if (bytes === 0 && working === 0 && waiting.length === 0) this.#collectors.delete(name);
  }
}

function limited(why: string, waitMs: number): OperationalError {
  return new OperationalError("RATE_LIMITED", `take in a batch of a collector: ${why}`, {
    info: { retryAfterSec: Math.max(1, Math.ceil(waitMs / 1000)) },
  });
}
