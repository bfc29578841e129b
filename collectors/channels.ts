/**
 * channels.ts: who may open a channel on a host's one connection, and when.
 *
 * sshd refuses the eleventh session (MaxSessions 10), so at most 9 are open here: one for short commands, which go one after
 * another, two for streams of counters, five for programs, and one for a program that is about to replace another. Of the five
 * the last is shared where the host's wrapper can do that: programs beyond four then run on it side by side, each a
 * dtrace of its own. Two dtraces cannot simply write into one pipe, because they would cut each other's lines (shared-channel.ts).
 * The other way, one D program for several enablings, was rejected: whatever happened to one would have ended all, every change
 * of one would have cost the others a window, and drops could not have been told apart.
 *
 * Programs beyond all that wait their turn, visibly. Two programs at most start at once, because starting is what costs a host
 * most (probes are attached one by one). Background commands go when nothing else wants to.
 *
 *   asked ──▶ waiting ──admitted──▶ opening ──▶ open ──closed──▶ free for the next
 *                └── cancelled, or the connection is lost ──▶ rejected
 */
import { OperationalError } from "../core/errors.ts";
import type { OpenCommand, RunningCommand } from "./open-command.ts";
import { SharedChannel } from "./shared-channel.ts";
import type { ExitStatus, SshConnection } from "./ssh.ts";

export type { OpenCommand };

/** successor: a program that takes over from one that runs, which then ends. Both are commands `run NONCE`. */
export type ChannelUse = "short" | "stream" | "program" | "successor" | "background";

/** What is counted: a program has a channel of its own, or a place on the shared one. */
type Place = "short" | "stream" | "own" | "shared" | "background";

export interface ChannelOptions {
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  /** Called when the command is not admitted at once. */
  readonly onWait?: () => void;
}

interface Asking {
  readonly use: ChannelUse;
  readonly admit: (place: Place) => void;
  readonly lose: () => void;
}

interface Slot extends Pick<OpenCommand, "started" | "release"> {
  readonly place: Place;
  readonly released: Promise<ExitStatus>;
}

const MAX_STREAMS = 2;
/** Channels for programs, the shared one among them. */
const MAX_PROGRAMS = 5;
const MAX_STARTING = 2;
/** A program that prints nothing for so long no longer keeps others from starting. */
const START_MS = 2_000;

/** In this order they are admitted. */
const USES: readonly ChannelUse[] = ["short", "stream", "successor", "program", "background"];

export class Channels {
  readonly #connection: SshConnection;
  readonly #asking: Asking[] = [];
  readonly #open: Record<Place, number> = { short: 0, stream: 0, own: 0, shared: 0, background: 0 };
  #starting = 0;
  /** How many programs the host can run on one channel; 0: it cannot, or has not said yet. */
  #shareable = 0;
  #shared: Promise<SharedChannel> | undefined;
  #closed = false;

  constructor(connection: SshConnection) {
    this.#connection = connection;
    connection.onClose(() => this.#close());
  }

  /** The host has said how many programs its wrapper runs on one channel. */
  mayShare(programs: number): void {
    this.#shareable = programs;
    this.#admit();
  }

  /** The connection is of no use: everything on it ends, and it is made anew. */
  abandon(): void {
    this.#connection.close();
  }

  /** @throws OperationalError SSH_CHANNEL where none can be had: cancelled, refused, or the connection was lost */
  async open(command: string, use: ChannelUse, options: ChannelOptions = {}): Promise<OpenCommand> {
    const slot = await this.#admission(command, use, options);
    try {
      const { channel, exit } =
        slot.place === "shared" ? await this.#share(command) : await this.#connection.exec(command);
      void exit.then(slot.release);
      return { channel, exit: Promise.race([exit, slot.released]), started: slot.started, release: slot.release };
    } catch (error) {
      slot.release();
      throw error;
    }
  }

  async #share(command: string): Promise<RunningCommand> {
    this.#shared ??= this.#openShared();
    return (await this.#shared).add(command.slice("run ".length));
  }

  async #openShared(): Promise<SharedChannel> {
    const over = (): void => (this.#shared = undefined);
    try {
      const { channel, exit } = await this.#connection.exec("share");
      return new SharedChannel({ channel, exit, started: nothing, release: nothing }, over);
    } catch (error) {
      over();
      throw error;
    }
  }

  #admission(command: string, use: ChannelUse, { signal, onWait }: ChannelOptions): Promise<Slot> {
    if (this.#closed || signal?.aborted === true) return Promise.reject(notOpened(command, "the connection is closed"));
    const place = this.#placeFor(use);
    if (place !== undefined) return Promise.resolve(this.#take(place));
    onWait?.();
    return new Promise((resolve, reject) => {
      const cancel = (): void => {
        this.#asking.splice(this.#asking.indexOf(asking), 1);
        reject(notOpened(command, "nobody wants it any more"));
      };
      const settle = (): void => signal?.removeEventListener("abort", cancel);
      const asking: Asking = {
        use,
        admit: (at) => {
          settle();
          resolve(this.#take(at));
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

  #placeFor(use: ChannelUse): Place | undefined {
    const open = this.#open;
    switch (use) {
      case "short":
        return open.short + open.background === 0 ? "short" : undefined;
      case "stream":
        return open.stream < MAX_STREAMS ? "stream" : undefined;
      case "program":
        return this.#starting < MAX_STARTING ? this.#placeForProgram(0) : undefined;
      case "successor":
        return this.#starting < MAX_STARTING ? this.#placeForProgram(1) : undefined;
      case "background":
        return open.short + open.background === 0 && this.#starting === 0 && this.#asking.every(isBackground)
          ? "background"
          : undefined;
    }
  }

  #placeForProgram(more: 0 | 1): Place | undefined {
    const own = this.#shareable > 0 ? MAX_PROGRAMS - 1 : MAX_PROGRAMS;
    if (this.#open.own < own + more) return "own";
    return this.#open.shared < this.#shareable ? "shared" : undefined;
  }

  #take(place: Place): Slot {
    this.#open[place] += 1;
    const started = place === "own" || place === "shared" ? this.#startingNow() : nothing;
    let tell: (status: ExitStatus) => void = nothing;
    const released = new Promise<ExitStatus>((resolve) => (tell = resolve));
    const release = once(() => {
      this.#open[place] -= 1;
      if (place === "shared" && this.#open.shared === 0) void this.#shared?.then((shared) => this.#closeUnused(shared));
      started();
      this.#admit();
      tell({ code: null, signal: null });
    });
    return { place, started, release, released };
  }

  #closeUnused(shared: SharedChannel): void {
    if (this.#open.shared > 0) return;
    this.#shared = undefined;
    shared.close();
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
        const at = this.#asking.findIndex((asking) => asking.use === use);
        const place = at < 0 ? undefined : this.#placeFor(use);
        const [asking] = place === undefined ? [] : this.#asking.splice(at, 1);
        if (asking === undefined || place === undefined) break;
        asking.admit(place);
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
