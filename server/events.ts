/**
 * events.ts: server-sent events over a fastify reply: headers, heartbeat, end.
 */
import type { Reply, Request } from "./http.ts";

const HEARTBEAT_MS = 10_000;

export interface EventStream {
  /** @returns false when the socket is full */
  write(text: string): boolean;
  onDrain(resume: () => void): void;
}

/**
 * Takes over the reply; `start` gets the stream and returns what ends the subscription when the client goes away.
 */
export function streamEvents(request: Request, reply: Reply, start: (stream: EventStream) => () => void): void {
  reply.hijack();
  const { raw } = reply;
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
  });
  const heartbeat = setInterval(() => raw.write(": still here\n\n"), HEARTBEAT_MS);
  raw.once("close", () => {
    clearInterval(heartbeat);
    stop();
  });
}
