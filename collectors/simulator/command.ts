/**
 * command.ts: what a simulated host gives the commands that run on it, and what a command is.
 */
import type { Clock } from "./clock.ts";
import type { Fault } from "./faults.ts";
import type { HostEvents } from "./host-events.ts";
import type { Ledger } from "./ledger.ts";
import type { SimZone } from "./zone.ts";

/** What a command may know of its host. */
export interface CommandHost {
  readonly name: string;
  readonly seed: number;
  /** When within the second the host ticks. */
  readonly phaseMs: number;
  readonly clock: Clock;
  readonly events: HostEvents;
  readonly ledger: Ledger;
  readonly zones: readonly SimZone[];
  readonly limits: CommandLimits;
  /** How many programs run on one channel at most. */
  readonly share: number;
  /** The kill switch's file while it is there; "": tracing is on. */
  readonly off: string;
  /** Statistics that the platform image's kstats do not have. */
  readonly lacking: ReadonlySet<string>;
  /** What dtrace says of programs of these metrics instead of compiling them. */
  readonly compileFaults: ReadonlyMap<string, string>;
  /** True time, epoch ms. */
  readonly bootMs: number;
  /** How far the host's own clock is ahead of true time, now. */
  readonly clockOffsetMs: number;
  /** The fault that spoils the next run of a spec, used up by asking. */
  takeFault(spec: string): Fault | undefined;
  /** Where the past that has not been told begins; see host-past.ts. */
  tellFrom(what: string): number;
  toldUntil(what: string, ms: number): void;
}

export interface CommandLimits {
  readonly leaseMs: number;
  readonly maxPieceBytes: number;
  readonly queueBytes: number;
  readonly stallMs: number;
}

/** The status of what the kill switch ends or refuses. */
export const OFF = 75;

/** A command that goes on until it is stopped. */
export interface Running {
  /** The host goes down or the link is cut: no more output, no status. */
  stop(): void;
  /** The kill switch. */
  switchOff(): void;
}
