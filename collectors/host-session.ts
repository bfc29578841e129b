/**
 * host-session.ts: one ssh connection to one host, kept up.
 *
 *   idle ─▶ connecting ──ready──▶ up ──lost, dropped──▶ waiting ──backoff──▶ connecting
 *               └── refused, no answer, bad key ──────────▲             close, from anywhere ──▶ closed
 *
 * The session knows nothing of what runs over it: `onUp` starts things, and what it started ends with its channels. For each
 * `onUp` there is one `onDown`. Waiting grows until whoever uses the session says that it is of use (`settled`): a host that lets
 * one in and then answers nothing is not called again every second.
 */
import { errorChain, errorCode, OperationalError } from "../core/errors.ts";
import { Backoff } from "./backoff.ts";
import type { KnownHosts } from "./known-hosts.ts";
import { connect, type SshConnection, type SshTarget, type SshTimings } from "./ssh.ts";
import type { Turns } from "./turns.ts";

export interface SessionOptions {
  readonly target: SshTarget;
  /** Read before each connection, in place of the target's: it may be rotated while the process runs. */
  readonly privateKey?: () => string;
  readonly knownHosts: () => KnownHosts;
  readonly timings: SshTimings;
  /** Shared by all sessions of a collector. */
  readonly turns: Turns;
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
  readonly onUp: (connection: SshConnection) => void;
  /** @param alarming whether a person must act: the host's key is not what it was */
  readonly onDown: (reason: string, alarming: boolean) => void;
}

export class HostSession {
  readonly #options: SessionOptions;
  readonly #backoff: Backoff;
  #connection: SshConnection | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #dropped = "";

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ minMs: options.reconnectMinMs, maxMs: options.reconnectMaxMs });
  }

  start(): void {
    void this.#connect();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#connection?.close();
  }

  /** The host answers as it should: the next loss begins with a short wait again. */
  settled(): void {
    this.#backoff.reset();
  }

  /** Gives the connection up, for a reason that its end would not tell. */
  drop(reason: string): void {
    this.#dropped = reason;
    this.#connection?.close();
  }

  async #connect(): Promise<void> {
    try {
      const { target, privateKey, knownHosts, timings, turns } = this.#options;
      const connection = await turns.take(async () => {
        if (this.#isClosed()) throw new OperationalError("SSH_CONNECT", "connect: nobody wants it any more");
        return connect(
          privateKey === undefined ? target : { ...target, privateKey: privateKey() },
          knownHosts(),
          timings,
        );
      });
      if (this.#isClosed()) {
        connection.close();
        return;
      }
      this.#connection = connection;
      this.#dropped = "";
      connection.onClose((error) => {
        const reason = error === undefined ? "connection closed" : errorChain(error);
        this.#lost(this.#dropped === "" ? reason : this.#dropped, false);
      });
      this.#options.onUp(connection);
    } catch (error) {
      this.#lost(errorChain(error), errorCode(error) === "SSH_HOST_KEY");
    }
  }

  #lost(reason: string, alarming: boolean): void {
    this.#connection = undefined;
    if (this.#isClosed()) return;
    this.#options.onDown(reason, alarming);
    this.#timer = setTimeout(() => void this.#connect(), this.#backoff.next());
  }

  /** A method, because the compiler would otherwise remember what `#closed` was before an await. */
  #isClosed(): boolean {
    return this.#closed;
  }
}
