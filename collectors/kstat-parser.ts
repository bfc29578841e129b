/**
 * kstat-parser.ts: samples out of the stream that `kstat -p -T u PATTERN... 1` prints.
 *
 *                epoch                       module:instance:name:statistic TAB value
 *     outside ───────────▶ inside ─────────────┐
 *        ▲                 │ │ ▲ ▲             │
 *        └── empty line ───┘ │ │ └─────────────┘
 *         (a sample is done) └─┘ another epoch: what came before it is torn, and dropped
 *
 * What holds throughout: a sample is delivered whole or not at all, so no value is ever cut; nothing is thrown whatever
 * arrives; memory is bounded by one line, one sample and the names of the sample before. A line that makes no sense is
 * skipped and reported with an excerpt.
 */
import { NEWLINE, sampleOf, text } from "./aggregation-bytes.ts";
import { LineSplitter } from "./aggregation-lines.ts";
import { KstatLines, MAX_SAMPLE_BYTES, MAX_SAMPLE_KSTATS } from "./kstat-lines.ts";
import { isWhole } from "./kstat-number.ts";
import type { Kstat, KstatSample } from "./kstat-sample.ts";

export type { Kstat, KstatSample };
export { MAX_SAMPLE_BYTES, MAX_SAMPLE_KSTATS };

/** Longer lines are skipped: a name has 30 characters, a string value at most some hundreds. */
export const MAX_LINE_BYTES = 4096;

/**
 * torn_sample: no empty line before the next epoch or the end; all of it is dropped. malformed: a line that is none of the
 * three kinds. outside_sample: a line before an epoch. malformed_kstat: no usable class, crtime or snaptime. sample_too_large:
 * past MAX_SAMPLE_KSTATS or MAX_SAMPLE_BYTES; the rest is skipped, and the sample dropped.
 */
export type KstatProblemKind =
  "torn_sample" | "malformed" | "outside_sample" | "malformed_kstat" | "line_too_long" | "sample_too_large";

export interface KstatProblem {
  readonly kind: KstatProblemKind;
  /** The line at fault: at most 200 printable characters; "" where it is no line's. */
  readonly sample: string;
  /** The epoch of the sample that it happened in; absent outside samples. */
  readonly epochSec?: number;
}

export interface KstatParserOptions {
  readonly onSample: (sample: KstatSample) => void;
  readonly onProblem: (problem: KstatProblem) => void;
}

export class KstatParser {
  readonly #options: KstatParserOptions;
  readonly #splitter: LineSplitter;
  readonly #lines = new KstatLines(MAX_LINE_BYTES);
  #epochSec: number | null = null;
  /** Past a bound: skips all lines up to the next epoch. */
  #overflown = false;
  #skippedLines = 0;

  constructor(options: KstatParserOptions) {
    this.#options = options;
    this.#splitter = new LineSplitter(MAX_LINE_BYTES, {
      line: (bytes, from, to) => this.#line(bytes, from, to),
      tooLong: (bytes, from, to) => this.#skip("line_too_long", bytes, from, to),
      take: (bytes, at) => (this.#epochSec === null || this.#overflown ? at : this.#take(bytes, at)),
    });
  }

  /** The bytes are read before this returns, and not kept. */
  push(chunk: Uint8Array): void {
    this.#splitter.push(chunk);
  }

  /** The stream is over: what is not a whole sample is dropped. The parser may then read another stream. */
  end(): void {
    const rest = this.#splitter.end();
    if (this.#epochSec !== null) this.#tear(rest, 0, rest.length);
    else if (rest.length > 0) this.#report("torn_sample", rest, 0, rest.length);
    this.#epochSec = null;
  }

  #take(bytes: Uint8Array, at: number): number {
    const stop = this.#lines.takeUsual(bytes, at);
    if (this.#lines.tooLarge) this.#overflow(bytes, at, Math.min(stop, at + MAX_LINE_BYTES));
    return stop;
  }

  #line(bytes: Uint8Array, from: number, to: number): void {
    if (from === to) this.#finish();
    else if (isWhole(bytes, from, to)) this.#begin(bytes, from, to);
    else if (this.#epochSec === null) this.#report("outside_sample", bytes, from, to);
    else if (this.#overflown) this.#skippedLines += 1;
    else if (!this.#lines.add(bytes, from, to)) this.#skip("malformed", bytes, from, to);
    else if (this.#lines.tooLarge) this.#overflow(bytes, from, to);
  }

  #begin(bytes: Uint8Array, from: number, to: number): void {
    const epochSec = to - from <= MAX_EPOCH_DIGITS ? Number(text(bytes, from, to)) : undefined;
    if (epochSec === undefined) {
      this.#skip("malformed", bytes, from, to);
      return;
    }
    if (this.#epochSec !== null) this.#tear(bytes, from, to);
    this.#epochSec = epochSec;
    this.#overflown = false;
    this.#skippedLines = 0;
  }

  #finish(): void {
    const epochSec = this.#epochSec;
    if (epochSec === null) return;
    if (this.#overflown) this.#lines.abandon();
    else {
      const { kstats, unusable } = this.#lines.finish();
      for (const id of unusable) {
        this.#skippedLines += 1;
        const bytes = Buffer.from(id);
        this.#report("malformed_kstat", bytes, 0, bytes.length);
      }
      this.#options.onSample({ epochSec, kstats, skippedLines: this.#skippedLines });
    }
    this.#epochSec = null;
  }

  #tear(bytes: Uint8Array, from: number, to: number): void {
    this.#lines.abandon();
    if (!this.#overflown) this.#report("torn_sample", bytes, from, to);
  }

  #overflow(bytes: Uint8Array, from: number, to: number): void {
    this.#overflown = true;
    this.#lines.abandon();
    this.#report("sample_too_large", bytes, from, bytes.indexOf(NEWLINE, from) < 0 ? to : bytes.indexOf(NEWLINE, from));
  }

  #skip(kind: KstatProblemKind, bytes: Uint8Array, from: number, to: number): void {
    this.#skippedLines += 1;
    this.#report(kind, bytes, from, to);
  }

  #report(kind: KstatProblemKind, bytes: Uint8Array, from: number, to: number): void {
    const sample = sampleOf(bytes, from, to);
    this.#options.onProblem(this.#epochSec === null ? { kind, sample } : { kind, sample, epochSec: this.#epochSec });
  }
}

/** Until the year 5138. */
const MAX_EPOCH_DIGITS = 11;
