/**
 * engine-pipe.ts: named pipes, through which answers of any size leave the engine.
 *
 * chDB either buffers a whole answer or cuts it in chunks that are each a document of their own (each Arrow chunk has a
 * schema, each CSV chunk a header). Written by `INTO OUTFILE 'pipe' APPEND`, an answer is one document, and the pipe's
 * 64 KiB are all that is ever buffered: a slow reader slows the engine down.
 */
import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";

/** Makes `count` pipes in `dir`; Node.js cannot, so mkfifo(1) does, once for all of them. */
export function makePipes(dir: string, count: number): string[] {
  const paths = Array.from({ length: count }, (_, at) => join(dir, `pipe-${at}`));
  execFileSync("mkfifo", ["-m", "600", ...paths]);
  return paths;
}

export interface PipeReader {
  /** Must be read to its end: a writer waits for ever in a pipe without a reader, and cannot be killed there. */
  readonly chunks: AsyncIterable<Buffer>;
  /** Ends `chunks` after what is in the pipe; to be called when the statement has ended, whether it wrote or not. */
  finish(): void;
}

/** Opens the reading end, which must happen before the engine opens the other. */
export function readPipe(path: string): PipeReader {
  const socket = new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), readable: true });
  // A pipe ends when its last writer goes. The engine may open it several times (it does for an unknown format), or
  // never (for a statement that fails early): a writer of our own makes one end, and that in time.
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  return { chunks: socket as AsyncIterable<Buffer>, finish: () => closeSync(writer) };
}
