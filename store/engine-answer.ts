/**
 * engine-answer.ts: one HTTP answer, as ClickHouse's HTTP interface gives it.
 *
 * The first part of an answer is held back, so that a failure soon after the start still becomes a proper error status,
 * and a small answer carries its summary. A failure later is written behind the rows between ClickHouse's markers
 * (`__exception__`, since 25.11), and the connection is broken off: a client that reads bytes cannot take the part for
 * the whole.
 */
import type { ServerResponse } from "node:http";
import { type Gzip, constants, createGzip, gzipSync } from "node:zlib";
import { randomBytes } from "node:crypto";
import { pipeline } from "node:stream/promises";
import type { EngineException } from "./engine-exception.ts";
import type { HeldAnswer } from "./engine-held.ts";

export interface Summary {
  readonly readRows: number;
  readonly readBytes: number;
  readonly writtenRows: number;
  readonly writtenBytes: number;
  readonly elapsedSeconds: number;
}

/** What a statement has done so far. */
export interface Progress {
  readonly readRows: string;
  readonly readBytes: string;
  readonly totalRows: string;
  readonly writtenRows: string;
  readonly writtenBytes: string;
  readonly elapsedNs: string;
  readonly memoryBytes: string;
}

const HOLD_BYTES = 256 * 1024;
/** Lines of progress in one head; the newest are kept, since a head is bounded. */
const MOST_PROGRESS = 32;
const ENGINE_TIMEZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const GZIP = { level: constants.Z_BEST_SPEED };

export class Answer {
  readonly #response: ServerResponse;
  readonly #gzip: boolean;
  readonly #tag = randomBytes(8).toString("hex");
  readonly #stallMs: number;
  /** Takes the whole answer before any of it leaves; null: it leaves as it comes. */
  readonly #whole: HeldAnswer | null;
  readonly #progress: string[] = [];
  #held: Buffer[] = [];
  #heldBytes = 0;
  #sink: Gzip | ServerResponse | null = null;

