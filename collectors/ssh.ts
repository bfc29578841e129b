/**
 * ssh.ts: the one door to ssh2 on the collector's side: connections that check whom they talk to.
 *
 * ssh2 accepts any host key unless told otherwise, and never notices a dead peer unless keepalive is on; both are set here
 * and cannot be left out. Algorithms are pinned to what OpenSSH prefers today.
 */
import ssh2, { type Client, type ClientChannel, type ConnectConfig } from "ssh2";
import { OperationalError } from "../core/errors.ts";
import { checkHostKey, type KnownHosts } from "./known-hosts.ts";

export interface SshTarget {
  /** The host's name in configuration and in known_hosts. */
  readonly host: string;
  readonly port: number;
  /** Where to connect, if not to `host` itself. */
  readonly address?: string;
  readonly username: string;
  /** Absent where an agent has it. */
  readonly privateKey?: Buffer | string;
  /** Socket of an ssh agent: a person's own. */
  readonly agent?: string;
}

export interface SshTimings {
  readonly readyTimeoutMs: number;
  readonly keepaliveIntervalMs: number;
  /** Silent keepalives after which the connection is given up. */
  readonly keepaliveCountMax: number;
  /** An exec on a half-open connection may never call back; this gives up on it. */
  readonly openTimeoutMs: number;
}

export const DEFAULT_TIMINGS: SshTimings = {
  readyTimeoutMs: 10_000,
  keepaliveIntervalMs: 5_000,
  keepaliveCountMax: 3,
  openTimeoutMs: 10_000,
};

export type Channel = ClientChannel;

export interface ExitStatus {
  /** null: ended by a signal, or the channel closed without saying. */
  readonly code: number | null;
  readonly signal: string | null;
}

export interface RemoteCommand {
  readonly channel: Channel;
  /** Settles when the channel has closed; never rejects. */
  readonly exit: Promise<ExitStatus>;
}

export interface SshConnection {
  /** Starts a command. @throws OperationalError SSH_CHANNEL */
  exec(command: string): Promise<RemoteCommand>;
  /** Calls back once when the connection has ended, for whatever reason. */
  onClose(listener: (error: Error | undefined) => void): void;
  close(): void;
}

const ALGORITHMS: NonNullable<ConnectConfig["algorithms"]> = {
  kex: ["curve25519-sha256", "curve25519-sha256@libssh.org"],
  cipher: ["aes256-gcm@openssh.com", "aes128-gcm@openssh.com"],
  serverHostKey: ["ssh-ed25519", "rsa-sha2-512"],
  compress: ["none"],
};

/**
 * Connects and proves both sides.
 *
 * @throws OperationalError SSH_CONNECT; SSH_HOST_KEY when the key is unknown, changed or revoked
 */
export function connect(target: SshTarget, knownHosts: KnownHosts, timings = DEFAULT_TIMINGS): Promise<SshConnection> {
  const client = new ssh2.Client();
  let keyProblem: string | undefined;
  const config: ConnectConfig = {
    host: target.address ?? target.host,
    port: target.port,
    username: target.username,
    ...(target.privateKey === undefined ? {} : { privateKey: target.privateKey }),
    ...(target.agent === undefined ? {} : { agent: target.agent }),
    readyTimeout: timings.readyTimeoutMs,
    keepaliveInterval: timings.keepaliveIntervalMs,
    keepaliveCountMax: timings.keepaliveCountMax,
    algorithms: ALGORITHMS,
    hostVerifier: (key: Buffer) => {
      keyProblem = checkHostKey(knownHosts, target.host, target.port, key);
      return keyProblem === undefined;
    },
  };
  return new Promise((resolve, reject) => {
    let lastError: Error | undefined;
    let settled = false;
    client.on("error", (error) => {
      lastError = error;
      if (settled) return;
      settled = true;
      const where = `${target.host}:${target.port}`;
      reject(
        keyProblem === undefined
          ? new OperationalError("SSH_CONNECT", `connect to ${where}`, { cause: error })
          : new OperationalError("SSH_HOST_KEY", `connect to ${where}: ${keyProblem}`),
      );
    });
    client.on("ready", () => {
      settled = true;
      client.setNoDelay(true);
      resolve(wrap(client, timings, () => lastError));
    });
    client.on("close", () => {
      if (settled) return;
      settled = true;
      reject(new OperationalError("SSH_CONNECT", `connect to ${target.host}:${target.port}: closed by the other side`));
    });
    client.connect(config);
  });
}

