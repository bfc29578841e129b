/**
 * host-clock.ts: how far a host's clock is ahead of ours, and hence when its windows really ended.
 *
 *   offset below 250 ms       the host's time stands
 *   up to an hour             the host's time less the offset     "corrected"
 *   above, or in doubt        when the window was received         "received"
 *
 * The offset is asked for every minute. A clock that is set in between shows: a window that seems to come from the future, or
 * one that seems to be further behind than the time since the last can have made it. Then the clock is in doubt until it has been
 * asked again. Whatever the clock says, a window is (enabling, tick), and cannot become another.
 */

/** What was done to a window's time; "" for nothing. */
export type ClockFlag = "" | "corrected" | "received";

/** NTP keeps clocks to a few ms; more than this is seen in a column of a second. */
const STANDS_MS = 250;
/** More than this is no clock that has drifted. */
const BELIEVED_MS = 3_600_000;
/** Smaller steps wait for the next question: lines and programs are not more punctual. */
const STEP_MS = 1_000;

export class HostClock {
  #offsetMs = 0;
  #errorMs = 0;
  #askedMs = 0;
  /** Since when, by our clock, the offset is not believed. */
  #doubtedMs: number | undefined;
  /** Of each source of windows, the last one's age. */
  readonly #last = new Map<string, { readonly ageMs: number; readonly receivedMs: number }>();

  /**
   * @param askedMs by our clock, when the question went out
   * @param errorMs how far the offset may be off: half of the time that the question took
   */
  measured(offsetMs: number, askedMs: number, errorMs = 0): void {
    // Ages are told by the offset: those by another one cannot be compared.
    if (offsetMs !== this.#offsetMs) this.#last.clear();
    this.#offsetMs = offsetMs;
    this.#errorMs = errorMs;
    this.#askedMs = askedMs;
    if (this.#doubtedMs !== undefined && askedMs > this.#doubtedMs) this.#doubtedMs = undefined;
  }

  /** The question goes out, and may not be answered. */
  asked(askedMs: number): void {
    this.#askedMs = askedMs;
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** When the offset was last asked for; 0: never. */
  get askedMs(): number {
    return this.#askedMs;
  }

  /** It has been set since it was asked, and should be asked again. */
  get isInDoubt(): boolean {
    return this.#doubtedMs !== undefined;
  }

  /**
   * When a window ended, by the clock that columns go by.
   *
   * @param source what the window comes from, in the order of its windows: a spec
   * @param hostMs when it ended, as the host says
   */
  windowEnd(source: string, hostMs: number, receivedMs: number): { endedMs: number; flag: ClockFlag } {
    const ageMs = this.ageMs(hostMs, receivedMs);
    const last = this.#last.get(source);
    this.#last.set(source, { ageMs, receivedMs });
    const oldestMs = last === undefined ? Infinity : last.ageMs + Math.max(0, receivedMs - last.receivedMs);
    // While in doubt there is nothing to compare with, and what was asked since must not be doubted again.
    if (!this.isInDoubt && (ageMs < -STEP_MS - this.#errorMs || ageMs > oldestMs + STEP_MS)) {
      this.#doubtedMs = receivedMs;
      this.#last.clear();
    }
    if (this.isInDoubt || Math.abs(this.#offsetMs) > BELIEVED_MS) return { endedMs: receivedMs, flag: "received" };
    if (this.#stands) return { endedMs: hostMs, flag: "" };
    return { endedMs: hostMs - this.#offsetMs, flag: "corrected" };
  }

  /** Where windows end that end now: what is overdue is told by this. */
  columnMs(ourMs: number): number {
    return this.#stands ? this.hostMs(ourMs) : ourMs;
  }

  /** The host's time at an instant of ours. */
  hostMs(ourMs: number): number {
    return ourMs + this.#offsetMs;
  }

  /** How long ago something happened that the host says happened at `hostMs`. */
  ageMs(hostMs: number, nowMs: number): number {
    return this.hostMs(nowMs) - hostMs;
  }

  get #stands(): boolean {
    return Math.abs(this.#offsetMs) - this.#errorMs < STANDS_MS;
  }
}
