/**
 * open-command.ts: a command that has been started, on an ssh channel of its own or on a shared one, and its end.
 */
import type { Duplex, Readable } from "node:stream";
import type { ExitStatus } from "./ssh.ts";

/** As much of an ssh channel as commands need. It emits "close" when nothing more comes. */
export interface CommandChannel extends Duplex {
  readonly stderr: Readable;
  /** Ends it from our side. */
  close(): void;
}

export interface RunningCommand {
  readonly channel: CommandChannel;
  /** Settles when the channel has closed; never rejects. */
  readonly exit: Promise<ExitStatus>;
}

export interface OpenCommand extends RunningCommand {
  /** A program has begun to print: another may start. */
  started(): void;
  /** The channel is given up without waiting for its end: `exit` settles, without a status. */
  release(): void;
}

const LEASE_MS = 2_000;
/** From closing a channel to giving it up. */
export const CLOSE_MS = 3_000;

/** Closes a channel in order, and gives it up where the other side does not answer. */
export async function hangUp(open: OpenCommand): Promise<void> {
  open.channel.end();
  open.channel.close();
  await ended(open, CLOSE_MS);
}

/** The exit status; that of a closed channel when none has come in time. */
export async function ended(open: OpenCommand, withinMs: number): Promise<ExitStatus> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<ExitStatus>((resolve) => {
    timer = setTimeout(() => {
      open.release();
      resolve({ code: null, signal: null });
    }, withinMs);
  });
  const status = await Promise.race([open.exit, late]);
  clearTimeout(timer);
  return status;
}

/** Writes the line that keeps a remote command alive, until the channel closes. */
export function keepLease(channel: CommandChannel): void {
  const timer = setInterval(() => {
    if (channel.writable) channel.write("lease\n");
  }, LEASE_MS);
  channel.on("close", () => clearInterval(timer));
}
