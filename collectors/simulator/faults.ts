/**
 * faults.ts: what can be made to go wrong with a program on a simulated host, as data.
 */

export type Fault =
  /** Ends by itself with `status`, before its first tick or after `afterTick`. */
  | { readonly kind: "exit"; readonly status: number; readonly afterTick?: number; readonly stderr?: string }
  /** Prints half of a frame, then nothing more until the lease ends. */
  | { readonly kind: "hang"; readonly tick: number }
  /** Never prints. */
  | { readonly kind: "silent" }
  /** Prints these bytes before a frame, or within it. */
  | { readonly kind: "junk"; readonly tick: number; readonly bytes: string | Uint8Array; readonly within?: boolean }
  /** A frame with somebody else's nonce. */
  | { readonly kind: "wrong-nonce"; readonly tick: number }
  /** A frame without its last line. */
  | { readonly kind: "no-done"; readonly tick: number }
  /** The frame is printed twice. */
  | { readonly kind: "repeated-tick"; readonly tick: number }
  /** The tick never fires: its events are printed with the next one's. */
  | { readonly kind: "missed-tick"; readonly tick: number }
  /** Lines on standard error at a tick; `lostRows` rows of its frame are lost, though their events were counted. */
  | { readonly kind: "drops"; readonly tick: number; readonly lines: readonly string[]; readonly lostRows?: number }
  /** So many lines of aggregation drops at once. */
  | { readonly kind: "stderr-flood"; readonly tick: number; readonly lines: number }
  /** The kernel ends the enabling. */
  | { readonly kind: "unresponsive"; readonly tick: number }
  | { readonly kind: "no-dtrace" }
  | { readonly kind: "unprivileged" };

/** Every text about drops that dtrace is known to print (dt_handle.c), with and without `droptags`. */
export const DROP_LINES: readonly string[] = [
  "dtrace: 14 drops on CPU 1",
  "dtrace: 1 drop on CPU 1",
  "dtrace: 5027700 aggregation drops on CPU 1",
  "dtrace: 42 dynamic variable drops",
  "dtrace: 42 dynamic variable drops with non-empty rinsing list",
  "dtrace: 42 dynamic variable drops with non-empty dirty list",
  "dtrace: 24 failed speculations (no speculative buffer available)",
  "dtrace: 3 speculative drops",
  "dtrace: [DTRACEDROP_PRINCIPAL] 19 drops on CPU 1",
];

export const UNRESPONSIVE = "dtrace: processing aborted: Abort due to systemic unresponsiveness\n";
export const UNPRIVILEGED = "dtrace: failed to initialize dtrace: DTrace requires additional privileges\n";
export const NO_DTRACE = "wrapper: dtrace: not found\n";

/** How many more runs a fault spoils. */
export interface PlannedFault {
  readonly fault: Fault;
  /** Only runs of this spec; absent: any. */
  readonly spec?: string;
  left: number;
}
