/**
 * live-feed-proxy.ts: a TCP proxy that cuts what goes through it, or lets it hang as a dead link does.
 */
import { createServer, connect, type AddressInfo, type Socket } from "node:net";

export interface Proxy {
  readonly url: string;
  /** Connections accepted so far. */
  readonly accepted: number;
  /** Resets every connection. */
  cut(): void;
  /** Connections that exist carry nothing any more, and do not end; new ones do. */
  hang(): void;
  close(): Promise<void>;
}

/** @param target the URL that connections are passed on to; called for each, so that it may move */
export async function startProxy(target: () => string): Promise<Proxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let accepted = 0;
  const server = createServer((near) => {
    accepted += 1;
    const { hostname, port } = new URL(target());
    const far = connect(Number(port), hostname);
    const pair = [near, far] as const;
    pairs.add(pair);
    near.pipe(far);
    far.pipe(near);
    for (const socket of pair) {
      socket.on("error", () => undefined);
      socket.on("close", () => {
        pairs.delete(pair);
        for (const each of pair) each.destroy();
      });
    }
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const each = (act: (socket: Socket) => void): void => {
    for (const pair of pairs) for (const socket of pair) act(socket);
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get accepted() {
      return accepted;
    },
    cut: () => each((socket) => socket.resetAndDestroy()),
    hang: () =>
      each((socket) => {
        socket.unpipe();
        socket.pause();
      }),
    close: async () => {
      each((socket) => socket.destroy());
      await new Promise((closed) => server.close(closed));
    },
  };
}
