/**
 * channels.ts: who may open a channel on a host's one connection, and when.
 *
 * sshd refuses the eleventh session (MaxSessions 10), so at most 8 are open here: one is kept for short commands, which go one
 * after another, one for kstat, and six are for programs. Programs beyond that wait their turn, visibly; a channel cannot be
 * shared by programs, since two dtraces that write into one pipe cut each other's lines. Two programs at most start at once,
 * because starting is what costs a host most (probes are attached one by one). Background commands go when nothing else wants to.
 *
 *   asked ──▶ waiting ──admitted──▶ opening ──▶ open ──closed──▶ free for the next
 *                └── cancelled, or the connection is lost ──▶ rejected
 */
import { OperationalError } from "../core/errors.ts";
import type { ExitStatus, RemoteCommand, SshConnection } from "./ssh.ts";

export type ChannelUse = "short" | "stream" | "program" | "background";

export interface OpenCommand extends RemoteCommand {
  /** A program has begun to print: another may start. */
  started(): void;
  /** The channel is given up without waiting for its end: `exit` settles, without a status. */
  release(): void;
}

export interface ChannelOptions {
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  /** Called when the command is not admitted at once. */
  readonly onWait?: () => void;
}

interface Asking {
  readonly use: ChannelUse;
  readonly admit: () => void;
  readonly lose: () => void;
}

interface Slot extends Pick<OpenCommand, "started" | "release"> {
  readonly released: Promise<ExitStatus>;
}

const MAX_PROGRAMS = 6;
const MAX_STARTING = 2;
/** A program that prints nothing for so long no longer keeps others from starting. */
const START_MS = 2_000;

/** In this order they are admitted. */
const USES: readonly ChannelUse[] = ["short", "stream", "program", "background"];

export class Channels {
  readonly #connection: SshConnection;
  readonly #asking: Asking[] = [];
  readonly #open: Record<ChannelUse, number> = { short: 0, stream: 0, program: 0, background: 0 };
  #starting = 0;
  #closed = false;

  constructor(connection: SshConnection) {
    this.#connection = connection;
    connection.onClose(() => this.#close());
  }

  /** The connection is of no use: everything on it ends, and it is made anew. */
  abandon(): void {
    this.#connection.close();
  }

  /** @throws OperationalError SSH_CHANNEL where none can be had: cancelled, refused, or the connection was lost */
  async open(command: string, use: ChannelUse, options: ChannelOptions = {}): Promise<OpenCommand> {
    const slot = await this.#admission(command, use, options);
    try {
      const { channel, exit } = await this.#connection.exec(command);
      void exit.then(slot.release);
      return { channel, exit: Promise.race([exit, slot.released]), started: slot.started, release: slot.release };
    } catch (error) {
      slot.release();
      throw error;
    }
  }

  #admission(command: string, use: ChannelUse, { signal, onWait }: ChannelOptions): Promise<Slot> {
    if (this.#closed || signal?.aborted === true) return Promise.reject(notOpened(command, "the connection is closed"));
    if (this.#mayOpen(use)) return Promise.resolve(this.#take(use));
    onWait?.();
    return new Promise((resolve, reject) => {
      const cancel = (): void => {
        this.#asking.splice(this.#asking.indexOf(asking), 1);
        reject(notOpened(command, "nobody wants it any more"));
      };
      const settle = (): void => signal?.removeEventListener("abort", cancel);
      const asking: Asking = {
        use,
        admit: () => {
          settle();
          resolve(this.#take(use));
        },
        lose: () => {
          settle();
          reject(notOpened(command, "the connection is closed"));
        },
      };
      signal?.addEventListener("abort", cancel, { once: true });
      this.#asking.push(asking);
    });
  }

  #mayOpen(use: ChannelUse): boolean {
    const open = this.#open;
    switch (use) {
      case "short":
        return open.short + open.background === 0;
      case "stream":
        return open.stream === 0;
      case "program":
        return open.program < MAX_PROGRAMS && this.#starting < MAX_STARTING;
      case "background":
        return open.short + open.background === 0 && this.#starting === 0 && this.#asking.every(isBackground);
    }
  }

  #take(use: ChannelUse): Slot {
    this.#open[use] += 1;
    const started = use === "program" ? this.#startingNow() : nothing;
    let tell: (status: ExitStatus) => void = nothing;
    const released = new Promise<ExitStatus>((resolve) => (tell = resolve));
    const release = once(() => {
      this.#open[use] -= 1;
      started();
      this.#admit();
      tell({ code: null, signal: null });
    });
    return { started, release, released };
  }

  #startingNow(): () => void {
    this.#starting += 1;
    const started = once(() => {
      clearTimeout(timer);
      this.#starting -= 1;
      this.#admit();
    });
    const timer = setTimeout(started, START_MS);
    return started;
  }

  #admit(): void {
    if (this.#closed) return;
    for (const use of USES) {
      for (;;) {
        const at = this.#mayOpen(use) ? this.#asking.findIndex((asking) => asking.use === use) : -1;
        const [asking] = at < 0 ? [] : this.#asking.splice(at, 1);
        if (asking === undefined) break;
        asking.admit();
      }
    }
  }

  #close(): void {
    this.#closed = true;
    for (const asking of this.#asking.splice(0)) asking.lose();
  }
}

function notOpened(command: string, why: string): OperationalError {
  return new OperationalError("SSH_CHANNEL", `start "${command.slice(0, 80)}": ${why}`);
}

function isBackground({ use }: Asking): boolean {
  return use === "background";
}

function nothing(): void {
  // Only programs count as starting, and nobody listens yet.
}

function once(run: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    run();
  };
}
