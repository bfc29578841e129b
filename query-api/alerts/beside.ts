/**
 * beside.ts: what else only one process may do, and sends: done by the one that evaluates alerts, through the same outbox, so that there is
 * one lease, one way to be signed, tried again and given up, and one list of dead letters.
 */
import type { Outbox } from "./outbox.ts";

/** What the holder of the lease lends. */
export interface Sending {
  readonly outbox: Pick<Outbox, "enqueue" | "has">;
  /** Whether what takes so long may be begun (store/lease.ts). */
  readonly mayBegin: (takesMs: number) => boolean;
  /** Where people reach the page; without a slash at its end. */
  readonly baseUrl: string;
}

export interface Beside {
  /** Reads what a predecessor may have written last. */
  refresh(): Promise<void>;
  /** Begins what is due, and waits for nothing. Called twice a second, and only while this process holds the lease. */
  run(sending: Sending): void;
}
