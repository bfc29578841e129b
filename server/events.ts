/**
 * events.ts: server-sent events over a fastify reply: headers, heartbeat, end.
 */
import type { Reply, Request } from "./http.ts";

const HEARTBEAT_MS = 10_000;
const CHECK_MS = 2_000;

export interface EventStream {
  /** @returns false when the socket is full */
  write(text: string): boolean;
  onDrain(resume: () => void): void;
  /** Ends the answer: the client asks again. */
  end(): void;
}

/**
 * Takes over the reply; `start` gets the stream and returns what ends the subscription when the client goes away.
 *
 * @param mayStay asked every two seconds: a stream outlives the check of its request, and must not outlive its token
 */
export function streamEvents(
  request: Request,
  reply: Reply,
  mayStay: () => boolean,
  start: (stream: EventStream) => () => void,
): void {
  reply.hijack();
  const { raw } = reply;
  // The client may have gone while it was being found out who it is: no "close" would come any more.
  if (raw.destroyed) return;
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  // Each event is small and wanted at once: Nagle's algorithm would hold it for a round trip.
  request.raw.socket.setNoDelay(true);
  raw.write("retry: 1000\n\n");
  const stop = start({
    write: (text) => raw.write(text),
    onDrain: (resume) => raw.once("drain", resume),
    end: () => raw.end(),
  });
  const heartbeat = setInterval(() => raw.write(": still here\n\n"), HEARTBEAT_MS);
  const check = setInterval(() => {
    if (!mayStay()) raw.end();
  }, CHECK_MS);
  raw.once("close", () => {
    clearInterval(heartbeat);
    clearInterval(check);
    stop();
  });
}
