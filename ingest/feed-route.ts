/**
 * feed-route.ts: GET /v1/feed: stored batches as they come, to query APIs in other processes (wire/feed-frames.ts).
 *
 * The socket pulls from the feed's log: while it is full nothing is queued for it here, and a peer that takes nothing for long
 * is let go. It comes back with its position.
 */
import { Type } from "typebox";
import { streamRaw, type App } from "../server/http.ts";
import type { Tokens } from "../store/tokens.ts";
import { encodeFrame, FRAME_HEARTBEAT, FRAME_HELLO, type FeedHello } from "../wire/feed-frames.ts";
import type { Feed } from "./feed.ts";

export interface FeedRouteOptions {
  readonly heartbeatMs?: number;
  /** A full socket that has not been read from for so long is closed. */
  readonly stallMs?: number;
}

export function feedRoute(
  app: App,
  feed: Feed,
  tokens: Tokens,
  { heartbeatMs = 2_000, stallMs = 15_000 }: FeedRouteOptions = {},
): void {
  app.route({
    method: "GET",
    url: "/v1/feed",
    // Everybody's rows: for the product's own services alone.
    config: { access: ["service"] },
    schema: {
      querystring: Type.Object({
        epoch: Type.Optional(Type.String({ maxLength: 64 })),
        after: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
      }),
    },
    handler: (request, reply) => {
      const { epoch = "", after = 0 } = request.query;
      const id = request.principal?.id ?? "";
      const socket = streamRaw(request, reply, "application/vnd.isotherm.feed");
      if (socket === undefined) return reply;
      let isFull = false;
      const pump = (): void => {
        while (!isFull) {
          const frame = cursor.next();
          if (frame === undefined) return;
          isFull = !socket.write(frame);
        }
      };
      const { cursor, close } = feed.open(epoch, after, pump);
      const hello: FeedHello = { epoch: feed.epoch, resumed: cursor.resumed };
      socket.write(encodeFrame(FRAME_HELLO, cursor.position, Buffer.from(JSON.stringify(hello))));
      let drainedMs = Date.now();
      socket.on("drain", () => {
        isFull = false;
        drainedMs = Date.now();
        pump();
      });
      pump();
      const beat = setInterval(() => {
        if (!tokens.isValid(id)) socket.end();
        else if (isFull && Date.now() - drainedMs > stallMs) socket.destroy();
        else if (!isFull) {
          drainedMs = Date.now();
          // What is newest now has been written before: who reads this heartbeat has it all.
          isFull = !socket.write(encodeFrame(FRAME_HEARTBEAT, cursor.position));
        }
      }, heartbeatMs);
      socket.once("close", () => {
        clearInterval(beat);
        close();
      });
      return reply;
    },
  });
}
