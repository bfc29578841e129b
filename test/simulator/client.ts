/**
 * client.ts: a plain ssh2 client for the simulator's tests: one command, its output as it comes, and its end.
 */
import { once } from "node:events";
import ssh2, { type Client, type ClientChannel, type ConnectConfig } from "ssh2";
import { ManualClock } from "../../collectors/simulator/clock.ts";
import { startFleet, type Fleet } from "../../collectors/simulator/fleet.ts";
import type { SimHost } from "../../collectors/simulator/host.ts";
import type { FleetOptions } from "../../collectors/simulator/options.ts";
import { makeKeys } from "../../collectors/simulator/ssh-server.ts";
import { formatHead, type ProgramHead } from "../../d-scripts/head.ts";

export const CLIENT = makeKeys();
/** 2026-01-05 10:00:00 UTC, and a bit, so that nothing falls on a whole second by chance. */
export const START_MS = Date.UTC(2026, 0, 5, 10) + 137;
export const LATENCY = "llquantize(10,3,10,20)";

export interface Bed {
  readonly fleet: Fleet;
  readonly clock: ManualClock;
}

/** A small fleet at a clock that stands still. */
export async function makeBed(options: Partial<FleetOptions> = {}): Promise<Bed> {
  const clock = new ManualClock(START_MS);
  const fleet = await startFleet({ hosts: 1, seed: 7, clientPublicKey: CLIENT.public, clock, ...options });
  return { fleet, clock };
}

export async function connect(host: SimHost, config: Partial<ConnectConfig> = {}): Promise<Client> {
  const client = new ssh2.Client();
  client.on("error", () => undefined);
  const ready = new Promise<void>((resolve, reject) => {
    client.once("ready", () => resolve());
    client.once("error", reject);
    client.once("close", () => reject(new Error("closed before it was ready")));
  });
  client.connect({
    host: "127.0.0.1",
    port: host.port,
    username: "isotherm",
    privateKey: CLIENT.private,
    algorithms: {
      kex: ["curve25519-sha256"],
      cipher: ["aes256-gcm@openssh.com"],
      serverHostKey: ["ssh-ed25519"],
      compress: ["none"],
    },
    ...config,
  });
  await ready;
  // Otherwise a request waits up to 40 ms for an acknowledgement of the one before.
  client.setNoDelay(true);
  return client;
}

/** A command under way. */
export class Command {
  stdout = "";
  stderr = "";
  readonly pieces: number[] = [];
  readonly channel: ClientChannel;
  /** Null where the link broke before a status came. */
  readonly ended: Promise<number | null>;
  status: number | null = null;

  constructor(channel: ClientChannel) {
    this.channel = channel;
    channel.on("data", (bytes: Buffer) => {
      this.pieces.push(bytes.length);
      this.stdout += bytes.toString("latin1");
    });
    channel.stderr.on("data", (bytes: Buffer) => (this.stderr += bytes.toString("latin1")));
    channel.on("exit", (status: number | null) => (this.status = status));
    this.ended = new Promise((resolve) => channel.on("close", () => resolve(this.status)));
  }

  /** Waits until the output has what `found` looks for. */
  async until<T>(found: (stdout: string) => T | undefined): Promise<T> {
    for (;;) {
      const value = found(this.stdout);
      if (value !== undefined) return value;
      await Promise.race([
        once(this.channel, "data"),
        this.ended.then((status) => {
          if (found(this.stdout) === undefined) throw new Error(`ended with ${String(status)}: ${this.stderr}`);
        }),
      ]);
    }
  }
}

export function exec(client: Client, command: string): Promise<Command> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error === undefined) resolve(new Command(channel));
      else reject(error);
    });
  });
}

export interface ProgramInit extends Partial<ProgramHead> {
  readonly client: Client;
}

let nonces = 0;
export function makeHead(head: Partial<ProgramHead> = {}): ProgramHead {
  const keys = head.keys ?? ["zonename"];
  const nonce = (++nonces).toString(16).padStart(8, "0").repeat(4);
  return {
    v: 1,
    spec: `spec-${nonce.slice(0, 8)}`,
    metric: "syscall.ops",
    nonce,
    granularitySec: 1,
    keys,
    keyTypes: keys.map((key) => (key === "pid" || key === "errno" ? "number" : "string")),
    numeric: "latency",
    scheme: LATENCY,
    predicate: {},
    zones: null,
    ...head,
  };
}

export function programText(head: ProgramHead): string {
  return `/*\n${formatHead(head)}\n */\nsyscall:::return\n{\n\t@ops = count();\n}\n`;
}

/** Runs a program; its lease lasts until the channel closes or the (still) clock is moved. */
export async function run(client: Client, head: ProgramHead): Promise<Command> {
  const command = await exec(client, `run ${head.nonce}`);
  command.channel.write(`${programText(head)}@program-end ${head.nonce}\n`);
  return command;
}

/** Waits until the host has read all that was sent before: it answers in order. */
export async function settle(client: Client): Promise<void> {
  await (
    await exec(client, "version")
  ).ended;
}
