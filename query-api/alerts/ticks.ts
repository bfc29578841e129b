/**
 * ticks.ts: what rules look at, tick by tick: counts by key of what each of them may see, and which hosts were watched.
 *
 * A *source* is what equal reads of rules share: a spec, whose rows, which of them, by which key. A thousand rules on one instrumentation
 * add each row up once for each source and not once for each rule. Coverage belongs to the spec and is kept once for all.
 */
import { matches, predicateJson } from "../../core/predicate.ts";
import { textAt } from "../../core/batch-builder.ts";
import type { AttributedBatch } from "../../core/window.ts";
import { keysOf, type View } from "../view.ts";

export interface SourceTerms {
  readonly view: View;
  /** A key of the spec; null: all rows as one, under the key "". */
  readonly per: string | null;
}

/** What was counted of one key in one tick. */
export interface Cell {
  readonly counts: Map<number, number>;
  /** Of scalars. */
  sum: number;
}

export interface HostTick {
  /** Ticks watched: 0 or 1, more where a column is of several. */
  watched: number;
  dropped: number;
}

/** Ticks by their begin, epoch seconds; a tick that is not there has nothing in it. */
export interface CountTicks {
  readonly stepSec: number;
  at(ts: number): ReadonlyMap<string, Cell> | undefined;
}

export interface CoverageTicks {
  readonly stepSec: number;
  at(ts: number): ReadonlyMap<string, HostTick> | undefined;
}

export function sourceId({ view, per }: SourceTerms): string {
  return JSON.stringify([view.instrumentation.spec, view.tenant, predicateJson(view.where), per]);
}

/** Counts of one source, from batches as they come or as the store has them. */
export class Counts implements CountTicks {
  readonly stepSec: number;
  readonly view: View;
  readonly #keyIndex: ReadonlyMap<string, number>;
  readonly #perIndex: number | undefined;
  readonly #ticks = new Map<number, Map<string, Cell>>();
  /** In how many ticks each key is. The cap is on all of them together: a key that is another each second fills windows, not ticks. */
  readonly #keys = new Map<string, number>();
  readonly #maxKeys: number;
  /** Cells of keys beyond the cap, which are not looked at one by one. */
  skipped = 0;

  constructor({ view, per }: SourceTerms, maxKeys: number) {
    this.view = view;
    this.stepSec = view.spec.granularitySec;
    this.#maxKeys = maxKeys;
    // The zone is a column of its own; the others are in the spec's order.
    this.#keyIndex = new Map(
      keysOf(view.spec).map((name) => [name, name === "zonename" ? -1 : view.spec.keys.indexOf(name)]),
    );
    this.#perIndex = per === null ? undefined : this.#keyIndex.get(per);
  }

  at(ts: number): ReadonlyMap<string, Cell> | undefined {
    return this.#ticks.get(ts);
  }

  /** Adds a window of a batch, if the source has it. */
  add(batch: AttributedBatch, row: number, ts: number): void {
    const { where } = this.view;
    if (where.op !== "true" && !matches(where, (field) => keyText(batch, row, this.#keyIndex.get(field)))) return;
    const key = this.#perIndex === undefined ? "" : (keyText(batch, row, this.#perIndex) ?? "");
    const cell = this.#open(ts, key);
    if (cell === undefined) return;
    const end = batch.offsets[row + 1] ?? 0;
    const { counts } = cell;
    for (let at = batch.offsets[row] ?? 0; at < end; at++) {
      const bucket = batch.bucket[at] ?? 0;
      counts.set(bucket, (counts.get(bucket) ?? 0) + (batch.count[at] ?? 0));
    }
    if (this.view.spec.scheme === null) cell.sum += Number(batch.value[row] ?? 0n);
  }

  /** Puts what the store has in the place of a tick. */
  put(ts: number, cells: ReadonlyMap<string, Cell>): void {
    this.#drop(ts);
    const kept = new Map<string, Cell>();
    for (const [key, cell] of cells) if (this.#admit(key)) kept.set(key, cell);
    this.#ticks.set(ts, kept);
  }

  /** Lets ticks before this one go. */
  forget(beforeTs: number): void {
    for (const ts of this.#ticks.keys()) if (ts < beforeTs) this.#drop(ts);
  }

  clear(): void {
    this.#ticks.clear();
    this.#keys.clear();
  }

  #drop(ts: number): void {
    for (const key of this.#ticks.get(ts)?.keys() ?? []) {
      const left = (this.#keys.get(key) ?? 0) - 1;
      if (left > 0) this.#keys.set(key, left);
      else this.#keys.delete(key);
    }
    this.#ticks.delete(ts);
  }

  /** Counts one more tick of a key; false: there are as many others as there may be. */
  #admit(key: string): boolean {
    const ticks = this.#keys.get(key) ?? 0;
    if (ticks === 0 && this.#keys.size >= this.#maxKeys) {
      this.skipped += 1;
      return false;
    }
    this.#keys.set(key, ticks + 1);
    return true;
  }

  #open(ts: number, key: string): Cell | undefined {
    let tick = this.#ticks.get(ts);
    if (tick === undefined) this.#ticks.set(ts, (tick = new Map<string, Cell>()));
    let cell = tick.get(key);
    if (cell === undefined) {
      if (!this.#admit(key)) return undefined;
      tick.set(key, (cell = { counts: new Map<number, number>(), sum: 0 }));
    }
    return cell;
  }
}

/** Which hosts were watched in each tick of one spec. */
export class Coverage implements CoverageTicks {
  readonly stepSec: number;
  readonly #ticks = new Map<number, Map<string, HostTick>>();

  constructor(stepSec: number) {
    this.stepSec = stepSec;
  }

  at(ts: number): ReadonlyMap<string, HostTick> | undefined {
    return this.#ticks.get(ts);
  }

  /** A host that reports a tick twice, as two enablings do while one takes over from the other, has reported it once. */
  add(batch: AttributedBatch, row: number, ts: number): void {
    let tick = this.#ticks.get(ts);
    if (tick === undefined) this.#ticks.set(ts, (tick = new Map<string, HostTick>()));
    const host = textAt(batch.host, row);
    let known = tick.get(host);
    if (known === undefined) tick.set(host, (known = { watched: 0, dropped: 0 }));
    if (textAt(batch.status, row) !== "gap") known.watched = 1;
    known.dropped += Number(batch.dropped[row] ?? 0n);
  }

  put(ts: number, hosts: ReadonlyMap<string, HostTick>): void {
    this.#ticks.set(ts, new Map(hosts));
  }

  forget(beforeTs: number): void {
    for (const ts of this.#ticks.keys()) if (ts < beforeTs) this.#ticks.delete(ts);
  }

  clear(): void {
    this.#ticks.clear();
  }
}

function keyText(batch: AttributedBatch, row: number, index: number | undefined): string | undefined {
  if (index === undefined) return undefined;
  const column = index < 0 ? batch.zone : batch.keys[index];
  return column === undefined ? undefined : textAt(column, row);
}
