/**
 * engine-port.ts: which port the engine listens on.
 *
 * Never one of those that the system hands to outgoing connections (32768 and above, as IANA, Linux, illumos and macOS
 * have it). The engine must come back on its port after a crash, while its clients try to connect to it: a client whose
 * connection is given that very port as its own end connects to itself, waits for ever, and keeps the engine from it.
 */
import { randomInt } from "node:crypto";
import type { Server } from "node:http";
import { type AddressInfo } from "node:net";

const FIRST = 16_384;
const END = 32_768;
const ATTEMPTS = 64;

/**
 * Listens on loopback.
 *
 * @param port 0 for any free one
 * @returns the port
 */
export async function listen(server: Server, port: number): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryListen(server, port === 0 ? randomInt(FIRST, END) : port);
    } catch (error) {
      const taken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
      if (!taken || port !== 0 || attempt === ATTEMPTS) throw error;
    }
  }
}

function tryListen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
