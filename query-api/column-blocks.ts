/**
 * column-blocks.ts: closed hours of a heatmap, kept in memory for as long as they are certainly what the store would answer.
 *
 * A block is the columns of one hour (of one day where columns are wider), for one reader, predicate and grouping. It is kept
 * with the state of its hours as it was before it was read: how many raw rows each has, and its roll-ups. Raw rows are only ever
 * added (store/rollup-units.ts), so as long as that state is the same, the rows are the same: a late row makes it another, and
 * the block is read again. Nothing expires by time, and nobody needs to be told.
 */
import { createHash } from "node:crypto";
import type { HeatmapColumn } from "../core/api.ts";
import { predicateJson } from "../core/predicate.ts";
import type { StoreClient } from "../store/client.ts";
import { DAY_SEC, HOUR_SEC, type Unit } from "../store/rollup-units.ts";
import type { Tier } from "../store/tables.ts";
import type { Cells } from "./cells.ts";
import type { ExpectedHosts } from "./expected.ts";
import type { Hues } from "./grid-read.ts";
import type { Range } from "./sql.ts";
import type { View } from "./view.ts";

export interface Block {
  /** The coarsest tier that answered. */
  readonly tier: Tier;
  readonly columns: readonly HeatmapColumn[];
  /** By hue, then by column; empty where no hues were asked for. */
  readonly byHue: readonly (readonly Cells[])[];
}

/** How long a block of columns of this width is; null: such columns make no blocks. */
export function blockSecOf(stepSec: number): number | null {
  const sec = stepSec <= HOUR_SEC ? HOUR_SEC : DAY_SEC;
  return sec % stepSec === 0 ? sec : null;
}

/**
 * Everything that decides what a block holds, but for the rows: two readers' blocks are one only if they read the same.
 *
 * @param range of the block
 */
export function blockKey(
  view: View,
  stepSec: number,
  range: Range,
  hues: Hues | undefined,
  expected: ExpectedHosts,
): string {
  const { instrumentation, spec, tenant, where } = view;
  const parts = [
    [instrumentation.spec, spec.granularitySec, stepSec, range.fromTs, range.toTs],
    tenant,
    predicateJson(where),
    hues === undefined ? null : [hues.by, hues.keys],
    expected.digest(range.fromTs * 1000, range.toTs * 1000),
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64");
}

/**
 * The state of a range's hours: another as soon as anything is added to them, rolled up or dropped.
 *
 * @param surelyRawTs from here on no raw row has ever been dropped: how many there are says all
 */
export function stateOf(units: ReadonlyMap<number, Unit>, { fromTs, toTs }: Range, surelyRawTs: number): string {
  const hours: string[] = [];
  for (let hour = fromTs; hour < toTs; hour += HOUR_SEC) {
    const unit = units.get(hour);
    const tiers = [unit?.minutes, unit?.hours].map((each) =>
      each === null || each === undefined ? "" : `${each.generation}.${each.state}.${each.rows}`,
    );
    hours.push(hour >= surelyRawTs ? `${unit?.rawRows ?? 0}` : `${unit?.rawRows ?? 0}/${tiers.join("/")}`);
  }
  return hours.join(" ");
}

interface Kept {
  readonly state: string;
  readonly block: Block;
  readonly bytes: number;
}

/** About what the columns of a day of seconds of ten series take, twice. */
const MAX_BYTES = 128 << 20;

/** The blocks of one store, the least recently used go first. */
export class ColumnBlocks {
  readonly #kept = new Map<string, Kept>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there is one, of whichever state. */
  has(key: string): boolean {
    return this.#kept.has(key);
  }

  /** @returns undefined where there is none of this state */
  get(key: string, state: string): Block | undefined {
    const kept = this.#kept.get(key);
    if (kept?.state !== state) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept.block;
  }

  /** @param state from before the block was read: what came meanwhile then makes it unlike the next one */
  put(key: string, state: string, block: Block): void {
    const kept = { state, block, bytes: bytesOf(block) + key.length + state.length };
    this.#drop(key);
    if (kept.bytes > this.#maxBytes / 4) return;
    this.#kept.set(key, kept);
    this.#bytes += kept.bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#drop(oldest);
    }
  }

  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }

  #drop(key: string): void {
    this.#bytes -= this.#kept.get(key)?.bytes ?? 0;
    this.#kept.delete(key);
  }
}

/** Of V8's: a column's object, and eight bytes a number. */
function bytesOf({ columns, byHue }: Block): number {
  let bytes = 0;
  for (const { bucket } of columns) bytes += 250 + 16 * bucket.length;
  for (const cells of byHue) for (const { bucket } of cells) bytes += 100 + 16 * bucket.length;
  return bytes;
}

const byStore = new WeakMap<StoreClient, ColumnBlocks>();

/** Blocks belong to a store: whoever reads through the same client shares them, and two stores never do. */
export function blocksOf(store: StoreClient): ColumnBlocks {
  let blocks = byStore.get(store);
  if (blocks === undefined) byStore.set(store, (blocks = new ColumnBlocks()));
  return blocks;
}
