/**
 * frames.ts: the frames that a generated D program prints (docs/wire-formats.md), read from a stream of bytes.
 *
 *               @begin NONCE               @row           header            a row
 *     outside ───────────────▶ inside ─────────────▶ head ────────▶ buckets ─────┐
 *        ▲  ▲                 │  ▲  ▲ (scalar: stays) ▲               │  ▲       │
 *        │  └─── @done ───────┘  │                                    │  └───────┘
 *        │                       └──────────────── @end ──────────────┘
 *        └────── anything else: the frame is discarded and reported once, by `onProblem`
 *
 * What holds throughout: a frame is delivered whole or not at all; its counts are exactly what was printed; memory is bounded
 * by one frame and one line of 4 kB whatever arrives; each byte is looked at a bounded number of times. The usual row, which
 * is the bucket after the last one, costs comparing its label with the expected one and reading its count.
 */
import type { Scheme } from "../core/histogram/scheme.ts";
import { MAX_COUNT } from "../core/window.ts";
import { ascii, equals, sampleOf, skipDigits, SPACE, startsWith, toInteger, trimEnd } from "./aggregation-bytes.ts";
import { MAX_FRAME_ROWS, OpenFrame, type FrameRow } from "./aggregation-frame.ts";
import { KeyTable, type KnownKeys } from "./aggregation-key-table.ts";
import type { KeyType } from "./aggregation-keys.ts";
import { NO_BUCKET, SchemeLabels, WORDS } from "./aggregation-labels.ts";
import { LineSplitter } from "./aggregation-lines.ts";
import { isHeader, newRow, scanRow, USUAL_ROW, usualCount } from "./aggregation-row.ts";

export type { FrameRow, KeyType };

export interface Frame {
  readonly tick: number;
  /** The host's clock at the tick. */
  readonly wallMs: number;
  readonly wallNs: bigint;
  /** In the order of printing. Rows without any count are left out; a scalar of 0 is kept. */
  readonly rows: readonly FrameRow[];
  /** How many events the host aggregated. */
  readonly events: number;
  /** How many of them the rows hold: fewer than `events` where aggregations were dropped, never more. */
  readonly sum: number;
}

/**
 * torn_frame: no `@done` before the next `@begin` or the end, or that of another tick. wrong_nonce: a marker that is not
 * this enabling's. tick_not_rising: repeated or backward. malformed: a line that has no place there, or keys that came
 * twice. unknown_label: a bucket that the scheme does not have. too_many_rows: more than MAX_FRAME_ROWS, or too many buckets.
 */
export type ProblemKind =
  | "torn_frame"
  | "wrong_nonce"
  | "tick_not_rising"
  | "malformed"
  | "unknown_label"
  | "negative_count"
  | "count_too_large"
  | "line_too_long"
  | "too_many_rows"
  | "sum_over_events";

export interface FrameProblem {
  readonly kind: ProblemKind;
  /** The line at fault: at most 200 printable characters. */
  readonly sample: string;
  /** The frame that was discarded; absent outside frames. */
  readonly tick?: number;
}

export interface FrameReaderOptions {
  readonly nonce: string;
  readonly keyTypes: readonly KeyType[];
  /** null: rows end in a scalar. */
  readonly scheme: Scheme | null;
  readonly onFrame: (frame: Frame) => void;
  readonly onProblem: (problem: FrameProblem) => void;
}

export const MAX_LINE_BYTES = 4096;
const MAX_TICK = 2 ** 32 - 1;
const INT64_MAX = 2n ** 63n - 1n;

const BEGIN = ascii("@begin ");
const DONE = ascii("@done ");
const ROW = ascii("@row");
const END = ascii("@end");

type State = "outside" | "inside" | "head" | "buckets";

export class FrameReader {
  readonly #options: FrameReaderOptions;
  readonly #nonce: Uint8Array;
  readonly #labels: SchemeLabels | null;
  readonly #lines: LineSplitter;
  readonly #scanned = newRow();
  readonly #keys: KeyTable;

  #state: State = "outside";
  #frame: OpenFrame | null = null;
  /** After a discarded frame: what is left of it is neither junk nor a new problem. */
  #discarding = false;
  #lastTick = 0;
  #begun = 0;

  /** The row that is being read, and the bucket that comes next in it. */
  #row: KnownKeys | null = null;
  /** Used again for every row: arrays that grow cost more than the copy of their length. The first `#length` are the row's. */
  readonly #bucket: number[] = [];
  readonly #count: number[] = [];
  #length = 0;
  #expected = NO_BUCKET;

