/**
 * insert-groups.ts: batches that wait for the engine go in together.
 *
 *   idle ──batch──▶ one insert runs ──its end──▶ all that came meanwhile, as one insert ──▶ ...
 *
 * An insert costs the engine some 30 ms of CPU and two dozen files whatever is in it, so eight collectors that send ten batches a
 * second each would take more than two cores in eighty small inserts, and take a tenth of that in ten larger ones. A batch that
 * finds nothing running goes at once: nobody waits for company.
 *
 * A group is of one day (UTC), and bounded, so that the engine writes it as one part: it is stored whole or not at all, and what is
 * true of one batch's insert is true of each batch in it. When a group fails, each of its batches is told, and goes alone the next
 * time: one that the engine refuses cannot hold up the others for ever.
 */
export interface Insertable {
  readonly stream: string;
  readonly rows: number;
  /** Bucket entries. */
  readonly entries: number;
  /** Days since the epoch, of all its rows. */
  readonly day: number;
}

interface Waiting<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A single batch may be larger. The engine cuts blocks at a million rows, and keeps bodies of up to 16 MiB in memory: this is 14. */
const GROUP = { rows: 50_000, entries: 1_000_000, batches: 16 };
/** So much is worth an insert of its own beside the one that runs. */
const LARGE_ROWS = 32_768;
const MOST_RUNNING = 2;
const MOST_APART = 10_000;

export class InsertGroups<T extends Insertable> {
  readonly #insert: (group: readonly T[]) => Promise<void>;
  readonly #waiting: Waiting<T>[] = [];
  /** Streams whose last group failed. */
  readonly #apart = new Set<string>();
  #running = 0;

  /** @param insert stores a group whole, or throws where it may not have been stored */
  constructor(insert: (group: readonly T[]) => Promise<void>) {
    this.#insert = insert;
  }

  /** Those that no insert has taken yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Whether anything waits or is being inserted. */
  get isBusy(): boolean {
    return this.#running > 0 || this.#waiting.length > 0;
  }

  /** Resolves once the item is stored; rejects with what `insert` threw. */
  add(item: T): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#start();
    });
  }

  #start(): void {
    while (this.#waiting.length > 0 && (this.#running === 0 || (this.#running < MOST_RUNNING && this.#isLarge()))) {
      void this.#run(this.#take());
    }
  }

  #isLarge(): boolean {
    return this.#waiting.reduce((sum, { item }) => sum + item.rows, 0) >= LARGE_ROWS;
  }

  /** The first that waits, and those that may go with it, in the order of their coming. */
  #take(): Waiting<T>[] {
    const [first] = this.#waiting;
    if (first === undefined) return [];
    const group: Waiting<T>[] = [];
    let [rows, entries] = [0, 0];
    for (const each of this.#waiting) {
      const { item } = each;
      const fits = rows + item.rows <= GROUP.rows && entries + item.entries <= GROUP.entries;
      if (each !== first && !(fits && item.day === first.item.day && !this.#apart.has(item.stream))) continue;
      group.push(each);
      rows += item.rows;
      entries += item.entries;
      if (group.length === GROUP.batches || this.#apart.has(item.stream)) break;
    }
    for (const each of group) this.#waiting.splice(this.#waiting.indexOf(each), 1);
    return group;
  }

  async #run(group: readonly Waiting<T>[]): Promise<void> {
    this.#running += 1;
    try {
      await this.#insert(group.map(({ item }) => item));
      for (const { item, resolve } of group) {
        this.#apart.delete(item.stream);
        resolve();
      }
    } catch (error) {
      for (const { item, reject } of group) {
        if (group.length > 1 && this.#apart.size < MOST_APART) this.#apart.add(item.stream);
        reject(error);
      }
    } finally {
      this.#running -= 1;
      this.#start();
    }
  }
}
