/**
 * ledger.ts: what simulated hosts emitted, to the last event: the other side of every account that a test balances.
 *
 * A frame is entered when it is printed, whether or not anybody reads it; `sound` says whether it was printed as the
 * contract has it (a deliberate fault makes it unsound, and readers must then not have used it).
 */
import type { Row } from "./decomposition.ts";

export interface FrameEntry {
  readonly kind: "frame";
  readonly host: string;
  readonly spec: string;
  readonly nonce: string;
  readonly tick: number;
  /** What the frame says, by the host's clock. */
  readonly walltimestampNs: bigint;
  /** When the tick was, in true time: epoch ms. */
  readonly endMs: number;
  /** Events counted, also those that a fault then dropped from the rows. */
  readonly events: number;
  readonly rows: readonly Row[];
  readonly sound: boolean;
}

/** What changed between a sample of a kstat run and the one before; the first has no deltas. */
export interface SampleEntry {
  readonly kind: "sample";
  readonly host: string;
  readonly run: number;
  readonly sample: number;
  readonly endMs: number;
  /** By `module:instance:name:statistic`; only counters that are whole numbers. */
  readonly deltas: ReadonlyMap<string, bigint>;
}

export type LedgerEntry = FrameEntry | SampleEntry;

export class Ledger {
  readonly #capacity: number;
  #entries: LedgerEntry[] = [];

  /** @param capacity entries kept; the oldest go first; 0: none */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get on(): boolean {
    return this.#capacity > 0;
  }

  get size(): number {
    return this.#entries.length;
  }

  add(entry: LedgerEntry): void {
    if (!this.on) return;
    this.#entries.push(entry);
    // In halves, so that forgetting costs nothing a tick.
    if (this.#entries.length > 2 * this.#capacity) this.#entries = this.#entries.slice(-this.#capacity);
  }

  *[Symbol.iterator](): Iterator<LedgerEntry> {
    yield* this.#entries.slice(-Math.min(this.#capacity, this.#entries.length));
  }

  /** The frames, in the order of printing; of one spec or nonce where given. */
  frames(only: { readonly spec?: string; readonly nonce?: string; readonly host?: string } = {}): FrameEntry[] {
    return [...this].filter(
      (entry): entry is FrameEntry =>
        entry.kind === "frame" &&
        (only.spec === undefined || entry.spec === only.spec) &&
        (only.nonce === undefined || entry.nonce === only.nonce) &&
        (only.host === undefined || entry.host === only.host),
    );
  }

  samples(): SampleEntry[] {
    return [...this].filter((entry): entry is SampleEntry => entry.kind === "sample");
  }
}
