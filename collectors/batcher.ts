/**
 * batcher.ts: rows of all hosts into batches.
 *
 * A batch goes as soon as `lingerMs` have passed since its first row, so that freshness is set by the tick and not by a
 * timer, or when it is large. It never spans two days (UTC), since the store's partitions are days and a batch must become one
 * atomic part.
 */
import { BatchBuilder } from "../core/batch-builder.ts";
import type { CoverageRow, WindowRow } from "../core/window.ts";
import { encodeBatch } from "../wire/batch.ts";
import type { Spool } from "./spool.ts";

/** Where rows of enablings go. Rows of one tick come together, coverage last. */
export interface RowSink {
  add(windows: readonly WindowRow[], coverage: CoverageRow): void;
}

export interface BatcherOptions {
  readonly spool: Spool;
  readonly lingerMs: number;
  readonly onBatch: () => void;
}

interface OpenBatch {
  readonly builder: BatchBuilder;
  readonly coverage: CoverageRow[];
}

const MAX_ROWS = 10_000;
const MAX_ENTRIES = 200_000;
const DAY_SEC = 86_400;

export class Batcher implements RowSink {
  readonly #options: BatcherOptions;
  readonly #open = new Map<number, OpenBatch>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  add(windows: readonly WindowRow[], coverage: CoverageRow): void {
    const day = Math.floor(coverage.ts / DAY_SEC);
    let open = this.#open.get(day);
    if (open === undefined) this.#open.set(day, (open = { builder: new BatchBuilder(), coverage: [] }));
    for (const window of windows) open.builder.addWindow(window);
    open.builder.addCoverage(coverage);
    open.coverage.push(coverage);
    if (open.builder.rows >= MAX_ROWS || open.builder.entries >= MAX_ENTRIES) this.#close(day, open);
    else this.#timer ??= setTimeout(() => this.flush(), this.#options.lingerMs);
  }

  /** Spools everything now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [day, open] of this.#open) this.#close(day, open);
  }

  #close(day: number, { builder, coverage }: OpenBatch): void {
    this.#open.delete(day);
    const batch = builder.finish();
    this.#options.spool.append(encodeBatch(batch), batch.rows, coverage);
    this.#options.onBatch();
  }
}
