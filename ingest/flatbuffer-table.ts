/**
 * flatbuffer-table.ts: FlatBuffers read as if a stranger had written them, since one may have.
 *
 * The generated readers follow whatever offset they find, out of the message and round in circles. Here every offset is held
 * against the message's bytes before it is followed, so a read can be wrong but never outside: a failure is always
 * BATCH_UNREADABLE. There is no recursion and no loop over a length from the bytes; callers bound both by the schema they expect.
 *
 * Layout (flatbuffers.dev/internals): a table begins with the signed distance back to its vtable; the vtable has its own size,
 * the table's size and, for each field, the distance from the table's start, 0 for a field left at its default. What is not
 * a scalar is reached by an unsigned distance from the field itself.
 */
import { OperationalError } from "../core/errors.ts";

/** Far above what Arrow's tables have (8 fields); the usual readers take these numbers as signed. */
const MAX_VTABLE_BYTES = 64;
const MAX_TABLE_BYTES = 1024;
const MAX_TEXT_BYTES = 256;

const LATIN = new TextDecoder("latin1");

export class FlatTable {
  readonly #view: DataView;
  readonly #at: number;
  readonly #vtable: number;
  readonly #vtableBytes: number;
  readonly #tableBytes: number;
  /** For messages: what is being read. */
  readonly place: string;

  private constructor(view: DataView, at: number, place: string) {
    this.#view = view;
    this.#at = at;
    this.place = place;
    within(view, at, 4, place);
    this.#vtable = at - view.getInt32(at, true);
    within(view, this.#vtable, 4, place);
    this.#vtableBytes = view.getUint16(this.#vtable, true);
    this.#tableBytes = view.getUint16(this.#vtable + 2, true);
    const sound =
      this.#vtableBytes >= 4 &&
      this.#vtableBytes <= MAX_VTABLE_BYTES &&
      this.#vtableBytes % 2 === 0 &&
      this.#tableBytes >= 4 &&
      this.#tableBytes <= MAX_TABLE_BYTES;
    if (!sound) throw unreadable(place, "a table with its vtable");
    within(view, this.#vtable, this.#vtableBytes, place);
    within(view, at, this.#tableBytes, place);
  }

  /** The table that a buffer begins with the distance to. */
  static root(view: DataView, place: string): FlatTable {
    within(view, 0, 4, place);
    return new FlatTable(view, view.getUint32(0, true), place);
  }

  has(slot: number): boolean {
    return this.#field(slot, 0) !== 0;
  }

  byte(slot: number): number {
    const at = this.#field(slot, 1);
    return at === 0 ? 0 : this.#view.getUint8(at);
  }

  short(slot: number): number {
    const at = this.#field(slot, 2);
    return at === 0 ? 0 : this.#view.getInt16(at, true);
  }

  int(slot: number): number {
    const at = this.#field(slot, 4);
    return at === 0 ? 0 : this.#view.getInt32(at, true);
  }

  /** A 64-bit number that is a length, an offset or an id: from 0 to 2^31 - 1. */
  long(slot: number): number {
    const at = this.#field(slot, 8);
    return at === 0 ? 0 : longAt(this.#view, at, this.place);
  }

  table(slot: number, place: string): FlatTable {
    return new FlatTable(this.#view, this.#follow(slot), place);
  }

  text(slot: number): string {
    const at = this.#follow(slot);
    within(this.#view, at, 4, this.place);
    const bytes = this.#view.getUint32(at, true);
    if (bytes > MAX_TEXT_BYTES) throw unreadable(this.place, `a text of at most ${MAX_TEXT_BYTES} bytes`);
    within(this.#view, at + 4, bytes, this.place);
    return LATIN.decode(new Uint8Array(this.#view.buffer, this.#view.byteOffset + at + 4, bytes));
  }

  /** How many elements a vector has; 0 when it is absent. All of them are within the message. */
  count(slot: number, elementBytes: number): number {
    return this.has(slot) ? this.#vector(slot, elementBytes).count : 0;
  }

  /** @param index below the vector's count */
  tableAt(slot: number, index: number, place: string): FlatTable {
    const at = this.#vector(slot, 4).at + 4 * index;
    return new FlatTable(this.#view, at + this.#view.getUint32(at, true), place);
  }

  /** The pairs of a vector of structs of two 64-bit numbers, as FieldNode and Buffer are: first, second, first... */
  pairs(slot: number, expected: number): number[] {
    const { at, count } = this.#vector(slot, 16);
    if (count !== expected) throw unreadable(this.place, `${expected} entries, found ${count}`);
    return Array.from({ length: 2 * expected }, (_, i) => longAt(this.#view, at + 8 * i, this.place));
  }

  #vector(slot: number, elementBytes: number): { at: number; count: number } {
    const at = this.#follow(slot);
    within(this.#view, at, 4, this.place);
    const count = this.#view.getUint32(at, true);
    within(this.#view, at + 4, count * elementBytes, this.place);
    return { at: at + 4, count };
  }

  #follow(slot: number): number {
    const at = this.#field(slot, 4);
    if (at === 0) throw unreadable(this.place, `its field ${slot}`);
    return at + this.#view.getUint32(at, true);
  }

  /** Where a field is, or 0 for one left at its default; the table cannot begin at 0, the root's distance is there. */
  #field(slot: number, bytes: number): number {
    const entry = 4 + 2 * slot;
    if (entry >= this.#vtableBytes) return 0;
    const offset = this.#view.getUint16(this.#vtable + entry, true);
    if (offset === 0) return 0;
    if (offset < 4 || offset + bytes > this.#tableBytes) throw unreadable(this.place, `its field ${slot} inside it`);
    return this.#at + offset;
  }
}

export function unreadable(place: string, expected: string): OperationalError {
  return new OperationalError("BATCH_UNREADABLE", `read ${place} of a batch: expected ${expected}`);
}

function within(view: DataView, at: number, bytes: number, place: string): void {
  if (at < 0 || at + bytes > view.byteLength) throw unreadable(place, "all of it inside its message");
}

function longAt(view: DataView, at: number, place: string): number {
  const low = view.getInt32(at, true);
  if (low < 0 || view.getInt32(at + 4, true) !== 0) throw unreadable(place, "lengths and offsets below 2^31");
  return low;
}
