/**
 * aggregation-lines.ts: lines out of chunks of bytes that are cut anywhere, in bounded memory.
 *
 * Whole lines are handed on where they lie in the chunk, without a copy; only a line that spans chunks is put together in a
 * buffer of its own. A line that is too long is reported once, by its start, and the rest of it is skipped.
 */
import { NEWLINE } from "./aggregation-bytes.ts";

export interface LineSink {
  /** One line, without its newline; the bytes are the caller's and change later. */
  line(bytes: Uint8Array, from: number, to: number): void;
  /** The first `maxBytes` and one more of a line that is too long. */
  tooLong(bytes: Uint8Array, from: number, to: number): void;
  /** May take whole lines from `at` on by itself. @returns where it stopped, at the start of a line */
  take?(bytes: Uint8Array, at: number): number;
}

export class LineSplitter {
  readonly #sink: LineSink;
  readonly #maxBytes: number;
  /** The start of a line whose end has not arrived. */
  readonly #carry: Uint8Array;
  #carried = 0;
  /** Inside a line that is too long, up to its newline. */
  #skipping = false;

  constructor(maxBytes: number, sink: LineSink) {
    this.#sink = sink;
    this.#maxBytes = maxBytes;
    this.#carry = new Uint8Array(maxBytes + 1);
  }

  push(chunk: Uint8Array): void {
    let at = this.#carried > 0 || this.#skipping ? this.#finishLine(chunk) : 0;
    while (at < chunk.length) {
      if (this.#sink.take !== undefined) at = this.#sink.take(chunk, at);
      const newline = chunk.indexOf(NEWLINE, at);
      if (newline < 0) break;
      if (newline - at > this.#maxBytes) this.#sink.tooLong(chunk, at, at + this.#maxBytes + 1);
      else this.#sink.line(chunk, at, newline);
      at = newline + 1;
    }
    if (at < chunk.length) this.#keep(chunk, at, chunk.length);
  }

  /** Forgets the line that has no end. @returns it: a view of bytes that change with the next push */
  end(): Uint8Array {
    const rest = this.#carry.subarray(0, this.#carried);
    this.#carried = 0;
    this.#skipping = false;
    return rest;
  }

  /** Completes the line that earlier chunks began. @returns where the next line starts */
  #finishLine(chunk: Uint8Array): number {
    const newline = chunk.indexOf(NEWLINE);
    const end = newline < 0 ? chunk.length : newline;
    this.#keep(chunk, 0, end);
    if (newline < 0) return end;
    const length = this.#carried;
    const skipped = this.#skipping;
    this.#carried = 0;
    this.#skipping = false;
    if (!skipped) this.#sink.line(this.#carry, 0, length);
    return newline + 1;
  }

  #keep(chunk: Uint8Array, from: number, to: number): void {
    if (this.#skipping) return;
    const size = Math.min(to - from, this.#carry.length - this.#carried);
    this.#carry.set(chunk.subarray(from, from + size), this.#carried);
    this.#carried += size;
    if (this.#carried <= this.#maxBytes) return;
    this.#carried = 0;
    this.#skipping = true;
    this.#sink.tooLong(this.#carry, 0, this.#carry.length);
  }
}
