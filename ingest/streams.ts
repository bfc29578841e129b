/**
 * streams.ts: every batch exactly once.
 *
 * A batch is (stream, seq), and says which seq comes before it (`after`): numbers in between will never come, because the
 * collector has given those batches up and declared their windows gaps, or has started anew far above. Batches of one stream are
 * stored one after another, those of different streams side by side:
 *
 *            seq <= high                       "duplicate": it is stored already
 *            after <= high < seq               insert, then high = seq
 *            high < after                      409 with the expected seq: batches are missing in between
 *
 * `high` is the highest stored seq, read from the data itself at first contact and again after an insert whose outcome is
 * not known (the engine died, the reply was lost). Nothing else is trusted: ClickHouse's deduplication token is logged before
 * the part is in place, so a crash in between would acknowledge a batch that is not there.
 *
 * The same seq with other bytes is a conflict: two collectors run on copies of one spool, and to answer "duplicate" would lose
 * what one of them counted. What is not known to be another batch is a duplicate: a count is rather lost than added twice.
 */
import { OperationalError } from "../core/errors.ts";

export type Outcome = "stored" | "duplicate";

export interface StreamStore {
  /** The highest seq of a stream in the data; 0 where there is none. */
  highestSeq(stream: string): Promise<number>;
  /** The Content-Digest that a stored batch came with; undefined where that is not known. */
  digestOf(stream: string, seq: number): Promise<string | undefined>;
}

/** What identifies a batch. */
export interface BatchId {
  readonly stream: string;
  readonly seq: number;
  /** The seq of this stream that the sender holds ingest to have last. */
  readonly after: number;
  readonly digest: string;
}

interface Stream {
  /** undefined: not known, must be read from the data. */
  high: number | undefined;
  /** Settles when the batch under way, and all queued behind it, are done. */
  tail: Promise<unknown>;
  /** Batches under way or queued: a stream with any is not forgotten, or two could run side by side. */
  pending: number;
  usedMs: number;
  /** Of the last few batches, by seq: most repeats come at once. */
  readonly digests: Map<number, string>;
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
   * @throws OperationalError BATCH_OUT_OF_ORDER with `info.expectedSeq`, BATCH_CONFLICT; whatever `insert` throws
   */
  submit(batch: BatchId, insert: () => Promise<void>): Promise<Outcome> {
    const stream = this.#open(batch.stream);
    const run = stream.tail.then(() => this.#run(stream, batch, insert));
    stream.pending += 1;
    stream.tail = run.catch(() => undefined).then(() => (stream.pending -= 1));
    return run;
  }

  async #run(stream: Stream, batch: BatchId, insert: () => Promise<void>): Promise<Outcome> {
    const { seq, after, digest } = batch;
    stream.high ??= await this.#store.highestSeq(batch.stream);
    if (seq <= stream.high) {
      const known = stream.digests.get(seq) ?? (await this.#store.digestOf(batch.stream, seq));
      if (known === undefined || known === digest) return "duplicate";
      const what = `store batch ${seq} of a stream: it is stored already, with other bytes`;
      throw new OperationalError("BATCH_CONFLICT", what);
    }
    if (after > stream.high) {
      const expected = stream.high + 1;
      const what = `store batch ${seq} of a stream, said to follow ${after}: expected ${expected}`;
      throw new OperationalError("BATCH_OUT_OF_ORDER", what, { info: { expectedSeq: expected } });
    }
    // Unknown until the engine has answered: a throw below leaves it so, and the next batch looks at the data first.
    stream.high = undefined;
    await insert();
    stream.high = seq;
    stream.digests.set(seq, digest);
    if (stream.digests.size > MAX_DIGESTS) stream.digests.delete(stream.digests.keys().next().value ?? 0);
    return "stored";
  }

  #open(name: string): Stream {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      if (this.#streams.size >= MAX_STREAMS) this.#forgetOldest();
      stream = { high: undefined, tail: Promise.resolve(), pending: 0, usedMs: 0, digests: new Map() };
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
const MAX_DIGESTS = 8;
