/**
 * outlet.ts: output on its way to a reader, in pieces cut anywhere, bounded.
 *
 * A pipe is a stream of bytes: where one write ends means nothing, so pieces are cut at random places, also within a line.
 * The reader's pace is respected: once the channel is full the rest waits here, up to `queueBytes`.
 */
import type { Random } from "./random.ts";

export class Outlet {
  readonly #to: NodeJS.WritableStream;
  readonly #random: Random;
  readonly #maxPieceBytes: number;
  readonly #queue: Buffer[] = [];
  readonly #waiting: (() => void)[] = [];
  #queuedBytes = 0;
  #blocked = false;
  #closed = false;

  constructor(to: NodeJS.WritableStream, random: Random, maxPieceBytes: number) {
    this.#to = to;
    this.#random = random;
    this.#maxPieceBytes = maxPieceBytes;
    to.on("drain", this.#onDrain);
  }

  /** Bytes that wait for the reader. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Those behind the write that is under way, however large that is: what came while its writer was blocked. */
  get piledBytes(): number {
    return this.#queuedBytes - (this.#queue[0]?.length ?? 0);
  }

  get #idle(): boolean {
    return this.#queuedBytes === 0 && !this.#blocked;
  }

  write(text: string | Buffer): void {
    if (this.#closed) return;
    const bytes = typeof text === "string" ? Buffer.from(text, "utf8") : text;
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    this.#flush();
  }

  /** Calls back when nothing waits; at once, where nothing does. Never after `close`. */
  whenDrained(callback: () => void): void {
    if (this.#idle) callback();
    else this.#waiting.push(callback);
  }

  close(): void {
    this.#closed = true;
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#waiting.length = 0;
    this.#to.removeListener("drain", this.#onDrain);
  }

  readonly #onDrain = (): void => {
    this.#blocked = false;
    this.#flush();
    if (this.#idle) this.#waiting.splice(0).forEach((callback) => callback());
  };

  #flush(): void {
    let blocked = this.#blocked;
    while (!blocked) {
      const bytes = this.#queue.shift();
      if (bytes === undefined) break;
      const length = Math.min(bytes.length, 1 + Math.floor(this.#random.next() * this.#maxPieceBytes));
      if (length < bytes.length) this.#queue.unshift(bytes.subarray(length));
      this.#queuedBytes -= length;
      blocked = !this.#to.write(bytes.subarray(0, length));
    }
    this.#blocked = blocked;
  }
}
