/**
 * engine-body.ts: request bodies, inflated and bounded, in memory or in a file.
 *
 * A body is read to its end before the engine hears of it, so that a client that dies in the middle inserts nothing.
 * Small bodies stay in memory; larger ones go to the data directory, never to the memory file system.
 */
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createInflate } from "node:zlib";
import { EngineException } from "./engine-exception.ts";

export interface BodyLimits {
  /** Inflated bytes of a body that stays in memory. */
  readonly memoryBytes: number;
  /** Inflated bytes of any body. */
  readonly bodyBytes: number;
  readonly spoolDir: string;
}

export type Body = { readonly bytes: Buffer } | { readonly file: string };

let nextSpool = 0;

/** Reads a body that may be large; the caller removes the file. */
export async function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Body> {
  const source = inflated(request)[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const held: Buffer[] = [];
  let bytes = 0;
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > limits.bodyBytes) throw tooLarge(limits.bodyBytes);
  };
  while (bytes <= limits.memoryBytes) {
    const next = await nextChunk(source);
    if (next === null) return { bytes: Buffer.concat(held) };
    count(next);
    held.push(next);
  }
  const file = join(limits.spoolDir, `body-${process.pid}-${nextSpool++}`);
  async function* all(): AsyncGenerator<Buffer> {
    yield* held;
    for (let next = await nextChunk(source); next !== null; next = await nextChunk(source)) {
      count(next);
      yield next;
    }
  }
  try {
    await pipeline(Readable.from(all(), { objectMode: false }), createWriteStream(file, { mode: 0o600 }));
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
  return { file };
}

/** Reads a body that is a statement, which must fit in memory. */
export async function readText(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const body = await readBody(request, { ...limits, bodyBytes: limits.memoryBytes });
  return "bytes" in body ? body.bytes : Buffer.alloc(0);
}

function inflated(request: IncomingMessage): Readable {
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding === "identity" || encoding === "") return request;
  if (encoding !== "gzip" && encoding !== "deflate") {
    throw new EngineException(779, "UNSUPPORTED_MEDIA_TYPE", `Unknown compression method: ${encoding}`);
  }
  const inflate = encoding === "gzip" ? createGunzip() : createInflate();
  request.on("error", (error) => inflate.destroy(error));
  request.on("aborted", () => inflate.destroy(new Error("aborted")));
  return request.pipe(inflate);
}

async function nextChunk(source: AsyncIterator<Buffer>): Promise<Buffer | null> {
  try {
    const next = await source.next();
    return next.done === true ? null : next.value;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new EngineException(23, "CANNOT_READ_FROM_ISTREAM", `Cannot read the request body: ${message}`, error);
  }
}

function tooLarge(limit: number): EngineException {
  return new EngineException(229, "QUERY_IS_TOO_LARGE", `The body is larger than ${limit} bytes`);
}
