/**
 * streams.ts: every batch exactly once.
 *
 * A batch is (stream, seq). Batches of one stream are stored one after another, those of different streams side by side:
 *
 *            seq <= high                       "duplicate": it is stored already
 *            seq  = high + 1                   insert, then high = seq
 *            seq  > high + 1                   409 with the expected seq: the collector rewinds or declares a gap
 *
 * `high` is the highest stored seq, read from the data itself at first contact and again after an insert whose outcome is
 * not known (the engine died, the reply was lost). Nothing else is trusted: ClickHouse's deduplication token is logged before
 * the part is in place, so a crash in between would acknowledge a batch that is not there.
 */
import { OperationalError } from "../core/errors.ts";

export type Outcome = "stored" | "duplicate";

export interface StreamStore {
  /** The highest seq of a stream in the data; 0 where there is none. */
  highestSeq(stream: string): Promise<number>;
}

interface Stream {
  /** undefined: not known, must be read from the data. */
  high: number | undefined;
  /** Settles when the batch under way, and all queued behind it, are done. */
  tail: Promise<unknown>;
  /** Batches under way or queued: a stream with any is not forgotten, or two could run side by side. */
  pending: number;
  usedMs: number;
}

export class Streams {
  readonly #store: StreamStore;
  readonly #now: () => number;
  readonly #streams = new Map<string, Stream>();

  constructor(store: StreamStore, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
  }

  /**
   * Stores a batch in its turn.
   *
   * @param insert resolves once the engine has the batch durably
   * @throws OperationalError BATCH_OUT_OF_ORDER with `info.expectedSeq`; whatever `insert` throws
   */
  submit(name: string, seq: number, insert: () => Promise<void>): Promise<Outcome> {
    const stream = this.#open(name);
    const run = stream.tail.then(() => this.#run(name, stream, seq, insert));
    stream.pending += 1;
    stream.tail = run.catch(() => undefined).then(() => (stream.pending -= 1));
    return run;
  }

  async #run(name: string, stream: Stream, seq: number, insert: () => Promise<void>): Promise<Outcome> {
    stream.high ??= await this.#store.highestSeq(name);
    if (seq <= stream.high) return "duplicate";
    const expected = stream.high + 1;
    if (seq > expected) {
      throw new OperationalError("BATCH_OUT_OF_ORDER", `store batch ${seq} of a stream: expected ${expected}`, {
        info: { expectedSeq: expected },
      });
    }
    // Unknown until the engine has answered: a throw below leaves it so, and the next batch looks at the data first.
    stream.high = undefined;
    await insert();
    stream.high = seq;
    return "stored";
  }

  #open(name: string): Stream {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      if (this.#streams.size >= MAX_STREAMS) this.#forgetOldest();
      stream = { high: undefined, tail: Promise.resolve(), pending: 0, usedMs: 0 };
      this.#streams.set(name, stream);
    }
    stream.usedMs = this.#now();
    return stream;
  }

  /** Forgetting costs one look at the data when the stream comes back; it never costs exactness. */
  #forgetOldest(): void {
    const idle = [...this.#streams].filter(([, stream]) => stream.pending === 0);
    const oldest = idle.sort((a, b) => a[1].usedMs - b[1].usedMs)[0];
    if (oldest !== undefined) this.#streams.delete(oldest[0]);
  }
}

const MAX_STREAMS = 10_000;
