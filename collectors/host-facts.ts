/**
 * host-facts.ts: what a host says of itself (the wrapper's `version`): platform image, boot, dtrace, and its clock.
 */

export interface HostFacts {
  /** The version of the wrapper; 0: what answered is no wrapper of ours. */
  readonly wrapper: number;
  /** The platform image; "" where the host does not say. */
  readonly platform: string;
  readonly dtrace: string;
  /** How many programs it can run on one channel; 0: none, or not said. */
  readonly share: number;
  /** Epoch seconds; 0: not said. */
  readonly bootSec: number;
  /** How far the host's clock is ahead of ours; null: not said. Off by at most half of the time that the question took. */
  readonly clockOffsetMs: number | null;
}

const MAX_TEXT = 200;
/** With the four on channels of their own: the 20 enablings that a host may have. */
const MAX_SHARE = 16;
/** Clocks are set while a host boots; another boot differs by far more. */
const SAME_BOOT_SEC = 5;

/**
 * @param sentMs when the question went out, by our clock
 * @param receivedMs when its answer was complete
 */
export function readFacts(version: string, sentMs: number, receivedMs: number): HostFacts {
  const said = new Map(
    version.split("\n", 32).map((line): [string, string] => {
      const space = line.indexOf(" ");
      return [line.slice(0, space), line.slice(space + 1, space + 1 + MAX_TEXT)];
    }),
  );
  const nowSec = Number(said.get("now") ?? NaN);
  const offsetMs = nowSec * 1000 - (sentMs + receivedMs) / 2;
  return {
    wrapper: Math.max(0, Math.trunc(Number(said.get("wrapper") ?? 0)) || 0),
    platform: said.get("platform") ?? "",
    dtrace: said.get("dtrace") ?? "",
    share: Math.min(MAX_SHARE, Math.max(0, Math.trunc(Number(said.get("share") ?? 0)) || 0)),
    bootSec: Number(said.get("boot") ?? 0) || 0,
    clockOffsetMs: Number.isFinite(offsetMs) ? Math.round(offsetMs) : null,
  };
}

/** Whether the host has booted between the two; a host that does not say has not. */
export function hasRebooted(before: HostFacts | undefined, now: HostFacts): boolean {
  if (before === undefined || before.bootSec === 0 || now.bootSec === 0) return false;
  return Math.abs(before.bootSec - now.bootSec) > SAME_BOOT_SEC;
}
