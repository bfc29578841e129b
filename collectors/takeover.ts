/**
 * takeover.ts: frames of a program that takes over from another: none is used before the other has delivered its last.
 *
 *   waiting ──first frame: the boundary is known──▶ the old one is asked to end there ──it has──▶ over
 *
 * Why it is exact, and where it is not: d-scripts/takeover.ts. The old program's windows end at one of its ticks, the new one's
 * begin there, so each event is in one window. Both programs may deliver into the column of the boundary.
 */
import { boundaryBefore } from "../d-scripts/takeover.ts";
import type { Frame } from "./frames.ts";

/** The program that is to end. */
export interface Outgoing {
  /** When it ticked last, by the host's clock, epoch ms; undefined: it does not run, and cannot be taken over from. */
  expectSuccessor(): number | undefined;
  /**
   * Delivers its windows up to the one that ends at the boundary, and ends.
   *
   * @returns when the last window that it delivered ended; undefined: it has delivered none
   */
  retire(boundaryMs: number): Promise<number | undefined>;
  stop(): void;
}

export interface Incoming {
  readonly frame: Frame;
  readonly receivedMs: number;
  readonly elapsedNs: number;
  /** By how many ms the old program's last tick missed the boundary: so much is counted twice, or not at all; 0: less than told. */
  readonly missedMs: number;
}

/** Less than dtrace's own aggrate leaves open (100 ms) by far. */
const TOLD_MS = 20;

export class Takeover {
  readonly #from: Outgoing;
  readonly #afterMs: number;
  readonly #tickSec: number;
  readonly #deliver: (incoming: Incoming) => void;
  #waiting: { readonly frame: Frame; readonly receivedMs: number }[] = [];
  #boundaryMs: number | undefined;
  #over = false;

  /** @param afterMs what `expectSuccessor` said */
  constructor(from: Outgoing, afterMs: number, tickSec: number, deliver: (incoming: Incoming) => void) {
    this.#from = from;
    this.#afterMs = afterMs;
    this.#tickSec = tickSec;
    this.#deliver = deliver;
  }

  /** As the D program wants it. */
  get after(): bigint {
    return BigInt(Math.round(this.#afterMs * 1000)) * 1000n;
  }

  take(frame: Frame, receivedMs: number): void {
    if (this.#over) {
      this.#deliver({ frame, receivedMs, elapsedNs: this.#tickSec * 1e9, missedMs: 0 });
      return;
    }
    this.#waiting.push({ frame, receivedMs });
    if (this.#boundaryMs !== undefined) return;
    this.#boundaryMs = boundaryBefore(frame.wallMs, this.#afterMs, this.#tickSec);
    const boundaryMs = this.#boundaryMs;
    void this.#from.retire(boundaryMs).then((lastMs) => this.#finish(boundaryMs, lastMs ?? boundaryMs));
  }

  /** The new program is given up. @param keep whether the old one goes on */
  giveUp(keep = false): void {
    if (this.#over) return;
    this.#over = true;
    this.#waiting = [];
    if (!keep) this.#from.stop();
  }

  /** The old one, where it still runs alone. */
  get outgoing(): Outgoing | undefined {
    return this.#over || this.#boundaryMs !== undefined ? undefined : this.#from;
  }

  #finish(boundaryMs: number, lastMs: number): void {
    if (this.#over) return;
    this.#over = true;
    const periodMs = this.#tickSec * 1000;
    // The old one has delivered beyond the boundary, which it does only when the first frame was very late.
    const passed = lastMs - boundaryMs > periodMs / 2;
    // A whole window less is a gap, which says so itself.
    let missedMs = Math.abs(lastMs - boundaryMs) > periodMs / 2 ? 0 : Math.round(Math.abs(lastMs - boundaryMs));
    let startMs = boundaryMs;
    for (const { frame, receivedMs } of this.#waiting) {
      const elapsedNs = Math.round((frame.wallMs - startMs) * 1e6);
      const counted = passed && lastMs - startMs > TOLD_MS;
      startMs = frame.wallMs;
      if (counted) continue;
      this.#deliver({ frame, receivedMs, elapsedNs, missedMs: missedMs < TOLD_MS ? 0 : missedMs });
      missedMs = 0;
    }
    this.#waiting = [];
  }
}
