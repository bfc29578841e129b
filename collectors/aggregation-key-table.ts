/**
 * aggregation-key-table.ts: the keys that a program's rows have had so far.
 *
 * Programs print the same keys tick after tick, mostly in the same order, so the keys after the last ones are tried first:
 * comparing bytes costs a tenth of making a string and looking it up. Only what is new is unescaped and cleaned.
 */
import { createHash } from "node:crypto";

import { SPACE, startsWith, text } from "./aggregation-bytes.ts";
import { readKeys, scanKeys, type KeyType } from "./aggregation-keys.ts";

/** Keys whose cleaned forms are equal: their rows are added up. */
export interface KeyGroup {
  /** The frame that `row` is in. */
  frame: number;
  /** Its place among the frame's rows. */
  row: number;
}

/** The keys of one row as they were printed. */
export interface KnownKeys {
  /** Cleaned. */
  readonly keys: readonly string[];
  readonly group: KeyGroup;
  /** As printed; empty where that is long. */
  readonly raw: Uint8Array;
  /** The last frame that had them. */
  frame: number;
  /** The keys that came after them last time. */
  next: KnownKeys | null;
}

const MAX_RAW = 256;
const NOTHING = new Uint8Array(0);

export class KeyTable {
  readonly #types: readonly KeyType[];
  readonly #maxKeys: number;
  readonly #known = new Map<string, KnownKeys>();
  readonly #groups = new Map<string, KeyGroup>();
  #first: KnownKeys | null = null;
  #last: KnownKeys | null = null;

  /** Where the keys that `read` found end. */
  end = 0;

  constructor(types: readonly KeyType[], maxKeys: number) {
    this.#types = types;
    this.#maxKeys = maxKeys;
  }

  /** Begins a frame; forgets everything if it has become too much. */
  restart(): void {
    this.#last = null;
    if (this.#known.size <= this.#maxKeys) return;
    this.#known.clear();
    this.#groups.clear();
    this.#first = null;
  }

  /** @returns undefined where there are no keys of these types, or an escape is wrong */
  read(bytes: Uint8Array, from: number, to: number): KnownKeys | undefined {
    const found = this.#expected(bytes, from, to) ?? this.#lookUp(bytes, from, to);
    if (found === undefined) return undefined;
    if (this.#last === null) this.#first = found;
    else this.#last.next = found;
    this.#last = found;
    return found;
  }

  #expected(bytes: Uint8Array, from: number, to: number): KnownKeys | undefined {
    const next = this.#last === null ? this.#first : this.#last.next;
    if (next === null || next.raw.length === 0 || !startsWith(bytes, from, to, next.raw)) return undefined;
    const end = from + next.raw.length;
    // `42` is also how `420` starts.
    if (end < to && bytes[end] !== SPACE) return undefined;
    this.end = end;
    return next;
  }

  #lookUp(bytes: Uint8Array, from: number, to: number): KnownKeys | undefined {
    const end = scanKeys(bytes, from, to, this.#types);
    if (end < 0) return undefined;
    this.end = end;
    const name = nameOf(bytes, from, end);
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const keys = readKeys(bytes, from, end, this.#types);
    if (keys === undefined) return undefined;
    const raw = end - from > MAX_RAW ? NOTHING : bytes.slice(from, end);
    const learned = { keys, group: this.#groupOf(keys), raw, frame: 0, next: null };
    this.#known.set(name, learned);
    return learned;
  }

  #groupOf(keys: readonly string[]): KeyGroup {
    const id = keys.join("\n");
    let group = this.#groups.get(id);
    if (group === undefined) {
      group = { frame: 0, row: 0 };
      this.#groups.set(id, group);
    }
    return group;
  }
}

/** Keys as printed; long ones by digest, so that many of them stay small. */
function nameOf(bytes: Uint8Array, from: number, to: number): string {
  if (to - from <= MAX_RAW) return text(bytes, from, to);
  return createHash("sha256").update(bytes.subarray(from, to)).digest("base64");
}