  /** The chunk at hand, to be read four bytes at a time. */
  #viewed: Uint8Array | null = null;
  #view: DataView = new DataView(new ArrayBuffer(0));

  /** Lines outside frames, which are ignored. */
  junkLines = 0;

  /** @throws RangeError for a scheme that DTrace does not print (`edges`) */
  constructor(options: FrameReaderOptions) {
    this.#options = options;
    this.#nonce = ascii(options.nonce);
    this.#keys = new KeyTable(options.keyTypes, MAX_FRAME_ROWS);
    this.#labels = options.scheme === null ? null : new SchemeLabels(options.scheme);
    this.#lines = new LineSplitter(MAX_LINE_BYTES, {
      line: (bytes, from, to) => this.#line(bytes, from, to),
      tooLong: (bytes, from, to) => this.#tooLong(bytes, from, to),
      take: (bytes, at) => (this.#state === "buckets" ? this.#usualRows(bytes, at) : at),
    });
  }

  /** Takes the next bytes, cut anywhere; they are not kept. Callbacks run before it returns. */
  push(chunk: Uint8Array): void {
    this.#lines.push(chunk);
    this.#viewed = null;
  }

  /** Says that no more will come: a frame that is still open is torn. */
  end(): void {
    const rest = this.#lines.end();
    if (this.#frame !== null) this.#discard("torn_frame", rest, 0, rest.length);
    this.#discarding = false;
  }

  #line(bytes: Uint8Array, from: number, to: number): void {
    if (startsWith(bytes, from, to, BEGIN)) this.#begin(bytes, from, to);
    else if (startsWith(bytes, from, to, DONE)) this.#done(bytes, from, to);
    else if (this.#frame === null) this.#junk();
    else if (this.#state === "buckets") this.#bucketLine(this.#frame, bytes, from, to);
    else if (this.#state === "head") this.#headLine(bytes, from, to);
    else if (startsWith(bytes, from, to, ROW)) this.#rowLine(this.#frame, bytes, from, to);
    else this.#discard("malformed", bytes, from, to);
  }

  #junk(): void {
    if (!this.#discarding) this.junkLines++;
  }

  #tooLong(bytes: Uint8Array, from: number, to: number): void {
    if (this.#frame === null) this.#junk();
    this.#discard("line_too_long", bytes, from, to);
  }

  #begin(bytes: Uint8Array, from: number, to: number): void {
    if (!this.#isOurs(bytes, from + BEGIN.length, to)) {
      this.#discard("wrong_nonce", bytes, from, to);
      return;
    }
    if (this.#frame !== null) this.#discard("torn_frame", bytes, from, to);
    const [tick, wall] = this.#numbers(bytes, from + BEGIN.length, to);
    const wallNs = BigInt(wall);
    this.#discarding = true;
    if (typeof tick !== "number" || tick < 1 || tick > MAX_TICK || wallNs < 0n || wallNs > INT64_MAX) {
      this.#discard("malformed", bytes, from, to);
    } else if (tick <= this.#lastTick) {
      this.#discard("tick_not_rising", bytes, from, to, tick);
    } else {
      this.#discarding = false;
      this.#frame = new OpenFrame(++this.#begun, tick, wallNs);
      this.#state = "inside";
      this.#keys.restart();
    }
  }

  #done(bytes: Uint8Array, from: number, to: number): void {
    const frame = this.#frame;
    if (!this.#isOurs(bytes, from + DONE.length, to)) {
      this.#discard("wrong_nonce", bytes, from, to);
      return;
    }
    if (frame === null) this.#junk();
    else {
      const [tick, events] = this.#numbers(bytes, from + DONE.length, to);
      if (typeof events !== "number" || events < 0) this.#discard("malformed", bytes, from, to);
      else if (tick !== frame.tick || this.#state !== "inside") this.#discard("torn_frame", bytes, from, to);
      else if (frame.sum > events) this.#discard("sum_over_events", bytes, from, to);
      else this.#deliver(frame, events);
    }
    this.#discarding = false;
  }

  #deliver({ tick, wallNs, rows, sum }: OpenFrame, events: number): void {
    this.#lastTick = tick;
    this.#close();
    this.#options.onFrame({ tick, wallMs: Number(wallNs / 1_000_000n), wallNs, rows, events, sum });
  }

  /** Whether the marker's fields, from `from` on, start with this enabling's nonce. */
  #isOurs(bytes: Uint8Array, from: number, to: number): boolean {
    return startsWith(bytes, from, to, this.#nonce) && bytes[from + this.#nonce.length] === SPACE;
  }

  /** The two numbers after a marker's nonce; -1 for what is none. */
  #numbers(bytes: Uint8Array, from: number, to: number): [number | bigint, number | bigint] {
    const first = from + this.#nonce.length + 1;
    const gap = skipDigits(bytes, first, to);
    const second = toInteger(bytes, gap + 1, trimEnd(bytes, gap + 1, to));
    return [toInteger(bytes, first, gap) ?? -1, bytes[gap] === SPACE ? (second ?? -1) : -1];
  }

  #rowLine(frame: OpenFrame, bytes: Uint8Array, from: number, to: number): void {
    const known = this.#keys.read(bytes, from + ROW.length, to);
    const keysTo = this.#keys.end;
    if (frame.full) this.#discard("too_many_rows", bytes, from, to);
    else if (known === undefined || !frame.claim(known)) this.#discard("malformed", bytes, from, to);
    else if (this.#labels === null) this.#scalar(frame, known, bytes, keysTo, to);
    else if (trimEnd(bytes, keysTo, to) !== keysTo) this.#discard("malformed", bytes, from, to);
    else {
      this.#row = known;
      this.#length = 0;
      this.#state = "head";
    }
  }

  #scalar(frame: OpenFrame, known: KnownKeys, bytes: Uint8Array, from: number, to: number): void {
    const value = bytes[from] === SPACE ? toInteger(bytes, from + 1, trimEnd(bytes, from + 1, to)) : undefined;
    if (value === undefined || (typeof value === "bigint" && value > INT64_MAX))
      this.#discard("malformed", bytes, from, to);
    else if (value < 0) this.#discard("negative_count", bytes, from, to);
    else frame.addScalar(known, value);
  }

  #headLine(bytes: Uint8Array, from: number, to: number): void {
    if (!isHeader(bytes, from, to)) {
      this.#discard("malformed", bytes, from, to);
      return;
    }
    this.#state = "buckets";
    this.#expected = NO_BUCKET;
  }

  /** `@end`, or any row of a distribution; the usual rows do not come here. */
  #bucketLine(frame: OpenFrame, bytes: Uint8Array, from: number, to: number): void {
    if (equals(bytes, from, to, END)) {
      if (this.#row !== null) {
        frame.addDistribution(this.#row, this.#bucket.slice(0, this.#length), this.#count.slice(0, this.#length));
      }
      this.#row = null;
      this.#state = "inside";
      return;
    }
    const row = this.#scanned;
    const isRow = scanRow(bytes, from, to, row);
    const index = isRow && this.#labels !== null ? this.#labels.find(bytes, row, this.#expected) : NO_BUCKET;
    if (!isRow) this.#discard("malformed", bytes, from, to);
    else if (index === NO_BUCKET) this.#discard("unknown_label", bytes, from, to);
    else if (index < this.#expected) this.#discard("malformed", bytes, from, to);
    else if (row.count < 0) this.#discard("negative_count", bytes, from, to);
    else if (row.count > MAX_COUNT) this.#discard("count_too_large", bytes, from, to);
    else {
      if (row.count > 0) {
        this.#bucket[this.#length] = index;
        this.#count[this.#length++] = Number(row.count);
      }
      this.#expected = index + 1;
    }
  }

  /** Reads rows while each is the bucket that comes next, whole and in fixed columns. @returns where it stopped */
  #usualRows(bytes: Uint8Array, from: number): number {
    const labels = this.#labels;
    if (labels === null) return from;
    let index = this.#expected === NO_BUCKET ? labels.guess(bytes, from) : this.#expected;
    if (index === NO_BUCKET) return from;
    const view = this.#viewOf(bytes);
    const { last, first, columns } = labels;
    const [bucket, counts] = [this.#bucket, this.#count];
    let length = this.#length;
    let at = from;
    while (index <= last && at + USUAL_ROW <= bytes.length) {
      const count = usualCount(view, at, columns, (index - first) * WORDS);
      if (count < 0) break;
      if (count > 0) {
        bucket[length] = index;
        counts[length++] = count;
      }
      index++;
      at += USUAL_ROW;
    }
    this.#length = length;
    if (at > from) this.#expected = index;
    return at;
  }

  #viewOf(bytes: Uint8Array): DataView {
    if (this.#viewed !== bytes) this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#viewed = bytes;
    return this.#view;
  }

  #discard(kind: ProblemKind, bytes: Uint8Array, from: number, to: number, tick = this.#frame?.tick): void {
    const sample = sampleOf(bytes, from, to);
    this.#discarding ||= this.#frame !== null;
    this.#close();
    this.#options.onProblem(tick === undefined ? { kind, sample } : { kind, sample, tick });
  }

  #close(): void {
    this.#frame = null;
    this.#row = null;
    this.#state = "outside";
  }
}
