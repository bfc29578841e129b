/**
 * batcher.ts: rows of all hosts into batches.
 *
 * A batch goes as soon as `lingerMs` have passed since its first row, so that freshness is set by the tick and not by a
 * timer, or when it is large; while others wait for ingest it waits for more, the longer the more there are. It never spans two days
 * (UTC), since the store's partitions are days and a batch must become one atomic part.
 */
import { BatchBuilder } from "../core/batch-builder.ts";
import type { CoverageRow, WindowShare } from "../core/window.ts";
import { encodeBatch } from "../wire/batch.ts";
import type { Spool } from "./spool.ts";

/** Where rows of enablings go: those of one tick together with the coverage that says which window they are of. */
export interface RowSink {
  add(rows: readonly WindowShare[], coverage: CoverageRow): void;
}

export interface BatcherOptions {
  readonly spool: Spool;
  readonly lingerMs: number;
}

interface OpenBatch {
  readonly builder: BatchBuilder;
  readonly coverage: CoverageRow[];
}

const MAX_ROWS = 10_000;
const MAX_ENTRIES = 200_000;
const DAY_SEC = 86_400;
/** Batches go one at a time, so that those which wait cost the next ones time: fewer and larger ones arrive sooner. */
const MAX_LINGER_MS = 500;

export class Batcher implements RowSink {
  readonly #options: BatcherOptions;
  readonly #open = new Map<number, OpenBatch>();
  /** The last batch's: the next is made in the same memory. */
  #spare: BatchBuilder | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  add(rows: readonly WindowShare[], coverage: CoverageRow): void {
    const day = Math.floor(coverage.ts / DAY_SEC);
    let open = this.#open.get(day);
    if (open === undefined) {
      this.#open.set(day, (open = { builder: this.#spare ?? new BatchBuilder(), coverage: [] }));
      this.#spare = undefined;
    }
    open.builder.addWindows(coverage, rows);
    open.builder.addCoverage(coverage);
    open.coverage.push(coverage);
    if (open.builder.rows >= MAX_ROWS || open.builder.entries >= MAX_ENTRIES) this.#close(day, open);
    else this.#timer ??= setTimeout(() => this.flush(), this.#lingerMs());
  }

  /** Spools everything now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [day, open] of this.#open) this.#close(day, open);
  }

  #lingerMs(): number {
    const { spool, lingerMs } = this.#options;
    return Math.max(lingerMs, Math.min(MAX_LINGER_MS, lingerMs * spool.length));
  }

  #close(day: number, { builder, coverage }: OpenBatch): void {
    this.#open.delete(day);
    const batch = builder.finish();
    this.#options.spool.append(encodeBatch(batch), batch.rows, coverage);
    // The memory of a window larger than any batch is not kept.
    if (builder.rows > 2 * MAX_ROWS || builder.entries > 2 * MAX_ENTRIES) return;
    builder.restart();
    this.#spare = builder;
  }
}
