/**
 * lives.ts: one spool through several power cuts, with an ingest that never forgets, and what must hold at the end.
 *
 * Every record recovered equals one that was attempted, byte for byte; every record whose append was reported durable is
 * stored exactly once, or was told as lost; no number is given twice; a power cut alone never looks like damage.
 */
import { seeded } from "../../collectors/simulator/random.ts";
import { DurableSpool } from "../../collectors/spool-durable.ts";
import type { FrozenBatch } from "../../collectors/spool.ts";
import type { Checksum } from "../../collectors/segment-checksum.ts";
import type { SpoolFs } from "../../collectors/spool-fs.ts";
import { FaultFs, type Random } from "./fault-fs.ts";
import { coverageRow } from "./rows.ts";

export interface Mutant {
  readonly name: string;
  readonly fs?: (fs: SpoolFs) => SpoolFs;
  readonly checksum?: Checksum;
}

interface Attempt {
  readonly bytes: Uint8Array;
  durable: boolean;
  stored: number;
  lost: boolean;
  /** Ingest refuses it. */
  readonly poison: boolean;
}

class Violation extends Error {}

/** @returns what was violated, or undefined */
export async function violationOf(seed: number, mutant?: Mutant): Promise<string | undefined> {
  try {
    await new Lives(seed, mutant).run();
    return undefined;
  } catch (error) {
    // A mutant may also fail in ways of its own.
    if (error instanceof Violation || mutant !== undefined) return String(error);
    throw error;
  }
}

class Lives {
  readonly #random: Random;
  readonly #mutant: Mutant | undefined;
  readonly #attempts = new Map<number, Attempt>();
  /** What ingest has: the highest seq of each stream. */
  readonly #high = new Map<string, number>();
  readonly #capacityBytes: number;
  readonly #memoryBytes: number;
  #streams = 0;

  constructor(seed: number, mutant: Mutant | undefined) {
    this.#random = seeded(seed);
    this.#mutant = mutant;
    this.#capacityBytes = this.#random() < 0.3 ? 1500 : 1e9;
    this.#memoryBytes = this.#random() < 0.3 ? 0 : 1e6;
  }

  async run(): Promise<void> {
    const lives = 1 + this.#upTo(2);
    let disk = new FaultFs(this.#random, 1 + this.#upTo(36));
    for (let life = 0; life < lives; life++) {
      await Promise.race([this.#live(disk), disk.died]);
      disk = disk.restart(life === lives - 1 ? Infinity : 1 + this.#upTo(36));
    }
    const spool = await this.#open(disk);
    for (let turns = 0; spool.length > 0; turns++) {
      if (turns > 20_000) throw new Violation("the spool does not drain");
      const batch = spool.head();
      if (batch === undefined) await Promise.resolve();
      else this.#deliver(spool, batch);
    }
    for (const [seq, { durable, stored, lost }] of this.#attempts) {
      if (stored > 1) throw new Violation(`batch ${seq} is stored ${stored} times`);
      if (durable && stored === 0 && !lost) throw new Violation(`batch ${seq} was durable and is gone`);
    }
  }

  async #open(disk: FaultFs): Promise<DurableSpool> {
    const spool = await DurableSpool.open({
      fs: this.#mutant?.fs?.(disk) ?? disk,
      ...(this.#mutant?.checksum === undefined ? {} : { checksum: this.#mutant.checksum }),
      newStream: () => `c-${++this.#streams}`,
      capacityBytes: this.#capacityBytes,
      memoryBytes: this.#memoryBytes,
      segmentBytes: 500,
      groupMs: 0,
      delay: () => Promise.resolve(),
      onReady: () => undefined,
      onStored: (seq) => (this.#attempt(seq).durable = true),
      onLoss: ({ coverage }) => {
        for (const { tick } of coverage) this.#attempt(tick).lost = true;
      },
      onTrouble: (error) => {
        throw new Violation(String(error.cause));
      },
    });
    const { damaged, positionLost } = spool.report;
    if (damaged > 0) throw new Violation(`a power cut looks like damage: ${damaged}`);
    if (positionLost) throw new Violation("the position is lost");
    return spool;
  }

  /** Until the power fails. */
  async #live(disk: FaultFs): Promise<void> {
    const spool = await this.#open(disk);
    for (let turns = 0; !disk.isCut && turns < 60; turns++) {
      const dice = this.#random();
      if (dice < 0.45) this.#append(spool);
      else if (dice < 0.65) await spool.flushed();
      else if (dice < 0.9) {
        const batch = spool.head();
        if (batch !== undefined) this.#deliver(spool, batch);
      } else await Promise.resolve();
    }
    if (!disk.isCut) await spool.flushed();
  }

  #append(spool: DurableSpool): void {
    const bytes = new Uint8Array(this.#upTo(40)).fill(this.#upTo(256)).fill(this.#upTo(256), this.#upTo(20));
    // The tick says later which batch was lost.
    const seq = spool.append(bytes, 1, [coverageRow(spool.nextSeq)]);
    if (this.#attempts.has(seq)) throw new Violation(`number ${seq} is given twice`);
    this.#attempts.set(seq, { bytes, durable: false, stored: 0, lost: false, poison: this.#random() < 0.05 });
  }

  #deliver(spool: DurableSpool, batch: FrozenBatch): void {
    const attempt = this.#attempt(batch.seq);
    if (Buffer.compare(batch.bytes, attempt.bytes) !== 0) throw new Violation(`batch ${batch.seq} has other bytes`);
    const high = this.#high.get(batch.stream) ?? 0;
    if (batch.after > high) throw new Violation(`batch ${batch.seq} says after ${batch.after}, ingest has ${high}`);
    if (attempt.poison) {
      // Refused whenever it comes: after a power cut it may come again.
      attempt.lost = true;
      spool.refuse(batch);
      return;
    }
    if (batch.seq > high) {
      attempt.stored++;
      this.#high.set(batch.stream, batch.seq);
    }
    // Now and then the reply is lost.
    if (this.#random() < 0.8) spool.remove(batch);
  }

  #attempt(seq: number): Attempt {
    const attempt = this.#attempts.get(seq);
    if (attempt === undefined) throw new Violation(`batch ${seq} was never appended`);
    return attempt;
  }

  #upTo(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}
