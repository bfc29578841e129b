/**
 * spool-quarantine.ts: batches that ingest refused for good, kept for people to look at.
 *
 * Each is two files in the spool's directory `quarantine`: the batch's bytes, as they were sent, and a note that says what ingest
 * answered. Bounded in number and bytes: the oldest go. The windows are declared gaps whether or not the disk takes the files.
 */
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FrozenBatch } from "./spool.ts";

export interface Refusal {
  readonly status: number;
  readonly answer: string;
  readonly atMs: number;
}

export interface QuarantineBounds {
  readonly batches: number;
  readonly bytes: number;
}

const BOUNDS: QuarantineBounds = { batches: 64, bytes: 32 * 1024 * 1024 };
const NAME = /^\d{13}-\d+\.arrow$/;

export class Quarantine {
  readonly #directory: string;
  readonly #bounds: QuarantineBounds;
  /** One at a time, so that two do not count the same files. */
  #tail: Promise<void> = Promise.resolve();

  constructor(spoolDirectory: string, bounds: QuarantineBounds = BOUNDS) {
    this.#directory = join(spoolDirectory, "quarantine");
    this.#bounds = bounds;
  }

  /** Settles when the batch is kept. @throws as the disk does */
  add(batch: FrozenBatch, refusal: Refusal): Promise<void> {
    const added = this.#tail.then(() => this.#add(batch, refusal));
    this.#tail = added.catch(() => undefined);
    return added;
  }

  async #add({ bytes, ...batch }: FrozenBatch, refusal: Refusal): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    await this.#makeRoom(bytes.length);
    const base = join(this.#directory, `${String(refusal.atMs).padStart(13, "0")}-${batch.seq}`);
    await writeFile(`${base}.json`, JSON.stringify({ ...refusal, ...batch }, undefined, 2), { mode: 0o600 });
    await writeFile(`${base}.arrow`, bytes, { mode: 0o600 });
  }

  async #makeRoom(bytes: number): Promise<void> {
    const names = (await readdir(this.#directory)).filter((name) => NAME.test(name)).sort();
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(this.#directory, name))).size));
    let total = sizes.reduce((sum, size) => sum + size, bytes);
    for (let left = names.length; left > 0; left--) {
      if (left < this.#bounds.batches && total <= this.#bounds.bytes) return;
      const at = names.length - left;
      total -= sizes[at] ?? 0;
      const base = join(this.#directory, (names[at] ?? "").replace(/\.arrow$/, ""));
      for (const ending of [".arrow", ".json"]) await rm(base + ending, { force: true });
    }
  }
}
