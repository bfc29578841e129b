/**
 * ssh-server.ts: the simulator's one door to ssh2: a server that knows one host key, one authorised key, and commands.
 *
 * It behaves as sshd does for a key with `restrict,command="..."`: shells, terminals, subsystems, forwarding and environment
 * are refused; a command gets its words, its three streams, signals, and answers with an exit status.
 */
import type { AddressInfo } from "node:net";
import type { Readable } from "node:stream";
import ssh2, { type AuthContext, type Connection, type ParsedKey, type Session } from "ssh2";
import { stderrOf } from "./channel-stderr.ts";

export interface Keys {
  readonly private: string;
  /** `ssh-ed25519 AAAA...`, as known_hosts has it. */
  readonly public: string;
}

/** One command that a client asked for. */
export interface Exec {
  readonly command: string;
  readonly stdin: Readable;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  onSignal(listener: (name: string) => void): void;
  /** The client has gone, or the link has. */
  onClose(listener: () => void): void;
  /** Ends the command; what was written before still goes out. */
  exit(status: number): void;
}

export interface SshServer {
  readonly port: number;
  /** While true, new connections are reset. */
  refusing: boolean;
  readonly connections: number;
  /** Cuts every connection, as a pulled cable would. */
  drop(): void;
  close(): Promise<void>;
}

/**
 * A new ed25519 key pair, for a host or a client.
 *
 * ssh2 1.17 strips zeros from the front of a public key (keygen.js, parseDERs), so one pair in 256 cannot be read back: that
 * one is thrown away.
 */
export function makeKeys(): Keys {
  for (;;) {
    const { private: secret, public: open } = ssh2.utils.generateKeyPairSync("ed25519");
    if (!(ssh2.utils.parseKey(secret) instanceof Error)) return { private: secret, public: open };
  }
}

export async function startSshServer(options: {
  readonly hostKey: string;
  /** OpenSSH public key line. */
  readonly clientPublicKey: string;
  readonly onExec: (exec: Exec) => void;
}): Promise<SshServer> {
  const authorised = ssh2.utils.parseKey(options.clientPublicKey);
  if (authorised instanceof Error) throw authorised;
  const connections = new Set<Connection>();
  const algorithms = {
    kex: ["curve25519-sha256", "curve25519-sha256@libssh.org"],
    cipher: ["aes256-gcm@openssh.com", "aes128-gcm@openssh.com"],
    serverHostKey: ["ssh-ed25519"],
    compress: ["none"],
  } as const;
  const server = new ssh2.Server(
    { hostKeys: [options.hostKey], ident: "OpenSSH_9.2_simulated", algorithms: mutable(algorithms) },
    (connection) => {
      if (state.refusing) {
        destroy(connection);
        return;
      }
      connections.add(connection);
      // A tick's last packet must not wait for an acknowledgement of the one before.
      (connection as unknown as { setNoDelay(on: boolean): void }).setNoDelay(true);
      connection.on("close", () => connections.delete(connection));
      connection.on("error", () => undefined);
      connection.on("authentication", (context) => authenticate(context, authorised));
      connection.on("session", (accept) => serveSession(accept(), options.onExec));
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const drop = (): void => {
    connections.forEach(destroy);
    connections.clear();
  };
  const state: SshServer = {
    port: (server.address() as AddressInfo).port,
    refusing: false,
    get connections() {
      return connections.size;
    },
    drop,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        drop();
      }),
  };
  return state;
}

function authenticate(context: AuthContext, authorised: ParsedKey): void {
  if (context.method !== "publickey") {
    context.reject(["publickey"]);
    return;
  }
  const known = context.key.algo === authorised.type && context.key.data.equals(authorised.getPublicSSH());
  const proven =
    context.signature === undefined ||
    (context.blob !== undefined && authorised.verify(context.blob, context.signature, context.hashAlgo));
  if (known && proven) context.accept();
  else context.reject(["publickey"]);
}

function serveSession(session: Session, onExec: (exec: Exec) => void): void {
  const signals: ((name: string) => void)[] = [];
  session.on("signal", (accept, _reject, info) => {
    (accept as (() => void) | undefined)?.();
    signals.forEach((listener) => listener(info.name));
  });
  session.on("exec", (accept, _reject, info) => {
    const channel = accept();
    channel.on("error", () => undefined);
    channel.stderr.on("error", () => undefined);
    const stderr = stderrOf(channel);
    let over = false;
    onExec({
      command: info.command,
      stdin: channel,
      stdout: channel,
      stderr,
      onSignal: (listener) => signals.push(listener),
      onClose: (listener) => channel.once("close", listener),
      exit: (status) => {
        if (over) return;
        over = true;
        // ssh2 sends no status after `end`; the channel closes only once both streams are through.
        channel.exit(status);
        stderr.end(() => channel.end());
      },
    });
  });
  // Everything else (shell, pty, env, x11, auth-agent, sftp, subsystem) has no listener: ssh2 then refuses it.
}

/** ssh2's Connection hides its socket; without destroying it a peer that does not answer would hold `close` up. */
function destroy(connection: Connection): void {
  const { _sock: socket } = connection as unknown as { readonly _sock?: { destroy(): void } };
  if (socket === undefined) connection.end();
  else socket.destroy();
}

function mutable<T>(value: T): { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] } {
  return structuredClone(value) as { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };
}
