/**
 * engine-held.ts: an answer that is held back until it is whole (`wait_end_of_query`), in memory while small, then in a file.
 */
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { EngineException } from "./engine-exception.ts";

export interface HeldLimits {
  readonly memoryBytes: number;
  readonly answerBytes: number;
  readonly spoolDir: string;
}

let next = 0;

export class HeldAnswer {
  readonly #limits: HeldLimits;
  #chunks: Buffer[] = [];
  #file: FileHandle | null = null;
  #path = "";
  #bytes = 0;

  constructor(limits: HeldLimits) {
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws EngineException 307 TOO_MANY_BYTES when it grows beyond what may be held */
  async add(chunk: Buffer): Promise<void> {
    const { memoryBytes, answerBytes, spoolDir } = this.#limits;
    this.#bytes += chunk.length;
    if (this.#bytes > answerBytes) {
      throw new EngineException(307, "TOO_MANY_BYTES", `The answer to be held is larger than ${answerBytes} bytes`);
    }
    this.#chunks.push(chunk);
    if (this.#file === null && this.#bytes <= memoryBytes) return;
    if (this.#file === null) {
      this.#path = join(spoolDir, `answer-${process.pid}-${next++}`);
      this.#file = await open(this.#path, "wx+", 0o600);
    }
    await this.#file.writev(this.#chunks);
    this.#chunks = [];
  }

  /** All of it, to be called once and after the last chunk. */
  read(): Readable {
    if (this.#file === null) return Readable.from(this.#chunks, { objectMode: false });
    return this.#file.createReadStream({ start: 0, autoClose: false });
  }

  async remove(): Promise<void> {
    if (this.#file === null) return;
    await this.#file.close();
    await rm(this.#path, { force: true });
  }
}
