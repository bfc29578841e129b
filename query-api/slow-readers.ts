/**
 * slow-readers.ts: an answer that holds something others wait for is read at some pace, or broken off.
 *
 * Somebody who takes a byte now and then would hold a lane of exports for as long as they like. Only the time counts in which there is
 * something for them to take: a question that takes the store long is not theirs.
 */
import type { ServerResponse } from "node:http";

export interface Pace {
  readonly bytesPerSec: number;
  /** Over so long. The system's own buffers drain in bursts of about a megabyte: less would cut readers who keep the pace. */
  readonly overSec: number;
}

/** A modem's. */
export const EXPORT_PACE: Pace = { bytesPerSec: 4_000, overSec: 300 };

const LOOK_MS = 1000;

/** Breaks an answer off whose reader is slower. @param onCut is told before */
export function keepPace(
  raw: ServerResponse,
  { bytesPerSec, overSec }: Pace,
  onCut: () => void,
  lookMs = LOOK_MS,
): void {
  const { socket } = raw;
  if (socket === null || socket.destroyed) return;
  const waiting = (): number => raw.writableLength + socket.writableLength;
  const taken = (): number => socket.bytesWritten - socket.writableLength;
  let [waitedMs, from] = [0, taken()];
  const timer = setInterval(() => {
    if (waiting() === 0) return;
    waitedMs += lookMs;
    if (waitedMs < overSec * 1000) return;
    const sofar = taken();
    if (sofar - from < bytesPerSec * overSec) {
      onCut();
      socket.destroy();
      return;
    }
    [waitedMs, from] = [0, sofar];
  }, lookMs);
  timer.unref();
  raw.once("close", () => clearInterval(timer));
}