/**
 * The key that a host shows, without logging in: for a person to compare. Nothing is proven by it.
 *
 * @throws OperationalError SSH_CONNECT
 */
export function shownHostKey(
  target: Pick<SshTarget, "host" | "port" | "address">,
  timings = DEFAULT_TIMINGS,
): Promise<Buffer> {
  const client = new ssh2.Client();
  return new Promise((resolve, reject) => {
    let shown: Buffer | undefined;
    const where = `${target.host}:${target.port}`;
    client.on("error", (cause) => {
      if (shown === undefined) reject(new OperationalError("SSH_CONNECT", `connect to ${where}`, { cause }));
      else resolve(shown);
    });
    client.on("close", () => {
      if (shown !== undefined) resolve(shown);
      else reject(new OperationalError("SSH_CONNECT", `connect to ${where}: closed by the other side`));
    });
    client.connect({
      host: target.address ?? target.host,
      port: target.port,
      username: "nobody",
      readyTimeout: timings.readyTimeoutMs,
      algorithms: ALGORITHMS,
      hostVerifier: (key: Buffer) => {
        shown = key;
        return false;
      },
    });
  });
}

/** The public half of a private key, as authorized_keys has it; undefined where the key cannot be read without a passphrase. */
export function publicKeyOf(privateKey: string): string | undefined {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) return undefined;
  return `${key.type} ${key.getPublicSSH().toString("base64")}`;
}

function wrap(client: Client, timings: SshTimings, lastError: () => Error | undefined): SshConnection {
  /** Those that wait for a channel: ssh2 calls nobody back when the connection ends without an error. */
  const opening = new Set<(cause: Error) => void>();
  let closed = false;
  client.once("close", () => {
    closed = true;
    for (const fail of opening) fail(lastError() ?? new Error("the connection closed"));
  });
  return {
    exec: (command) =>
      closed
        ? Promise.reject(noChannel(command, new Error("the connection is closed")))
        : exec(client, command, timings.openTimeoutMs, opening),
    onClose: (listener) => {
      // Whoever asks late is told all the same.
      if (closed) queueMicrotask(() => listener(lastError()));
      else client.once("close", () => listener(lastError()));
    },
    close: () => void client.end().destroy(),
  };
}

function exec(
  client: Client,
  command: string,
  timeoutMs: number,
  opening: Set<(cause: Error) => void>,
): Promise<RemoteCommand> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer);
      opening.delete(fail);
    };
    const fail = (cause: unknown): void => {
      settle();
      reject(noChannel(command, cause));
    };
    const timer = setTimeout(() => {
      fail(new Error(`no answer within ${timeoutMs} ms`));
      // A connection on which a channel cannot be opened is no use; closing it starts the reconnect.
      client.destroy();
    }, timeoutMs);
    opening.add(fail);
    try {
      client.exec(command, (error, channel) => {
        if (error) {
          fail(error);
          return;
        }
        settle();
        // Here and not later: a short command's exit may come in the same packet as its start.
        resolve({ channel, exit: exitOf(channel) });
      });
    } catch (error) {
      fail(error);
    }
  });
}

function noChannel(command: string, cause: unknown): OperationalError {
  return new OperationalError("SSH_CHANNEL", `start "${command.slice(0, 80)}"`, { cause });
}

function exitOf(channel: Channel): Promise<ExitStatus> {
  return new Promise((resolve) => {
    let status: ExitStatus = { code: null, signal: null };
    channel.on("exit", (code: number | null, signal?: string) => {
      status = { code, signal: signal ?? null };
    });
    // An error on a channel is followed by its close.
    channel.on("error", () => undefined);
    channel.on("close", () => resolve(status));
  });
}

/** A fresh ed25519 key pair in OpenSSH's formats, for collectors that are set up by a program. */
export function makeKeyPair(): { readonly publicKey: string; readonly privateKey: string } {
  // ssh2 writes a pair that cannot be read when the public key begins with a zero byte: one in 256.
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync("ed25519");
    const readable = [pair.private, pair.public].every((text) => !(ssh2.utils.parseKey(text) instanceof Error));
    if (readable) return { publicKey: pair.public, privateKey: pair.private };
  }
}
