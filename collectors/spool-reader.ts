/**
 * spool-reader.ts: batches read back from their segments, one at a time, with what is done when the disk does not give them.
 */
import { errorCode, OperationalError } from "../core/errors.ts";
import type { Checksum } from "./segment-checksum.ts";
import { RECORD_MAGIC, recordAt } from "./segment-record.ts";
import type { SpoolFs } from "./spool-fs.ts";
import type { Entry, SpoolQueue } from "./spool-queue.ts";

export interface SpoolReaderOptions {
  readonly fs: SpoolFs;
  readonly queue: SpoolQueue;
  readonly checksum: Checksum;
  readonly retryMs: number;
  readonly delay: (ms: number) => Promise<void>;
  readonly onTrouble: (error: OperationalError) => void;
  /** The record cannot be had: as recovery would, the spool goes on with the next segment. */
  readonly onDamage: (entry: Entry) => void;
  /** It is there, or it is given up, or it may be tried again. */
  readonly onReady: () => void;
}

/** A record that cannot be read this often is as good as damaged: waiting for it for ever would lose its successors. */
const MAX_READS = 5;

export class SpoolReader {
  readonly #options: SpoolReaderOptions;

  constructor(options: SpoolReaderOptions) {
    this.#options = options;
  }

  /** Reads a stored entry back into memory. */
  async load(entry: Entry): Promise<void> {
    if (entry.loading) return;
    const { queue, onTrouble, onDamage, onReady, retryMs, delay } = this.#options;
    entry.loading = true;
    try {
      const frame = await this.read(entry);
      if (queue.isStored(entry)) {
        if (frame === undefined) onDamage(entry);
        else queue.loaded(entry, frame);
      }
    } catch (cause) {
      if (errorCode(cause) === undefined) throw cause;
      onTrouble(new OperationalError("SPOOL_READ", `read batch ${entry.seq} from the spool`, { cause }));
      if (++entry.failures >= MAX_READS && queue.isStored(entry)) onDamage(entry);
      else await delay(retryMs);
    } finally {
      entry.loading = false;
    }
    onReady();
  }

  /** @returns undefined if the record is damaged */
  async read(entry: Entry): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { fs, checksum } = this.#options;
    const bytes = await fs.readRange(entry.segment?.name ?? "", entry.offset, entry.frameBytes);
    const place = recordAt(bytes, 0, RECORD_MAGIC, checksum);
    return place?.seq === entry.seq && place.end === entry.frameBytes ? bytes : undefined;
  }
}
