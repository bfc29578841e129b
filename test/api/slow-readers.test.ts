/**
 * Readers that take little, on real sockets: who keeps a pace reads to the end, who does not is cut off.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { keepPace, type Pace } from "../../query-api/slow-readers.ts";
import { until } from "../until.ts";

/** More than the system's buffers take by themselves. */
const BYTES = 64 << 20;
const LOOK_MS = 10;
const PACE: Pace = { bytesPerSec: 1_000_000, overSec: 0.3 };

describe("a reader of a long answer", () => {
  let server: Server;
  let answer: (raw: ServerResponse) => void;
  before(async () => {
    server = createServer((_request, raw) => answer(raw));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const ask = async (): Promise<Socket> => {
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    await once(socket, "connect");
    socket.pause();
    socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    return socket;
  };
  /** 64 MiB, 64 KiB at a time. */
  const long = (): Readable =>
    Readable.from(
      (function* () {
        const chunk = Buffer.alloc(65_536);
        for (let sent = 0; sent < BYTES; sent += chunk.length) yield chunk;
      })(),
      { objectMode: false },
    );

  test("that takes nothing is cut off, and its answer said to be so once", async () => {
    let cuts = 0;
    const closed = new Promise<void>((resolve) => {
      answer = (raw) => {
        keepPace(raw, PACE, () => (cuts += 1), LOOK_MS);
        raw.once("close", resolve);
        long().pipe(raw);
      };
    });
    const socket = await ask();
    await closed;
    assert.equal(cuts, 1);
    socket.destroy();
  });

  test("that keeps the pace reads to the end", async () => {
    let cuts = 0;
    answer = (raw) => {
      keepPace(raw, PACE, () => (cuts += 1), LOOK_MS);
      long().pipe(raw);
    };
    const socket = await ask();
    let read = 0;
    socket.on("data", (data: Buffer) => (read += data.length)).resume();
    await until("the whole answer", () => read > BYTES);
    assert.equal(cuts, 0);
    socket.destroy();
  });

  test("is not blamed for what the store takes its time with", async () => {
    let cuts = 0;
    let looks = 0;
    let raw: ServerResponse | undefined;
    answer = (given) => {
      raw = given;
      keepPace(given, { bytesPerSec: 1e9, overSec: 0.1 }, () => (cuts += 1), LOOK_MS);
      given.write("head");
      const timer = setInterval(() => {
        looks += 1;
        if (looks > 50) clearInterval(timer);
      }, LOOK_MS);
    };
    const socket = await ask();
    socket.resume();
    await until("half a second of nothing to read", () => looks > 50);
    assert.deepEqual([cuts, raw?.destroyed], [0, false]);
    socket.destroy();
  });
});
