/**
 * metronome.ts: when a program ticks: first the past, as fast as it is read, then the present as it comes.
 *
 * A host ticks at its own phase within the second. Second k is [k, k+1) + phase; its tick comes at its end. Programs with a
 * granularity of g seconds tick at the end of every g-th second, so all programs of a host cut time at the same places.
 *
 *   replaying ── caught up with now ──▶ live ── stop ──▶ stopped
 *       └──────────── stop ─────────────────────────────────┘
 */
import type { Clock } from "./clock.ts";
import type { Outlet } from "./outlet.ts";

export interface MetronomeOptions {
  readonly clock: Clock;
  readonly outlet: Outlet;
  /** Milliseconds within the second, 0 to 999. */
  readonly phaseMs: number;
  readonly granularitySec: number;
  /** True time, epoch ms: the second that holds it is the first one counted. */
  readonly fromMs: number;
  /** Seconds `firstSec` to `lastSec`, inclusive, are over; the tick is at `endMs`. */
  readonly onTick: (firstSec: number, lastSec: number, endMs: number) => void;
  /** Once the past has been told. */
  readonly onLive: () => void;
}

/** How many past ticks are printed before others get their turn. */
const TICKS_A_TURN = 4;

export class Metronome {
  readonly #options: MetronomeOptions;
  #nextSec: number;
  #stopped = false;
  #live = false;
  #cancel: () => void = () => undefined;

  constructor(options: MetronomeOptions) {
    this.#options = options;
    this.#nextSec = Math.floor((options.fromMs - options.phaseMs) / 1000);
  }

  /** Apart from the constructor, as the first ticks come at once. */
  start(): void {
    this.#run();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #run(): void {
    const { clock, outlet, granularitySec, phaseMs, onTick } = this.#options;
    for (let turn = 0; !this.#stopped; turn++) {
      const firstSec = this.#nextSec;
      const lastSec = firstSec - mod(firstSec, granularitySec) + granularitySec - 1;
      const endMs = (lastSec + 1) * 1000 + phaseMs;
      const waitMs = endMs - clock.now();
      if (waitMs > 0) {
        this.#goLive();
        // A hair late, as ticks are, and never early.
        this.#cancel = clock.after(Math.ceil(waitMs), () => this.#run());
        return;
      }
      if (!this.#live && (turn >= TICKS_A_TURN || outlet.queuedBytes > 0)) {
        this.#yieldTurn();
        return;
      }
      this.#nextSec = lastSec + 1;
      onTick(firstSec, lastSec, endMs);
    }
  }

  #goLive(): void {
    if (this.#live) return;
    this.#live = true;
    this.#options.onLive();
  }

  /** While telling the past: waits for the reader, and lets others run. */
  #yieldTurn(): void {
    this.#options.outlet.whenDrained(() => {
      const immediate = setImmediate(() => this.#run());
      this.#cancel = () => clearImmediate(immediate);
    });
  }
}

function mod(value: number, by: number): number {
  return ((value % by) + by) % by;
}