  constructor(
    response: ServerResponse,
    queryId: string,
    gzip: boolean,
    whole: HeldAnswer | null = null,
    stallMs = 60_000,
  ) {
    this.#response = response;
    this.#gzip = gzip;
    this.#whole = whole;
    this.#stallMs = stallMs;
    // A header may not carry every character that an id may.
    response.setHeader("X-ClickHouse-Query-Id", queryId.replace(/[^\x20-\x7e]/g, "?"));
    response.setHeader("X-ClickHouse-Server-Display-Name", "isotherm");
    response.setHeader("X-ClickHouse-Timezone", ENGINE_TIMEZONE);
    response.setHeader("X-ClickHouse-Exception-Tag", this.#tag);
  }

  setFormat(format: string): void {
    this.#response.setHeader("X-ClickHouse-Format", format);
    this.#response.setHeader("Content-Type", contentType(format));
  }

  /** Resolves when there is room for more; rejects when the client has gone, or has taken nothing for `stallMs`. */
  async write(chunk: Buffer): Promise<void> {
    if (this.#whole !== null) return this.#whole.add(chunk);
    if (this.#sink === null) {
      this.#held.push(chunk);
      this.#heldBytes += chunk.length;
      if (this.#heldBytes < HOLD_BYTES) return;
      chunk = Buffer.concat(this.#held);
      this.#held = [];
      this.#sink = this.#start();
    }
    if (!this.#sink.write(chunk)) await this.#drained(this.#sink);
  }

  #drained(sink: Gzip | ServerResponse): Promise<void> {
    const response = this.#response;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        sink.off("drain", settle);
        response.off("close", settle);
        if (response.destroyed || response.closed) reject(new Error("the client has gone"));
        else resolve();
      };
      const timer = setTimeout(() => response.destroy(), this.#stallMs);
      sink.on("drain", settle);
      response.on("close", settle);
      if (response.destroyed) settle();
    });
  }

  /** Notes progress for the head. ClickHouse writes each line as it arises; here they come together, when the head leaves. */
  progress(progress: Progress): void {
    this.#progress.push(progressHeader(progress));
    if (this.#progress.length > MOST_PROGRESS) this.#progress.shift();
  }

  async end(summary: Summary): Promise<void> {
    if (this.#response.destroyed) return;
    if (this.#whole !== null) return this.#sendHeld(this.#whole, summary);
    if (this.#sink !== null) {
      this.#sink.end();
      return;
    }
    this.#response.setHeader("X-ClickHouse-Summary", summaryHeader(summary));
    this.#sendWhole(Buffer.concat(this.#held));
  }

  fail(exception: EngineException): void {
    const response = this.#response;
    if (response.destroyed) return;
    if (this.#sink === null) {
      response.statusCode = exception.status;
      response.setHeader("X-ClickHouse-Exception-Code", String(exception.code));
      response.setHeader("Content-Type", "text/plain; charset=UTF-8");
      response.removeHeader("X-ClickHouse-Format");
      if (exception.status === 503) response.setHeader("Retry-After", "1");
      this.#sendWhole(Buffer.from(exception.body));
      return;
    }
    const text = exception.body;
    const marked = `\r\n__exception__\r\n${this.#tag}\r\n${text}${Buffer.byteLength(text)} ${this.#tag}\r\n__exception__\r\n`;
    // Ending the socket and not the answer leaves out the last chunk's mark.
    const breakOff = (): void => void response.socket?.end();
    if (this.#sink === response) response.write(marked, breakOff);
    else this.#endGzip(this.#sink as Gzip, marked, breakOff);
  }

  #endGzip(gzip: Gzip, marked: string, breakOff: () => void): void {
    gzip.unpipe(this.#response);
    gzip.on("data", (chunk: Buffer) => this.#response.write(chunk));
    gzip.on("end", () => this.#response.write("", breakOff));
    gzip.end(marked);
  }

  async #sendHeld(whole: HeldAnswer, summary: Summary): Promise<void> {
    this.#response.setHeader("X-ClickHouse-Summary", summaryHeader(summary));
    if (!this.#gzip) this.#response.setHeader("Content-Length", whole.bytes);
    const sink = this.#start();
    try {
      await pipeline(whole.read(), sink);
    } catch {
      // The client has gone: nobody is left to be told.
      this.#response.destroy();
    }
  }

  #start(): Gzip | ServerResponse {
    this.#head();
    if (!this.#gzip) return this.#response;
    this.#response.setHeader("Content-Encoding", "gzip");
    const gzip = createGzip(GZIP);
    gzip.pipe(this.#response);
    this.#response.on("close", () => gzip.destroy());
    gzip.on("error", () => this.#response.destroy());
    return gzip;
  }

  #head(): void {
    if (this.#progress.length > 0) this.#response.setHeader("X-ClickHouse-Progress", this.#progress);
  }

  #sendWhole(bytes: Buffer): void {
    this.#head();
    const packed = this.#gzip && bytes.length > 0;
    if (packed) this.#response.setHeader("Content-Encoding", "gzip");
    const body = packed ? gzipSync(bytes, GZIP) : bytes;
    this.#response.setHeader("Content-Length", body.length);
    this.#response.end(body);
  }
}

/** Numbers are strings, as ClickHouse writes them. */
function summaryHeader(summary: Summary): string {
  return JSON.stringify({
    read_rows: String(summary.readRows),
    read_bytes: String(summary.readBytes),
    written_rows: String(summary.writtenRows),
    written_bytes: String(summary.writtenBytes),
    total_rows_to_read: "0",
    result_rows: String(summary.writtenRows || summary.readRows),
    result_bytes: String(summary.writtenBytes || summary.readBytes),
    elapsed_ns: String(Math.round(summary.elapsedSeconds * 1e9)),
  });
}

function progressHeader(progress: Progress): string {
  return JSON.stringify({
    read_rows: progress.readRows,
    read_bytes: progress.readBytes,
    written_rows: progress.writtenRows,
    written_bytes: progress.writtenBytes,
    total_rows_to_read: progress.totalRows,
    elapsed_ns: progress.elapsedNs,
    memory_usage: progress.memoryBytes,
  });
}

function contentType(format: string): string {
  if (/^JSON.*EachRow/.test(format)) return "application/x-ndjson; charset=UTF-8";
  if (/^JSON/.test(format)) return "application/json; charset=UTF-8";
  if (/^CSV/.test(format)) return "text/csv; charset=UTF-8; header=present";
  if (/^(TabSeparated|TSV)/.test(format)) return "text/tab-separated-values; charset=UTF-8";
  if (/^(Arrow|Parquet|Native|RowBinary|ORC|Avro|MsgPack|Protobuf)/.test(format)) return "application/octet-stream";
  return "text/plain; charset=UTF-8";
}
