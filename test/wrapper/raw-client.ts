/**
 * raw-client.ts: an ssh2 client that asks for what the product's own never does: shells, terminals, tunnels, files.
 *
 * Each attempt resolves to what came of it: `refused` by sshd, or the exit status and output of what ran instead.
 */
import { once } from "node:events";
import ssh2, { type Client, type ClientChannel } from "ssh2";
import type { BedHost } from "./bed.ts";

export type Attempt = { readonly refused: string } | { readonly code: number | null; readonly output: string };

export async function rawClient(host: BedHost, agent?: string): Promise<Client> {
  const client = new ssh2.Client();
  client.on("error", () => undefined);
  const ready = once(client, "ready");
  client.connect({
    host: "127.0.0.1",
    port: host.port,
    username: host.username,
    privateKey: host.privateKey,
    ...(agent !== undefined && { agent, agentForward: true }),
  });
  await ready;
  return client;
}

export type Answer = (error: Error | null | undefined, channel?: unknown) => void;

/** @param ask starts something on a client, and hands its answer on */
export function attempt(ask: (answer: Answer) => void): Promise<Attempt> {
  return new Promise((resolve) => {
    ask((error, channel) => {
      if (error !== undefined && error !== null) resolve({ refused: error.message });
      else if (channel === undefined || typeof channel === "number") resolve({ code: 0, output: "granted" });
      else read(channel as ClientChannel, resolve);
    });
  });
}

function read(channel: ClientChannel, resolve: (attempt: Attempt) => void): void {
  let output = "";
  let code: number | null = null;
  channel.on("data", (bytes: Buffer) => (output += bytes.toString("latin1")));
  channel.stderr.on("data", (bytes: Buffer) => (output += bytes.toString("latin1")));
  channel.on("exit", (status: number | null) => (code = status));
  channel.on("close", () => resolve({ code, output }));
  channel.on("error", () => undefined);
  channel.end();
}
