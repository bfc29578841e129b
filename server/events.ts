/**
 * events.ts: server-sent events over a fastify reply: headers, heartbeat, end.
 */
import { streamRaw, type Reply, type Request } from "./http.ts";

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
  const raw = streamRaw(request, reply, "text/event-stream; charset=utf-8");
  if (raw === undefined) return;
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
