/**
 * host-clock.ts: how far a host's clock is ahead of ours: what its windows' times are compared with.
 */
export class HostClock {
  #offsetMs = 0;
  #askedMs = 0;

  /** @param askedMs by our clock, when the question went out */
  measured(offsetMs: number, askedMs: number): void {
    this.#offsetMs = offsetMs;
    this.#askedMs = askedMs;
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** When the offset was last asked for; 0: never. */
  get askedMs(): number {
    return this.#askedMs;
  }

  /** The host's time at an instant of ours. */
  hostMs(ourMs: number): number {
    return ourMs + this.#offsetMs;
  }

  /** How long ago something happened that the host says happened at `hostMs`. */
  ageMs(hostMs: number, nowMs: number): number {
    return this.hostMs(nowMs) - hostMs;
  }
}
