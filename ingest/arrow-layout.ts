/**
 * arrow-layout.ts: where a message's columns lie in its body.
 *
 * Arrow lists, in the order of the columns, a node (length, nulls) for each array and a region (offset, length) for each
 * buffer. Regions must follow one another as our writer lays them, with less than 64 bytes of padding: that no two
 * overlap is what keeps 4 MiB on the wire from becoming 100 MiB of columns, each a view of the same bytes.
 * Slots are those of Arrow's format/Message.fbs.
 */
import { mismatch } from "./arrow-schema.ts";
import { unreadable, type FlatTable } from "./flatbuffer-table.ts";

const BATCH = { length: 0, nodes: 1, buffers: 2, compression: 3, variadic: 4 };
/** Arrow recommends padding to 64 bytes; apache-arrow pads to 8. */
const MAX_PADDING = 64;

export class Layout {
  /** The body, and nothing else. */
  readonly body: DataView;
  readonly length: number;
  readonly #nodes: readonly number[];
  readonly #buffers: readonly number[];
  #node = 0;
  #buffer = 0;
  #end = 0;

  constructor(batch: FlatTable, body: DataView, counts: { readonly nodes: number; readonly buffers: number }) {
    if (batch.has(BATCH.compression)) throw mismatch(batch.place, "no compression");
    if (batch.has(BATCH.variadic)) throw mismatch(batch.place, "no views");
    this.body = body;
    this.length = batch.long(BATCH.length);
    this.#nodes = batch.pairs(BATCH.nodes, counts.nodes);
    this.#buffers = batch.pairs(BATCH.buffers, counts.buffers);
  }

  /** The next array; without nulls, so its bitmap of them must be empty. @returns its length */
  array(place: string): number {
    const length = this.#nodes[this.#node] ?? 0;
    if (this.#nodes[this.#node + 1] !== 0) throw mismatch(place, "no nulls");
    this.#node += 2;
    this.#region(0, 1, place);
    return length;
  }

  /** The next buffer, of at least `bytes` and not much more. @returns where in the body it begins */
  buffer(bytes: number, place: string): number {
    return this.#region(bytes, MAX_PADDING, place);
  }

  /** Nothing of the body may be left over. */
  finish(place: string): void {
    if (this.body.byteLength - this.#end >= MAX_PADDING) throw unreadable(place, "no bytes after its last buffer");
  }

  #region(bytes: number, padding: number, place: string): number {
    const offset = this.#buffers[this.#buffer] ?? -1;
    const length = this.#buffers[this.#buffer + 1] ?? -1;
    this.#buffer += 2;
    const gap = offset - this.#end;
    if (offset % 8 !== 0 || gap < 0 || gap >= MAX_PADDING) throw unreadable(place, "a buffer right after the last");
    if (length < bytes || length >= bytes + padding) throw unreadable(place, `a buffer of ${bytes} bytes`);
    this.#end = offset + length;
    if (this.#end > this.body.byteLength) throw unreadable(place, "a buffer inside the body");
    return offset;
  }
}
