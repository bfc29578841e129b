/**
 * options.ts: what a simulated fleet is made of, as plain data that also travels over IPC.
 */
import type { Clock } from "./clock.ts";

export type IncidentKind = "slow-disk" | "dropped-packets" | "saturated-cpu";

/** Something goes wrong on one host, or on all. */
export interface Incident {
  readonly kind: IncidentKind;
  /** Name of the host; absent: every host. */
  readonly host?: string;
  /** True time, epoch ms. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Options that can be sent to another process. */
export interface PlainFleetOptions {
  /** Default 3. */
  readonly hosts?: number;
  /** Default 4, the global zone not counted. */
  readonly zonesPerHost?: number;
  /** Default 3. */
  readonly tenants?: number;
  readonly seed?: number;
  /** How far in the past a program's first ticks lie; they are printed as fast as they are read. Default 0. */
  readonly backfillSec?: number;
  /** The one key that may log in: an OpenSSH public key line. */
  readonly clientPublicKey: string;
  /** Whether to remember what was emitted; a number bounds the frames kept. Default true in process, false in a child. */
  readonly ledger?: boolean | number;
  readonly incident?: Incident | readonly Incident[];
  /** Silence on standard input that ends a program. Default 5000, as the wrapper has it. */
  readonly leaseMs?: number;
  /** Output is written in pieces of 1 to this many bytes, cut anywhere. Default 32768. */
  readonly maxPieceBytes?: number;
  /** Output that a program may have waiting for a slow reader before it is aborted. Default 4 MiB. */
  readonly queueBytes?: number;
  /** How long a reader may stall before the kernel aborts the enabling. Default 30 s. */
  readonly stallMs?: number;
}

export interface FleetOptions extends PlainFleetOptions {
  /** True time, epoch ms. Default: the system's. */
  readonly now?: () => number;
  /** Time and timers together; takes precedence over `now`. */
  readonly clock?: Clock;
}
